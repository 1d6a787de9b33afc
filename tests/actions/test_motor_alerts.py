"""Motors that need a person: an alert in the inbox and a message to who looks after them, once, and its end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from actions.outbox.alert_news import AlertNews
from actions.pumps import asking, motor_alerts, shedding
from domain.limits import Level
from domain.pump.state import Run
from domain.pump.words import RunState
from domain.ways import Way
from storage import pump_lists, queries
from storage.session import EVERY_TENANT, transaction
from tests.actions.posting import give_channel
from tests.pump_parts import Coop, Hall, fetch, make_coop, press_start, state_of

STEADY_S = 40


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


async def look_for(hall: Hall, seconds: int) -> None:
    """Time passes, and every five seconds the leader looks."""
    for _ in range(seconds // 5):
        await hall.run_for(5)
        await motor_alerts.look(hall.now)


async def alerts() -> list[tuple[Any, ...]]:
    """Rule, level and whether it is open, the oldest first."""
    return await fetch("SELECT rule, level, resolved_at IS NULL FROM alert ORDER BY raised_at, rule")


async def steps() -> list[str]:
    return [kind for (kind,) in await fetch("SELECT kind FROM alert_event ORDER BY id")]


async def messages() -> list[tuple[str, str]]:
    rows = await fetch("SELECT reason, facts->>'rule' FROM message ORDER BY created_at, reason")
    return [(reason, rule) for reason, rule in rows]


async def test_a_welded_contactor_calls_the_owner_until_it_opens(coop: Coop, hall: Hall) -> None:
    await give_channel(coop.owner, Way.MAIL, "owner@example.com")
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.controller(coop).is_welded = True
    await asking.stop(run.id, coop.members[0], hall.now)
    await look_for(hall, 60)
    assert await alerts() == [("on_after_lease", Level.CRITICAL, True)]
    news = AlertNews(lambda: hall.now)
    await news.round()
    await news.round()
    assert await messages() == [("alert_raised", "on_after_lease")]
    async with transaction(coop.tenant_id) as tx:
        [row] = await queries.open_alerts(tx, hall.now)
    assert (row.device_id, row.device_name, row.pit_id) == (coop.device_id, "Motor here", None)
    await fetch("UPDATE message SET status = 'sent', attempts = 1 RETURNING 1")
    hall.controller(coop).is_welded = False
    await look_for(hall, 60)
    await news.round()
    assert await alerts() == [("on_after_lease", Level.CRITICAL, False)]
    assert await messages() == [("alert_raised", "on_after_lease"), ("alert_over", "on_after_lease")]
    assert await steps() == ["raised", "resolved"]


async def test_a_motor_that_runs_without_a_turn_is_told_of_although_it_was_stopped_at_once(
    coop: Coop, hall: Hall
) -> None:
    await give_channel(coop.owner, Way.MAIL, "owner@example.com")
    hall.controller(coop).is_welded = True
    hall.controller(coop).is_on = True
    await hall.run_for(6)
    assert hall.stops(coop.device_id) != []
    hall.controller(coop).is_welded = hall.controller(coop).is_on = False
    await look_for(hall, 10)
    await AlertNews(lambda: hall.now).round()
    assert await messages() == [("alert_raised", "on_without_run")]
    await look_for(hall, 40)
    assert await alerts() == [("on_without_run", Level.CRITICAL, False)]
    assert await fetch("SELECT count(*) FROM transfer WHERE kind = 'capture'") == [(0,)]


async def test_a_trip_says_which_protection_it_was_and_ends_with_the_fault(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    controller = hall.controller(coop)
    controller.fault = "dry_run"
    await look_for(hall, 10)
    assert await state_of(run) is RunState.FAILED
    assert await fetch("SELECT rule, level, detail FROM alert") == [("motor_tripped", Level.CRITICAL, "dry_run")]
    controller.fault = None
    await look_for(hall, 10)
    assert await alerts() == [("motor_tripped", Level.CRITICAL, False)]
    controller.fault = "overload"
    await look_for(hall, 10)
    assert await fetch("SELECT detail FROM alert WHERE resolved_at IS NULL") == [("overload",)]


async def test_a_silent_controller_is_missed_only_while_somebody_waits_and_worse_after_half_an_hour(
    coop: Coop, hall: Hall
) -> None:
    hall.deaf.add(coop.device_id)
    await look_for(hall, 120)
    assert await alerts() == []
    run = await press_start(hall, coop, coop.members[0])
    await look_for(hall, 55)
    assert await alerts() == []
    await look_for(hall, 10)
    assert await alerts() == [("motor_silent", Level.WARNING, True)]
    await hall.run_for(31 * 60, step_ms=60_000)
    await motor_alerts.look(hall.now)
    await motor_alerts.look(hall.now)
    assert await alerts() == [("motor_silent", Level.CRITICAL, True)]
    hall.deaf.clear()
    await look_for(hall, 60)
    assert await alerts() == [("motor_silent", Level.CRITICAL, False)]
    assert await steps() == ["raised", "escalated", "resolved"]
    assert await state_of(run) is RunState.RUNNING


async def test_whoever_leaves_the_line_takes_the_reason_for_the_alert_along(coop: Coop, hall: Hall) -> None:
    hall.deaf.add(coop.device_id)
    await hall.run_for(20)
    run = await press_start(hall, coop, coop.members[0])
    await look_for(hall, 65)
    assert isinstance(await asking.stop(run.id, coop.members[0], hall.now), Run)
    await motor_alerts.look(hall.now)
    assert await alerts() == [("motor_silent", Level.WARNING, False)]


@pytest.mark.parametrize("by_hand", [False, True], ids=["its own input says so", "the whole grid is cut"])
async def test_a_controller_that_is_silent_in_a_power_cut_is_nobodys_alert(
    coop: Coop, hall: Hall, by_hand: bool
) -> None:
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    if by_hand:
        assert await shedding.begin(coop.owner, hall.now) is None
    else:
        hall.controller(coop).grid = False
    await hall.run_for(5)
    hall.deaf.add(coop.device_id)
    await look_for(hall, 120)
    assert await alerts() == []


async def test_a_servers_own_absence_makes_no_controller_silent(coop: Coop, hall: Hall) -> None:
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(20)
    hall.wall_ahead += hall.now - hall.now.replace(hour=0)  # hours later by the wall's clock
    await hall.open()
    await look_for(hall, 5)
    assert await alerts() == []


async def test_a_switched_off_controller_needs_nobody(coop: Coop, hall: Hall) -> None:
    hall.deaf.add(coop.device_id)
    await hall.run_for(20)
    await press_start(hall, coop, coop.members[0])
    await look_for(hall, 65)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device SET enabled = false"))
    await motor_alerts.look(hall.now)
    assert await alerts() == [("motor_silent", Level.WARNING, False)]


async def test_the_platform_sees_every_tenants_alerts_of_motors_and_a_tenant_its_own(coop: Coop, hall: Hall) -> None:
    there = await make_coop("there")
    other = hall.controller(there)
    for controller, fault in ((hall.controller(coop), "dry_run"), (other, "overload")):
        controller.fault = fault
    await hall.run_for(6)
    async with transaction(EVERY_TENANT) as tx:
        found = await pump_lists.incidents(tx, only_open=True)
        assert {(row.tenant_name, row.detail) for row in found} == {
            ("Coop here", "dry_run"),
            ("Coop there", "overload"),
        }
    async with transaction(there.tenant_id) as tx:
        assert [row.detail for row in await pump_lists.incidents(tx)] == ["overload"]


async def test_alerts_of_a_motor_that_come_and_go_are_told_a_few_times_only(coop: Coop, hall: Hall) -> None:
    await give_channel(coop.owner, Way.MAIL, "owner@example.com")
    news = AlertNews(lambda: hall.now)
    for _ in range(6):
        hall.controller(coop).fault = "overload"
        await look_for(hall, 10)
        await news.round()
        hall.controller(coop).fault = None
        await look_for(hall, 10)
        await news.round()
    assert len([reason for reason, _ in await messages() if reason == "alert_raised"]) == 3
