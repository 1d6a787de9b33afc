"""The set-up page: what is typed in is judged in words; a claim makes the controller somebody, nothing else does."""

import asyncio
import html
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.firmware.by_path import pure

portal_module, claim, captive = pure("core.setup_portal"), pure("core.claim"), pure("core.captive")
config = pure("core.config")
CODE = "K7QM-3FXT-9RWB"
GIVEN = {
    "device_id": "pp-0417",
    "tenant_id": "acme",
    "name": "PP-0417",
    "kind": "pit",
    "next_boot_id": 5,
    "key": "pk_1",
    "mqtt": {"url": "mqtt://127.0.0.1:1884", "username": "pp-0417", "password": "drawn", "topics": "v1/acme/pp-0417"},
}


class Keys(dict[str, Any]):
    def set(self, name: str, value: object) -> None:
        self[name] = value


class Server:
    """Where controllers claim themselves."""

    def __init__(self) -> None:
        self.status, self.answer = 201, json.dumps(GIVEN)
        self.asked: list[dict[str, Any]] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        self.asked.append({"line": head.split("\r\n")[0], **json.loads(await reader.readexactly(length))})
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\n\r\n{self.answer}".encode())
        await writer.drain()
        writer.close()


class Scene:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.keys = Keys()
        self.can_join = True
        self.joined: list[tuple[str, str]] = []
        self.portal = portal_module.Portal(self.keys, self._join, lambda: ["Workshop", 'A"<b>'], lambda host: False)
        self.url = ""

    async def _join(self, ssid: str, password: str) -> bool:
        self.joined.append((ssid, password))
        return self.can_join

    async def get(self) -> str:
        async with httpx.AsyncClient() as client:
            return html.unescape((await client.get(self.url)).text)

    async def post(self, **changed: str) -> httpx.Response:
        form = {"ssid": "Workshop", "password": "water & films", "server": f"http://127.0.0.1:{self.server.port}"}
        async with httpx.AsyncClient() as client:
            return await client.post(self.url + "/join", data={**form, "code": CODE, **changed})

    async def settled(self) -> str:
        """The page once the controller is no longer at work."""
        async with asyncio.timeout(60):
            while "http-equiv" in (page := await self.get()):
                await asyncio.sleep(0.02)
        return page


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Scene]:
    monkeypatch.setattr(portal_module, "SHOWN_S", 0.2)
    monkeypatch.chdir(tmp_path)
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as claims:
        server.port = claims.sockets[0].getsockname()[1]
        made = Scene(server)
        async with await made.portal.serve("127.0.0.1", 0) as page:
            made.url = f"http://127.0.0.1:{page.sockets[0].getsockname()[1]}"
            yield made


async def test_the_page_offers_the_networks_that_are_near_whatever_was_asked_for(scene: Scene) -> None:
    async with httpx.AsyncClient() as client:
        for path in ("/", "/generate_204", "/hotspot-detect.html"):
            page = (await client.get(scene.url + path)).text
            assert '<option value="Workshop">' in page
            assert "A&quot;&lt;b&gt;" in page, "a network's name is not markup"
            assert "http://" not in page, "nothing comes from elsewhere"
            assert len(page) < 4_000


async def test_a_claim_makes_the_controller_somebody(scene: Scene) -> None:
    assert (await scene.post(code="  k7qm3fxt9rwb ")).status_code == 200
    assert "PP-0417 is claimed" in await scene.settled()
    await asyncio.wait_for(scene.portal.done.wait(), 60)
    assert scene.joined == [("Workshop", "water & films")]
    assert scene.server.asked == [{"line": "POST /api/v1/devices/claim HTTP/1.0", "code": "K7QM3FXT9RWB"}]
    assert scene.keys["identity"] == {"kind": "pit", "tenant": "acme", "device": "pp-0417", "password": "drawn"}
    url = f"http://127.0.0.1:{scene.server.port}"
    assert scene.keys["server"] == {"host": "127.0.0.1", "port": 1884, "tls": False, "ca": None, "url": url}
    assert scene.keys["wifi"] == {"ssid": "Workshop", "password": "water & films"}
    assert (scene.keys["boot_id"], scene.keys["http_key"]) == (4, "pk_1")


