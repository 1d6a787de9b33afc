"""Devices that fall silent: an alert by the clock, cleared by a word, and never raised by the server's own absence."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from actions.announce import Announcement, Topic
from actions.directory import Directory
from actions.silent import check_silence
from domain.alerts import SILENT_AFTER_S
from tests.actions.senders import Sender, execute, fetch, history_of_alerts, until
from tests.conftest import World

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = NOW - timedelta(hours=1)
SILENT = timedelta(seconds=SILENT_AFTER_S)


async def heard_at(device_id: str, at: datetime) -> None:
    await execute(
        "INSERT INTO device_presence (device_id, tenant_id, heard_at, online) SELECT id, tenant_id, :at, true"
        " FROM device WHERE id = :id ON CONFLICT (device_id) DO UPDATE SET heard_at = excluded.heard_at",
        id=device_id,
        at=at,
    )


async def open_alerts() -> list[str]:
    rows = await fetch("SELECT device_id FROM alert WHERE resolved_at IS NULL AND rule = 'silent' ORDER BY 1")
    return [device_id for (device_id,) in rows]


@pytest.mark.parametrize(("silence", "raised"), [(SILENT, 0), (SILENT + timedelta(seconds=1), 1)])
async def test_a_device_may_be_silent_for_a_minute(world: World, silence: timedelta, raised: int) -> None:
    await heard_at("pp-here", NOW - silence)
    assert await check_silence(NOW, LONG_AGO) == (raised, 0)


async def test_a_silent_device_raises_one_alert_and_clears_it_when_it_speaks(
    world: World, heard: list[Announcement]
) -> None:
    await heard_at("pp-here", NOW - 2 * SILENT)
    await heard_at("pp-there", NOW)
    assert await check_silence(NOW, LONG_AGO) == (1, 0)
    assert await check_silence(NOW + timedelta(seconds=2), LONG_AGO) == (0, 0)
    assert await open_alerts() == ["pp-here"]
    await heard_at("pp-here", NOW + timedelta(seconds=3))
    assert await check_silence(NOW + timedelta(seconds=4), LONG_AGO) == (0, 1)
    assert await open_alerts() == []
    assert await history_of_alerts() == ["raised", "resolved"]
    rows = await fetch("SELECT id, tenant_id, pit_id, level, raised_at, resolved_at FROM alert")
    here = world.here
    assert [row[1:] for row in rows] == [(here.tenant_id, here.pit_id, 1, NOW, NOW + timedelta(seconds=4))]
    await until(lambda: len(heard) == 2)
    assert heard == [Announcement(Topic.ALERT, here.tenant_id, here.pit_id, str(rows[0][0]))] * 2


async def test_a_device_that_falls_silent_again_raises_again(world: World) -> None:
    for minutes in (0, 10):
        at = NOW + timedelta(minutes=minutes)
        await heard_at("pp-here", at - 2 * SILENT)
        await check_silence(at, LONG_AGO)
        await heard_at("pp-here", at)
        await check_silence(at, LONG_AGO)
    assert await history_of_alerts() == ["raised", "resolved"] * 2


async def test_the_servers_own_absence_is_nobodys_silence(world: World) -> None:
    await heard_at("pp-here", LONG_AGO)
    assert await check_silence(NOW, listening_since=NOW - timedelta(seconds=30)) == (0, 0)
    assert await check_silence(NOW, listening_since=NOW - SILENT) == (1, 0)


async def test_a_restarted_server_clears_at_once_what_speaks_again(world: World) -> None:
    await heard_at("pp-here", NOW - 2 * SILENT)
    await check_silence(NOW, LONG_AGO)
    await heard_at("pp-here", NOW)
    assert await check_silence(NOW, listening_since=NOW) == (0, 1)


@pytest.mark.parametrize("change", ["enabled = false", "pit_id = NULL"])
async def test_a_device_that_is_switched_off_or_in_no_pit_raises_nothing_and_its_alert_ends(
    world: World, change: str
) -> None:
    for device_id in ("pp-here", "pp-there"):
        await heard_at(device_id, NOW - 2 * SILENT)
    await execute(f"UPDATE device SET {change} WHERE id = 'pp-there'")
    await check_silence(NOW, LONG_AGO)
    assert await open_alerts() == ["pp-here"]
    await execute(f"UPDATE device SET {change} WHERE id = 'pp-here'")
    assert await check_silence(NOW, LONG_AGO) == (0, 1)


async def test_a_device_that_was_never_heard_is_new_not_silent(world: World) -> None:
    assert await check_silence(NOW, LONG_AGO) == (0, 0)


async def test_two_processes_that_both_believe_to_lead_raise_one_alert(world: World) -> None:
    for device_id in ("pp-here", "pp-there"):
        await heard_at(device_id, NOW - 2 * SILENT)
    answers = await asyncio.gather(*(check_silence(NOW, LONG_AGO) for _ in range(4)))
    assert sum(raised for raised, _ in answers) == 2
    assert await open_alerts() == ["pp-here", "pp-there"]
    assert await history_of_alerts() == ["raised", "raised"]


# What a silent device does to the rules of its pit


@pytest.fixture
def pit(world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]) -> Sender:
    return Sender(world.here, directory, connection)


async def rule() -> tuple[Any, ...]:
    [row] = await fetch("SELECT level, unknown, quiet, warning_since IS NULL FROM rule_state")
    return row


async def test_a_pending_rule_of_a_silent_pit_is_unknown_and_waits_anew(pit: Sender) -> None:
    await pit.send(20.0, seconds=25)
    assert await rule() == (0, False, False, False)
    await heard_at("pp-here", NOW - 2 * SILENT)
    await check_silence(NOW, LONG_AGO)
    assert await rule() == (0, True, False, True)
    assert (await pit.send(20.0, seconds=30)).news == []
    assert await rule() == (0, False, False, False)
    assert len((await pit.send(20.0)).news) == 1


async def test_an_alert_of_a_silent_pit_goes_on(pit: Sender) -> None:
    await pit.send(20.0, seconds=35)
    await heard_at("pp-here", NOW - 2 * SILENT)
    await check_silence(NOW, LONG_AGO)
    assert await rule() == (1, True, False, True)
    assert await fetch("SELECT rule FROM alert WHERE resolved_at IS NULL ORDER BY 1") == [("pm25",), ("silent",)]
    await pit.send(5.0, seconds=60)
    assert await rule() == (1, False, False, True)
    await pit.send(5.0)
    assert await rule() == (0, False, True, True)


async def test_a_pit_with_another_device_that_speaks_is_not_lost(pit: Sender) -> None:
    await execute(
        "INSERT INTO device SELECT 'pp-second', tenant_id, pit_id, kind, name, NULL, true, created_at FROM device"
        " WHERE id = 'pp-here'"
    )
    await pit.send(20.0, seconds=25)
    await heard_at("pp-here", NOW - 2 * SILENT)
    await heard_at("pp-second", NOW)
    assert await check_silence(NOW, LONG_AGO) == (1, 0)
    assert await rule() == (0, False, False, False)
    await heard_at("pp-second", NOW - 2 * SILENT)
    assert await check_silence(NOW, LONG_AGO) == (1, 0)
    assert await rule() == (0, True, False, True)


async def test_another_pits_rules_are_left_alone(pit: Sender) -> None:
    await pit.send(20.0, seconds=25)
    await heard_at("pp-here", NOW)
    await heard_at("pp-there", NOW - 2 * SILENT)
    await check_silence(NOW, LONG_AGO)
    assert await rule() == (0, False, False, False)
