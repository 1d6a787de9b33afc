"""The product runs with everything that it can log turned on, people and devices come and go, and some go wrong: no
password, token, key, code or link stands in the log afterwards.
"""

import asyncio
import json
import os
import re
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiomqtt
import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from actions.passwords import hashed
from storage.embedded_ports import free_port
from storage.secret import derive
from storage.session import EVERY_TENANT, transaction
from tests.conftest import SECRET, World

ROOT = Path(__file__).parent.parent
PASSWORD, WRONG, TYPED_AS_NAME = "a password for logs, 7", "nearly a password, 8", "a password as a name, 9"
OF_CAMERA, OF_GATEWAY = "a password of a camera, 10", "ab" * 16
PURPOSES = ("pitpilot_app", "pitpilot_worker", "pitpilot_owner", "postgres superuser")
READY_WITHIN_S, LET_IN_WITHIN_S = 60, 30
_SAYS_A_SECRET = re.compile(r"token|password|key|code|path|certificate|payload")


@dataclass
class Running:
    """The product, what it has logged so far, and every secret that it has handed out or been told."""

    client: httpx.AsyncClient
    log: Path
    secrets: set[str] = field(default_factory=set)

    async def ask(self, method: str, path: str, status: int, **more: Any) -> dict[str, Any]:
        """A request to the API; the secrets of its answer are remembered."""
        answer = await self.client.request(method, f"/api/v1{path}", **more)
        assert answer.status_code == status, (method, path, answer.text)
        said: dict[str, Any] = answer.json() if answer.content else {}
        self.secrets |= set(_secrets_of(said))
        return said


