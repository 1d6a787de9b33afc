"""Sessions: listed, ended one by one or all, moved between tenants, and nobody touches those of others."""

from datetime import timedelta

import pytest

from actions.announce import Announcement, Topic
from actions.people import Seat, seat_of
from actions.people.seats import SESSION_LONGEST, seats_that_hold, still_seated
from actions.people.sessions import end_session, end_sessions, sessions_of, switch_tenant
from domain.access import Role
from domain.refusals import Refusal
from tests.actions.accounts import ELSEWHERE, NOW, add, enter, seated, trail, until
from tests.actions.senders import execute, fetch
from tests.conftest import Workshop, World

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


async def let_into(shop: Workshop, seat: Seat, role: Role) -> None:
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, :role, :now)",
        tenant=shop.tenant_id, person=seat.viewer.person_id, role=role, now=NOW,
    )  # fmt: skip


async def test_a_person_sees_where_they_are_signed_in_this_session_first(asha: Seat) -> None:
    await enter("asha@here", ELSEWHERE, NOW + timedelta(minutes=1))
    rows = await sessions_of(asha, NOW + timedelta(minutes=2))
    assert [(row.is_this, row.address, row.agent, row.tenant_name) for row in rows] == [
        (True, "10.0.0.9", "Browser", "Workshop here"),
        (False, ELSEWHERE, "Browser", "Workshop here"),
    ]
    assert await sessions_of(asha, NOW + SESSION_LONGEST + timedelta(minutes=1)) == []


async def test_ending_a_session_ends_it_and_says_so(asha: Seat, world: World, heard: list[Announcement]) -> None:
    token = (await enter("asha@here", ELSEWHERE)).token
    other = next(row for row in await sessions_of(asha, NOW) if not row.is_this)
    heard.clear()
    assert await end_session(asha, other.id, NOW) is None
    assert await seat_of(token, NOW) is None
    assert await still_seated(asha, NOW) is not None
    assert await end_session(asha, other.id, NOW) is Refusal.NOT_FOUND
    await until(lambda: [(one.topic, one.id) for one in heard] == [(Topic.PERSON, str(asha.viewer.person_id))])
    assert (await trail(world.here))[-1] == "end_session"


async def test_nobody_ends_or_sees_the_sessions_of_others(asha: Seat, world: World) -> None:
    await add(world.here, Role.STAFF, "bina@here")
    bina = await seated("bina@here")
    assert await end_session(bina, asha.session_id, NOW) is Refusal.NOT_FOUND
    assert [row.id for row in await sessions_of(bina, NOW)] == [bina.session_id]
    assert await still_seated(asha, NOW) is not None


@pytest.mark.parametrize(("this_too", "left"), [(False, 1), (True, 0)])
async def test_all_others_end_at_once_or_all_of_them(asha: Seat, this_too: bool, left: int) -> None:
    for _ in range(3):
        await enter("asha@here", ELSEWHERE)
    assert await end_sessions(asha, NOW, this_too=this_too) == 4 - left
    assert len(await sessions_of(asha, NOW)) == left
    assert await end_sessions(asha, NOW, this_too=False) == 0


async def test_somebody_with_roles_in_two_tenants_switches_between_them(asha: Seat, world: World) -> None:
    await let_into(world.there, asha, Role.STAFF)
    here = await still_seated(asha, NOW)
    assert here is not None
    assert [(one.name, one.role) for one in here.memberships] == [
        ("Workshop here", Role.OWNER), ("Workshop there", Role.STAFF),
    ]  # fmt: skip
    assert await switch_tenant(here, world.there.tenant_id, NOW) is None
    assert await still_seated(here, NOW) is None  # what was opened in the old tenant shows nothing more
    assert await seats_that_hold([here.session_id], NOW) == {here.session_id: (world.there.tenant_id, Role.STAFF)}
    assert (await trail(world.there))[-1] == "switch_tenant"


async def test_nobody_switches_to_a_tenant_that_is_not_theirs(asha: Seat, world: World) -> None:
    assert await switch_tenant(asha, world.there.tenant_id, NOW) is Refusal.NOT_FOUND


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE membership SET suspended_at = :now WHERE tenant_id = :tenant AND person_id = :id",
        "UPDATE tenant SET status = 'suspended', status_at = :now WHERE id = :tenant OR id = :id",
    ],
)
async def test_a_suspended_role_or_tenant_is_nowhere_to_switch_to(asha: Seat, world: World, how: str) -> None:
    await let_into(world.there, asha, Role.STAFF)
    await execute(how, now=NOW, tenant=world.there.tenant_id, id=asha.viewer.person_id)
    here = await still_seated(asha, NOW)
    assert here is not None and [one.name for one in here.memberships] == ["Workshop here"]
    assert await switch_tenant(here, world.there.tenant_id, NOW) is Refusal.NOT_FOUND


async def test_the_next_sign_in_leads_to_where_one_sat_last(asha: Seat, world: World) -> None:
    await let_into(world.there, asha, Role.STAFF)
    here = await still_seated(asha, NOW)
    assert here is not None
    await switch_tenant(here, world.there.tenant_id, NOW)
    assert (await enter("asha@here", now=NOW + timedelta(hours=1))).viewer.tenant_id == world.there.tenant_id
    await execute("UPDATE membership SET suspended_at = :now WHERE tenant_id = :id", now=NOW, id=world.there.tenant_id)
    assert (await enter("asha@here", now=NOW + timedelta(hours=2))).viewer.tenant_id == world.here.tenant_id


async def test_an_open_page_keeps_its_session_used_but_not_beyond_its_end(asha: Seat) -> None:
    for days in range(0, SESSION_LONGEST.days, 5):
        assert asha.session_id in await seats_that_hold([asha.session_id], NOW + timedelta(days=days))
    assert await seats_that_hold([asha.session_id], NOW + SESSION_LONGEST) == {}
    assert await seats_that_hold([], NOW) == {}
    assert await fetch("SELECT used_at FROM web_session") == [(NOW + timedelta(days=25),)]
