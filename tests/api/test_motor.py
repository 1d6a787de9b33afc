"""The pump over REST: what a member does, what an owner does, and who is kept out; and a controller that polls."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import text

from actions.directory import Directory
from actions.live import Hub
from ingest import poll_http
from ingest.presence import Presence
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import client, mounted, token_of
from tests.pump_parts import Coop, Hall, assert_books_balance, fetch, make_coop, press_start

STEADY_S = 40


@dataclass
class Place:
    coop: Coop
    hall: Hall
    member: AsyncClient
    other: AsyncClient
    owner: AsyncClient
    device: AsyncClient
    rejected: list[Any]


@pytest.fixture
async def place(database: str) -> AsyncIterator[Place]:
    coop, hall = await make_coop("here"), Hall()
    await hall.open()
    app, rejected = FastAPI(), list[Any]()
    api = mounted(app, Hub(), lambda: hall.now)
    directory = Directory()
    key = "pk_" + "k" * 40
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device SET key_hash = :hash"), {"hash": hashlib.sha256(key.encode()).digest()})
    await directory.load()
    poll_http.mount(api, directory, Presence(), rejected.append)
    tokens = [await token_of(viewer) for viewer in (*coop.members, coop.owner)]
    async with (
        client(app, tokens[0]) as member, client(app, tokens[1]) as other, client(app, tokens[2]) as owner,
        client(app, key) as device,
    ):  # fmt: skip
        yield Place(coop, hall, member, other, owner, device, rejected)
    directory.close()
    hall.close()


async def ready(place: Place) -> None:
    place.hall.controller(place.coop)
    await place.hall.run_for(STEADY_S)


async def test_a_member_starts_extends_and_stops_as_the_first_app_did(place: Place) -> None:
    await ready(place)
    started = await place.member.post("/api/motor/start", json={"minutes": 10})
    assert (started.status_code, started.json()["state"]) == (200, "starting")
    waits = await place.other.post("/api/v1/motor/start", json={"minutes": 5})
    assert waits.json()["state"] == "waiting"
    await place.hall.run_for(30)
    extended = await place.member.post("/api/v1/motor/extend", json={"minutes": 2})
    assert extended.json()["amount_s"] == 720
    status = (await place.other.get("/api/v1/motor/status")).json()
    assert (status["place"]["number"], status["motors"][0]["word"]) == (1, "running")
    line = (await place.member.get("/api/v1/motor/queue")).json()["places"]
    assert [each["member_name"] for each in line] == ["Person 2 here"]
    stopped = await place.member.post("/api/motor/stop", json={})
    assert stopped.json()["state"] == "stopping"
    await place.hall.run_for(30)
    assert (await place.other.get("/api/v1/motor/status")).json()["run"]["state"] == "running"
    history = (await place.member.get("/api/v1/motor/history")).json()
    assert (history["total"], history["runs"][0]["state"]) == (1, "completed")
    told = (await place.member.get(f"/api/v1/motor/history/{history['runs'][0]['id']}")).json()
    assert [event["state"] for event in told["events"]][-1] == "completed"
    said = (await place.member.get("/api/v1/motor/statement")).json()
    assert said["opening_s"] + sum(line["change_s"] for line in said["lines"]) == said["closing_s"]


@pytest.mark.parametrize("minutes", [0, -5, 4.5, "ten", 10**9, None, True])
async def test_minutes_that_cannot_be_are_refused_and_nothing_happens(place: Place, minutes: Any) -> None:
    answer = await place.member.post("/api/v1/motor/start", json={"minutes": minutes})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert await fetch("SELECT 1 FROM run") == []


async def test_a_double_click_on_recharge_pays_once(place: Place) -> None:
    member_id, key = place.coop.members[0].person_id, str(uuid4())
    path = f"/api/v1/wallets/{member_id}/recharge"
    for _ in range(3):
        answer = await place.owner.post(path, json={"minutes": 30}, headers={"Idempotency-Key": key})
        assert answer.json()["available_s"] == 3_600 + 1_800
    other = await place.owner.post(path, json={"minutes": 31}, headers={"Idempotency-Key": key})
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    keyless = await place.owner.post(path, json={"minutes": 30})
    assert keyless.status_code == 422
    await assert_books_balance()


async def test_minutes_that_are_asked_for_are_recharged_once(place: Place) -> None:
    asked = await place.member.post("/api/v1/minute-requests", json={"minutes": 20, "note": "for the rice"})
    assert asked.status_code == 201
    path = f"/api/v1/wallets/minute-requests/{asked.json()['id']}"
    approved = await place.owner.post(f"{path}/approve")
    assert (approved.json()["state"], approved.json()["decided_by"]) == ("approved", place.coop.owner.name)
    again = await place.owner.post(f"{path}/decline", json={"reason": "no"})
    assert (again.status_code, again.json()["code"]) == (409, "already_decided")
    assert (await place.member.get("/api/v1/motor/status")).json()["wallet"]["available_s"] == 4_800
    await assert_books_balance()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/pumps"), ("GET", "/pumps/runs"), ("GET", "/pumps/export.csv"), ("POST", "/pumps/start"),
        ("POST", "/pumps/shedding"), ("GET", "/pumps/cards"), ("GET", "/wallets"), ("GET", "/platform/pumps"),
        ("POST", f"/wallets/{UUID(int=7)}/recharge"), ("POST", f"/pumps/runs/{UUID(int=7)}/stop"),
    ],
)  # fmt: skip
async def test_a_member_is_kept_out_of_owners_routes(place: Place, method: str, path: str) -> None:
    answer = await place.member.request(method, f"/api/v1{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_shedding_freezes_everybody_and_its_end_goes_on(place: Place) -> None:
    await ready(place)
    await place.member.post("/api/v1/motor/start", json={"minutes": 10})
    await place.hall.run_for(20)
    assert (await place.owner.post("/api/v1/pumps/shedding")).status_code == 204
    assert (await place.owner.post("/api/v1/pumps/shedding")).status_code == 409
    await place.hall.run_for(5)
    run = (await place.member.get("/api/v1/motor/status")).json()["run"]
    assert (run["state"], run["hold_cause"]) == ("hold", "shedding")
    assert not place.hall.controller(place.coop).is_on
    assert (await place.owner.delete("/api/v1/pumps/shedding")).status_code == 204
    await place.hall.run_for(STEADY_S)
    assert (await place.member.get("/api/v1/motor/status")).json()["run"]["state"] == "running"


async def test_an_owner_sets_limits_and_nothing_of_a_wrong_set_is_kept(place: Place) -> None:
    path = "/api/v1/pumps/limits"
    usual = (await place.owner.get(path)).json()
    assert (usual["own"], usual["in_force"]["minimum_run_s"], len(usual["in_force"])) == ({}, 300, 14)
    changed = await place.owner.patch(path, json={"minimum_run_s": 600, "line_max": 40})
    assert changed.json()["own"] == {"minimum_run_s": 600, "line_max": 40}
    for wrong, field in (
        ({"line_max": 0}, "line_max"), ({"line_max": 1.5}, "line_max"), ({"ttl_ms": 60_000}, "ttl_ms"),
        ({"line_max": 7, "longest_run_s": 300}, "minimum_run_s"),
    ):  # fmt: skip
        refused = await place.owner.patch(path, json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        assert [error["field"] for error in refused.json()["errors"]] == [field]
    kept = await place.owner.patch(path, json={"line_max": None})
    assert (kept.json()["own"], kept.json()["in_force"]["line_max"]) == ({"minimum_run_s": 600}, 500)
    assert (await place.member.patch(path, json={"line_max": 5})).status_code == 403


async def test_an_owner_makes_names_fills_and_removes_groups(place: Place) -> None:
    await ready(place)
    path, motor = "/api/v1/pumps/groups", f"/api/v1/pumps/motors/{place.coop.device_id}"
    made = await place.owner.post(path, json={"name": "North field"})
    assert made.status_code == 201
    group = f"{path}/{made.json()['id']}"
    again = await place.owner.post(path, json={"name": "North field"})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    assert (await place.owner.patch(group, json={"name": "South field"})).status_code == 204
    assert (await place.owner.put(f"{motor}/group", json={"group_id": made.json()["id"]})).status_code == 204
    full = await place.owner.delete(group)
    assert (full.status_code, full.json()["code"]) == (409, "group_in_use")
    listed = (await place.owner.get("/api/v1/pumps")).json()["groups"]
    assert [(each["name"], len(each["motors"])) for each in listed] == [("Motors", 0), ("South field", 1)]
    assert (await place.owner.delete(f"{path}/{listed[0]['id']}")).status_code == 204
    assert (await place.owner.delete(f"{path}/{listed[0]['id']}")).status_code == 404
    assert (await place.owner.put(f"{motor}/reader", json={"mode": "card"})).status_code == 204
    assert await fetch("SELECT mode FROM motor") == [("card",)]


async def test_a_controller_of_a_motor_in_use_is_not_removed(place: Place) -> None:
    await ready(place)
    await place.member.post("/api/v1/motor/start", json={"minutes": 10})
    path = f"/api/v1/devices/{place.coop.device_id}"
    refused = await place.owner.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "motor_in_use")
    await place.member.post("/api/v1/motor/stop", json={})
    await place.hall.run_for(STEADY_S)
    assert (await place.owner.delete(path)).status_code == 204


# A controller over HTTP

STATE: dict[str, Any] = {"boot_id": 1, "seq": 1, "motor_on": False, "grid": True, "ready": True, "fence": 0}


async def test_a_controller_that_polls_is_granted_and_stopped_like_one_on_mqtt(place: Place) -> None:
    seq = 0

    async def poll(path: str = "/api/v1/esp32/poll", **said: Any) -> dict[str, Any] | None:
        nonlocal seq
        seq += 1
        place.hall.now_ms += 5_000
        answer = await place.device.post(path, json=STATE | {"seq": seq} | said)
        assert answer.status_code == 200, answer.text
        command: dict[str, Any] | None = answer.json()["command"]
        return command

    for _ in range(8):
        assert await poll() is None
    started = (await place.member.post("/api/motor/start", json={"minutes": 10})).json()
    granted = await poll(f"/api/esp32/poll?adminId={uuid4()}")
    assert granted is not None
    assert (granted["kind"], granted["run_id"], granted["echo"]) == ("run", started["id"], {"boot_id": 1, "seq": seq})
    on = {"motor_on": True, "run_id": started["id"]}
    renewed = await poll(**on, on_ms=4_000)
    assert renewed is not None
    assert renewed["budget_ms"] == 600_000
    await place.member.post("/api/motor/stop", json={})
    stop = await poll(**on, on_ms=9_000)
    assert stop is not None
    assert (stop["kind"], stop["fence"]) == ("stop", granted["fence"] + 1)
    assert await poll(run_id=started["id"], on_ms=9_500, fence=stop["fence"]) is None
    run = (await place.member.get(f"/api/v1/motor/history/{started['id']}")).json()["run"]
    assert (run["state"], run["captured_s"]) == ("completed", 9)


async def test_a_poll_by_query_means_the_same(place: Place) -> None:
    query: dict[str, str | int] = {
        "boot_id": 1,
        "seq": 1,
        "motor_on": "0",
        "grid": "1",
        "ready": "true",
        "fence": 0,
        "adminId": "x",
    }
    answer = await place.device.get("/api/esp32/poll", params=query)
    assert (answer.status_code, answer.json()) == (200, {"command": None, "also": None, "got": None})
    assert await fetch("SELECT grid, ready, seq FROM motor") == [(True, True, 1)]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"motor_on": "yes"}, 400, "malformed"),
        ({"boot_id": -1}, 400, "malformed"),
        ({"run_id": "somebody's"}, 400, "malformed"),
        ({"on_ms": 1.5}, 400, "malformed"),
        ({"seq": 1}, 409, "stale_state"),
        ({"boot_id": 0, "seq": 99}, 409, "stale_state"),
        ({"seq": 2**50}, 400, "bad_seq"),
        ({"boot_id": 2, "seq": 2**50}, 400, "bad_seq"),
    ],
)
async def test_a_state_that_cannot_be_is_refused_and_counted(
    place: Place, said: dict[str, Any], status: int, code: str
) -> None:
    await place.device.post("/api/v1/esp32/poll", json=STATE | {"seq": 5})
    answer = await place.device.post("/api/v1/esp32/poll", json=STATE | {"seq": 6} | said)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [rejection.reason for rejection in place.rejected] == [code]
    assert await fetch("SELECT seq FROM motor") == [(5,)]


async def test_a_state_that_names_another_tenants_run_charges_and_moves_nobody(place: Place) -> None:
    there = await make_coop("elsewhere", members=1)
    theirs = await press_start(place.hall, there, there.members[0])
    said = {"seq": 7, "motor_on": True, "run_id": str(theirs.id), "on_ms": 500_000}
    assert (await place.device.post("/api/v1/esp32/poll", json=STATE | said)).status_code == 200
    assert await fetch("SELECT state, used_ms FROM run") == [("waiting", 0)]
    assert await fetch("SELECT rule FROM alert") == [("on_without_run",)]


async def test_nobody_polls_without_a_devices_key(place: Place) -> None:
    answer = await place.member.post("/api/v1/esp32/poll", json=STATE)
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_key")
