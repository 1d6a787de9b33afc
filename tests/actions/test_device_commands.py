"""Asking devices: who may, one at a time, once for each key, written down once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from actions import command_progress, device_commands, device_settings, devices
from actions.announce import Announcement, Topic
from actions.device_credentials import revoke
from domain.access import Viewer
from domain.commands import Command, Kind, Stage
from domain.device_settings import SettingsFault
from domain.refusals import Refusal
from storage.command_history import boots, command_history, latest_values
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import trail
from tests.actions.senders import fetch
from tests.conftest import Workshop, World
from tests.device_parts import claimed_node, registered

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=2)


@pytest.fixture
async def device_id(world: World) -> str:
    """A device here that has claimed itself."""
    return (await claimed_node(world.here.owner, device_id=world.here.device_id)).id


async def restart(shop: Workshop, by: Viewer | None = None, **more: Any) -> Refusal | Command:
    return await device_commands.request(shop.device_id, Kind.RESTART, by or shop.owner, NOW, **more)


async def ask(shop: Workshop, settings: dict[str, Any], **more: Any) -> Refusal | SettingsFault | Command:
    return await device_settings.ask(shop.device_id, settings, shop.owner, NOW, **more)


async def stages() -> list[tuple[Any, ...]]:
    return await fetch("SELECT kind, stage FROM device_command ORDER BY requested_at, kind")


# Who, and what


async def test_a_request_is_saved_announced_and_written_down(
    world: World, device_id: str, heard: list[Announcement]
) -> None:
    command = await restart(world.here)
    assert isinstance(command, Command) and command.stage is Stage.REQUESTED
    async with transaction(world.here.tenant_id) as tx:
        [row] = await command_history(tx, device_id, 10)
    assert (row.command, row.by) == (command, "Owner Here")
    assert (await trail(world.here))[-1] == "command_device"
    async with asyncio.timeout(60):
        while not [a for a in heard if a.topic is Topic.COMMAND and a.id == device_id]:
            await asyncio.sleep(0.01)


async def test_the_system_asks_without_a_row_in_the_trail(world: World, device_id: str) -> None:
    before = await trail(world.here)
    body = {"url": "u", "sha256": "s", "signature": "x", "version": "1.5.0"}
    command = await device_commands.request(device_id, Kind.UPDATE, None, NOW, body=body, key="r 1", ttl_s=60)
    assert isinstance(command, Command) and command.requested_by is None and command.body == body
    assert command.expires_at == NOW + timedelta(seconds=60)
    assert await trail(world.here) == before


Act = Callable[[Workshop, Viewer], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "restart": lambda shop, by: device_commands.request(shop.device_id, Kind.RESTART, by, NOW),
    "switch": lambda shop, by: device_commands.switch(shop.device_id, False, by, NOW),
    "settings": lambda shop, by: device_settings.ask(shop.device_id, {"interval_s": 30}, by, NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_only_owners_of_the_workshop_ask(world: World, device_id: str, act: Act) -> None:
    await claimed_node(world.there.owner, device_id=world.there.device_id)
    assert await act(world.here, world.here.staff) is Refusal.NOT_ALLOWED
    assert await act(world.there, world.here.owner) is Refusal.NOT_FOUND
    assert await stages() == []
    assert not isinstance(await act(world.here, world.here.owner), Refusal)


async def test_a_device_that_nothing_can_reach_is_asked_for_nothing(world: World) -> None:
    new = await registered(world.here.owner)
    waiting = await device_commands.request(new, Kind.IDENTIFY, world.here.owner, NOW)
    assert waiting is Refusal.NOT_CLAIMED
    node = await claimed_node(world.here.owner)
    await revoke(node.id, world.here.owner, NOW)
    assert await device_commands.request(node.id, Kind.IDENTIFY, world.here.owner, NOW) is Refusal.NOT_CLAIMED
    await devices.remove(node.id, world.here.owner, NOW)
    assert await device_commands.request(node.id, Kind.IDENTIFY, world.here.owner, NOW) is Refusal.NOT_FOUND


async def test_a_device_that_speaks_without_a_claim_can_be_asked(world: World) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("INSERT INTO device_presence (device_id, tenant_id, heard_at, online) VALUES (:id, :t, :now, true)"),
            {"id": world.here.device_id, "t": world.here.tenant_id, "now": NOW},
        )
    assert isinstance(await restart(world.here), Command)


async def test_what_has_a_way_of_its_own_is_not_requested(world: World, device_id: str) -> None:
    for kind in (Kind.SET, Kind.ENABLE, Kind.DISABLE):
        with pytest.raises(ValueError, match=kind):
            await device_commands.request(device_id, kind, world.here.owner, NOW)


# One at a time


async def test_two_presses_at_once_are_one_command(world: World, device_id: str) -> None:
    answers = await asyncio.gather(*(restart(world.here) for _ in range(4)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Command", "Refusal", "Refusal", "Refusal"]
    assert {answer for answer in answers if isinstance(answer, Refusal)} == {Refusal.COMMAND_OPEN}
    assert await stages() == [("restart", "requested")]
    assert (await trail(world.here)).count("command_device") == 1


async def test_who_asks_again_with_the_same_key_is_told_of_the_same_command(world: World, device_id: str) -> None:
    answers = await asyncio.gather(*(restart(world.here, key="k") for _ in range(4)))
    assert len({answer.id for answer in answers if isinstance(answer, Command)}) == 1
    await command_progress.expire(LATER)
    again = await restart(world.here, key="k")
    assert isinstance(again, Command) and again.stage is Stage.EXPIRED
    identify = await device_commands.request(device_id, Kind.IDENTIFY, world.here.owner, NOW, key="k")
    assert identify is Refusal.KEY_USED
    assert await ask(world.here, {"interval_s": 5}, key="k") is Refusal.KEY_USED
    assert await stages() == [("restart", "expired")]


async def test_different_kinds_go_beside_each_other_and_the_next_one_after_the_end(
    world: World, device_id: str
) -> None:
    assert isinstance(await restart(world.here), Command)
    assert isinstance(await device_commands.request(device_id, Kind.IDENTIFY, world.here.owner, NOW), Command)
    assert isinstance(await ask(world.here, {"interval_s": 30}), Command)
    assert await command_progress.expire(LATER) == 3
    assert isinstance(await restart(world.here), Command)


# Switching


async def test_switching_off_is_done_at_once_and_closes_the_way(world: World, device_id: str) -> None:
    command = await device_commands.switch(device_id, False, world.here.owner, NOW)
    assert isinstance(command, Command) and command.stage is Stage.DONE and command.kind is Kind.DISABLE
    assert await device_commands.switch(device_id, False, world.here.owner, NOW) is Refusal.ALREADY_SO
    assert await restart(world.here) is Refusal.DEVICE_OFF
    assert await ask(world.here, {"interval_s": 30}) is Refusal.DEVICE_OFF
    assert await command_progress.claim(NOW) == []
    await device_commands.switch(device_id, True, world.here.owner, NOW)
    assert isinstance(await restart(world.here), Command)
    assert (await trail(world.here))[-3:] == ["disable_device", "enable_device", "command_device"]


# Reading


async def test_the_history_is_read_page_by_page_and_by_index(world: World, device_id: str) -> None:
    for n in range(25):
        at = NOW + timedelta(minutes=n)
        await device_commands.switch(device_id, bool(n % 2), world.here.owner, at)
    async with transaction(world.here.tenant_id) as tx:
        first = await command_history(tx, device_id, 10)
        second = await command_history(tx, device_id, 10, first[-1].command.id)
        third = await command_history(tx, device_id, 10, second[-1].command.id)
        await tx.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await tx.execute(
            text(
                "EXPLAIN SELECT * FROM device_command WHERE device_id = 'pp-here'"
                " ORDER BY requested_at DESC, id DESC LIMIT 10"
            )
        )
        said = "\n".join(plan.scalars())
    found = [row.command.requested_at for row in (*first, *second, *third)]
    assert len(found) == 25 and found == sorted(found, reverse=True)
    assert "device_command_history" in said and "Sort" not in said
    async with transaction(world.there.tenant_id) as tx:
        assert await command_history(tx, device_id, 10) == []


async def test_boots_and_latest_values_are_the_devices_own(world: World, device_id: str) -> None:
    async with transaction(EVERY_TENANT) as tx:
        for boot, days in ((5, 20), (6, 3), (7, 1)):
            await tx.execute(
                text("INSERT INTO device_boot VALUES (:id, :boot, :t, :at)"),
                {"id": device_id, "boot": boot, "t": world.here.tenant_id, "at": NOW - timedelta(days=days)},
            )
        for seq, t_c, rh in ((1, 24.5, 50.0), (2, 25.5, None)):
            await tx.execute(
                text(
                    "INSERT INTO reading (tenant_id, pit_id, device_id, boot_id, seq, at, t_c, rh_pct)"
                    " VALUES (:t, :pit, :id, 7, :seq, :at, :t_c, :rh)"
                ),
                {
                    "t": world.here.tenant_id, "pit": world.here.pit_id, "id": device_id, "seq": seq,
                    "at": NOW - timedelta(seconds=60 - seq), "t_c": t_c, "rh": rh,
                },
            )  # fmt: skip
    async with transaction(world.here.tenant_id) as tx:
        began = await boots(tx, device_id, NOW)
        values = await latest_values(tx, device_id, NOW - timedelta(minutes=10))
    assert ([boot for boot, _at in began.last], began.in_a_week) == ([7, 6, 5], 2)
    assert {metric: value for metric, (value, _at) in values.items()} == {"t_c": 25.5, "rh_pct": 50.0}
