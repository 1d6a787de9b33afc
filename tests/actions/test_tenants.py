"""Tenants: they wait, are let in, taken out and let in again; and support enters them in plain sight."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from actions.announce import Announcement, Topic
from actions.people import Seat, SignedIn, add_person, seat_of, sign_in
from actions.people.api_keys import NewKey, make_key
from actions.people.members import reactivate_person, suspend_person
from actions.people.seats import seats_that_hold, still_seated
from actions.people.tenants import (
    NewTenant,
    approve_tenant,
    decline_tenant,
    enter_as_support,
    leave_support,
    reactivate_tenant,
    register_tenant,
    suspend_tenant,
    tenant,
    tenants,
)
from domain.access import Intent, Role, Scope
from domain.refusals import Refusal, TryLater, Weakness
from domain.tenancy import TenantStatus
from domain.throttling import ASKING
from tests.actions.accounts import ELSEWHERE, HOME, NOW, PASSWORD, add, add_super_admin, enter, seated, trail, until
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
GOOD = "a lamp that hums at noon"
NEW = NewTenant("Salt Lake Films", "Asia/Kolkata", "bn", True, False, "Chitra", "chitra@saltlake", "+91 33", GOOD)


@pytest.fixture
async def root(world: World) -> Seat:
    return await add_super_admin()


async def register(new: NewTenant = NEW) -> UUID:
    answer = await register_tenant(new, ELSEWHERE, NOW)
    assert isinstance(answer, UUID), answer
    return answer


async def come_in() -> object:
    return await sign_in("chitra@saltlake", GOOD, HOME, "", NOW)


async def test_a_registered_tenant_waits_until_the_platform_approves_it(root: Seat) -> None:
    tenant_id = await register()
    assert await come_in() is Refusal.TENANT_PENDING
    page = await tenants(root.viewer)
    assert not isinstance(page, Refusal)
    first = page.rows[0]
    assert (first.id, first.status, first.owner_login, first.owner_contact, first.people) == (
        tenant_id, TenantStatus.PENDING, "chitra@saltlake", "+91 33", 1,
    )  # fmt: skip
    assert await approve_tenant(root.viewer, tenant_id, NOW) is None
    entered = await come_in()
    assert isinstance(entered, SignedIn) and entered.viewer.role is Role.OWNER
    assert await trail(tenant_id) == ["register_tenant", "approve_tenant", "sign_in"]
    assert await approve_tenant(root.viewer, tenant_id, NOW) is Refusal.ALREADY_SO


async def test_a_declined_one_is_told_so_and_may_be_approved_after_all(root: Seat) -> None:
    tenant_id = await register()
    assert await decline_tenant(root.viewer, tenant_id, " Not a workshop ", NOW) is None
    assert await come_in() is Refusal.TENANT_DECLINED
    row = await tenant(root.viewer, tenant_id)
    assert not isinstance(row, Refusal) and (row.note, row.status_at) == ("Not a workshop", NOW)
    assert await approve_tenant(root.viewer, tenant_id, NOW) is None
    assert isinstance(await come_in(), SignedIn)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"name": " "}, Refusal.EMPTY),
        ({"name": "x" * 81}, Refusal.TOO_LONG),
        ({"owner_name": ""}, Refusal.EMPTY),
        ({"login": "OWNER@here"}, Refusal.LOGIN_TAKEN),
        ({"password": "saltlake"}, Weakness.TOO_SHORT),
        ({"password": "SaltLakeFilms"}, Weakness.PERSONAL),
        ({"has_workshop": False}, Refusal.NOT_POSSIBLE_NOW),
        ({"zone": "Asia/Nowhere"}, Refusal.NOT_POSSIBLE_NOW),
        ({"zone": "../../etc/passwd"}, Refusal.NOT_POSSIBLE_NOW),
        ({"zone": "Asia"}, Refusal.NOT_POSSIBLE_NOW),
    ],
)
async def test_what_can_not_be_registered_adds_nothing(world: World, change: dict[str, object], answer: object) -> None:
    assert await register_tenant(replace(NEW, **change), ELSEWHERE, NOW) is answer  # type: ignore[arg-type]
    assert await fetch("SELECT count(*) FROM tenant") == [(2,)]


async def test_nobody_registers_hundreds(world: World) -> None:
    for n in range(ASKING.free):
        await register(replace(NEW, login=f"person{n}@saltlake"))
    assert isinstance(await register_tenant(NEW, ELSEWHERE, NOW), TryLater)
    assert isinstance(await register_tenant(NEW, HOME, NOW), UUID)


async def test_suspending_a_tenant_shows_everybody_of_it_out_at_once_and_nobody_else(
    world: World, root: Seat, heard: list[Announcement]
) -> None:
    await add(world.here, Role.OWNER, "asha@here")
    seat = await seated("asha@here")
    token = (await enter("asha@here")).token
    made = await make_key(seat, "Sheet", frozenset({Scope.READ}), None, NOW)
    assert isinstance(made, NewKey)
    heard.clear()
    assert await suspend_tenant(root.viewer, world.here.tenant_id, "Bills", NOW) is None
    assert (await seat_of(token, NOW), await seat_of(made.key, NOW)) == (None, None)
    assert await sign_in("asha@here", PASSWORD, HOME, "", NOW) is Refusal.TENANT_SUSPENDED
    assert await still_seated(root, NOW) is not None
    await until(lambda: (Topic.TENANT, world.here.tenant_id) in {(one.topic, one.tenant_id) for one in heard})
    assert await reactivate_tenant(root.viewer, world.here.tenant_id, NOW) is None
    assert await seat_of(token, NOW) is None
    assert await seat_of(made.key, NOW) is not None  # keys are not ended, only refused
    await enter("asha@here")


async def test_a_tenants_life_goes_only_the_ways_of_its_table(world: World, root: Seat) -> None:
    by, active, pending = root.viewer, world.here.tenant_id, await register()
    later = Refusal.NOT_POSSIBLE_NOW
    assert await decline_tenant(by, active, "", NOW) is later
    assert await reactivate_tenant(by, active, NOW) is Refusal.ALREADY_SO
    assert await suspend_tenant(by, pending, "", NOW) is later
    assert await reactivate_tenant(by, pending, NOW) is later
    await suspend_tenant(by, active, "", NOW)
    assert await approve_tenant(by, active, NOW) is later
    assert await suspend_tenant(by, active, "", NOW) is Refusal.ALREADY_SO
    assert await suspend_tenant(by, active, "x" * 501, NOW) is Refusal.TOO_LONG
    assert await suspend_tenant(by, uuid4(), "", NOW) is Refusal.NOT_FOUND
    assert await suspend_tenant(by, by.tenant_id, "", NOW) is Refusal.NOT_FOUND


async def test_owners_have_no_say_over_tenants_not_even_their_own(world: World, root: Seat) -> None:
    owner = world.here.owner
    for answer in (
        await tenants(owner),
        await tenant(owner, owner.tenant_id),
        await suspend_tenant(owner, world.there.tenant_id, "", NOW),
        await approve_tenant(owner, owner.tenant_id, NOW),
    ):
        assert answer is Refusal.NOT_ALLOWED


# Support


async def test_support_sits_as_owner_in_plain_sight_and_goes_back(world: World, root: Seat) -> None:
    assert await enter_as_support(root, world.here.tenant_id, NOW) is None
    held = await seats_that_hold([root.session_id], NOW)
    assert held == {root.session_id: (world.here.tenant_id, Role.OWNER)}
    there = await _as_it_is(root)
    assert (there.is_support, there.tenant_name, there.viewer.role) == (True, "Workshop here", Role.OWNER)
    assert not there.viewer.may(Intent.MANAGE_TENANTS)
    assert await make_key(there, "Back door", frozenset({Scope.READ}), None, NOW) is Refusal.NOT_ALLOWED
    assert await leave_support(there, NOW) is None
    back = await _as_it_is(root)
    assert (back.is_support, back.is_platform, back.viewer.role) == (False, True, Role.SUPER_ADMIN)
    assert await leave_support(back, NOW) is Refusal.NOT_POSSIBLE_NOW
    assert await trail(world.here) == ["enter_as_support", "leave_support"]
    assert [(name,) for (name,) in await fetch(
        "SELECT DISTINCT person_name FROM audit WHERE tenant_id = :id", id=world.here.tenant_id
    )] == [("Root",)]  # fmt: skip


async def _as_it_is(seat: Seat) -> Seat:
    """Where the session of a seat sits now."""
    [(tenant_id,)] = await fetch("SELECT tenant_id FROM web_session WHERE id = :id", id=seat.session_id)
    found = await still_seated(replace(seat, viewer=replace(seat.viewer, tenant_id=tenant_id)), NOW)
    assert found is not None
    return found


async def test_support_enters_a_suspended_tenant_but_none_that_was_never_approved(world: World, root: Seat) -> None:
    await suspend_tenant(root.viewer, world.here.tenant_id, "", NOW)
    assert await enter_as_support(root, await register(), NOW) is Refusal.NOT_POSSIBLE_NOW
    assert await enter_as_support(root, uuid4(), NOW) is Refusal.NOT_FOUND
    assert await enter_as_support(root, root.viewer.tenant_id, NOW) is Refusal.NOT_FOUND
    assert await enter_as_support(root, world.here.tenant_id, NOW) is None
    assert (await _as_it_is(root)).is_support


async def test_support_ends_with_the_right_to_it(world: World, root: Seat) -> None:
    await enter_as_support(root, world.here.tenant_id, NOW)
    await execute("UPDATE membership SET suspended_at = :now WHERE role = 'super_admin'", now=NOW)
    assert await seats_that_hold([root.session_id], NOW + timedelta(seconds=1)) == {}


async def test_whoever_no_longer_runs_the_platform_is_shown_out_of_the_tenant_that_they_support(
    world: World, root: Seat, heard: list[Announcement]
) -> None:
    other = await add_person("ravi@platform", "Ravi", PASSWORD, root.viewer.tenant_id, Role.SUPER_ADMIN)
    support = await seated("ravi@platform")
    assert await enter_as_support(support, world.here.tenant_id, NOW) is None
    heard.clear()
    assert await suspend_person(root.viewer, other, NOW) is None
    await until(
        lambda: (Topic.PERSON, world.here.tenant_id, str(other)) in [(a.topic, a.tenant_id, a.id) for a in heard]
    )
    assert await reactivate_person(root.viewer, other, NOW) is None
    assert await seats_that_hold([support.session_id], NOW) == {}, "and does not sit there again afterwards"


async def test_an_owner_is_nobodys_support(world: World, root: Seat) -> None:
    await add(world.here, Role.OWNER, "asha@here")
    assert await enter_as_support(await seated("asha@here"), world.there.tenant_id, NOW) is Refusal.NOT_ALLOWED
