"""What devices say besides telemetry: presence and state. A trickle, so aiomqtt's comfort is worth more than speed."""

import asyncio
import ssl
import time
from collections.abc import Callable

import aiomqtt
import structlog

from actions.directory import Directory
from actions.readings import Rejection
from domain.readings import Reject
from ingest import wire
from ingest.broker_address import BrokerAddress
from ingest.consumer import admission
from ingest.presence import Presence

log = structlog.get_logger(__name__)

RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0
WAITING_MAX = 10_000  # messages in aiomqtt's queue; state is volatile, so what is beyond may be lost, and is logged


class DeviceWords:
    """Hears `avail` and `state` of all devices."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        directory: Directory,
        presence: Presence,
        reject: Callable[[Rejection], None],
    ) -> None:
        self._address, self._client_id = address, client_id
        self._directory, self._presence, self._reject = directory, presence, reject

    async def run(self) -> None:
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with self._client() as client:
                    for leaf in ("avail", "state"):
                        await client.subscribe(f"{wire.VERSION}/+/+/{leaf}", qos=1 if leaf == "avail" else 0)
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
            self._presence.avail(known, payload == b"online", at_us, retained=retain)
            return
        state = wire.state(payload)
        if isinstance(state, wire.Refused):
            self._reject(Rejection(device_id, known.tenant_id, state.reason, state.detail, payload))
        else:
            self._presence.says(known, state, at_us)

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
