"""What a device is to be set to: kept with a version, refused when it can't be, and never a circle of waiting."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from actions import command_progress, device_settings
from domain.commands import Command, Report
from domain.device_settings import SettingsFault
from domain.refusals import Refusal
from storage.device_settings import read
from storage.session import transaction
from tests.actions.accounts import trail
from tests.actions.senders import fetch
from tests.conftest import Workshop, World
from tests.device_parts import claimed_node

NOW = datetime.now(UTC)


@pytest.fixture
async def device_id(world: World) -> str:
    """A device here that has claimed itself."""
    return (await claimed_node(world.here.owner, device_id=world.here.device_id)).id


async def ask(shop: Workshop, settings: dict[str, Any], **more: Any) -> Refusal | SettingsFault | Command:
    return await device_settings.ask(shop.device_id, settings, shop.owner, NOW, **more)


async def stages() -> list[tuple[Any, ...]]:
    return await fetch("SELECT kind, stage FROM device_command ORDER BY requested_at, kind")


async def test_settings_are_kept_with_a_version_that_only_grows(world: World, device_id: str) -> None:
    first = await ask(world.here, {"interval_s": 30, "thresholds": {"t_c": {"low": None, "high": 30.5}}})
    assert isinstance(first, Command)
    assert first.body == {"settings": {"interval_s": 30, "thresholds": {"t_c": {"high": 30.5}}}, "version": 1}
    second = await ask(world.here, {"interval_s": 60})
    assert isinstance(second, Command) and second.body["version"] == 2
    assert sorted(await stages()) == [("set", "requested"), ("set", "superseded")]
    said = command_progress.Settings({"interval_s": 9}, 40)
    await command_progress.reported(device_id, world.here.tenant_id, Report(1, None, 40), said, NOW)
    third = await ask(world.here, {"interval_s": 60, "pins": {"relay": 25}})
    assert isinstance(third, Command) and third.body["version"] == 41
    async with transaction(world.here.tenant_id) as tx:
        row = await read(tx, device_id)
    assert (row.desired_by, row.reported, row.is_settled) == ("Owner Here", {"interval_s": 9}, False)
    assert (await trail(world.here)).count("change_device_settings") == 3


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({}, SettingsFault.EMPTY),
        ({"interval_s": 0}, SettingsFault.NUMBER),
        ({"pins": {"a": 4, "b": 4}}, SettingsFault.PIN_TWICE),
    ],
)
async def test_settings_that_can_not_be_are_refused(
    world: World, device_id: str, settings: dict[str, Any], fault: SettingsFault
) -> None:
    assert await ask(world.here, settings) is fault
    assert await stages() == []


async def test_a_pin_whose_name_sounds_like_a_secret_is_no_secret(world: World, device_id: str) -> None:
    assert isinstance(await ask(world.here, {"interval_s": 30, "pins": {"card_key": 4, "relay": 25}}), Command)
    [(after,)] = await fetch("SELECT after FROM audit WHERE intent = 'change_device_settings'")
    assert after == {"interval_s": 30, "pins": ["card_key: 4", "relay: 25"]}


async def test_a_pin_that_the_device_uses_already_is_refused(world: World, device_id: str) -> None:
    said = command_progress.Settings({"pins": {"relay": 25, "ready": 33}}, 0)
    await command_progress.reported(device_id, world.here.tenant_id, Report(1), said, NOW)
    assert await ask(world.here, {"pins": {"relay": 33}}) is SettingsFault.PIN_TWICE


async def test_asking_for_the_same_twice_at_once_is_one_command(world: World, device_id: str) -> None:
    answers = await asyncio.gather(*(ask(world.here, {"interval_s": 30}) for _ in range(4)))
    assert len({answer.id for answer in answers if isinstance(answer, Command)}) == 1
    assert await stages() == [("set", "requested")]


async def test_settings_and_reports_at_once_do_not_wait_for_each_other_in_a_circle(
    world: World, device_id: str
) -> None:
    said = [command_progress.Settings({"interval_s": n}, n) for n in range(10)]
    await asyncio.gather(
        *(ask(world.here, {"interval_s": 10 + n}) for n in range(10)),
        *(command_progress.reported(device_id, world.here.tenant_id, Report(1, None, s.version), s, NOW) for s in said),
    )
    assert [stage for _kind, stage in await stages() if stage in ("requested", "done")]
