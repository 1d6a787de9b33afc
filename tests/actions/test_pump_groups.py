"""Limits of a tenant's pumps, and the groups in which motors exclude each other."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from actions import devices
from actions.pumps import asking, groups, motors, shedding
from actions.pumps.motors import WrongLimits
from actions.pumps.steps import Stepped
from domain.pump.limit_ranges import LimitFault
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, RunState
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
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


async def test_limits_that_are_shortened_hold_at_once_also_for_a_motor_that_is_silent(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.deaf |= {coop.device_id, SECOND}
    await hall.run_for(200)
    assert await state_of(run) is RunState.HOLD
    assert isinstance(await motors.change_limits({"own_hold_limit_ms": 120_000}, coop.owner), dict)
    await hall.run_for(1)
    assert await state_of(run) in (RunState.STOPPING, RunState.UNSETTLED)


async def test_a_group_without_motors_is_removed_and_its_name_is_free_again(coop: Coop, hall: Hall) -> None:
    group_id = await new_group(coop, hall)
    assert await groups.move(SECOND, group_id, coop.owner, hall.now) is None
    assert await groups.remove(group_id, coop.owner, hall.now) is PumpRefusal.GROUP_IN_USE
    await hall.run_for(STEADY_S)
    [(first,)] = await fetch("SELECT group_id FROM motor WHERE device_id = :id", id=coop.device_id)
    assert await groups.move(SECOND, first, coop.owner, hall.now) is None
    assert await groups.remove(group_id, coop.members[0], hall.now) is Refusal.NOT_ALLOWED
    assert await groups.remove(group_id, (await make_coop("there")).owner, hall.now) is Refusal.NOT_FOUND
    assert await groups.remove(group_id, coop.owner, hall.now) is None
    for gone in (
        await groups.remove(group_id, coop.owner, hall.now),
        await groups.rename(group_id, "South field", coop.owner),
        await groups.move(SECOND, group_id, coop.owner, hall.now),
    ):
        assert gone is Refusal.NOT_FOUND
    assert (await trail(coop.tenant_id))[-1] == "remove_pump_group"
    assert await new_group(coop, hall) != group_id


async def test_a_group_that_is_made_while_the_grid_is_cut_stands_still_too(coop: Coop, hall: Hall) -> None:
    assert await shedding.begin(coop.owner, hall.now) is None
    assert await groups.move(SECOND, await new_group(coop, hall), coop.owner, hall.now) is None
    await hall.run_for(STEADY_S)
    asked = await asking.start(SECOND, 600, coop.members[0], hall.now, key=uuid4())
    assert isinstance(asked, Run)
    await hall.run_for(60)
    assert await state_of(asked) is RunState.WAITING
    assert await shedding.end(coop.owner, hall.now) is None
    await hall.run_for(60)
    assert await state_of(asked) is RunState.RUNNING


async def test_who_asks_in_two_groups_at_once_gets_one_turn(coop: Coop, hall: Hall) -> None:
    assert await groups.move(SECOND, await new_group(coop, hall), coop.owner, hall.now) is None
    await hall.run_for(STEADY_S)
    member, key = coop.members[0], uuid4()
    both = [asking.start(id_, 600, member, hall.now, key=uuid4()) for id_ in (coop.device_id, SECOND)]
    answers = await asyncio.gather(*both)
    assert sorted(isinstance(answer, Run) for answer in answers) == [False, True]
    assert PumpRefusal.OPEN_RUN in answers
    same = [asking.start(id_, 600, coop.members[1], hall.now, key=key) for id_ in (coop.device_id, SECOND)]
    answers = await asyncio.gather(*same)
    assert sorted(isinstance(answer, Run) for answer in answers) == [False, True]
    assert PumpRefusal.KEY_REUSED in answers


async def test_a_controller_is_removed_only_when_its_motor_is_unused_and_off(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    waits = await asking.start(SECOND, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(waits, Run)
    for device_id in (coop.device_id, SECOND):
        assert await devices.remove(device_id, coop.owner, hall.now) is PumpRefusal.MOTOR_IN_USE
    await asking.stop(waits.id, coop.members[1], hall.now)
    await asking.stop(run.id, coop.members[0], hall.now)
    await hall.run_for(STEADY_S)
    assert await devices.remove(coop.device_id, (await make_coop("there")).owner, hall.now) is Refusal.NOT_FOUND
    assert await devices.remove(coop.device_id, coop.owner, hall.now) is None
    assert await fetch("SELECT device_id FROM motor WHERE group_id IS NULL") == [(coop.device_id,)]
    assert (await hall.report(hall.controller(coop))) is Refusal.NOT_FOUND
    gone = await asking.start(coop.device_id, 600, coop.members[0], hall.now, key=uuid4())
    assert gone is PumpRefusal.UNKNOWN_MOTOR
    assert (await trail(coop.tenant_id))[-1] == "remove_device"


async def test_a_removed_controller_whose_motor_was_said_to_be_on_blocks_nobody_any_more(
    coop: Coop, hall: Hall
) -> None:
    """Its controller burnt after it had told of a welded contactor; the owner takes it off the wall."""
    hall.controller(coop).is_welded = hall.controller(coop).is_on = True
    await hall.run_for(6)
    waits = await asking.start(SECOND, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(waits, Run)
    await hall.run_for(STEADY_S)
    assert await devices.remove(coop.device_id, coop.owner, hall.now) is PumpRefusal.NOT_SURELY_OFF
    hall.deaf.add(coop.device_id)
    await hall.run_for(STEADY_S)
    assert await state_of(waits) is RunState.WAITING
    assert await devices.remove(coop.device_id, coop.owner, hall.now) is None
    await hall.run_for(STEADY_S)
    assert await state_of(waits) is RunState.RUNNING


async def test_a_state_that_comes_while_its_motor_changes_its_group_counts_in_the_new_one(
    coop: Coop, hall: Hall
) -> None:
    group_id = await new_group(coop, hall)
    hall.now_ms += 1_000
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT 1 FROM interlock_group ORDER BY id FOR UPDATE"))
        speaks = asyncio.create_task(hall.report(hall.controller(coop, SECOND)))
        await asyncio.sleep(0.2)
        assert hall.lead is not None
        hall.lead.groups.clear()
        await tx.execute(
            text("UPDATE motor SET group_id = :id WHERE device_id = :motor"), {"id": group_id, "motor": SECOND}
        )
    assert isinstance(await speaks, Stepped)
    assert await fetch("SELECT heard_at_ms FROM motor WHERE group_id = :id", id=group_id) == [(hall.now_ms,)]
