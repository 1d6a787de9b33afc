"""Commands and settings on a device's page, told as they happen, through NiceGUI's simulated user."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nicegui import ui
from sqlalchemy import text

from actions import command_progress, device_commands
from actions.announce import hear
from domain.commands import Command, Kind, Report
from storage.command_history import command_history
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.device_parts import claimed_node
from tests.ui.conftest import Visitor

PATIENCE = 600  # tenths of a second
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
async def _announcements(database: str) -> AsyncIterator[None]:
    """What one process commits, every page hears."""
    ready = asyncio.Event()
    hearing = asyncio.create_task(hear(ready.set))
    await ready.wait()
    yield
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


@pytest.fixture
async def device_id(world: World) -> str:
    """A device here that has claimed itself, and was heard a moment ago."""
    node = await claimed_node(world.here.owner, device_id=world.here.device_id)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO device_presence (device_id, tenant_id, heard_at, online, boot_id, firmware, rssi_dbm,"
                " up_s) VALUES (:id, :t, now(), true, 7, '1.4.0', -61, 90)"
            ),
            {"id": node.id, "t": world.here.tenant_id},
        )
    return node.id


async def commands_of(world: World) -> list[Command]:
    async with transaction(world.here.tenant_id) as tx:
        return [row.command for row in await command_history(tx, world.here.device_id, 10)]


async def only(world: World) -> Command:
    [command] = await commands_of(world)
    return command


def fields_of(visitor: Visitor) -> dict[str, ui.number]:
    """The number fields by their labels."""
    with visitor.user:
        return {str(field.props["aria-label"]): field for field in visitor.user.find(kind=ui.number).elements}


async def says(world: World, settings: dict[str, Any], version: int) -> None:
    said = command_progress.Settings(settings, version)
    await command_progress.reported(
        world.here.device_id, world.here.tenant_id, Report(7, "1.4.0", version), said, datetime.now(UTC)
    )


async def test_a_restart_is_asked_about_and_its_way_is_told_as_it_happens(
    world: World, visitor: Visitor, device_id: str
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see("Nothing was asked of it yet", retries=PATIENCE)
    visitor.press("Restart")
    await visitor.user.should_see("Restart PP-HERE?", retries=PATIENCE)
    visitor.press("Cancel")
    await asyncio.sleep(0.1)
    assert await commands_of(world) == []
    visitor.press("Restart")
    await visitor.user.should_see("It measures nothing for about half a minute.", retries=PATIENCE)
    visitor.press("Restart")
    await visitor.user.should_see("Requested", retries=PATIENCE)
    await visitor.user.should_see("Waits until the device can be reached", retries=PATIENCE)
    await command_progress.claim(datetime.now(UTC))
    command = await only(world)
    await command_progress.sent(device_id, command.id, datetime.now(UTC))
    await visitor.user.should_see("Waits for its answer until", retries=PATIENCE)
    await command_progress.answered(device_id, command.id, True, "", datetime.now(UTC))
    await visitor.user.should_see("Waits for the effect until", retries=PATIENCE)
    await command_progress.reported(device_id, world.here.tenant_id, Report(8), None, datetime.now(UTC))
    await visitor.user.should_see("started again", retries=PATIENCE)
    await visitor.user.should_see("It is away for about half a minute.", retries=PATIENCE)


async def test_a_second_press_while_one_is_under_way_can_not_be_made(
    world: World, visitor: Visitor, device_id: str
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    await device_commands.request(device_id, Kind.IDENTIFY, world.here.owner, datetime.now(UTC))
    await visitor.user.should_see("Requested", retries=PATIENCE)
    with visitor.user:
        [button] = [b for b in visitor.user.find(kind=ui.button).elements if b.text == "Identify"]
    assert not button.enabled


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("motor on", "Its motor was running. Try again when it stands still."),
        ("", "It gave no reason."),
        ("<b>odd</b>", "It says: <b>odd</b>"),
    ],
)
async def test_a_refusal_says_why(world: World, visitor: Visitor, device_id: str, reason: str, said: str) -> None:
    command = await device_commands.request(device_id, Kind.RESTART, world.here.owner, NOW)
    assert isinstance(command, Command)
    await command_progress.answered(device_id, command.id, False, reason, NOW)
    await visitor.sign_in_as(world.here.staff)
    answer = await visitor.user.http_client.get(f"/devices/{device_id}")
    assert "Refused" in answer.text and "<b>odd" not in answer.text
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see(said.replace("<", "&lt;").replace(">", "&gt;"), retries=PATIENCE)


async def test_what_ran_out_of_time_says_how_far_it_came(world: World, visitor: Visitor, device_id: str) -> None:
    by, past = world.here.owner, NOW - timedelta(hours=1)
    for kind in (Kind.RESTART, Kind.IDENTIFY):
        await device_commands.request(device_id, kind, by, past)
    restart = next(c for c in await commands_of(world) if c.kind is Kind.RESTART)
    await command_progress.sent(device_id, restart.id, past)
    await command_progress.expire(NOW)
    await visitor.sign_in_as(by)
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see("It did not answer in time.", retries=PATIENCE)
    await visitor.user.should_see("It could not be sent: the device was away.", retries=PATIENCE)


async def test_a_device_without_the_time_says_so_while_it_is_asked_again_and_afterwards(
    world: World, visitor: Visitor, device_id: str
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    await device_commands.request(device_id, Kind.IDENTIFY, world.here.owner, datetime.now(UTC))
    command = await only(world)
    await command_progress.sent(device_id, command.id, datetime.now(UTC))
    await command_progress.answered(device_id, command.id, False, "clock", datetime.now(UTC))
    await visitor.user.should_see("Its clock is not set yet, so it is asked again until", retries=PATIENCE)
    await command_progress.expire(datetime.now(UTC) + timedelta(hours=1))
    await visitor.user.should_see("It needs a time server.", retries=PATIENCE)


async def test_the_staff_see_what_was_asked_and_ask_nothing(world: World, visitor: Visitor, device_id: str) -> None:
    await device_commands.request(device_id, Kind.RESTART, world.here.owner, NOW)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see("What was asked of it", retries=PATIENCE)
    for button in ("Restart", "Identify", "Change"):
        await visitor.user.should_not_see(kind=ui.button, content=button)


async def test_settings_are_changed_in_a_dialog_and_the_difference_is_shown_until_the_device_has_them(
    world: World, visitor: Visitor, device_id: str
) -> None:
    await says(world, {"interval_s": 5, "thresholds": {"t_c": {"high": 28.0}}}, 0)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see("28\u00a0°C", retries=PATIENCE)
    visitor.press("Change")
    await visitor.user.should_see("Settings of PP-HERE", retries=PATIENCE)
    fields = fields_of(visitor)
    fields["Interval"].value = 1
    visitor.press("Save settings")
    await visitor.user.should_see("Enter 2 to 3,600, or nothing.", retries=PATIENCE)
    fields["Interval"].value = 30
    fields["Temperature below"].value, fields["Temperature above"].value = 30, 20
    visitor.press("Save settings")
    await visitor.user.should_see("Must be above the lower limit.", retries=PATIENCE)
    fields["Temperature below"].value, fields["Temperature above"].value = None, 30.5
    visitor.press("Save settings")
    await visitor.user.should_see("asked: 30\u00a0s", retries=PATIENCE)
    await visitor.user.should_see("asked: 30.5\u00a0°C", retries=PATIENCE)
    await visitor.user.should_see("On its way", retries=PATIENCE)
    command = await only(world)
    assert command.body["settings"] == {"interval_s": 30, "thresholds": {"t_c": {"high": 30.5}}}
    await command_progress.sent(device_id, command.id, datetime.now(UTC))
    await says(world, dict(command.body["settings"]), 1)
    await visitor.user.should_see("As asked", retries=PATIENCE)
    await visitor.user.should_not_see("asked: 30", retries=PATIENCE)


async def test_changing_a_pin_is_asked_about(world: World, visitor: Visitor, device_id: str) -> None:
    await says(world, {"pins": {"relay": 25, "load_shedding": 32}}, 0)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    await visitor.user.should_see("GPIO 25", retries=PATIENCE)
    visitor.press("Change")
    await visitor.user.should_see("Pins (GPIO)", retries=PATIENCE)
    fields_of(visitor)["Pin relay"].value = 32
    visitor.press("Save settings")
    await visitor.user.should_see("Change the pins of PP-HERE?", retries=PATIENCE)
    visitor.press("Change pins")
    await visitor.user.should_see("Something else hangs on this pin.", retries=PATIENCE)
    fields_of(visitor)["Pin relay"].value = 26
    visitor.press("Save settings")
    await visitor.user.should_see("With a wrong pin it measures nothing", retries=PATIENCE)
    visitor.press("Change pins")
    await visitor.user.should_see("asked: GPIO 26", retries=PATIENCE)
    assert (await only(world)).body["settings"] == {"pins": {"relay": 26}}


async def test_a_question_stays_while_the_page_reads_again(
    world: World, visitor: Visitor, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.pages.owner.device_page.REFRESH_S", 0.1)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    for button, said in (("Claim code", "It goes on working with what it has."), ("Restart", "Restart PP-HERE?")):
        visitor.press(button)
        await visitor.user.should_see(said, retries=PATIENCE)
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text("UPDATE device SET claimed_at = now() WHERE id = :id"), {"id": device_id})
        await asyncio.sleep(1.0)
        await visitor.user.should_see(said)
        visitor.press("Cancel")
        await visitor.user.should_not_see(said, retries=PATIENCE)


async def test_the_page_shows_what_the_device_measures_and_when_it_began(
    world: World, visitor: Visitor, device_id: str
) -> None:
    async with transaction(EVERY_TENANT) as tx:
        bound = {"t": world.here.tenant_id, "pit": world.here.pit_id, "id": device_id, "now": datetime.now(UTC)}
        await tx.execute(
            text(
                "INSERT INTO reading (tenant_id, pit_id, device_id, boot_id, seq, at, t_c)"
                " VALUES (:t, :pit, :id, 7, 1, :now, 24.55)"
            ),
            bound,
        )
        await tx.execute(text("INSERT INTO device_boot VALUES (:id, 7, :t, :now)"), bound)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open(f"/devices/{device_id}")
    for said in ("Measured now", "24.6", "Boot 7", "1 in 7 days", "Online"):
        await visitor.user.should_see(said, retries=PATIENCE)


async def test_a_pump_controller_has_settings_of_its_own(world: World, visitor: Visitor, device_id: str) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device SET kind = 'pump', pit_id = NULL WHERE id = :id"), {"id": device_id})
    await says(world, {"interval_s": 5, "lease_cap_ms": 15_000, "pins": {"relay": 25, "current": -1}}, 0)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{device_id}")
    for said in ("Longest lease", "15,000\u00a0ms", "not wired"):
        await visitor.user.should_see(said, retries=PATIENCE)
    await visitor.user.should_not_see("Nothing measured lately")
    visitor.press("Change")
    await visitor.user.should_see("Trips beyond", retries=PATIENCE)
    fields_of(visitor)["Interval"].value = 6
    visitor.press("Save settings")
    await visitor.user.should_see("Enter 1 to 5, or nothing.", retries=PATIENCE)
    fields_of(visitor)["Interval"].value = None
    fields_of(visitor)["Current above"].value = 9_000
    visitor.press("Save settings")
    await visitor.user.should_see("asked: 9,000\u00a0mA", retries=PATIENCE)
    assert (await only(world)).body["settings"] == {"thresholds": {"current_ma": {"high": 9_000}}}
