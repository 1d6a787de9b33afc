"""Bringing a device in, and everything else that its owner does on the pages, through NiceGUI's simulated user."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from nicegui import ui
from sqlalchemy import text

from actions import device_claims
from actions.device_claims import Claimed
from domain import claims
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.device_parts import claimed_node, code_for, now, open_keys, registered, registered_poller
from tests.ui.conftest import Visitor
from ui.components.copy_link import CopySecret
from ui.components.markup import Text

PATIENCE = 600  # tenths of a second


@pytest.fixture(autouse=True)
def _keys() -> None:
    open_keys()


async def row_of(device_id: str) -> Any:
    async with transaction(EVERY_TENANT) as tx:
        return (await tx.execute(text("SELECT * FROM device WHERE id = :id"), {"id": device_id})).one()


def enter(visitor: Visitor, value: str) -> None:
    """Types into the newest field, in place of what stands there."""
    with visitor.user:
        fields = visitor.user.find(kind=ui.input).elements
    max(fields, key=lambda field: field.id).value = value


def shown_code(visitor: Visitor) -> str:
    with visitor.user:
        found = [e for e in visitor.user.find(kind=ui.html).elements if "code" in e.classes]
    return str(found[0].content)


async def test_the_owner_registers_a_device_which_claims_itself_with_the_code_on_the_page(
    world: World, visitor: Visitor
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/devices")
    visitor.press("Register device")
    await visitor.user.should_see("Register a device", retries=PATIENCE)
    visitor.press("Register")
    await visitor.user.should_see("Enter a name.", retries=PATIENCE)
    enter(visitor, "Node by the door")
    visitor.press("Register")
    await visitor.user.should_see("Claim code for Node by the door", retries=PATIENCE)
    await visitor.user.should_see("59\u00a0min", retries=PATIENCE)
    claimed = await device_claims.claim(shown_code(visitor), None, "192.0.2.7", now())
    assert isinstance(claimed, Claimed)
    await visitor.user.should_see("Node by the door is in", retries=PATIENCE)
    await visitor.user.should_see("Comes in by password.", retries=PATIENCE)
    visitor.press("Done")
    row = await row_of(claimed.credential.device_id)
    assert (row.name, row.pit_id, row.tenant_id) == ("Node by the door", world.here.pit_id, world.here.tenant_id)


async def test_a_code_that_has_expired_says_so_and_leads_to_a_new_one(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "VALID_FOR", timedelta(seconds=1))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    visitor.press("Claim code")
    await visitor.user.should_see("This code has expired. Make a new one.", retries=PATIENCE)
    monkeypatch.setattr(claims, "VALID_FOR", timedelta(hours=1))
    visitor.press("New code")
    await visitor.user.should_see("59\u00a0min", retries=PATIENCE)
    assert isinstance(await device_claims.claim(shown_code(visitor), None, "", now()), Claimed)


async def test_the_list_says_who_waits_and_who_was_revoked(world: World, visitor: Visitor) -> None:
    from actions.device_credentials import revoke

    gone = await claimed_node(world.here.owner)
    await revoke(gone.id, world.here.owner, now())
    await registered(world.here.owner, "New one")
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/devices")
    for said in ("3 devices", "waiting", "revoked", "New one"):
        await visitor.user.should_see(said, retries=PATIENCE)
    await visitor.user.should_not_see("Register device")


async def test_the_staff_see_a_devices_state_and_change_nothing(world: World, visitor: Visitor) -> None:
    await claimed_node(world.here.owner, device_id=world.here.device_id)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    await visitor.user.should_see("Comes in by password.", retries=PATIENCE)
    for button in ("Claim code", "Rotate", "Revoke", "Rename", "Move", "Switch off", "Remove"):
        await visitor.user.should_not_see(kind=ui.button, content=button)


async def test_revoking_asks_first_and_then_cuts_off(world: World, visitor: Visitor) -> None:
    node = await claimed_node(world.here.owner, device_id=world.here.device_id)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{node.id}")
    visitor.press("Revoke")
    await visitor.user.should_see("Revoke PP-HERE?", retries=PATIENCE)
    visitor.press("Cancel")
    await asyncio.sleep(0.1)
    assert (await row_of(node.id)).revoked_at is None
    visitor.press("Revoke")
    await visitor.user.should_see("end within seconds", retries=PATIENCE)
    visitor.press("Revoke")
    await visitor.user.should_see("PP-HERE is cut off.", retries=PATIENCE)
    await visitor.user.should_see("Nothing can speak in its name", retries=PATIENCE)
    row = await row_of(node.id)
    assert row.revoked_at is not None and row.key_hash is None


async def test_rotating_shows_the_new_credential_once(world: World, visitor: Visitor) -> None:
    node = await claimed_node(world.here.owner, device_id=world.here.device_id)
    before = await row_of(node.id)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{node.id}")
    visitor.press("Rotate")
    await visitor.user.should_see("Rotate password and key of PP-HERE?", retries=PATIENCE)
    visitor.press("Rotate")
    await visitor.user.should_see("Keep these now", retries=PATIENCE)
    with visitor.user:
        shown = [field.text for field in sorted(visitor.user.find(kind=CopySecret).elements, key=lambda e: e.id)]
    assert shown[0] == node.id and len(shown[1]) == 32 and shown[2].startswith("pk_")
    assert (await row_of(node.id)).mqtt_password_hash != before.mqtt_password_hash
    visitor.press("I have kept them")
    await visitor.user.should_not_see("Keep these now", retries=PATIENCE)


async def test_a_controller_that_only_speaks_http_is_shown_and_given_a_new_key_alone(
    world: World, visitor: Visitor
) -> None:
    node = await claimed_node(world.here.owner, device_id=await registered_poller(world.here.owner))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{node.id}")
    await visitor.user.should_see("Comes in by its key, over HTTP.", retries=PATIENCE)
    visitor.press("Rotate")
    await visitor.user.should_see("Rotate the key of Pump 2?", retries=PATIENCE)
    visitor.press("Rotate")
    await visitor.user.should_see("Keep these now", retries=PATIENCE)
    with visitor.user:
        shown = [field.text for field in sorted(visitor.user.find(kind=CopySecret).elements, key=lambda e: e.id)]
    assert shown[0] == node.id and shown[1].startswith("pk_") and len(shown) == 2


async def test_a_new_code_for_a_device_that_works_says_what_it_will_do(world: World, visitor: Visitor) -> None:
    node = await claimed_node(world.here.owner, with_certificate=True, device_id=world.here.device_id)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{node.id}")
    await visitor.user.should_see("Comes in by certificate, until", retries=PATIENCE)
    await visitor.user.should_not_see(kind=ui.button, content="Rotate")
    visitor.press("Claim code")
    await visitor.user.should_see("It goes on working with what it has.", retries=PATIENCE)
    visitor.press("Make the code")
    await visitor.user.should_see("Claim code for PP-HERE", retries=PATIENCE)
    assert (await row_of(node.id)).credential == "certificate"


async def test_a_device_is_renamed_and_a_wrong_name_is_said_beside_the_field(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    visitor.press("Rename")
    await visitor.user.should_see("Rename PP-HERE", retries=PATIENCE)
    enter(visitor, "  ")
    visitor.press("Rename")
    await visitor.user.should_see("Enter a name.", retries=PATIENCE)
    enter(visitor, "x" * 61)
    visitor.press("Rename")
    await visitor.user.should_see("Enter at most 60 characters.", retries=PATIENCE)
    enter(visitor, "By the door")
    visitor.press("Rename")
    await visitor.user.should_see(kind=Text, content="By the door", retries=PATIENCE)
    assert (await row_of(world.here.device_id)).name == "By the door"


async def test_a_device_is_moved_to_another_pit(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    visitor.press("Move")
    await visitor.user.should_see("What it measured so far stays", retries=PATIENCE)
    with visitor.user:
        (pit,) = visitor.user.find(kind=ui.select).elements
    assert isinstance(pit.options, dict) and list(pit.options.values()) == ["Pit 1 here", "Pit 2 here", "In no pit"]
    pit.value = str(world.here.other_pit_id)
    visitor.press("Move")
    await visitor.user.should_not_see("What it measured so far stays", retries=PATIENCE)
    assert (await row_of(world.here.device_id)).pit_id == world.here.other_pit_id


async def test_switching_off_is_done_at_once_and_can_be_undone(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    visitor.press("Switch off")
    await visitor.user.should_see("PP-HERE is switched off.", retries=PATIENCE)
    assert not (await row_of(world.here.device_id)).enabled
    visitor.press("Undo")
    await visitor.user.should_see("PP-HERE is switched on.", retries=PATIENCE)
    assert (await row_of(world.here.device_id)).enabled


async def test_a_controllers_connection_is_changed_after_a_question_and_a_code_is_offered(
    world: World, visitor: Visitor
) -> None:
    pump = await registered_poller(world.here.owner)
    await claimed_node(world.here.owner, device_id=pump)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{pump}")
    await visitor.user.should_see("Comes in by its key, over HTTP.", retries=PATIENCE)
    visitor.press("Change connection")
    await visitor.user.should_see("Connect Pump 2 by MQTT?", retries=PATIENCE)
    await visitor.user.should_see("and its motor OFF, until it claims itself with a new code", retries=PATIENCE)
    visitor.press("Change connection")
    await visitor.user.should_see("Claim code for Pump 2", retries=PATIENCE)
    visitor.press("Close")
    await visitor.user.should_see("Revoked", retries=PATIENCE)


async def test_a_removed_device_is_on_no_list(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    visitor.press("Remove")
    await visitor.user.should_see("Its id is never given again.", retries=PATIENCE)
    visitor.press("Remove")
    await visitor.user.should_see("No devices yet", retries=PATIENCE)


async def test_who_lost_the_right_meanwhile_is_told_so_and_changes_nothing(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE membership SET role = 'staff' WHERE person_id = :id"), {"id": world.here.owner.person_id}
        )
    for button in ("Switch off", "Claim code"):
        visitor.press(button)
        await visitor.user.should_see("Your role does not allow this. Ask the owner.", retries=PATIENCE)
    assert (await row_of(world.here.device_id)).enabled


async def test_a_page_that_is_closed_while_it_asks_leaves_no_trace_in_the_log(
    world: World, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/devices/{world.here.device_id}")
    for button, said in (("Rename", "Rename PP-HERE"), ("Remove", "Remove PP-HERE?"), ("Claim code", "Scan it on")):
        visitor.press(button)
        await visitor.user.should_see(said, retries=PATIENCE)
    assert visitor.user.client is not None
    visitor.user.client.delete()
    await asyncio.sleep(0.2)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_the_device_of_another_workshop_does_not_exist(world: World, visitor: Visitor) -> None:
    await code_for(world.there.device_id, world.there.owner)
    await visitor.sign_in_as(world.here.owner)
    for device_id in (world.there.device_id, "pp-nobody"):
        await visitor.user.open(f"/devices/{device_id}")
        await visitor.user.should_see("There is no such device", retries=PATIENCE)
