"""What the owner does with devices, and that nobody else does it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from actions import device_claims, device_credentials, devices
from actions.announce import Announcement, Topic
from actions.devices import Kind
from actions.directory import Directory
from actions.silent import check_silence
from domain.access import Viewer
from domain.claims import Identity, Link
from domain.refusals import Refusal
from storage import queries
from storage.session import EVERY_TENANT, transaction
from storage.tables import DevicePresence
from tests.conftest import World
from tests.device_parts import claimed_node, code_for, now, open_keys, registered

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _keys() -> None:
    open_keys()


async def row_of(device_id: str) -> Any:
    async with transaction(EVERY_TENANT) as tx:
        return (await tx.execute(text("SELECT * FROM device WHERE id = :id"), {"id": device_id})).one()


async def trail_of(device_id: str) -> list[tuple[Any, ...]]:
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text("SELECT intent, person_name, before, after FROM audit WHERE object_id = :id ORDER BY n"),
            {"id": device_id},
        )
        return [tuple(row) for row in rows.all()]


async def test_a_registered_device_waits_under_an_id_that_nobody_can_guess(world: World) -> None:
    by = world.here.owner
    ids = [await registered(by, "Node", world.here) for _ in range(20)]
    assert len({id_[:4] for id_ in ids}) > 5 and all(len(id_) == 15 for id_ in ids)
    row = await row_of(ids[0])
    assert (row.tenant_id, row.pit_id, row.enabled, row.credential) == (by.tenant_id, world.here.pit_id, True, None)
    assert (row.key_hash, row.mqtt_password_hash, row.claimed_at, row.revoked_at) == (None,) * 4


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("", Refusal.EMPTY), ("  ", Refusal.EMPTY), ("a\nb", Refusal.EMPTY), ("x" * 61, Refusal.TOO_LONG)],
)
async def test_a_device_needs_a_name_that_can_be_read(world: World, name: str, refusal: Refusal) -> None:
    by, id_ = world.here.owner, world.here.device_id
    assert await devices.register(name, Kind.PIT, None, by, NOW) is refusal
    assert await devices.rename(id_, name, by) is refusal
    assert (await row_of(id_)).name == "PP-HERE"


async def test_a_device_is_renamed_moved_and_switched_off_and_each_change_is_written_down_once(
    world: World, heard: list[Announcement]
) -> None:
    by, id_, other = world.here.owner, world.here.device_id, world.here.other_pit_id
    for _ in range(2):  # the second time nothing changes
        assert await devices.rename(id_, "  By the door ", by) is None
        assert await devices.move(id_, other, by) is None
        assert await devices.enable(id_, False, by, NOW) is None
    row = await row_of(id_)
    assert (row.name, row.pit_id, row.enabled) == ("By the door", other, False)
    assert await trail_of(id_) == [
        ("rename_device", "Owner Here", {"name": "PP-HERE"}, {"name": "By the door"}),
        ("move_device", "Owner Here", {"pit": "Pit 1 here"}, {"pit": "Pit 2 here"}),
        ("disable_device", "Owner Here", {"enabled": True}, {"enabled": False}),
    ]
    assert await devices.move(id_, None, by) is None
    assert (await row_of(id_)).pit_id is None
    assert {(a.topic, a.id) for a in heard} == {(Topic.DEVICE, id_)}


async def test_a_connection_is_changed_once_and_a_code_that_waits_stays_good(world: World) -> None:
    by = world.here.owner
    pump = await devices.register("Pump 1", Kind.PUMP, None, by, NOW)
    code = await code_for(pump, by)
    for _ in range(2):
        assert await devices.change_link(pump, Link.HTTP, by, NOW) is None
    assert (await trail_of(pump))[-1] == ("change_device_link", "Owner Here", {"link": "mqtt"}, {"link": "http"})
    assert len(await trail_of(pump)) == 3
    claimed = await device_claims.claim(code, None, "", now())
    assert not isinstance(claimed, Refusal) and claimed.credential.password is None
    assert await devices.change_link(pump, Link.MQTT, by, now()) is None
    row = await row_of(pump)
    assert (row.link, row.key_hash, row.credential, row.revoked_at is None) == ("mqtt", None, None, False)


async def test_a_pump_controller_stands_in_no_pit(world: World) -> None:
    by, pit = world.here.owner, world.here.pit_id
    assert await devices.register("Pump 1", Kind.PUMP, pit, by, NOW) is Refusal.PUMP_IN_PIT
    pump = await devices.register("Pump 1", Kind.PUMP, None, by, NOW)
    assert await devices.move(pump, pit, by) is Refusal.PUMP_IN_PIT


async def test_a_device_goes_into_no_pit_of_another_workshop_and_none_that_is_closed(world: World) -> None:
    by, id_ = world.here.owner, world.here.device_id
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE pit SET archived_at = now() WHERE id = :id"), {"id": world.here.other_pit_id})
    for pit in (world.there.pit_id, world.here.other_pit_id, uuid4()):
        assert await devices.register("Node", Kind.PIT, pit, by, NOW) is Refusal.NOT_FOUND
        assert await devices.move(id_, pit, by) is Refusal.NOT_FOUND
    assert (await row_of(id_)).pit_id == world.here.pit_id


async def test_a_removed_device_is_on_no_list_has_no_way_in_and_keeps_its_past(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner, device_id=world.here.device_id)
    code = await code_for(node.id, by)
    assert await devices.remove(node.id, by, now()) is None
    async with transaction(by.tenant_id) as tx:
        assert await queries.devices(tx, NOW) == [] and await queries.device(tx, node.id, NOW) is None
    row = await row_of(node.id)
    assert (row.enabled, row.credential, row.key_hash, row.mqtt_password_hash) == (False, None, None, None)
    assert await device_claims.claim(code, None, "", now()) is Refusal.CLAIM_CODE_WITHDRAWN
    assert await devices.remove(node.id, by, now()) is Refusal.NOT_FOUND
    assert await device_claims.make_code(node.id, by, now()) is Refusal.NOT_FOUND
    assert (await trail_of(node.id))[-1][2:] == ({"name": "PP-HERE", "identity": Identity.CLAIMED}, None)


Act = Callable[[str, Viewer], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "rename": lambda id_, by: devices.rename(id_, "Mine", by),
    "move": lambda id_, by: devices.move(id_, None, by),
    "switch off": lambda id_, by: devices.enable(id_, False, by, NOW),
    "remove": lambda id_, by: devices.remove(id_, by, NOW),
    "make a code": lambda id_, by: device_claims.make_code(id_, by, NOW),
    "rotate": lambda id_, by: device_credentials.rotate(id_, by, NOW),
    "revoke": lambda id_, by: device_credentials.revoke(id_, by, NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_another_workshops_device_is_not_found_and_stays_as_it_is(world: World, act: Act) -> None:
    node = await claimed_node(world.there.owner, device_id=world.there.device_id)
    before = await row_of(node.id)
    assert await act(node.id, world.here.owner) is Refusal.NOT_FOUND
    assert await row_of(node.id) == before
    assert await act("pp-nobody", world.here.owner) is Refusal.NOT_FOUND


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_the_staff_may_not(world: World, act: Act) -> None:
    before = await row_of(world.here.device_id)
    assert await act(world.here.device_id, world.here.staff) is Refusal.NOT_ALLOWED
    assert await row_of(world.here.device_id) == before
    assert await devices.register("Mine", Kind.PIT, None, world.here.staff, NOW) is Refusal.NOT_ALLOWED


async def test_the_consumer_takes_nothing_of_a_device_that_is_switched_off_or_revoked(
    world: World, directory: Directory
) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner)
    await devices.enable(world.here.device_id, False, by, NOW)
    await device_credentials.revoke(node.id, by, now())
    await directory.load()
    assert not directory.devices[world.here.device_id].enabled
    assert not directory.devices[node.id].enabled
    await claimed_node(by, device_id=node.id)
    await directory.load()
    assert directory.devices[node.id].enabled


async def test_the_silence_of_a_revoked_device_calls_nobody(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner, device_id=world.here.device_id)
    async with transaction(EVERY_TENANT) as tx:
        tx.add(DevicePresence(device_id=node.id, tenant_id=by.tenant_id, heard_at=NOW - timedelta(minutes=9)))
    assert await check_silence(NOW, NOW - timedelta(hours=1)) == (1, 0)
    await device_credentials.revoke(node.id, by, now())
    assert await check_silence(NOW, NOW - timedelta(hours=1)) == (0, 1)
    assert await check_silence(NOW, NOW - timedelta(hours=1)) == (0, 0)