async def test_the_text_of_the_qr_code_brings_the_servers_address_along(scene: Scene) -> None:
    await scene.post(server="", code=f"PITPILOT:http://127.0.0.1:{scene.server.port}:{CODE}")
    assert "is claimed" in await scene.settled()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"ssid": ""}, "Choose a Wi-Fi network."),
        ({"ssid": "x" * 33}, "Choose a Wi-Fi network."),
        ({"password": "short"}, "A Wi-Fi password has 8 to 63 characters."),
        ({"code": "K7QM-3FXT"}, "A claim code has 12 letters and digits"),
        ({"code": "K7QM-3FXT-9RW!"}, "A claim code has 12 letters and digits"),
        ({"server": ""}, "This is no server address."),
        ({"server": "ftp://pits.example.com"}, "This is no server address."),
        ({"server": "http://pits.example.com"}, "Without https:// only a server in the same network can be used."),
        ({"server": "http://1.2.3.4:99999"}, "This is no server address."),
    ],
)
async def test_what_is_typed_wrong_is_said_and_nothing_is_tried(scene: Scene, typed: dict[str, str], says: str) -> None:
    answer = await scene.post(**typed)
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)
    assert "water &amp; films" not in answer.text, "a password is not repeated"
    assert (scene.joined, scene.keys) == ([], {})


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (
            404,
            {"detail": {"code": "claim_code_unknown", "detail": "No device waits for this code."}},
            "No device waits",
        ),
        (410, {"detail": "This code has expired."}, "This code has expired."),
        (500, {}, "status 500"),
        (201, {"device_id": "pp-1"}, "The server's answer can't be understood."),
        (200, "<html>", "There is no PitPilot at this address."),
    ],
)
async def test_a_server_that_refuses_is_quoted_and_the_form_is_there_again(
    scene: Scene, status: int, answer: object, says: str
) -> None:
    scene.server.status = status
    scene.server.answer = answer if isinstance(answer, str) else json.dumps(answer)
    await scene.post()
    page = await scene.settled()
    assert says in page
    assert f'value="{CODE}"' in page, "what was typed is still there"
    assert "identity" not in scene.keys
    scene.server.status, scene.server.answer = 201, json.dumps(GIVEN)
    await scene.post()
    assert "is claimed" in await scene.settled()


@pytest.mark.parametrize(("kind", "says"), [("pump", "is claimed"), ("pit", "can't be. Register it anew.")])
async def test_a_code_for_https_makes_a_pump_that_polls_with_its_key_and_nothing_else(
    scene: Scene, kind: str, says: str
) -> None:
    scene.server.answer = json.dumps({**GIVEN, "kind": kind, "mqtt": None})
    await scene.post()
    assert says in await scene.settled()
    if kind == "pump":
        loaded = config.load(scene.keys)
        assert (loaded.kind, loaded.password) == ("pump_http", "pk_1")
        assert loaded.url == f"http://127.0.0.1:{scene.server.port}"
    else:
        assert "identity" not in scene.keys


async def test_a_wifi_that_cannot_be_joined_and_a_server_that_is_away_are_told_apart(scene: Scene) -> None:
    scene.can_join = False
    await scene.post()
    assert "“Workshop” can't be joined" in await scene.settled()
    scene.can_join = True
    await scene.post(server="http://127.0.0.1:1")
    assert "The server can't be reached" in await scene.settled()


async def test_whatever_breaks_while_it_claims_is_said_and_the_form_is_there_again(scene: Scene) -> None:
    async def join(ssid: str, password: str) -> bool:
        raise MemoryError("memory allocation failed")

    scene.portal._join = join
    await scene.post()
    page = await scene.settled()
    assert "That did not work (MemoryError" in page and "<form" in page


async def test_without_an_authority_or_the_time_no_certificate_is_believed(scene: Scene, tmp_path: Path) -> None:
    await scene.post(server="https://127.0.0.1:1")
    assert "this controller knows none" in await scene.settled()
    await scene.post(server="https://127.0.0.1:1", ca="not PEM")
    assert "No time server answers" in await scene.settled()
    assert scene.server.asked == []


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"\xff\xfe\r\n\r\n", b"POST /join HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", b""]
)
async def test_whatever_else_arrives_the_page_stays_up(scene: Scene, raw: bytes) -> None:
    port = int(scene.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert "Claim code" in await scene.get()


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("mqtts://pits.example.com", ("pits.example.com", 8883, True)),
        ("mqtt://10.0.0.2:1999", ("10.0.0.2", 1999, False)),
        (None, ("pits.example.com", 8883, True)),
    ],
)
def test_the_brokers_address_is_the_servers_where_none_is_said(address: str | None, broker: object) -> None:
    assert claim.broker_of(address, claim.read_server("pits.example.com")) == broker


def test_forms_are_read_as_browsers_write_them() -> None:
    fields = {"ssid": "Wasser & Öl+", "password": "a=b%20", "empty": ""}
    assert portal_module.read_form(urlencode(fields).encode()) == fields


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        (b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x07example\x03com\x00\x00\x01\x00\x01", True),
        (b"\x12\x34\x01\x00\x00\x02" + bytes(6) + b"\x07example\x03com\x00\x00\x01\x00\x01", False),
        (b"\x12\x34\x81\x80\x00\x01" + bytes(6) + b"\x07example\x03com\x00\x00\x01\x00\x01", False),
        (b"\x12\x34\x01\x00\x00\x01" + bytes(6) + b"\x07example", False),
        (b"", False),
    ],
)
def test_every_name_leads_to_the_controller_and_what_is_no_question_gets_no_answer(query: bytes, answers: bool) -> None:
    said = captive.answer(query, "192.168.4.1")
    assert (said is not None) == answers
    if said is not None:
        assert said[:2] == query[:2]
        assert said.endswith(bytes([192, 168, 4, 1]))
