"""Keeps a node connected: Wi-Fi, wall clock, broker, last will, its own topics; again and again, while that is allowed.

    link = Link(config, wifi, clock, on_message=heard, on_up=up, on_down=down, may_connect=guard.is_off)
    asyncio.create_task(link.keep())
    await link.send("state", {…})               # JSON to v1/{tenant}/{device}/state; `send_bytes` sends as it is

`on_message(leaf: str, message: dict, retained: bool)` gets what arrives on `cmd` and `got`; what isn't a JSON object is
counted in `malformed`. All three callbacks are plain functions.
"""

import json
import random

from core import ticks
from core.mqtt import Mqtt, MqttError
from core.tls import client_context
from hal.wifi import set_clock

FIRST_WAIT_MS, LONGEST_WAIT_MS = 500, 30_000  # half of it at least, so that states keep their distance
ASK_AGAIN_MS = 50
KEEPALIVE_S = 12  # less than the longest lease: a half-open connection is noticed, though the lease doesn't need it


class Link:
    def __init__(self, config, wifi, clock, on_message, on_up=None, on_down=None, may_connect=None) -> None:
        self.malformed = 0
        self.connects = 0
        self._hears = False  # what the server answers to a state: connected and subscribed
        self.why_down = "not connected yet"
        self._config, self._wifi, self._clock = config, wifi, clock
        self._on_message, self._on_up, self._may_connect = on_message, on_up, may_connect
        self._mqtt = Mqtt(
            config.device, clock, config.device, config.password, (config.topic("avail"), b"offline"),
            KEEPALIVE_S, on_message=self._heard, on_down=on_down,
        )  # fmt: skip

    def is_up(self) -> bool:
        """Connected, and subscribed: who speaks sooner misses the answer."""
        return self._hears and self._mqtt.is_up

    async def send(self, leaf: str, message: dict, qos=0) -> None:
        """Publishes on a topic of this device, never retained. Raises MqttError."""
        await self._mqtt.publish(self._config.topic(leaf), lambda out: json.dump(message, out), qos)

    async def send_bytes(self, leaf: str, payload, qos=0) -> None:
        await self._mqtt.publish(self._config.topic(leaf), payload, qos)

    async def close(self) -> None:
        """Says goodbye: `avail` becomes "offline" at once. `keep` would connect again."""
        try:
            await self._mqtt.publish(self._config.topic("avail"), b"offline", 1, True, 2)
        except MqttError as error:
            self.why_down = str(error)
        await self._mqtt.close()

    async def keep(self) -> None:
        """Connects whenever that is allowed and needed. Never returns."""
        wait_ms = FIRST_WAIT_MS
        while True:
            while self._may_connect and not self._may_connect():
                await ticks.sleep_ms(ASK_AGAIN_MS)
            try:
                await self._connect()
                wait_ms = FIRST_WAIT_MS
                self.why_down = await self._mqtt.closed()
            except (MqttError, OSError, ValueError) as error:
                self.why_down = str(error)
                await self._mqtt.close()
            print("connection:", self.why_down)
            await ticks.sleep_ms(random.randint(wait_ms // 2, wait_ms))
            wait_ms = min(wait_ms * 2, LONGEST_WAIT_MS)

    async def _connect(self) -> None:
        config, self._hears = self._config, False
        if not await self._wifi.connect():
            raise MqttError("no Wi-Fi")
        if ticks.unix_ms() is None:
            set_clock(config.host)
        tls = client_context(config.ca, config.cert, config.key) if config.tls else None
        await self._mqtt.connect(config.host, config.port, tls)
        await self._mqtt.subscribe(config.topic("cmd"), 1)
        await self._mqtt.subscribe(config.topic("got"), 0)  # what is not confirmed is sent again anyway
        await self._mqtt.publish(config.topic("avail"), b"online", 1, True)
        self._hears = True
        self.connects += 1
        if self._on_up:
            self._on_up()

    def _heard(self, topic, payload, retained) -> None:
        try:
            message = json.loads(payload)
        except (ValueError, MemoryError, RuntimeError):  # the last two: nested without end
            message = None
        if isinstance(message, dict):
            self._on_message(topic[topic.rfind("/") + 1 :], message, retained)
        else:
            self.malformed += 1
