"""Many open pages without a browser: each does to the server what NiceGUI's page does, and counts what comes.

    python -m tools.bench.light_pages --url http://127.0.0.1:8080 --tokens FILE --count 100

A page is fetched with the session's cookie; its socket is opened with the handshake of that page (compression offered,
as browsers do); the pit grid says that it is visible, which lets it join its live room; pings and received messages
are acknowledged. With `--plain` the address is a WebSocket, opened without a page.

Prints READY, then one JSON object for each line on standard input: connected, messages and bytes of each page since
the last one. Ends with its input.
"""

import argparse
import ast
import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from api.auth import COOKIE

AT_ONCE = 3  # pages that are being opened
TRIES = 3  # a busy server may give up a page, as NiceGUI does after 3 s; a person would load it again
ACK_EVERY_S = 3.0  # nicegui.js: setInterval(() => ack(), 3000)
JOIN_WITHIN_S = 60.0
# Browsers open a connection of its own for a socket, so that of the page is not kept for it.
BROWSERS_HEADERS = {"Accept-Encoding": "gzip, deflate", "Accept": "text/html", "Connection": "close"}
DEFLATE_BITS = 15

# Engine.IO 4 and Socket.IO 5 as text: ping, pong, connect, event.
PING, PONG, CONNECT, EVENT = "2", "3", "40", "42"
LIVE = '42["live"'


@dataclass(frozen=True, slots=True)
class Opened:
    """What a page's HTML says: the client's id, and which element listens to `visibility` with which listener."""

    client_id: str
    next_message_id: int
    element_id: int
    listener_id: str


class LightPage:
    """One page; `run` lasts as long as its socket."""

    def __init__(self) -> None:
        self.messages = self.bytes = 0
        self.joined = asyncio.Event()
        self.connected = False
        self._next_message_id = 0

    async def run(self, http: aiohttp.ClientSession, url: str, path: str, token: str) -> None:
        """Opens the page and listens. Raises ValueError for an unexpected page, aiohttp.ClientError without one."""
        headers = {"Cookie": f"{COOKIE}={token}"}
        opened = read_page(await _fetch(http, url + path, BROWSERS_HEADERS | headers))
        self._next_message_id = opened.next_message_id
        socket = await http.ws_connect(
            f"{url}/_nicegui_ws/socket.io/?{_handshake(opened)}",
            headers={**headers, "Origin": url},
            compress=DEFLATE_BITS,
        )
        async with socket:
            await self._listen(socket, opened)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse, opened: Opened) -> None:
        acking = asyncio.create_task(self._ack(socket, opened.client_id))
        try:
            async for message in socket:
                text = message.data
                if text.startswith(LIVE):
                    self.messages += 1
                    self.bytes += len(text)
                elif text == PING:
                    await socket.send_str(PONG)
                elif text.startswith("0"):
                    await socket.send_str(CONNECT)
                elif text.startswith(CONNECT):
                    await socket.send_str(EVENT + json.dumps(["event", _visible(opened)]))
                    self.connected = True
                    self.joined.set()
                elif text.startswith(EVENT):
                    self._note(json.loads(text[len(EVENT) :]))
        finally:
            self.connected = False
            acking.cancel()

    def _note(self, event: Sequence[object]) -> None:
        body = event[1] if len(event) > 1 else None
        if isinstance(body, dict) and "_id" in body:
            self._next_message_id = max(self._next_message_id, int(body["_id"]) + 1)

    async def _ack(self, socket: aiohttp.ClientWebSocketResponse, client_id: str) -> None:
        acked = -1
        while True:
            await asyncio.sleep(ACK_EVERY_S)
            if acked < self._next_message_id:
                acked = self._next_message_id
                body = {"client_id": client_id, "next_message_id": acked}
                await socket.send_str(EVENT + json.dumps(["ack", body]))


