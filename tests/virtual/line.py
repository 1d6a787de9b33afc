"""A device's line to its broker: MQTT 3.1.1 by aiomqtt, with what a device needs beyond it: answers in time or not at
all, and an end without a farewell.

aiomqtt's own time limits are switched off: in Python 3.11 `asyncio.wait_for`, on which they rest, sometimes swallows a
cancellation, and a device that can't be switched off is no use.
"""

import asyncio
import contextlib
import math
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

import aiomqtt

from tests.virtual import payloads
from tests.virtual.fleet import Card

ANSWER_WITHIN_S = 10.0
FAREWELL_WITHIN_S = 1.0


class LineLost(Exception):
    """The connection could not be made, is lost, or the broker does not answer."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where devices connect; each with its own name and password."""

    host: str
    port: int
    tls: bool = False


class Line:
    """One connection of one device. A context manager: within it, the line stands or has been lost."""

    def __init__(self, broker: Broker, card: Card, keep_alive_s: int) -> None:
        self._card = card
        self._is_cut = False
        self._client = aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=card.device,
            username=card.device,
            password=card.password,
            protocol=aiomqtt.ProtocolVersion.V311,
            will=aiomqtt.Will(self._topic("avail"), payloads.OFFLINE, qos=1, retain=True),
            keepalive=keep_alive_s,
            clean_session=True,
            timeout=math.inf,
            tls_params=aiomqtt.TLSParameters() if broker.tls else None,
        )

    async def __aenter__(self) -> Self:
        try:
            async with _answer_in_time():
                await self._client.__aenter__()
        except BaseException:
            self.cut()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Says goodbye, unless the line is cut or lost."""
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(FAREWELL_WITHIN_S):
                if not self._is_cut:
                    await self._client.publish(self._topic("avail"), payloads.OFFLINE, qos=1, retain=True)
                    await self._client.__aexit__(None, None, None)
        self.cut()
        with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(FAREWELL_WITHIN_S):
                async for _message in self._client.messages:  # until aiomqtt has noticed that the line is gone
                    pass

    def cut(self) -> None:
        """Ends the connection without a word, as a lost network does: the last will has to speak."""
        self._is_cut = True
        wire = self._client._client.socket()  # aiomqtt itself only knows how to leave politely
        if isinstance(wire, socket.socket):
            with contextlib.suppress(OSError):  # the broker was quicker
                wire.shutdown(socket.SHUT_RDWR)

    async def say(self, leaf: str, payload: bytes, qos: int, retain: bool = False) -> None:
        """Publishes under the device's own topic; at QoS 1 it returns when the broker has it.

        Raises:
            LineLost: it may or may not have arrived.
        """
        async with _answer_in_time():
            await self._client.publish(self._topic(leaf), payload, qos=qos, retain=retain)

    async def listen(self, leaf: str) -> None:
        """Asks for what the server says under the device's own topic.

        Raises:
            LineLost: the broker did not answer.
        """
        async with _answer_in_time():
            await self._client.subscribe(self._topic(leaf), qos=1)

    async def heard(self) -> AsyncIterator[bytes]:
        """What the server says, until the line is lost.

        Raises:
            LineLost: always, in the end.
        """
        try:
            async for message in self._client.messages:
                yield message.payload if isinstance(message.payload, bytes) else b""
        except aiomqtt.MqttError as error:
            raise LineLost(str(error)) from error

    def _topic(self, leaf: str) -> str:
        return payloads.topic(self._card.tenant, self._card.device, leaf)


@contextlib.asynccontextmanager
async def _answer_in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            yield
    except TimeoutError:
        raise LineLost(f"no answer within {ANSWER_WITHIN_S:.0f} s") from None
    except aiomqtt.MqttError as error:
        raise LineLost(str(error)) from error
