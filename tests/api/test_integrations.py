"""Sensors of other makes and Home Assistant through the API."""

import pytest

from tests.api.doors import Doors
from tests.conftest import World

SENSORS, ASSISTANT = "/api/v1/foreign-sensors", "/api/v1/home-assistant"
HALL = {
    "name": "Hall", "topic": "tele/hall/SENSOR", "time_path": "Time",
    "rules": [{"metric": "t_c", "path": "AM2301.Temperature", "unit": "°C"}],
}  # fmt: skip


async def test_a_sensor_is_added_listed_and_mapped_anew(world: World, doors: Doors) -> None:
    added = await doors.owner.post(SENSORS, json=HALL | {"pit_id": str(world.here.pit_id)})
    assert added.status_code == 201, added.text
    id_ = added.json()["device_id"]
    (listed,) = (await doors.staff.get(SENSORS)).json()["sensors"]
    expected = HALL | {"device_id": id_, "pit": "Pit 1 here", "enabled": True, "heard_at": None}
    assert listed == expected | {"pit_id": str(world.here.pit_id)}
    other = {"topic": f"foreign/{world.here.tenant_id}/zigbee2mqtt/Hall", "rules": HALL["rules"]}
    assert (await doors.owner.put(f"{SENSORS}/{id_}", json=other)).status_code == 204
    (listed,) = (await doors.owner.get(SENSORS)).json()["sensors"]
    assert (listed["topic"], listed["time_path"]) == ("zigbee2mqtt/Hall", "")
    assert (await doors.owner.get(f"/api/v1/devices/{id_}")).json()["kind"] == "foreign"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"topic": "a/#"}, 422, "topic_unusable"),
        ({"topic": ""}, 422, "topic_unusable"),
        ({"rules": []}, 422, "rules_unusable"),
        ({"rules": [{"metric": "t_c", "path": "a..b", "unit": "°C"}]}, 422, "rules_unusable"),
        ({"rules": [{"metric": "t_c", "path": "a", "unit": "hPa"}]}, 422, "rules_unusable"),
        ({"rules": [{"metric": "t_c", "path": "a", "unit": "K"}] * 2}, 422, "rules_unusable"),
        ({"time_path": "["}, 422, "rules_unusable"),
        ({"name": "\u200b"}, 422, "empty"),
        ({"rules": [{"metric": "watts", "path": "a", "unit": "W"}]}, 422, "invalid"),
    ],
)
async def test_what_can_not_be_read_is_refused(doors: Doors, said: dict[str, object], status: int, code: str) -> None:
    answer = await doors.owner.post(SENSORS, json=HALL | said)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_topic_is_read_once(doors: Doors) -> None:
    assert (await doors.owner.post(SENSORS, json=HALL)).status_code == 201
    answer = await doors.owner.post(SENSORS, json=HALL | {"name": "Another"})
    assert (answer.status_code, answer.json()["code"]) == (409, "topic_taken")


async def test_a_device_of_ours_has_no_mapping(world: World, doors: Doors) -> None:
    changed = {"topic": "x", "rules": HALL["rules"]}
    assert (await doors.owner.put(f"{SENSORS}/{world.here.device_id}", json=changed)).status_code == 404


async def test_home_assistant_is_switched(doors: Doors) -> None:
    assert (await doors.staff.get(ASSISTANT)).json() == {"enabled": False}
    assert (await doors.staff.put(ASSISTANT, json={"enabled": True})).status_code == 403
    assert (await doors.owner.put(ASSISTANT, json={"enabled": True})).status_code == 204
    assert (await doors.owner.put(ASSISTANT, json={"enabled": True})).json()["code"] == "already_so"
    assert (await doors.staff.get(ASSISTANT)).json() == {"enabled": True}