class PlainSocket(LightPage):
    """A WebSocket whose messages are counted and thrown away."""

    async def run(self, http: aiohttp.ClientSession, url: str, path: str, token: str) -> None:
        async with http.ws_connect(url, compress=DEFLATE_BITS) as socket:
            self.connected = True
            self.joined.set()
            async for message in socket:
                self.messages += 1
                self.bytes += len(message.data)
        self.connected = False


async def _fetch(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> str:
    """The page's HTML. Raises aiohttp.ClientResponseError when there is none after some tries."""
    for left in reversed(range(TRIES)):
        async with http.get(url, headers=headers) as answer:
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR or not left:
                answer.raise_for_status()
                return await answer.text()
    raise AssertionError("unreachable: the last try returns or raises")


def read_page(html: str) -> Opened:
    """Finds what the socket needs. Raises ValueError when this is no live page."""
    query = re.search(r"query: (\{.*?\}),\n", html)
    elements = re.search(r"parseElements\(String\.raw`(.*?)`\)", html, re.DOTALL)
    if query is None or elements is None:
        raise ValueError(f"not a page of NiceGUI: {html[:200]}")
    said = ast.literal_eval(query.group(1))  # NiceGUI writes it as Python does, and lets JavaScript know True
    for element_id, element in json.loads(_unescaped(elements.group(1))).items():
        for event in element.get("events", ()):
            if event["type"] == "visibility":
                return Opened(said["client_id"], said["next_message_id"], int(element_id), event["listener_id"])
    raise ValueError("nothing on this page is live")


def _unescaped(text: str) -> str:
    """As nicegui.js does it."""
    for escaped, plain in (("&#36;", "$"), ("&#96;", "`"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    return text


def _handshake(opened: Opened) -> str:
    return urlencode(
        {
            "client_id": opened.client_id,
            "next_message_id": opened.next_message_id,
            "implicit_handshake": "true",
            "document_id": uuid4(),
            "tab_id": uuid4(),
            "EIO": 4,
            "transport": "websocket",
        }
    )


def _visible(opened: Opened) -> dict[str, object]:
    return {
        "id": opened.element_id,
        "client_id": opened.client_id,
        "listener_id": opened.listener_id,
        "args": ["true"],
    }


async def open_all(url: str, path: str, tokens: Sequence[str], count: int, plain: bool) -> None:
    """Opens the pages, a few at a time, says READY, and answers until its input ends.

    Raises:
        OSError, ValueError, aiohttp.ClientError: one could not be opened.
    """
    pages = [PlainSocket() if plain else LightPage() for _ in range(count)]
    gate = asyncio.Semaphore(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(JOIN_WITHIN_S)) as http:

        async def begin(page: LightPage, token: str) -> asyncio.Task[None]:
            async with gate:
                listening = asyncio.create_task(page.run(http, url, path, token))
                joined = asyncio.create_task(page.joined.wait())
                await asyncio.wait((listening, joined), return_when=asyncio.FIRST_COMPLETED, timeout=JOIN_WITHIN_S)
                joined.cancel()
                if listening.done():
                    listening.result()
                return listening

        tasks = await asyncio.gather(*(begin(page, tokens[i % len(tokens)]) for i, page in enumerate(pages)))
        print("READY", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(_count(pages)), flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _count(pages: Sequence[LightPage]) -> dict[str, object]:
    told = {
        "at_s": time.time(),
        "connected": sum(page.connected for page in pages),
        "messages": [page.messages for page in pages],
        "bytes": [page.bytes for page in pages],
    }
    for page in pages:
        page.messages = page.bytes = 0
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description="Open pages without a browser, for benchmarks, on loopback.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--path", default="/")
    parser.add_argument("--tokens", type=Path, help="file with one session's token a line, used in turn")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--plain", action="store_true", help="--url is a WebSocket; open it, no page")
    given = parser.parse_args()
    tokens = given.tokens.read_text().split() if given.tokens else [""]
    asyncio.run(open_all(given.url, given.path, tokens, given.count, given.plain))


if __name__ == "__main__":
    main()
