"""Commands on a real broker and a real database: each goes its whole way, or it is known where it got stuck."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from actions import command_progress, device_commands
from domain.commands import Kind
from tests.conftest import World
from tests.ingest.command_device import CommandDevice, does_it, refuses, says_nothing
from tests.ingest.command_fixtures import *  # noqa: F403
from tests.ingest.command_parts import (
    QUIET_S,
    Office,
    ask,
    comes_true,
    is_away,
    is_heard,
    now,
    office,
    reaches,
    rows,
    stage_of,
)
from tests.ingest.parts import counted, fetch, until
from tests.private_mosquitto import PrivateMosquitto


async def test_a_restart_goes_its_whole_way(world: World, place: Office, device: CommandDevice) -> None:
    async with device.connected(does_it):
        await is_heard(place, world.here)
        command = await ask(world.here, Kind.RESTART)
        await reaches(command, "done")
    assert device.heard == [{"id": str(command.id), "kind": "restart", "expires": device.heard[0]["expires"]}]
    assert 110 <= device.heard[0]["expires"] - now().timestamp() <= 121
    assert device.retained == [False]
    [(sent, acknowledged, closed, boot)] = await fetch(
        "SELECT sent_at, acknowledged_at, closed_at, boot_id FROM device_command"
    )
    assert command.requested_at <= sent <= closed and command.requested_at <= acknowledged <= closed and boot == 7


async def test_an_update_is_done_when_the_device_runs_it(world: World, place: Office, device: CommandDevice) -> None:
    body = {"url": "https://pits.example.com/f", "sha256": "00", "signature": "", "version": "1.5.0"}
    async with device.connected(does_it):
        await is_heard(place, world.here)
        command = await ask(world.here, Kind.UPDATE, body=body)
        await reaches(command, "done")
    assert {**device.heard[0], **body} == device.heard[0]


async def test_a_device_that_refuses_says_why(world: World, place: Office, device: CommandDevice) -> None:
    async with device.connected(refuses("motor on")):
        await is_heard(place, world.here)
        await reaches(await ask(world.here, Kind.RESTART), "refused")
    assert await rows(world) == [("restart", "refused", "motor on", 1)]


async def test_a_device_without_a_clock_is_asked_again(world: World, place: Office, device: CommandDevice) -> None:
    def clock_comes(device: CommandDevice, command: dict[str, Any]) -> dict[str, Any] | None:
        return {"ok": False, "reason": "clock"} if len(device.heard) == 1 else does_it(device, command)

    async with device.connected(clock_comes):
        await is_heard(place, world.here)
        await reaches(await ask(world.here, Kind.RESTART), "done")
    assert len({command["id"] for command in device.heard}) == 1 and len(device.heard) == 2


async def test_a_device_that_says_nothing_is_asked_again_with_the_same_id_until_the_time_is_over(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
        command = await ask(world.here, Kind.IDENTIFY, ttl_s=2)
        await reaches(command, "expired")
        times = len(device.heard)
        assert times >= 2 and {said["id"] for said in device.heard} == {str(command.id)}
        await device.answer(id=str(command.id), ok=True)
        await comes_true(lambda: _answered_late(world))
        await asyncio.sleep(QUIET_S)
        assert len(device.heard) == times
    assert (await rows(world))[0][1] == "expired"
    assert await counted() == {}


async def _answered_late(world: World) -> bool:
    return await fetch("SELECT 1 FROM device_command WHERE acknowledged_at > closed_at") != []


async def test_what_is_meant_for_a_device_that_is_away_waits_and_goes_out_when_it_is_back(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
    await is_away(place, world.here)
    command = await ask(world.here, Kind.IDENTIFY)
    await asyncio.sleep(QUIET_S)
    assert await rows(world) == [("identify", "requested", "", 0)]
    async with device.connected(does_it):
        await reaches(command, "done")


async def test_a_restart_whose_answer_was_lost_is_not_done_twice(
    world: World, place: Office, device: CommandDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_progress, "SEND_AGAIN_AFTER", timedelta(seconds=5))

    def dies(device: CommandDevice, command: dict[str, Any]) -> dict[str, Any] | None:
        does_it(device, command)
        return None

    async with device.connected(dies):
        await is_heard(place, world.here)
        command = await ask(world.here, Kind.RESTART)
        await until(lambda: len(device.heard) == 1)
    async with device.connected(dies):  # it is back, and says so before it says which boot this is
        await reaches(command, "done")
        await asyncio.sleep(QUIET_S)
    assert len(device.heard) == 1


async def test_an_answer_that_comes_twice_counts_once(world: World, place: Office, device: CommandDevice) -> None:
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
        command = await ask(world.here, Kind.RESTART)
        await reaches(command, "sent")
        for _ in range(3):
            await device.answer(id=str(command.id), ok=True)
        await reaches(command, "acknowledged")
        await device.answer(id=str(command.id), ok=False, reason="busy")
        await asyncio.sleep(QUIET_S)
        assert await stage_of(command) == "acknowledged"
    assert await counted() == {}


async def test_nobody_answers_for_another_device(world: World, place: Office, broker: PrivateMosquitto) -> None:
    mine, theirs = CommandDevice(world.here, broker.port), CommandDevice(world.there, broker.port)
    async with mine.connected(says_nothing), theirs.connected(says_nothing):
        await is_heard(place, world.here)
        await is_heard(place, world.there)
        command = await ask(world.here, Kind.IDENTIFY)
        await reaches(command, "sent")
        await theirs.answer(id=str(command.id), ok=True)
        await theirs.answer(id=str(uuid4()), ok=True)
        await theirs.answer(id="no id", ok=True)
        async with asyncio.timeout(60):
            while sum((await counted()).values()) < 3:
                await asyncio.sleep(0.02)
        assert await stage_of(command) == "sent"
    assert await counted() == {("pp-there", "unknown_command"): 2, ("pp-there", "malformed"): 1}
    assert theirs.heard == []


async def test_a_pumps_answers_to_grants_and_stops_are_none_to_a_command(
    world: World, place: Office, device: CommandDevice
) -> None:
    device.beside = {"motor_on": False, "grid": True, "ready": True, "fence": 3}
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
        await device.answer(id=str(uuid4()), ok=False, reason="stale")
        command = await ask(world.here, Kind.IDENTIFY)
        await reaches(command, "sent")
        await device.answer(id=str(uuid4()), ok=True)
        await device.answer(id=str(command.id), ok=True)
        await reaches(command, "done")
    assert await counted() == {}


async def test_a_device_that_is_switched_off_is_sent_nothing(
    world: World, place: Office, device: CommandDevice
) -> None:
    """Away first, for what has left already can't be called back."""
    async with device.connected(does_it):
        await is_heard(place, world.here)
    await is_away(place, world.here)
    command = await ask(world.here, Kind.IDENTIFY, ttl_s=2)
    await device_commands.switch(world.here.device_id, False, world.here.owner, now())
    async with device.connected(does_it):
        await asyncio.sleep(QUIET_S)
        assert await rows(world) == [("identify", "requested", "", 0), ("disable", "done", "", 0)]
        await reaches(command, "expired")
    assert device.heard == []


