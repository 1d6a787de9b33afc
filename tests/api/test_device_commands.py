"""Commands and settings of devices over the API: asked for, told of, refused with a code."""

from typing import Any

import pytest

from actions import command_progress
from domain.commands import Report
from tests.api.doors import NOW, Doors
from tests.conftest import World
from tests.device_parts import claimed_node

PATH = "/api/v1/devices/pp-here"


@pytest.fixture(autouse=True)
async def _device(world: World) -> None:
    await claimed_node(world.here.owner, device_id=world.here.device_id)


async def command(doors: Doors, kind: str, key: str = "", **more: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await doors.owner.post(f"{PATH}/command", json={"kind": kind, **more}, headers=headers)
    return answer.status_code, answer.json()


async def test_a_command_is_asked_for_and_told_of(world: World, doors: Doors) -> None:
    status, asked = await command(doors, "restart", ttl_s=60)
    assert (status, asked["stage"], asked["requested_by"], asked["tries"]) == (202, "requested", "Owner Here", 0)
    page = (await doors.staff.get(f"{PATH}/commands")).json()
    assert page == {"commands": [asked], "next_before": None}


async def test_a_second_one_is_refused_unless_it_is_the_same_request(world: World, doors: Doors) -> None:
    _, first = await command(doors, "restart", key="a1")
    assert await command(doors, "restart", key="a1") == (202, first)
    status, said = await command(doors, "restart", key="a2")
    assert (status, said["code"]) == (409, "command_open")
    status, said = await command(doors, "identify", key="a1")
    assert (status, said["code"]) == (409, "key_used")


async def test_switching_off_is_done_with_the_request(world: World, doors: Doors) -> None:
    status, done = await command(doors, "disable")
    assert (status, done["stage"]) == (202, "done")
    assert (await doors.owner.get(PATH)).json()["enabled"] is False
    for kind, code in (("disable", "already_so"), ("restart", "device_off")):
        status, said = await command(doors, kind)
        assert (status, said["code"]) == (409, code)
    assert (await doors.owner.put(f"{PATH}/enabled", json={"enabled": True})).status_code == 204
    page = (await doors.owner.get(f"{PATH}/commands")).json()
    assert {each["kind"] for each in page["commands"]} == {"enable", "disable"}


async def test_settings_are_asked_for_and_compared_with_what_the_device_says(world: World, doors: Doors) -> None:
    nothing = (await doors.staff.get(f"{PATH}/settings")).json()
    assert (nothing["desired"], nothing["reported"], nothing["settled"]) == (None, None, True)
    wanted = {"interval_s": 30, "thresholds": {"t_c": {"high": 30.5}}, "pins": {"relay": 25}}
    put = await doors.owner.put(f"{PATH}/settings", json=wanted)
    assert put.status_code == 200
    said = command_progress.Settings({"interval_s": 5, "pins": {"relay": 25}}, 0)
    await command_progress.reported(world.here.device_id, world.here.tenant_id, Report(1, None, 0), said, NOW)
    found = (await doors.staff.get(f"{PATH}/settings")).json()
    assert (found["desired"], found["desired_version"], found["desired_by"]) == (wanted, 1, "Owner Here")
    assert (found["reported"], found["settled"]) == ({"interval_s": 5, "pins": {"relay": 25}}, False)
    assert found["differences"] == [
        {"setting": "interval_s", "desired": 30, "reported": 5},
        {"setting": "thresholds.t_c.high", "desired": 30.5, "reported": None},
    ]
    assert (await doors.owner.put(f"{PATH}/settings", json=wanted)).json() == found
    assert len((await doors.owner.get(f"{PATH}/commands")).json()["commands"]) == 1


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({}, "settings_empty"),
        ({"interval_s": 1}, "setting_out_of_range"),
        ({"interval_s": -1}, "invalid"),
        ({"interval_s": "often"}, "invalid"),
        ({"thresholds": {"lux": {"high": 1}}}, "invalid"),
        ({"thresholds": {"t_c": {"high": 900}}}, "threshold_out_of_range"),
        ({"thresholds": {"t_c": {"low": 30, "high": 20}}}, "low_above_high"),
        ({"pins": {"relay": 40}}, "invalid"),
        ({"pins": {"relay": 7}}, "pin_unusable"),
        ({"pins": {"relay": 5, "opto": 5}}, "pin_used_twice"),
        ({"lease_cap_ms": 15_000}, "setting_out_of_range"),
        ({"lamp": 5}, "invalid"),
    ],
)
async def test_settings_that_can_not_be_are_refused(doors: Doors, settings: dict[str, Any], code: str) -> None:
    answer = await doors.owner.put(f"{PATH}/settings", json=settings)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "update"},
        {"kind": "explode"},
        {"kind": "set"},
        {"kind": "restart", "settings": {"interval_s": 5}},
        {"kind": "restart", "ttl_s": 5},
    ],
)
async def test_orders_that_mean_nothing_are_invalid(doors: Doors, order: dict[str, Any]) -> None:
    answer = await doors.owner.post(f"{PATH}/command", json=order)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_set_is_a_command_too(doors: Doors) -> None:
    status, said = await command(doors, "set", settings={"interval_s": 30})
    assert (status, said["kind"], said["settings"], said["version"]) == (202, "set", {"interval_s": 30}, "1")


async def test_the_history_comes_in_pages(doors: Doors) -> None:
    for n in range(5):
        await command(doors, "enable" if n % 2 else "disable")
    first = (await doors.owner.get(f"{PATH}/commands", params={"limit": 3})).json()
    second = (await doors.owner.get(f"{PATH}/commands", params={"limit": 3, "before": first["next_before"]})).json()
    ids = [each["id"] for page in (first, second) for each in page["commands"]]
    assert len(ids) == len(set(ids)) == 5 and second["next_before"] is None