def _secrets_of(said: Any, name: str = "") -> Iterator[str]:
    """Texts in an answer whose names say that they are secret, however deep."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _secrets_of(value, key)
    elif isinstance(said, list):
        for value in said:
            yield from _secrets_of(value, name)
    elif isinstance(said, str) and len(said) >= 12 and _SAYS_A_SECRET.search(name) and name != "token_type":
        yield said.rpartition("/")[2] if name == "path" else said


@pytest.fixture
async def running(world: World, database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE person SET password_hash = :hash"), {"hash": await hashed(PASSWORD)})
        hashes = (await tx.execute(text("SELECT DISTINCT password_hash FROM person"))).scalars().all()
    port, log = free_port(), tmp_path / "log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PITPILOT_", "NICEGUI_"))}
    kept.pop("PYTEST_CURRENT_TEST", None)
    environment = kept | {
        "PITPILOT_DATA": str(tmp_path / "data"),
        "PITPILOT_SECRET": SECRET.hex(),
        "PITPILOT_DATABASE_URL": database,
        "PITPILOT_PORT": str(port),
        "PITPILOT_LOG_FORMAT": "json",
        "PITPILOT_LOG_LEVEL": "debug",
    }
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "main.py", cwd=ROOT, env=environment, stdout=file, stderr=file
        )
    address = f"http://127.0.0.1:{port}"
    owner_password = urlsplit(database).password or ""
    secrets = {
        SECRET.hex(),
        PASSWORD,
        WRONG,
        TYPED_AS_NAME,
        OF_CAMERA,
        OF_GATEWAY,
        owner_password,
        quote(owner_password),
        *hashes,
    }
    secrets |= {derive(SECRET, purpose) for purpose in PURPOSES}
    try:
        async with httpx.AsyncClient(base_url=address, headers={"origin": address}, timeout=20) as client:
            await _until_ready(client, process, log)
            yield Running(client, log, secrets)
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


async def _until_ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(READY_WITHIN_S * 5):
        assert process.returncode is None, log.read_text()
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass  # not listening yet
        await asyncio.sleep(0.2)
    raise AssertionError(f"not ready: {log.read_text()[-3000:]}")


async def browse(running: Running) -> None:
    """Somebody signs in on a page, after two mistakes, looks around, and leaves."""
    client = running.client
    for form in (
        {"login": "owner@here", "password": WRONG},
        {"login": TYPED_AS_NAME, "password": WRONG},
        {"login": "owner@here", "password": PASSWORD + "\x00"},
        {"login": "owner@here", "password": PASSWORD, "next": "/"},
    ):
        answer = await client.post("/sign-in", data=form)
    assert answer.status_code == 303, answer.text
    running.secrets |= {cookie.value or "" for cookie in client.cookies.jar}
    for path in ("/", "/devices", "/audit", "/account", "/invitation/" + WRONG, "/reset/" + WRONG):
        await client.get(path)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    for path in ("/ws", "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"):
        try:
            async with connect(
                str(client.base_url).replace("http", "ws") + path,
                origin=Origin(str(client.base_url)),
                additional_headers={"cookie": cookies},
            ) as socket:
                await socket.recv()
        except InvalidStatus:
            continue  # a page's socket opens for a page that there is
    await client.post("/sign-out")
    client.cookies.clear()


async def use_the_api(running: Running) -> dict[str, str]:
    """Somebody signs in as a phone does, with everything that can go wrong; returns the headers to go on with."""
    login = {"login": "owner@here", "password": PASSWORD}
    await running.ask("POST", "/auth/login", 401, json=login | {"password": WRONG})
    await running.ask("POST", "/auth/login", 422, json=login | {"pasword": WRONG})
    await running.ask("POST", "/auth/login", 422, json=login | {"password": WRONG * 100})
    broken = {"content-type": "application/json"}
    await running.ask("POST", "/auth/login", 422, content=f'{{"password": "{PASSWORD}", ', headers=broken)
    first = await running.ask("POST", "/auth/login", 200, json=login)
    token = await running.ask("POST", "/auth/refresh", 200, json={"refresh_token": first["refresh_token"]})
    headers = {"authorization": f"Bearer {token['access_token']}"}
    await running.ask("GET", "/alerts", 401, headers={"authorization": f"Bearer {WRONG}"})
    await running.client.get("/api/v1/alerts", params={"access_token": token["access_token"]})
    key = {"name": "integration", "scopes": ["read"]}
    await running.ask("POST", "/account/keys", 201, json=key, headers=headers)
    await running.ask(
        "POST", "/people/invitations", 201, json={"role": "staff", "name": "New", "contact": ""}, headers=headers
    )
    return headers


async def serve_a_customer(running: Running, world: World, headers: dict[str, str]) -> None:
    """A car comes in, its customer follows it by the link and by messages, a camera looks on; others guess."""
    shop = world.here
    job = {
        "customer": {"name": "Meera", "phone": "+91 98765 43210"},
        "vehicle": {"plate": "MH 12 AB 1234", "make": "Mahindra", "model": "Thar", "colour": "red"},
        "work_type": "full_ppf",
    }
    made = await running.ask("POST", f"/workshops/{shop.tenant_id}/jobs", 201, json=job, headers=headers)
    link = made["token"]
    for path in (f"/t/{link}", f"/t/{link}/notices", f"/t/{WRONG}", f"/api/v1/track/{link}"):
        await running.client.get(path)
    await running.ask("GET", f"/track/{link}", 413, content=b"x" * (2 << 20))
    camera = {
        "name": "Lift", "pit_id": str(shop.pit_id), "address": "rtsp://192.0.2.64/live", "username": "admin",
        "password": OF_CAMERA,
    }  # fmt: skip
    added = await running.ask("POST", "/cameras", 201, json=camera, headers=headers)
    ticket = await running.ask("POST", f"/cameras/{added['camera_id']}/tokens", 201, headers=headers)
    by_ticket = {"authorization": f"Bearer {ticket['token']}", "content-type": "application/sdp"}
    await running.client.post(f"/video/{added['camera_id']}/whep", content="v=0", headers=by_ticket)
    gateway = {
        "wanted": [], "gateway": "sms", "gateway_address": f"twilio://AC{'0' * 32}:{OF_GATEWAY}@15550001111/{{phone}}",
    }  # fmt: skip
    await running.client.put("/api/v1/customer-notices", json=gateway, headers=headers)


async def publishes(mqtt: dict[str, str], password: str) -> bool:
    """Whether the broker lets the device in; it then says something that is refused."""
    place = urlsplit(mqtt["url"])
    link = aiomqtt.Client(
        place.hostname or "", place.port or 0, username=mqtt["username"], password=password, timeout=5
    )
    try:
        async with link:
            await link.publish(f"{mqtt['topics']}/telemetry", b'{"boot_id": 1, "seq": 1, "password": "x"}', qos=1)
    except aiomqtt.MqttError:
        return False
    return True


async def bring_in_a_device(running: Running, headers: dict[str, str]) -> None:
    """A device claims itself, speaks by MQTT and by HTTP, and is cut off; others guess."""
    new = await running.ask("POST", "/devices", 201, json={"name": "By the door", "kind": "pit"}, headers=headers)
    offered = await running.ask("POST", f"/devices/{new['id']}/claim-code", 201, headers=headers)
    running.secrets |= {offered["code"].replace("-", "")}
    await running.ask("POST", "/devices/claim", 404, json={"code": "AAAA-BBBB-CCCC"})
    claimed = await running.ask("POST", "/devices/claim", 201, json={"code": offered["code"]})
    await running.ask("POST", "/devices/claim", 409, json={"code": offered["code"]})
    mqtt = claimed["mqtt"]
    assert not await publishes(mqtt, WRONG)
    async with asyncio.timeout(LET_IN_WITHIN_S):
        while not await publishes(mqtt, mqtt["password"]):
            await asyncio.sleep(0.3)
    by_http = {"authorization": f"Bearer {claimed['key']}"}
    await running.client.post("/api/v1/sensors/ingest", json={"boot_id": 1, "readings": []}, headers=by_http)
    renewed = await running.ask("POST", "/devices/renew", 200, json={}, headers=by_http)
    assert renewed["mqtt"]["password"] in running.secrets
    await running.ask("POST", f"/devices/{new['id']}/revoke", 204, headers=headers)


async def listen_live(running: Running, headers: dict[str, str]) -> None:
    """Somebody follows what happens, and hangs up in the middle."""
    token = headers["authorization"].removeprefix("Bearer ")
    address = str(running.client.base_url).replace("http", "ws") + "/ws"
    for said in (json.dumps({"token": token}), json.dumps({"token": WRONG}), f'{{"token": "{token}'):
        async with connect(address.replace("//ws", "/ws")) as socket:
            await socket.send(said)
            try:
                await socket.recv()
            except ConnectionClosed:
                continue  # refused, as it should be
            socket.transport.abort()


@pytest.mark.long
async def test_no_secret_stands_in_the_log_of_a_full_run(running: Running, world: World) -> None:
    await browse(running)
    headers = await use_the_api(running)
    await listen_live(running, headers)
    await serve_a_customer(running, world, headers)
    await bring_in_a_device(running, headers)
    await asyncio.sleep(1.5)  # what is written with a delay: presence, counters
    log = running.log.read_text()
    assert '"level": "debug"' in log
    secrets = {secret for secret in running.secrets if secret}
    assert len(secrets) > 20
    shown = {secret for secret in secrets if secret in log or secret.encode().hex() in log}
    assert shown == set(), [line for line in log.splitlines() if any(secret in line for secret in shown)]


async def test_an_error_of_the_database_does_not_repeat_what_was_to_be_written(world: World) -> None:
    person = "INSERT INTO person (id, login, name, password_hash, language, theme, created_at)"
    values = " VALUES (gen_random_uuid(), :login, 'x', :hash, 'en', 'system', now())"
    with pytest.raises(IntegrityError) as raised:
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text(person + values), {"login": "owner@here", "hash": PASSWORD})
    assert PASSWORD not in str(raised.value)
    assert PASSWORD not in "".join(traceback.format_exception(raised.value))