async def test_while_the_broker_is_away_commands_wait(
    world: World, place: Office, device: CommandDevice, broker: PrivateMosquitto
) -> None:
    async with device.connected(does_it):
        await is_heard(place, world.here)
    broker.kill()
    await until(lambda: not place.sender.connected)
    command = await ask(world.here, Kind.IDENTIFY)
    await asyncio.sleep(QUIET_S)
    assert await stage_of(command) == "requested"
    broker.start()
    async with device.connected(does_it):
        await reaches(command, "done")


async def test_two_processes_send_one_command_once(
    world: World, place: Office, device: CommandDevice, broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_progress, "SEND_AGAIN_AFTER", timedelta(seconds=30))
    async with office(broker.port, "second"), device.connected(does_it):
        await is_heard(place, world.here)
        for _ in range(5):
            await reaches(await ask(world.here, Kind.IDENTIFY), "done")
    assert len(device.heard) == len({said["id"] for said in device.heard}) == 5


async def test_what_was_claimed_by_somebody_who_died_is_sent_by_somebody_else(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
    line, place.sender._client = place.sender._client, None
    command = await ask(world.here, Kind.IDENTIFY)
    assert [claimed.id for claimed in await command_progress.claim(now())] == [command.id]
    assert await command_progress.claim(now()) == []
    place.sender._client = line
    async with device.connected(does_it):
        await reaches(command, "done")
    assert {said["id"] for said in device.heard} == {str(command.id)}
