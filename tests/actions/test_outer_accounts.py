"""Accounts of an outer provider: linked by their person or by an invitation, never by a likeness of addresses."""

import pytest

from actions.people import Seat, SecondStep, SignedIn, enter_code, seat_of
from actions.people.invitations import Invited, invite
from actions.people.oidc import (
    LinkTicket,
    OuterIdentity,
    accept_invitation_by_identity,
    identities_of,
    link_identity,
    link_ticket,
    may_link,
    sign_in_by_identity,
    unlink_identity,
)
from actions.people.profile import change_password, profile
from domain.access import Role
from domain.refusals import Refusal
from tests.actions.accounts import HOME, LATER, NOW, PASSWORD, add, seated, switch_on_second_factor, trail
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
ISSUER = "https://id.example"
ASHA = OuterIdentity(ISSUER, "sub-1", "Asha Rao", "asha@here")


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


async def come_in(who: OuterIdentity = ASHA) -> object:
    return await sign_in_by_identity(who, HOME, "Browser", NOW)


async def test_an_account_is_not_linked_because_its_mail_address_is_a_login_here(asha: Seat) -> None:
    assert await come_in() is Refusal.IDENTITY_NOT_LINKED


async def test_a_linked_account_signs_its_person_in_until_it_is_unlinked(asha: Seat, world: World) -> None:
    assert await link_identity(asha, ASHA, NOW) is None
    entered = await come_in()
    assert isinstance(entered, SignedIn) and entered.viewer.person_id == asha.viewer.person_id
    assert [(row.issuer, row.subject) for row in await identities_of(asha)] == [(ISSUER, "sub-1")]
    assert await link_identity(asha, ASHA, NOW) is Refusal.ALREADY_SO
    assert await unlink_identity(asha, ISSUER, "sub-1", NOW) is None
    assert await unlink_identity(asha, ISSUER, "sub-1", NOW) is Refusal.NOT_FOUND
    assert await come_in() is Refusal.IDENTITY_NOT_LINKED
    assert {"link_identity", "unlink_identity"} <= set(await trail(world.here))


async def test_the_same_subject_of_another_issuer_is_somebody_else(asha: Seat) -> None:
    await link_identity(asha, ASHA, NOW)
    assert await come_in(OuterIdentity("https://evil.example", "sub-1")) is Refusal.IDENTITY_NOT_LINKED


async def test_an_account_opens_one_person_only(asha: Seat, world: World) -> None:
    await link_identity(asha, ASHA, NOW)
    await add(world.here, Role.STAFF, "bina@here")
    bina = await seated("bina@here")
    assert await link_identity(bina, ASHA, NOW) is Refusal.IDENTITY_TAKEN
    assert await unlink_identity(bina, ISSUER, "sub-1", NOW) is Refusal.NOT_FOUND


async def test_our_second_factor_is_asked_for_all_the_same(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    await link_identity(asha, ASHA, NOW)
    step = await come_in()
    assert isinstance(step, SecondStep)
    assert isinstance(await enter_code(step.ticket, app.code(LATER), HOME, "", LATER), SignedIn)


@pytest.mark.parametrize("table", ["person", "membership"])
async def test_a_suspended_person_does_not_come_in_by_another_door(asha: Seat, table: str) -> None:
    await link_identity(asha, ASHA, NOW)
    await execute(f"UPDATE {table} SET suspended_at = :now", now=NOW)
    assert await come_in() is Refusal.SUSPENDED


async def invited(world: World) -> str:
    made = await invite(world.here.owner, Role.STAFF, "Bina", "+91", NOW)
    assert isinstance(made, Invited)
    return made.token


async def test_an_invitation_is_accepted_without_a_password_which_may_be_set_later(world: World) -> None:
    bina = OuterIdentity(ISSUER, "sub-2", "Bina Das", "bina@mail.example")
    entered = await accept_invitation_by_identity(await invited(world), bina, HOME, "", NOW)
    assert isinstance(entered, SignedIn) and entered.viewer.role is Role.STAFF
    seat = await seat_of(entered.token, NOW)
    assert seat is not None
    mine = await profile(seat)
    assert (mine.login, mine.name, mine.has_password) == ("bina@mail.example", "Bina Das", False)
    assert await unlink_identity(seat, ISSUER, "sub-2", NOW) is Refusal.LAST_WAY_IN
    assert await change_password(seat, "", "seven quiet umbrellas", HOME, NOW) is None
    assert await unlink_identity(seat, ISSUER, "sub-2", NOW) is None


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        (ASHA, Refusal.IDENTITY_TAKEN),
        (OuterIdentity(ISSUER, "sub-3", "Asha", "ASHA@here"), Refusal.LOGIN_TAKEN),
        (OuterIdentity(ISSUER, "sub-3", "Asha", ""), Refusal.EMPTY),
    ],
)
async def test_what_can_not_be_accepted_leaves_the_link_open(
    asha: Seat, world: World, who: OuterIdentity, answer: Refusal
) -> None:
    await link_identity(asha, ASHA, NOW)
    token = await invited(world)
    assert await accept_invitation_by_identity(token, who, HOME, "", NOW) is answer
    assert await fetch("SELECT count(*) FROM invitation WHERE used_at IS NULL") == [(1,)]
    assert await fetch("SELECT count(*) FROM person") == [(5,)]


async def test_a_page_may_link_only_for_its_own_session_and_for_a_while(asha: Seat) -> None:
    other = await seated("asha@here")
    assert await link_ticket(asha, "a guess", HOME, NOW) is Refusal.WRONG_CREDENTIALS
    made = await link_ticket(asha, PASSWORD, HOME, NOW)
    assert isinstance(made, LinkTicket)
    ticket = made.token
    assert may_link(asha, ticket, NOW)
    assert not may_link(other, ticket, NOW)
    assert not may_link(asha, ticket, NOW.replace(year=NOW.year + 1))
    assert not may_link(asha, "yes", NOW)
