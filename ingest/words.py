"""What devices say besides telemetry: presence, state, answers, events. A trickle: comfort is worth more than speed."""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import aiomqtt
import structlog

from actions.directory import Directory, Known
from actions.readings import Rejection
from domain.readings import Reject
from ingest import wire
from ingest.broker_address import BrokerAddress
from ingest.consumer import admission
from ingest.presence import Presence

log = structlog.get_logger(__name__)

RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0
WAITING_MAX = 10_000  # messages in aiomqtt's queue; state is volatile, so what is beyond may be lost, and is logged
HEARD = {"avail": 1, "state": 0, "ack": 1, "event": 1}
"""What of a device is heard here, and with which quality of service."""


class Listener(Protocol):
    """Whoever acts on what devices say. None of these may block or raise."""

    def is_back(self, known: Known) -> None:
        """The device has connected just now."""

    def says(self, known: Known, state: wire.State) -> None: ...

    def answers(self, known: Known, ack: wire.Ack, payload: bytes) -> None: ...

    def tells(self, known: Known, event: wire.Event) -> None:
        """Something happened at the device; it says so again until `/got` names the event."""


class DeviceWords:
    """Hears `avail`, `state`, `ack` and `event` of all devices."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        directory: Directory,
        presence: Presence,
        reject: Callable[[Rejection], None],
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._address, self._client_id = address, client_id
        self._directory, self._presence, self._reject = directory, presence, reject
        self._listeners = listeners

    async def run(self) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with self._client() as client:
                    for leaf, qos in HEARD.items():
                        await client.subscribe(f"{wire.VERSION}/+/+/{leaf}", qos=qos)
                    retry_s = RETRY_FIRST_S
                    async for message in client.messages:
                        payload = message.payload if isinstance(message.payload, bytes) else b""
                        self.take(str(message.topic), payload, bool(message.retain))
            except aiomqtt.MqttError as error:
                log.warning("no connection for device states", error=str(error), retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, RETRY_MAX_S)

    def take(self, topic: str, payload: bytes, retain: bool) -> None:
        """Takes one message. Never raises for what a device sent."""
        version, tenant, device_id, leaf = topic.split("/", 3)
        known = self._directory.devices.get(device_id)
        reason = admission(known, version, tenant, retain and leaf != "avail")
        if known is None or reason is not None:
            tenant_id = known.tenant_id if known else None
            self._reject(Rejection(device_id, tenant_id, reason or Reject.UNKNOWN_DEVICE, f"topic {topic}", payload))
            return
        at_us = time.time_ns() // 1_000
        if leaf == "avail":
            self._take_avail(known, payload == b"online", at_us, retain)
        elif leaf == "state":
            self._take_state(known, payload, at_us)
        elif leaf == "event":
            self._take_event(known, payload, at_us)
        else:
            self._take_ack(known, payload, at_us)

    def _take_avail(self, known: Known, online: bool, at_us: int, retain: bool) -> None:
        self._presence.avail(known, online, at_us, retained=retain)
        if online and not retain:
            for listener in self._listeners:
                listener.is_back(known)

    def _take_state(self, known: Known, payload: bytes, at_us: int) -> None:
        state = wire.state(payload)
        if isinstance(state, wire.Refused):
            self._reject(Rejection(known.device_id, known.tenant_id, state.reason, state.detail, payload))
            return
        self._presence.says(known, state, at_us)
        for listener in self._listeners:
            listener.says(known, state)

    def _take_event(self, known: Known, payload: bytes, at_us: int) -> None:
        event = wire.event(payload)
        if isinstance(event, wire.Refused):
            self._reject(Rejection(known.device_id, known.tenant_id, event.reason, event.detail, payload))
            return
        self._presence.heard(known, at_us)
        for listener in self._listeners:
            listener.tells(known, event)

    def _take_ack(self, known: Known, payload: bytes, at_us: int) -> None:
        ack = wire.ack(payload)
        if isinstance(ack, wire.Refused):
            self._reject(Rejection(known.device_id, known.tenant_id, ack.reason, ack.detail, payload))
            return
        self._presence.heard(known, at_us)
        for listener in self._listeners:
            listener.answers(known, ack, payload)

    def _client(self) -> aiomqtt.Client:
        a = self._address
        return aiomqtt.Client(
            a.host,
            a.port,
            username=a.username,
            password=a.password,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=ssl.create_default_context() if a.tls else None,
            max_queued_incoming_messages=WAITING_MAX,
            keepalive=20,
        )
