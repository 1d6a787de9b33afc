"""The same as core.link for a pump node that only speaks HTTP: each state is a request, its answer may hold a command.

    POST {url}/api/v1/esp32/poll     {…what a state says…, "acks": […], "events": […]}
    200                              {"command": {…}, "also": {…}, "got": {…}}, each may be null or missing
    anything else                    is no answer: after 15 s without one the node is OFF

One connection is kept open, because no name is resolved and no TLS begun while a motor is ON. When it is lost, or a
request is not answered in time, the node is not connected, and so OFF, until it has connected again.
"""

import asyncio
import json

from core import ticks
from core.http import Url
from core.mqtt import MqttError
from core.tls import client_context
from hal.wifi import set_clock

PATH = "/api/v1/esp32/poll"
ANSWER_WITHIN_S = 5
SILENCE_MS = 15_000
WAIT_MS = 1_000
HEADERS_MAX = 40
ANSWER_MAX = 4_096
WITH_NEXT_MAX = 8  # acknowledgements, and events, that wait for the next request


class HttpLink:
    """Constructed like core.link.Link, and used like it."""

    def __init__(self, config, wifi, clock, on_message, on_up=None, on_down=None, may_connect=None) -> None:
        """Raises ValueError when the configuration's `url` is none."""
        self.malformed = 0
        self.connects = 0
        self.why_down = "not connected yet"
        self._config, self._wifi, self._clock = config, wifi, clock
        self._on_message, self._on_up, self._on_down, self._may_connect = on_message, on_up, on_down, may_connect
        self._url = Url(config.url.rstrip("/") + PATH)
        self._reader = self._writer = None
        self._heard = clock.now()
        self._with_next = {"ack": [], "event": []}

    def is_up(self) -> bool:
        if self._writer and ticks.diff(self._clock.now(), self._heard) >= SILENCE_MS:
            self._drop("no answer for %d ms" % SILENCE_MS)
        return self._writer is not None

    async def send(self, leaf: str, message: dict, qos=0) -> None:
        """A state goes at once, with what waited for it; anything else waits for the next state. Raises MqttError."""
        if leaf == "state":
            await self._poll(message)
            return
        waiting = self._with_next[leaf]
        if len(waiting) == WITH_NEXT_MAX:
            raise MqttError("too much waits for the next request")
        waiting.append(message)

    async def keep(self) -> None:
        """Connects whenever that is allowed and needed. Never returns."""
        while True:
            await ticks.sleep_ms(WAIT_MS)
            if self.is_up() or not (self._may_connect is None or self._may_connect()):
                continue
            try:
                await asyncio.wait_for(self._connect(), 2 * ANSWER_WITHIN_S)
            except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
                self.why_down = "no connection: %r" % error
                print("connection:", self.why_down)

    async def _connect(self) -> None:
        if not await self._wifi.connect():
            raise OSError("no Wi-Fi")
        if ticks.unix_ms() is None:
            set_clock(self._url.host)
        host, port = self._url.host, self._url.port
        if self._url.is_tls:
            tls = client_context(self._config.ca, self._config.cert, self._config.key)
            self._reader, writer = await asyncio.open_connection(host, port, ssl=tls, server_hostname=host)
        else:
            self._reader, writer = await asyncio.open_connection(host, port)
        self._heard = self._clock.now()
        self._writer = writer
        self.connects += 1
        if self._on_up:
            self._on_up()

    async def _poll(self, state) -> None:
        if not self._writer:
            raise MqttError("not connected: " + self.why_down)
        body = dict(state)
        for leaf, waiting in self._with_next.items():
            if waiting:
                body[leaf + "s"] = waiting
        self._with_next = {"ack": [], "event": []}
        try:
            exchange = self._exchange(self._reader, self._writer, json.dumps(body).encode())
            answer = await asyncio.wait_for(exchange, ANSWER_WITHIN_S)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError) as error:
            self._drop("no answer: %r" % error)
            raise MqttError(self.why_down)
        if answer is None:
            raise MqttError("the server has no answer")
        self._heard = self._clock.now()
        self._hand_out(answer)

    async def _exchange(self, reader, writer, body: bytes):
        """Asks over the open connection. Returns the answer, None when the server refuses to give one.

        Raises OSError, EOFError, and ValueError when what arrives is no HTTP that we understand.
        """
        url = self._url
        head = (
            "POST %s HTTP/1.1\r\nHost: %s:%d\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
            "Content-Length: %d\r\n\r\n" % (url.path, url.host, url.port, self._config.password, len(body))
        )
        writer.write(head.encode() + body)
        await writer.drain()
        status = (await reader.readline()).decode().split(" ")
        length = 0
        for _ in range(HEADERS_MAX):
            line = (await reader.readline()).decode().strip().lower()
            if not line:
                break
            name, _, value = line.partition(":")
            if name == "content-length":
                length = int(value)
            elif name == "transfer-encoding":
                raise ValueError("an answer in pieces")
        if len(status) < 2 or not 0 <= length <= ANSWER_MAX:
            raise ValueError("status %s, %d bytes" % (status[1:2], length))
        said = await reader.readexactly(length) if length else b"{}"
        return json.loads(said) if status[1] == "200" else None

    def _hand_out(self, answer) -> None:
        if not isinstance(answer, dict):
            self.malformed += 1
            return
        for part, leaf in (("got", "got"), ("command", "cmd"), ("also", "cmd")):
            if isinstance(answer.get(part), dict):
                self._on_message(leaf, answer[part], False)

    def _drop(self, reason) -> None:
        writer, self._writer = self._writer, None
        if not writer:
            return
        self.why_down = reason
        print("connection:", reason)
        if self._on_down:
            self._on_down(reason)
        self._closing = asyncio.create_task(_close(writer))


async def _close(writer) -> None:
    try:
        writer.close()
        await writer.wait_closed()
    except OSError as error:
        print("closing:", error)
