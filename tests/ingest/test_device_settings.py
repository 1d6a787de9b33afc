"""Settings that live on devices: asked for, taken, compared, and asked for again when a device was away."""

import asyncio
from typing import Any

from actions import device_settings
from storage.device_settings import SettingsRow, read
from storage.session import transaction
from tests.conftest import World
from tests.ingest.command_device import CommandDevice, does_it, refuses, says_nothing
from tests.ingest.command_fixtures import *  # noqa: F403
from tests.ingest.command_parts import QUIET_S, Office, asked, comes_true, is_heard, now, reaches, rows, stage_of
from tests.ingest.parts import until


async def settings_of(world: World) -> SettingsRow:
    async with transaction(world.here.tenant_id) as tx:
        return await read(tx, world.here.device_id)


async def test_settings_are_asked_for_taken_and_compared(world: World, place: Office, device: CommandDevice) -> None:
    by, id_ = world.here.owner, world.here.device_id
    async with device.connected(does_it):
        await is_heard(place, world.here)
        await comes_true(lambda: _has_said(world, {"interval_s": 5}))
        wanted = {"interval_s": 30, "thresholds": {"t_c": {"high": 30.5}}}
        command = await asked(device_settings.ask(id_, wanted, by, now()))
        await reaches(command, "done")
        row = await settings_of(world)
        assert row.is_settled and row.desired == wanted == row.reported and row.reported_version == 1
        assert await device_settings.ask(id_, wanted, by, now()) == "already_so"


async def _has_said(world: World, settings: dict[str, Any]) -> bool:
    return (await settings_of(world)).reported == settings


async def test_newer_settings_take_the_place_of_older_ones(world: World, place: Office, device: CommandDevice) -> None:
    by, id_ = world.here.owner, world.here.device_id
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
        older = await asked(device_settings.ask(id_, {"interval_s": 30}, by, now()))
        await reaches(older, "sent")
        assert await device_settings.ask(id_, {"interval_s": 30}, by, now()) != "already_so"
        newer = await asked(device_settings.ask(id_, {"interval_s": 60}, by, now()))
        await reaches(newer, "sent")
        assert await stage_of(older) == "superseded"
        does_it(device, {"kind": "set", "settings": {"interval_s": 60}, "version": 2})
        await reaches(newer, "done")


async def test_a_device_that_was_away_is_asked_for_its_settings_again(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(says_nothing):
        await is_heard(place, world.here)
    place.parts.presence.avail(place.parts.directory.devices[world.here.device_id], False, 0, retained=False)
    await place.parts.presence.write()
    first = await asked(device_settings.ask(world.here.device_id, {"interval_s": 30}, world.here.owner, now(), ttl_s=1))
    await reaches(first, "expired")
    async with device.connected(does_it):
        await is_heard(place, world.here)
        await comes_true(lambda: _is_settled(world))
    assert [(kind, stage) for kind, stage, *_ in await rows(world)] == [("set", "expired"), ("set", "done")]


async def test_a_device_that_lost_its_settings_gets_them_again(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(does_it):
        await is_heard(place, world.here)
        wanted = {"interval_s": 30}
        await reaches(await asked(device_settings.ask(world.here.device_id, wanted, world.here.owner, now())), "done")
        device.settings, device.version = {"interval_s": 5}, 0  # somebody held its button for ten seconds
        await until(lambda: len(device.heard) == 2)
        await comes_true(lambda: _is_settled(world))
    assert [(kind, stage) for kind, stage, *_ in await rows(world)] == [("set", "done"), ("set", "done")]


async def _is_settled(world: World) -> bool:
    return (await settings_of(world)).is_settled


async def test_settings_that_a_device_refuses_are_not_asked_for_again(
    world: World, place: Office, device: CommandDevice
) -> None:
    async with device.connected(refuses("bad")):
        await is_heard(place, world.here)
        command = await asked(device_settings.ask(world.here.device_id, {"interval_s": 30}, world.here.owner, now()))
        await reaches(command, "refused")
        await place.parts.presence.write()
        await asyncio.sleep(QUIET_S)
    assert len(await rows(world)) == 1
