"""A device claims itself over HTTP and speaks with what it got, until it is cut off."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography import x509
from httpx import AsyncClient, Response
from sqlalchemy import text

from domain.claims import read_payload
from ingest import claim_http, http, poll_http
from ingest.device_addresses import DeviceAddresses, WrongDeviceAddress
from ingest.presence import Presence
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import Doors, client
from tests.api.http_line import KEY, Line, line, readings
from tests.conftest import World
from tests.device_parts import code_for, new_key, open_keys, registered, request_for

__all__ = ["line"]
CLAIM, RENEW = "/api/v1/devices/claim", "/api/v1/devices/renew"
POLL = {"boot_id": 1, "seq": 1, "motor_on": False, "grid": True, "ready": True, "fence": 0}
ADDRESSES = DeviceAddresses.of("mqtts://pits.example.com", "mqtts://pits.example.com:8884")


@pytest.fixture
async def device(line: Line, doors: Doors) -> AsyncIterator[AsyncClient]:
    """A device in front of the server, without anything to show."""
    open_keys()
    claim_http.mount(doors.api, ADDRESSES)
    async with client(doors.app) as without_key:
        yield without_key


@pytest.fixture
async def code(device: AsyncClient, world: World) -> str:
    return await code_for(await registered(world.here.owner, "By the door", world.here), world.here.owner)


async def claims(device: AsyncClient, code: str, **more: str) -> Response:
    return await device.post(CLAIM, json={"code": code, **more})


async def sends(doors: Doors, key: str, seq: int = 1) -> int:
    async with client(doors.app, key) as speaking:
        message = {"boot_id": 1, "readings": readings(seq)}
        return (await speaking.post("/api" + http.PATH, json=message)).status_code


async def test_a_code_gives_a_credential_once(device: AsyncClient, code: str, world: World) -> None:
    answer = await claims(device, code.lower())
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    said = answer.json()
    assert said.pop("key").startswith("pk_") and len(said["mqtt"].pop("password")) == 32
    id_, tenant = said["device_id"], str(world.here.tenant_id)
    assert said == {
        "device_id": id_, "tenant_id": tenant, "name": "By the door", "kind": "pit", "next_boot_id": 1,
        "mqtt": {"url": "mqtts://pits.example.com:8883", "username": id_, "topics": f"v1/{tenant}/{id_}"},
        "certificate": None, "valid_until": None,
    }  # fmt: skip
    again = await claims(device, code)
    assert (again.status_code, again.json()["code"]) == (409, "claim_code_used")
    assert again.headers["content-type"] == "application/problem+json"


async def test_a_signing_request_gives_a_certificate_instead_of_a_password(device: AsyncClient, code: str) -> None:
    said = (await claims(device, code, csr=request_for(new_key()))).json()
    leaf, _ = x509.load_pem_x509_certificates(said["certificate"].encode())
    assert said["mqtt"]["url"] == "mqtts://pits.example.com:8884" and said["mqtt"]["password"] is None
    assert said["valid_until"].startswith(leaf.not_valid_after_utc.date().isoformat())


async def test_each_kind_of_wrong_code_has_a_code_of_its_own(device: AsyncClient, world: World) -> None:
    by, id_ = world.here.owner, await registered(world.here.owner)
    withdrawn, expired = await code_for(id_, by), await code_for(id_, by)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE device_claim SET expires_at = now() WHERE revoked_at IS NULL"))
    for code, status, name in (
        (expired, 410, "claim_code_expired"),
        (withdrawn, 410, "claim_code_withdrawn"),
        ("0000-0000-0000", 404, "claim_code_unknown"),
        ("not a code", 404, "claim_code_unknown"),
    ):
        answer = await claims(device, code)
        assert (answer.status_code, answer.json()["code"]) == (status, name)
        assert answer.json()["detail"].endswith("."), "every refusal says what to do"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "code"), ({"code": 7}, "code"), ({"code": "x" * 65}, "code"), ({"code": "x", "tenant": "y"}, "tenant"),
     ({"code": "x", "csr": "x" * 4_097}, "csr"), ([], "body")],
)  # fmt: skip
async def test_a_wrong_field_is_named(device: AsyncClient, body: Any, field: str) -> None:
    answer = await device.post(CLAIM, json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_signing_request_that_can_not_be_used_keeps_the_code(device: AsyncClient, code: str) -> None:
    answer = await claims(device, code, csr="-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "request_unusable")
    assert (await claims(device, code)).status_code == 201


async def test_who_guesses_is_slowed_down_and_a_workshop_with_many_nodes_is_not(
    device: AsyncClient, world: World
) -> None:
    by = world.here.owner
    codes = [await code_for(await registered(by, f"Node {n}"), by) for n in range(claim_http.PACE.free + 5)]
    for each in codes[:-1]:
        assert (await claims(device, each)).status_code == 201
    answers = [await claims(device, "0000-0000-0000") for _ in range(claim_http.PACE.free + 1)]
    assert [answer.status_code for answer in answers] == [404] * claim_http.PACE.free + [429]
    assert answers[-1].json()["code"] == "too_many" and int(answers[-1].headers["retry-after"]) >= 1
    assert (await claims(device, codes[-1])).status_code == 429, "a right code waits as long: the answer tells nothing"


async def test_the_key_opens_the_way_of_readings_and_nothing_else_and_dies_with_revocation(
    device: AsyncClient, code: str, doors: Doors, line: Line
) -> None:
    said = (await claims(device, code)).json()
    key, id_ = said["key"], said["device_id"]
    await line.intake._directory.load()
    assert await sends(doors, key) == 200
    async with client(doors.app, key) as with_key:
        for path in ("/api/v1/devices", f"/api/v1/devices/{id_}", "/api/v1/alerts"):
            assert (await with_key.get(path)).status_code == 401
    assert (await doors.owner.post(f"/api/v1/devices/{id_}/revoke")).status_code == 204
    assert await sends(doors, key, 2) == 401
    assert await sends(doors, KEY) == 200, "another device's key"


async def test_a_rotated_key_ends_the_old_one_at_once(device: AsyncClient, code: str, doors: Doors, line: Line) -> None:
    said = (await claims(device, code)).json()
    await line.intake._directory.load()
    rotated = await doors.owner.post(f"/api/v1/devices/{said['device_id']}/rotate")
    assert rotated.status_code == 200 and rotated.headers["cache-control"] == "no-store"
    assert set(rotated.json()) == {"username", "password", "key"}
    assert await sends(doors, said["key"]) == 401
    assert await sends(doors, rotated.json()["key"]) == 200


async def test_a_controller_that_polls_is_claimed_rotated_and_cut_off_by_its_key_alone(
    device: AsyncClient, doors: Doors, line: Line
) -> None:
    directory, rejected = line.intake._directory, list[Any]()
    poll_http.mount(doors.api, directory, Presence(), rejected.append)

    async def is_let_in(key: str) -> bool:
        async with client(doors.app, key) as controller:
            return (await controller.post("/api/v1/esp32/poll", json=POLL)).status_code != 401

    made = await doors.owner.post("/api/v1/devices", json={"name": "Pump 2", "kind": "pump", "link": "http"})
    id_ = made.json()["id"]
    offered = (await doors.owner.post(f"/api/v1/devices/{id_}/claim-code")).json()
    with_request = await claims(device, offered["code"], csr=request_for(new_key()))
    assert (with_request.status_code, with_request.json()["code"]) == (409, "key_only")
    said = (await claims(device, offered["code"])).json()
    assert (said["kind"], said["mqtt"], said["certificate"]) == ("pump", None, None)
    await directory.load()
    assert await is_let_in(said["key"])
    renewal = await device.post(RENEW, json={}, headers={"Authorization": f"Bearer {said['key']}"})
    assert (renewal.status_code, renewal.json()["code"]) == (409, "key_only")
    rotated = (await doors.owner.post(f"/api/v1/devices/{id_}/rotate")).json()
    assert rotated["password"] is None
    assert not await is_let_in(said["key"])
    assert await is_let_in(rotated["key"])
    shown = (await doors.owner.get(f"/api/v1/devices/{id_}")).json()
    assert (shown["link"], shown["credential"], shown["identity"]) == ("http", "key", "claimed")
    assert (await doors.owner.post(f"/api/v1/devices/{id_}/revoke")).status_code == 204
    assert not await is_let_in(rotated["key"])


async def test_a_device_that_changes_its_connection_claims_itself_anew_as_the_same(
    device: AsyncClient, doors: Doors
) -> None:
    made = await doors.owner.post("/api/v1/devices", json={"name": "Pump 3", "kind": "pump"})
    path = f"/api/v1/devices/{made.json()['id']}"
    offered = (await doors.owner.post(f"{path}/claim-code")).json()
    before = (await claims(device, offered["code"])).json()
    for link, credential in (("http", "key"), ("mqtt", "password")):
        for _again in range(2):
            assert (await doors.owner.put(f"{path}/link", json={"link": link})).status_code == 204
        shown = (await doors.owner.get(path)).json()
        assert (shown["link"], shown["identity"], shown["credential"]) == (link, "revoked", None)
        renewal = await device.post(RENEW, json={}, headers={"Authorization": f"Bearer {before['key']}"})
        assert renewal.status_code == 401, "what it had is worth nothing"
        code = (await doors.owner.post(f"{path}/claim-code")).json()["code"]
        said = (await claims(device, code)).json()
        assert (said["device_id"], said["mqtt"] is None) == (before["device_id"], link == "http")
        shown = (await doors.owner.get(path)).json()
        assert (shown["name"], shown["identity"], shown["credential"]) == ("Pump 3", "claimed", credential)
    assert (await doors.owner.put(f"{path}/link", json={"link": "pigeon"})).status_code == 422


async def test_a_device_renews_with_its_key(device: AsyncClient, code: str, doors: Doors) -> None:
    said = (await claims(device, code, csr=request_for(new_key()))).json()
    async with client(doors.app, said["key"]) as with_key:
        missing = await with_key.post(RENEW, json={})
        assert (missing.status_code, missing.json()["code"]) == (422, "request_needed")
        renewed = await with_key.post(RENEW, json={"csr": request_for(new_key())})
    assert renewed.status_code == 200 and renewed.json()["key"] is None
    assert renewed.json()["certificate"] != said["certificate"]
    for headers in ({}, {"Authorization": "Bearer pk_nobody"}):
        refused = await device.post(RENEW, json={}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "unknown_key")


async def test_the_owner_gets_a_code_that_a_device_can_scan(device: AsyncClient, doors: Doors) -> None:
    made = await doors.owner.post("/api/v1/devices", json={"name": "New", "kind": "pump"})
    assert made.status_code == 201
    offered = (await doors.owner.post(f"/api/v1/devices/{made.json()['id']}/claim-code")).json()
    assert read_payload(offered["payload"]) == ("http://pitpilot.test", offered["code"].replace("-", ""))
    shown = (await doors.owner.get(f"/api/v1/devices/{made.json()['id']}")).json()
    assert shown["identity"] == "waiting" and shown["claim_code_until"] == offered["expires_at"]
    async with transaction(EVERY_TENANT) as tx:
        kept = (await tx.execute(text("SELECT * FROM device_claim"))).all()
    assert offered["code"] not in repr(kept) and offered["code"].replace("-", "") not in repr(kept)


CHANGES: list[tuple[str, str, Any]] = [
    ("PUT", "/name", {"name": "Mine"}),
    ("PUT", "/pit", {"pit_id": None}),
    ("PUT", "/link", {"link": "http"}),
    ("PUT", "/enabled", {"enabled": False}),
    ("POST", "/claim-code", None),
    ("POST", "/rotate", None),
    ("POST", "/revoke", None),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
async def test_another_workshops_device_is_not_found_and_the_staff_may_not(
    doors: Doors, world: World, method: str, path: str, body: Any
) -> None:
    open_keys()
    there = await doors.owner.request(method, f"/api/v1/devices/{world.there.device_id}{path}", json=body)
    assert (there.status_code, there.json()["code"]) == (404, "not_found")
    staff = await doors.staff.request(method, f"/api/v1/devices/{world.here.device_id}{path}", json=body)
    assert (staff.status_code, staff.json()["code"]) == (403, "not_allowed")
    nobody = await doors.nobody.request(method, f"/api/v1/devices/{world.here.device_id}{path}", json=body)
    assert nobody.status_code == 401


async def test_the_owner_renames_moves_switches_off_and_removes(doors: Doors, world: World) -> None:
    open_keys()
    shop, path = world.here, f"/api/v1/devices/{world.here.device_id}"
    for place, body in (("name", {"name": "Door"}), ("pit", {"pit_id": str(shop.other_pit_id)}),
                        ("enabled", {"enabled": False})):  # fmt: skip
        assert (await doors.owner.put(f"{path}/{place}", json=body)).status_code == 204
    said = (await doors.owner.get(path)).json()
    assert (said["name"], said["pit_id"], said["enabled"]) == ("Door", str(shop.other_pit_id), False)
    foreign = await doors.owner.put(f"{path}/pit", json={"pit_id": str(world.there.pit_id)})
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert (await doors.owner.post(f"{path}/rotate")).json()["code"] == "not_claimed"
    assert (await doors.owner.delete(path)).status_code == 204
    assert (await doors.owner.get(path)).status_code == 404


async def test_a_device_of_another_workshop_can_not_be_named_by_a_code(device: AsyncClient, world: World) -> None:
    code = await code_for(world.there.device_id, world.there.owner)
    assert (await claims(device, code)).json()["tenant_id"] == str(world.there.tenant_id)


@pytest.mark.parametrize(
    "url", ["pits.example.com", "https://pits.example.com", "mqtt://user@host", "mqtt://", "mqtt://h:0", "mqtt://h/x"]
)
def test_what_is_no_brokers_address_is_not_told_to_devices(url: str) -> None:
    with pytest.raises(WrongDeviceAddress):
        DeviceAddresses.of(url, "")
    with pytest.raises(WrongDeviceAddress):
        DeviceAddresses.of("", "mqtt://host")


def test_ports_are_the_registered_ones_where_none_is_said() -> None:
    assert DeviceAddresses.of("mqtt://h", "mqtts://[::1]:1") == DeviceAddresses("mqtt://h:1883", "mqtts://[::1]:1")
