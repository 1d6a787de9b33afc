"""Limits of a tenant's pumps, and the groups in which motors exclude each other."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from actions.pumps import asking, groups, motors
from actions.pumps.motors import WrongLimits
from domain.pump.limit_ranges import LimitFault
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, RunState
from domain.refusals import Refusal
from tests.actions.accounts import trail
from tests.pump_parts import Coop, Hall, add_motor, fetch, make_coop, press_start, state_of

STEADY_S = 40
SECOND = "pump-second"


@pytest.fixture
async def coop(database: str) -> Coop:
    found = await make_coop("here", members=2)
    await add_motor(found, SECOND)
    return found


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    place = Hall()
    await place.open()
    place.controller(coop)
    place.controller(coop, SECOND)
    await place.run_for(STEADY_S)
    yield place
    place.close()


async def new_group(coop: Coop, hall: Hall, name: str = "North field") -> UUID:
    made = await groups.create(name, coop.owner, hall.now)
    assert isinstance(made, UUID)
    return made


async def test_two_motors_run_side_by_side_once_they_stand_in_different_groups(coop: Coop, hall: Hall) -> None:
    assert await groups.move(SECOND, await new_group(coop, hall), coop.owner, hall.now) is None
    await hall.run_for(STEADY_S)
    one = await press_start(hall, coop, coop.members[0])
    two = await asking.start(SECOND, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(two, Run)
    await hall.run_for(20)
    assert (await state_of(one), await state_of(two)) == (RunState.RUNNING, RunState.RUNNING)
    assert (await trail(coop.tenant_id))[2:4] == ["create_pump_group", "move_motor"]


async def test_a_motor_that_somebody_uses_or_waits_for_stays_where_it_is(coop: Coop, hall: Hall) -> None:
    group_id = await new_group(coop, hall)
    await press_start(hall, coop, coop.members[0])
    waiting = await asking.start(SECOND, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(waiting, Run)
    for device_id in (coop.device_id, SECOND):
        assert await groups.move(device_id, group_id, coop.owner, hall.now) is PumpRefusal.MOTOR_IN_USE


async def test_a_motor_that_may_still_be_on_stays_where_it_is(coop: Coop, hall: Hall) -> None:
    group_id = await new_group(coop, hall)
    hall.controller(coop).is_welded = hall.controller(coop).is_on = True
    await hall.run_for(6)
    assert await groups.move(coop.device_id, group_id, coop.owner, hall.now) is PumpRefusal.NOT_SURELY_OFF
    await hall.open()
    assert await groups.move(SECOND, group_id, coop.owner, hall.now) is PumpRefusal.NOT_SURELY_OFF
    await hall.run_for(STEADY_S)
    assert await groups.move(SECOND, group_id, coop.owner, hall.now) is None


async def test_groups_have_names_of_their_own(coop: Coop, hall: Hall) -> None:
    first = await new_group(coop, hall)
    assert await groups.create("North field", coop.owner, hall.now) is Refusal.NAME_TAKEN
    assert await groups.create("  ", coop.owner, hall.now) is Refusal.EMPTY
    assert await groups.create("x" * 61, coop.owner, hall.now) is Refusal.TOO_LONG
    assert await groups.rename(first, "Motors", coop.owner) is Refusal.NAME_TAKEN
    assert await groups.rename(first, "North field", coop.owner) is Refusal.ALREADY_SO
    assert await groups.rename(first, "South field", coop.owner) is None
    assert await fetch("SELECT name FROM interlock_group ORDER BY created_at") == [("Motors",), ("South field",)]


async def test_groups_and_limits_are_the_owners_and_the_own_tenants(coop: Coop, hall: Hall) -> None:
    there, [member, _] = await make_coop("there", members=1), coop.members
    group_id = await new_group(coop, hall)
    assert await groups.create("Mine", member, hall.now) is Refusal.NOT_ALLOWED
    assert await groups.rename(group_id, "Mine", member) is Refusal.NOT_ALLOWED
    assert await groups.move(SECOND, group_id, member, hall.now) is Refusal.NOT_ALLOWED
    assert await motors.change_limits({"line_max": 5}, member) is Refusal.NOT_ALLOWED
    assert await groups.rename(group_id, "Mine", there.owner) is Refusal.NOT_FOUND
    assert await groups.move(SECOND, group_id, there.owner, hall.now) is Refusal.NOT_FOUND
    assert await groups.move(there.device_id, group_id, there.owner, hall.now) is Refusal.NOT_FOUND


async def test_limits_hold_from_now_on_and_nothing_of_a_wrong_set_is_kept(coop: Coop, hall: Hall) -> None:
    assert await motors.change_limits({"minimum_run_s": 900, "line_max": 5}, coop.owner) == {
        "minimum_run_s": 900, "line_max": 5,
    }  # fmt: skip
    short = await asking.start(coop.device_id, 600, coop.members[0], hall.now, key=uuid4())
    assert short is PumpRefusal.AMOUNT_TOO_SMALL
    wrong = await motors.change_limits({"minimum_run_s": None, "longest_run_s": 120, "line_max": 0}, coop.owner)
    assert wrong == WrongLimits({"line_max": LimitFault.TOO_SMALL, "minimum_run_s": LimitFault.ABOVE_LONGEST})
    assert await fetch("SELECT limits FROM pump_settings") == [({"minimum_run_s": 900, "line_max": 5},)]
    assert await motors.change_limits({"minimum_run_s": None, "line_max": None}, coop.owner) == {}
