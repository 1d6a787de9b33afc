"""Each trap that a pump's server can fall into, on a real database with controllers that follow the protocol."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from actions.pumps import asking, devices
from domain.pump.effects import SendGrant, SendStop
from domain.pump.state import Report, Run
from domain.pump.words import ReportRefusal, RunState
from storage.session import EVERY_TENANT, transaction
from tests.pump_parts import (
    Coop,
    Hall,
    add_motor,
    assert_books_balance,
    balance,
    fetch,
    make_coop,
    press_start,
    state_of,
)

STEADY_S = 40
LEASE_S = 19
"""A whole lease by the server's clock, rounded up."""


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here", members=3)


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    place = Hall()
    await place.open()
    place.controller(coop)
    await place.run_for(STEADY_S)
    yield place
    place.close()


async def second_motor(coop: Coop, hall: Hall) -> str:
    await add_motor(coop, "pump-second")
    hall.controller(coop, "pump-second")
    await hall.run_for(STEADY_S)
    return "pump-second"


async def execute(statement: str, **bound: Any) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text(statement), bound)


async def test_a_process_that_dies_between_commit_and_grant_leaves_nobody_on_and_the_turn_goes_on(
    coop: Coop, hall: Hall
) -> None:
    hall.deaf.add(coop.device_id)
    run = await press_start(hall, coop, coop.members[0])
    assert hall.grants(coop.device_id) != []  # it would have left now
    hall.deaf.clear()
    await hall.open()
    assert not hall.controller(coop).is_on
    await hall.run_for(STEADY_S)
    assert await state_of(run) is RunState.RUNNING
    assert hall.controller(coop).is_on


