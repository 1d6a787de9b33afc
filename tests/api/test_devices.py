"""Devices over REST: what they said, what they lost, and what was refused of them."""

from datetime import timedelta
from typing import Any

import pytest

from storage.session import EVERY_TENANT, transaction
from storage.tables import Device, DevicePresence, RejectionCount, RejectionSample
from tests.api.doors import NOW, Doors, reading, store
from tests.conftest import World


async def test_a_device_shows_its_words_its_loss_and_its_rejections(doors: Doors, world: World) -> None:
    shop = world.here
    await store(*(reading(shop, seq, NOW - timedelta(seconds=60 - seq), t_c=20.0) for seq in (1, 2, 5)))
    async with transaction(EVERY_TENANT) as tx:
        name: dict[str, Any] = {"device_id": shop.device_id, "tenant_id": shop.tenant_id}
        tx.add(DevicePresence(**name, heard_at=NOW, firmware="1.2.0", rssi_dbm=-61, up_s=90, clock_off_ms=-4))
        tx.add(RejectionCount(**name, reason="implausible", day=NOW.date(), count=3))
        tx.add(RejectionCount(**name, reason="malformed", day=NOW.date() - timedelta(days=30), count=9))
        tx.add(RejectionSample(**name, at=NOW, reason="implausible", detail="seq 3", payload='{"t_c": 900}'))
    (listed,) = (await doors.staff.get("/api/v1/devices")).json()["devices"]
    assert listed == {
        "id": "pp-here", "name": "PP-HERE", "kind": "pit", "pit_id": str(shop.pit_id), "pit": "Pit 1 here",
        "enabled": True, "online": True, "heard_at": NOW.isoformat().replace("+00:00", "Z"), "firmware": "1.2.0",
        "rssi_dbm": -61, "up_s": 90, "clock_off_ms": -4, "expected": 5, "lost": 2, "rejected_today": 3,
        "identity": "waiting", "link": "mqtt", "credential": None, "claimed_at": None, "revoked_at": None,
        "certificate_until": None, "claim_code_until": None,
    }  # fmt: skip
    said = (await doors.staff.get("/api/v1/devices/pp-here")).json()
    rejections = said.pop("rejections")
    assert said == listed
    assert rejections["counts"] == {"implausible": 3}
    assert [(r["reason"], r["detail"], r["payload"]) for r in rejections["last"]] == [
        ("implausible", "seq 3", '{"t_c": 900}')
    ]


async def test_devices_are_those_of_ones_own_workshop_or_of_one_pit(doors: Doors, world: World) -> None:
    async with transaction(EVERY_TENANT) as tx:
        tx.add(Device(id="pp-spare", tenant_id=world.here.tenant_id, name="A spare one"))

    async def listed(query: str = "") -> list[str]:
        return [device["id"] for device in (await doors.staff.get(f"/api/v1/devices{query}")).json()["devices"]]

    assert await listed() == ["pp-spare", "pp-here"]
    assert await listed(f"?pit_id={world.here.pit_id}") == ["pp-here"]
    assert await listed(f"?pit_id={world.there.pit_id}") == []


async def test_a_silent_new_device_is_unknown_not_zero(doors: Doors, world: World) -> None:
    said = (await doors.staff.get(f"/api/v1/devices/{world.here.device_id}")).json()
    assert (said["heard_at"], said["online"], said["firmware"], said["up_s"]) == (None, False, None, None)


async def test_another_workshops_device_is_not_found(doors: Doors, world: World) -> None:
    for device_id in (world.there.device_id, "pp-nobody"):
        answer = await doors.owner.get(f"/api/v1/devices/{device_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("device_id", ["x", "UPPER", "a%00b", "a" * 41, "a b c"])
async def test_what_can_not_be_a_device_id_is_invalid(doors: Doors, device_id: str) -> None:
    answer = await doors.owner.get(f"/api/v1/devices/{device_id}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "device_id")
