"""An owner's people: found page by page, given roles, taken out and let in again; and what only the platform does."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from actions.announce import Announcement, Topic
from actions.people import Seat, seat_of, sign_in
from actions.people.api_keys import NewKey, make_key
from actions.people.members import (
    accounts,
    change_role,
    clear_second_factor,
    people,
    person,
    reactivate_account,
    reactivate_person,
    suspend_account,
    suspend_person,
)
from domain.access import Role, Scope, Viewer
from domain.refusals import Refusal
from storage.people import PeopleFilter, PeopleSort
from tests.actions.accounts import (
    HOME,
    NOW,
    PASSWORD,
    add,
    add_super_admin,
    enter,
    seated,
    switch_on_second_factor,
    trail,
    until,
)  # fmt: skip
from tests.actions.passkeys import ask, come_in, with_passkey
from tests.actions.senders import execute
from tests.conftest import Workshop, World

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
async def bina(world: World) -> UUID:
    return await add(world.here, Role.STAFF, "bina@here")


async def found(by: Viewer, **how: object) -> list[str]:
    page = await people(by, PeopleFilter(**how), NOW)  # type: ignore[arg-type]  # each test names what it filters by
    assert not isinstance(page, Refusal) and page.total == len(page.rows)
    return [row.name for row in page.rows]


# Finding people


async def test_the_owner_sees_the_own_people_by_name(world: World, bina: UUID) -> None:
    assert await found(world.here.owner) == ["Bina", "Owner Here", "Staff Here"]
    assert await found(world.here.owner, search="STAFF@") == ["Staff Here"]
    assert await found(world.here.owner, search="%") == []
    assert await found(world.here.owner, role=Role.STAFF) == ["Bina", "Staff Here"]
    assert await found(world.here.owner, suspended=True) == []
    assert await found(world.here.owner, sort=PeopleSort.ROLE) == ["Owner Here", "Bina", "Staff Here"]
    await enter("bina@here")
    for descending in (False, True):
        assert (await found(world.here.owner, sort=PeopleSort.SEEN, descending=descending))[0] == "Bina"


async def test_a_page_of_people_knows_how_many_there_are(world: World, bina: UUID) -> None:
    page = await people(world.here.owner, PeopleFilter(), NOW, offset=1, limit=1)
    assert not isinstance(page, Refusal)
    assert ([row.name for row in page.rows], page.total) == (["Owner Here"], 3)


async def test_a_person_is_shown_with_what_the_owner_needs_to_know(world: World, bina: UUID) -> None:
    await switch_on_second_factor(await seated("bina@here"))
    row = await person(world.here.owner, bina, NOW)
    assert not isinstance(row, Refusal)
    assert (row.login, row.role, row.seen_at, row.second_factor_since) == ("bina@here", Role.STAFF, NOW, NOW)


async def test_nobody_sees_the_people_of_others_nor_staff_their_own(world: World, bina: UUID) -> None:
    assert await person(world.there.owner, bina, NOW) is Refusal.NOT_FOUND
    assert await person(world.here.staff, bina, NOW) is Refusal.NOT_ALLOWED
    assert await people(world.here.staff, PeopleFilter(), NOW) is Refusal.NOT_ALLOWED
    assert await found(world.there.owner) == ["Owner There", "Staff There"]


# Roles


async def test_a_role_changes_for_the_open_session_too_and_is_announced(
    world: World, bina: UUID, heard: list[Announcement]
) -> None:
    token = (await enter("bina@here")).token
    assert await change_role(world.here.owner, bina, Role.OWNER, NOW) is None
    seat = await seat_of(token, NOW)
    assert seat is not None and seat.viewer.role is Role.OWNER
    await until(lambda: (Topic.PERSON, str(bina)) in {(one.topic, one.id) for one in heard})
    assert await change_role(world.here.owner, bina, Role.OWNER, NOW) is Refusal.ALREADY_SO
    assert (await trail(world.here))[-1] == "change_role"


async def test_an_owner_gives_no_role_above_the_own(world: World, bina: UUID) -> None:
    assert await change_role(world.here.owner, bina, Role.SUPER_ADMIN, NOW) is Refusal.NOT_ALLOWED
    assert await change_role(world.here.staff, bina, Role.OWNER, NOW) is Refusal.NOT_ALLOWED
    assert await change_role(world.there.owner, bina, Role.OWNER, NOW) is Refusal.NOT_FOUND


async def test_two_owners_who_demote_each_other_at_once_leave_one(world: World) -> None:
    other = (await _second_owner(world.here)).viewer
    answers = await asyncio.gather(
        change_role(world.here.owner, other.person_id, Role.STAFF, NOW),
        change_role(other, world.here.owner.person_id, Role.STAFF, NOW),
    )
    assert set(answers) == {None, Refusal.LAST_OWNER}


async def _second_owner(shop: Workshop) -> Seat:
    await add(shop, Role.OWNER, "second@here")
    return await seated("second@here")


# Taking somebody out


async def test_a_suspended_person_is_out_at_once_by_every_door_and_may_come_in_again_later(
    world: World, bina: UUID, heard: list[Announcement]
) -> None:
    seat = await seated("bina@here")
    token = (await enter("bina@here")).token
    made = await make_key(seat, "Sheet", frozenset({Scope.READ}), None, NOW)
    assert isinstance(made, NewKey) and await seat_of(made.key, NOW) is not None
    heard.clear()
    assert await suspend_person(world.here.owner, bina, NOW) is None
    assert (await seat_of(token, NOW), await seat_of(made.key, NOW)) == (None, None)
    assert await sign_in("bina@here", PASSWORD, HOME, "", NOW) is Refusal.SUSPENDED
    await until(lambda: [(one.topic, one.id) for one in heard] == [(Topic.PERSON, str(bina))])
    assert await suspend_person(world.here.owner, bina, NOW) is Refusal.ALREADY_SO
    assert await reactivate_person(world.here.owner, bina, NOW) is None
    assert await reactivate_person(world.here.owner, bina, NOW) is Refusal.ALREADY_SO
    assert await seat_of(token, NOW) is None  # sessions do not come back
    await enter("bina@here")
    assert [i for i in await trail(world.here) if "activate" in i or "suspend" in i] == [
        "suspend_person", "reactivate_person",
    ]  # fmt: skip


async def test_being_taken_out_of_one_tenant_leaves_the_others(world: World, bina: UUID) -> None:
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, 'staff', :at)",
        tenant=world.there.tenant_id, person=bina, at=NOW + timedelta(days=1),
    )  # fmt: skip
    await suspend_person(world.here.owner, bina, NOW)
    assert (await enter("bina@here")).viewer.tenant_id == world.there.tenant_id


async def test_nobody_takes_themselves_the_last_owner_or_strangers_out(world: World, bina: UUID) -> None:
    owner = world.here.owner
    assert await suspend_person(owner, owner.person_id, NOW) is Refusal.YOURSELF
    assert await change_role(owner, owner.person_id, Role.STAFF, NOW) is Refusal.YOURSELF
    assert await suspend_person(world.there.owner, bina, NOW) is Refusal.NOT_FOUND
    assert await suspend_person(owner, uuid4(), NOW) is Refusal.NOT_FOUND
    assert await suspend_person(world.here.staff, bina, NOW) is Refusal.NOT_ALLOWED
    second = (await _second_owner(world.here)).viewer
    await execute("UPDATE person SET suspended_at = :now WHERE id = :id", now=NOW, id=second.person_id)
    support = Viewer(second.person_id, "Support", world.here.tenant_id, Role.OWNER)
    assert await suspend_person(support, owner.person_id, NOW) is Refusal.LAST_OWNER


# A lost second factor


async def test_the_owner_helps_whoever_lost_telephone_and_recovery_codes(world: World, bina: UUID) -> None:
    await switch_on_second_factor(await seated("bina@here"))
    assert await clear_second_factor(world.there.owner, bina, NOW) is Refusal.NOT_FOUND
    assert await clear_second_factor(world.here.owner, bina, NOW) is None
    await enter("bina@here")
    assert await clear_second_factor(world.here.owner, bina, NOW) is Refusal.SECOND_FACTOR_OFF
    owner = world.here.owner
    assert await clear_second_factor(owner, owner.person_id, NOW) is Refusal.YOURSELF
    assert (await trail(world.here)).count("clear_second_factor") == 1


async def test_a_lost_telephones_passkey_opens_nothing_any_more(world: World, bina: UUID) -> None:
    own = await with_passkey(await seated("bina@here"))
    assert await clear_second_factor(world.here.owner, bina, NOW) is None
    asked = await ask()
    assert await come_in(asked.ticket, own.use(asked.options)) is Refusal.PASSKEY_REFUSED


# The platform


async def test_the_platform_takes_somebody_out_of_every_tenant(world: World, bina: UUID) -> None:
    root = await add_super_admin()
    token = (await enter("bina@here")).token
    assert await suspend_account(world.here.owner, bina, NOW) is Refusal.NOT_ALLOWED
    assert await suspend_account(root.viewer, bina, NOW) is None
    assert await seat_of(token, NOW) is None
    assert await sign_in("bina@here", PASSWORD, HOME, "", NOW) is Refusal.SUSPENDED
    assert await suspend_account(root.viewer, bina, NOW) is Refusal.ALREADY_SO
    assert await reactivate_account(root.viewer, bina, NOW) is None
    await enter("bina@here")
    assert await suspend_account(root.viewer, uuid4(), NOW) is Refusal.NOT_FOUND
    assert await suspend_account(root.viewer, root.viewer.person_id, NOW) is Refusal.YOURSELF


async def test_only_the_platform_searches_all_accounts(world: World, bina: UUID) -> None:
    root = await add_super_admin()
    page = await accounts(root.viewer, "@here")
    assert not isinstance(page, Refusal)
    assert [(row.login, row.tenants) for row in page.rows] == [
        (login, ["Workshop here"]) for login in ("bina@here", "owner@here", "staff@here")
    ]
    assert await accounts(world.here.owner) is Refusal.NOT_ALLOWED