async def test_a_restart_with_the_wall_clock_an_hour_ahead_or_behind_changes_nothing(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(60)
    for jump in (timedelta(hours=1), timedelta(hours=-2)):
        hall.wall_ahead += jump
        await hall.open()
        await hall.run_for(30)
        assert await state_of(run) is RunState.RUNNING
    assert await fetch("SELECT used_ms / 1000 BETWEEN 110 AND 120 FROM run") == [(True,)]


async def test_after_a_restart_a_running_motor_goes_on_and_no_other_starts_before_a_whole_lease(
    coop: Coop, hall: Hall
) -> None:
    second = await second_motor(coop, hall)
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    other = await asking.start(second, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(other, Run)
    await hall.open()
    await hall.run_for(5)
    assert hall.controller(coop).is_on
    await asking.stop(run.id, coop.members[0], hall.now)
    await hall.run_for(2)
    assert await state_of(other) is RunState.WAITING
    await hall.run_for(LEASE_S)
    assert await state_of(other) is RunState.RUNNING


async def test_a_restored_backup_with_lower_fences_and_a_pump_running_stops_it_by_a_higher_fence(
    coop: Coop, hall: Hall
) -> None:
    for _ in range(3):
        run = await press_start(hall, coop, coop.members[0])
        await hall.run_for(20)
        await asking.stop(run.id, coop.members[0], hall.now)
        await hall.run_for(STEADY_S)
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.close()
    controller = hall.controller(coop)
    await execute(
        "UPDATE run SET state = 'cancelled', ended_at = :now, has_slot = false, held_s = 0 WHERE id = :id",
        id=run.id, now=hall.now,
    )  # fmt: skip
    await execute("UPDATE motor SET fence = 0, lease_until_at_ms = NULL, seq = 0, boot_id = 0, motor_on = false")
    assert controller.is_on
    assert controller.fence == 3
    await hall.open()
    await hall.run_for(7)
    assert not controller.is_on
    assert controller.fence > 3
    assert await fetch("SELECT rule, level FROM alert") == [("on_without_run", 2)]


async def test_a_welded_contactor_blocks_its_group_with_an_alert_until_it_opens(coop: Coop, hall: Hall) -> None:
    second = await second_motor(coop, hall)
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.controller(coop).is_welded = True
    await asking.stop(run.id, coop.members[0], hall.now)
    other = await asking.start(second, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(other, Run)
    await hall.run_for(60)
    assert await state_of(other) is RunState.WAITING
    assert await fetch("SELECT rule, level, resolved_at FROM alert") == [("on_after_lease", 2, None)]
    hall.controller(coop).is_welded = False
    await hall.run_for(STEADY_S)
    assert await state_of(other) is RunState.RUNNING
    [(captured_s,)] = await fetch("SELECT captured_s FROM run WHERE id = :id", id=run.id)
    assert captured_s <= 20 + LEASE_S
    await assert_books_balance()


async def test_a_device_that_freezes_keeps_the_others_off_until_its_lease_is_surely_over(
    coop: Coop, hall: Hall
) -> None:
    second = await second_motor(coop, hall)
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.deaf.add(coop.device_id)
    await asking.stop(run.id, coop.members[0], hall.now)
    other = await asking.start(second, 600, coop.members[1], hall.now, key=uuid4())
    assert isinstance(other, Run)
    until_ms = hall.now_ms + (LEASE_S - 6) * 1_000  # its last grant came up to 5 s ago
    while hall.now_ms < until_ms:
        await hall.run_for(1)
        assert not hall.controller(coop, second).is_on
    await hall.run_for(10)
    assert hall.controller(coop, second).is_on
    assert not hall.controller(coop).is_on


async def test_a_minimum_off_time_longer_than_the_start_timeout_is_waited_for(coop: Coop, hall: Hall) -> None:
    controller = hall.controller(coop)
    controller.off_time_ms = 60_000
    first = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    await asking.stop(first.id, coop.members[0], hall.now)
    await hall.run_for(3)
    second = await press_start(hall, coop, coop.members[1])
    await hall.run_for(30)
    assert not controller.is_on
    await hall.run_for(45)
    assert await state_of(second) is RunState.RUNNING
    assert await fetch("SELECT 1 FROM run WHERE state = 'failed'") == []


async def test_a_run_that_is_measured_off_for_too_long_holds_and_is_not_charged(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    [(used_ms,)] = await fetch("SELECT used_ms FROM run")
    controller = hall.controller(coop)
    controller.off_time_ms = 0
    controller._off_until_ms = hall.now_ms + 120_000  # a lock-out that it does not say
    controller.is_on = False
    controller._latch()
    await hall.run_for(25)
    assert await state_of(run) is RunState.HOLD
    [(after_ms, cause)] = await fetch("SELECT used_ms, hold_cause FROM run")
    assert (cause, after_ms - used_ms <= 5_000) == ("measured_off", True)


async def test_a_grid_that_flaps_every_15_seconds_costs_no_second_that_was_not_measured(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    controller = hall.controller(coop)
    for n in range(16):
        controller.grid = n % 2 == 1
        await hall.run_for(15)
    controller.grid = True
    await hall.run_for(STEADY_S)
    assert await state_of(run) is RunState.RUNNING
    [(used_ms,)] = await fetch("SELECT used_ms FROM run")
    assert used_ms <= controller.on_in_all_boots_ms[run.id]
    await assert_books_balance()


async def test_boots_and_states_out_of_order_change_nothing(coop: Coop, hall: Hall) -> None:
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    before = await fetch("SELECT boot_id, seq, motor_on, fence FROM motor")
    controller = hall.controller(coop)
    for boot_id, seq in ((controller.boot_id - 1, 99), (controller.boot_id, 1), (controller.boot_id, controller.seq)):
        old = Report(boot_id, seq, False, None, 0, False, False, 0)
        answer = await devices.reported(coop.tenant_id, coop.device_id, old, hall.now)
        assert answer in (ReportRefusal.OLD_BOOT, ReportRefusal.STALE)
    assert await fetch("SELECT boot_id, seq, motor_on, fence FROM motor") == before


async def test_a_duplicated_old_grant_and_a_delayed_stop_do_nothing_after_resuming(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    controller = hall.controller(coop)
    old_grant = hall.grants(coop.device_id)[-1]
    controller.grid = False
    await hall.run_for(5)
    controller.grid = True
    controller.receive(old_grant, hall.now_ms)
    assert not controller.is_on
    await hall.run_for(STEADY_S)
    assert await state_of(run) is RunState.RUNNING
    old_stop = hall.stops(coop.device_id)[0]
    controller.receive(old_stop, hall.now_ms)
    assert controller.is_on
    assert isinstance(old_grant, SendGrant)
    assert isinstance(old_stop, SendStop)


async def test_a_burst_of_state_changes_ends_as_the_last_one_says(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    controller = hall.controller(coop)
    for n in range(40):
        controller.ready = n % 2 == 1
        hall.now_ms += 250
        await hall.report(controller)
    await hall.run_for(STEADY_S)
    assert await state_of(run) is RunState.RUNNING
    assert await fetch("SELECT count(*) FROM run WHERE has_slot") == [(1,)]
    await assert_books_balance()


async def test_the_head_of_the_line_whose_device_is_away_keeps_the_place_and_is_passed_over(
    coop: Coop, hall: Hall
) -> None:
    second = await second_motor(coop, hall)
    hall.deaf.add(second)
    await hall.run_for(20)
    away = await asking.start(second, 600, coop.members[0], hall.now, key=uuid4())
    here = await press_start(hall, coop, coop.members[1], minutes=5)
    assert isinstance(away, Run)
    await hall.run_for(20)
    assert (await state_of(away), await state_of(here)) == (RunState.WAITING, RunState.RUNNING)
    third = await press_start(hall, coop, coop.members[2])
    hall.deaf.clear()
    await hall.run_for(330)
    assert (await state_of(away), await state_of(third)) == (RunState.RUNNING, RunState.WAITING)


async def test_power_cuts_of_hours_freeze_everybody_and_nobody_pays_for_them(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(60)
    hall.controller(coop).grid = False
    await hall.run_for(5)
    hall.deaf.add(coop.device_id)  # its router has no power either
    await hall.run_for(5 * 3600, step_ms=60_000)
    assert await state_of(run) is RunState.HOLD
    hall.deaf.clear()
    hall.controller(coop).grid = True
    await hall.run_for(STEADY_S)
    assert await state_of(run) is RunState.RUNNING
    await hall.run_for(600)
    assert await state_of(run) is RunState.COMPLETED
    assert await balance(coop.members[0]) == (3_000, 0)
