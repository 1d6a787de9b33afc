"""Invitations: a link lets one person in, once, in time; and only into roles that its maker may give."""

from datetime import timedelta

import pytest

from actions.people import Seat, SignedIn
from actions.people.invitations import (
    INVITATION_LASTS,
    InvitationView,
    Invited,
    LinkState,
    accept_invitation,
    invitation_of,
    invitations,
    invite,
    join,
    renew_invitation,
    revoke_invitation,
)
from actions.people.members import suspend_person
from actions.people.seats import still_seated
from domain.access import Role, Viewer
from domain.refusals import Refusal, Weakness
from tests.actions.accounts import HOME, NOW, add, enter, seated, trail
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
GOOD = "a lamp that hums at noon"


async def link(by: Viewer, role: Role = Role.STAFF, name: str = "Bina") -> Invited:
    made = await invite(by, role, name, "bina@mail.example", NOW)
    assert isinstance(made, Invited), made
    return made


async def accept(
    token: str, login: str = "bina@here", password: str = GOOD, name: str = "Bina", at_s: int = 0
) -> object:
    return await accept_invitation(token, login, name, password, "bn", HOME, "Browser", NOW + timedelta(seconds=at_s))


async def test_a_link_shows_what_it_offers_and_lets_its_holder_in_with_that_role(world: World) -> None:
    made = await link(world.here.owner)
    view = await invitation_of(made.token, NOW)
    assert isinstance(view, InvitationView)
    assert (view.tenant_name, view.role, view.name) == ("Workshop here", Role.STAFF, "Bina")
    assert (view.contact, view.language, view.invited_by) == ("bina@mail.example", "en", "Owner Here")
    entered = await accept(made.token)
    assert isinstance(entered, SignedIn)
    assert (entered.viewer.tenant_id, entered.viewer.role) == (world.here.tenant_id, Role.STAFF)
    assert await fetch("SELECT name, contact, language FROM person WHERE login = 'bina@here'") == [
        ("Bina", "bina@mail.example", "bn")
    ]
    assert await trail(world.here) == ["invite_person", "sign_in", "accept_invitation"]
    await execute("DELETE FROM throttle")


async def test_a_link_works_once(world: World) -> None:
    made = await link(world.here.owner)
    assert isinstance(await accept(made.token), SignedIn)
    assert await accept(made.token, login="other@here") is Refusal.LINK_USED
    assert await invitation_of(made.token, NOW) is Refusal.LINK_USED


async def test_a_link_ends_by_itself_by_its_maker_and_with_its_tenant(world: World) -> None:
    expired, revoked, of_suspended = [await link(world.here.owner) for _ in range(3)]
    last_s = int(INVITATION_LASTS.total_seconds())
    assert await accept(expired.token, at_s=last_s) is Refusal.LINK_EXPIRED
    assert await revoke_invitation(world.here.owner, revoked.id, NOW) is None
    assert await revoke_invitation(world.here.owner, revoked.id, NOW) is Refusal.LINK_REVOKED
    assert await accept(revoked.token) is Refusal.LINK_REVOKED
    await execute("UPDATE tenant SET status = 'suspended' WHERE id = :id", id=world.here.tenant_id)
    assert await accept(of_suspended.token) is Refusal.TENANT_SUSPENDED
    assert await accept("made up") is Refusal.LINK_UNKNOWN


async def test_the_token_is_stored_as_a_hash_only(world: World) -> None:
    made = await link(world.here.owner)
    [(stored,)] = await fetch("SELECT token_hash FROM invitation")
    assert made.token.encode() not in bytes(stored) and len(made.token) >= 43


async def test_a_renewed_link_takes_the_place_of_the_old_one(world: World) -> None:
    old = await link(world.here.owner)
    new = await renew_invitation(world.here.owner, old.id, NOW)
    assert isinstance(new, Invited)
    assert await accept(old.token) is Refusal.LINK_REVOKED
    assert isinstance(await accept(new.token), SignedIn)
    assert await renew_invitation(world.here.owner, new.id, NOW) is Refusal.LINK_USED


@pytest.mark.parametrize(
    ("login", "name", "password", "answer"),
    [
        ("bina@here", "Bina", "short", Weakness.TOO_SHORT),
        ("bina@here", "Bina", "password1234", Weakness.COMMON),
        ("", "Bina", GOOD, Refusal.EMPTY),
        ("bina@here", "  ", GOOD, Refusal.EMPTY),
        ("bina\x00@here", "Bina", GOOD, Refusal.EMPTY),
        ("bina@here", "x" * 81, GOOD, Refusal.TOO_LONG),
        ("x" * 121, "Bina", GOOD, Refusal.TOO_LONG),
        ("OWNER@here", "Bina", GOOD, Refusal.LOGIN_TAKEN),
    ],
)
async def test_what_can_not_be_taken_leaves_the_link_open(
    world: World, login: str, name: str, password: str, answer: object
) -> None:
    made = await link(world.here.owner)
    assert await accept(made.token, login, password, name) is answer
    assert isinstance(await accept(made.token), SignedIn)


async def test_a_name_in_ones_own_script_is_a_name(world: World) -> None:
    made = await link(world.here.owner, name="র‍্যাবেয়া")
    assert isinstance(await accept(made.token, name="র‍্যাবেয়া"), SignedIn)


@pytest.mark.parametrize("role", [Role.SUPER_ADMIN])
async def test_nobody_invites_into_a_role_that_is_not_theirs_to_give(world: World, role: Role) -> None:
    assert await invite(world.here.owner, role, "Eve", "", NOW) is Refusal.NOT_ALLOWED
    assert await invite(world.here.staff, Role.MEMBER, "Eve", "", NOW) is Refusal.NOT_ALLOWED


async def test_other_tenants_invitations_are_nobodys_business(world: World) -> None:
    made = await link(world.there.owner)
    assert await revoke_invitation(world.here.owner, made.id, NOW) is Refusal.NOT_FOUND
    assert await renew_invitation(world.here.owner, made.id, NOW) is Refusal.NOT_FOUND
    assert await invitations(world.here.owner, NOW) == []
    assert await invitations(world.there.staff, NOW) == []


async def test_the_owner_sees_which_links_are_open_and_who_used_the_others(world: World) -> None:
    used, open_ = await link(world.here.owner, name="Bina"), await link(world.here.owner, name="Chitra")
    await accept(used.token)
    [row] = await invitations(world.here.owner, NOW)
    assert (row.id, row.name, row.state, row.invited_by) == (open_.id, "Chitra", LinkState.OPEN, "Owner Here")
    states = {row.name: (row.state, row.used_by) for row in await invitations(world.here.owner, NOW, open_only=False)}
    assert states == {"Bina": (LinkState.USED, "Bina"), "Chitra": (LinkState.OPEN, "")}


async def test_links_end_with_their_makers_right_to_make_them(world: World) -> None:
    await add(world.here, Role.OWNER, "second@here")
    second = (await seated("second@here")).viewer
    made = await link(second)
    assert await suspend_person(world.here.owner, second.person_id, NOW) is None
    assert await accept(made.token) is Refusal.LINK_REVOKED


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


async def test_somebody_with_an_account_joins_with_it(asha: Seat, world: World) -> None:
    made = await link(world.there.owner, Role.STAFF)
    assert await join(asha, made.token, NOW) == world.there.tenant_id
    now_seated = await still_seated(asha, NOW)
    assert now_seated is not None
    assert {one.name for one in now_seated.memberships} == {"Workshop here", "Workshop there"}
    assert (await enter("asha@here")).viewer.role is Role.OWNER
    assert await join(asha, made.token, NOW) is Refusal.LINK_USED


async def test_a_member_does_not_use_up_another_link(asha: Seat, world: World) -> None:
    made = await link(world.here.owner, Role.MEMBER)
    assert await join(asha, made.token, NOW) is Refusal.ALREADY_MEMBER
    assert (await invitations(world.here.owner, NOW))[0].state is LinkState.OPEN
