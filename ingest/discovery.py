"""Tells other programs of devices, as retained messages, and takes it back when a device is gone or its tenant says so.

What stands at the broker is also a row: written before it is published, removed after it was taken back, so that no
crash leaves something behind. A broker may forget what it retained; so all of it is said again with each connection.
"""

import asyncio
from datetime import UTC, datetime

import aiomqtt
import structlog
from sqlalchemy import text

from actions.announce import Announcement, Topic, listen
from domain.discovery import Described, entries, metrics_of
from ingest.broker_address import BrokerAddress
from ingest.client import client
from storage import integrations
from storage.session import EVERY_TENANT, transaction

LOCK = 7_401_020  # advisory lock: any number that nothing else here uses
LOOK_EVERY_S = 60.0  # a sensor that was added to a node is noticed by what it measures
SETTLE_S = 0.5  # several changes at once are one look
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 30.0

log = structlog.get_logger(__name__)


class Discovery:
    """One for a process; of several, each look is one's alone."""

    def __init__(self, address: BrokerAddress, client_id: str) -> None:
        self._address, self._client_id = address, client_id
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Works for ever.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; the supervisor starts this again.
        """
        unlisten = listen(self._on)
        retry_s = RETRY_FIRST_S
        try:
            while True:
                try:
                    async with client(self._address, self._client_id) as broker:
                        retry_s = RETRY_FIRST_S
                        await self._keep_right(broker)
                except aiomqtt.MqttError as error:
                    log.warning("no connection for discovery", error=str(error), retry_s=retry_s)
                    await asyncio.sleep(retry_s)
                    retry_s = min(2 * retry_s, RETRY_MAX_S)
        finally:
            unlisten()

    async def _keep_right(self, broker: aiomqtt.Client) -> None:
        """Raises aiomqtt.MqttError when the connection breaks."""
        listening = asyncio.create_task(self._wake_when_it_breaks(broker), name="connection for discovery")
        try:
            await self.look(broker, everything=True)
            while True:
                await self._until_something_changes()
                if listening.done():
                    raise aiomqtt.MqttError("the connection ended")
                await self.look(broker)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _wake_when_it_breaks(self, broker: aiomqtt.Client) -> None:
        """Nothing is said while nothing changes, and so nothing would fail: a broker that began anew, and has forgotten
        what it retained, would not be noticed.
        """
        try:
            async for _ in broker.messages:
                pass  # it asks for none
        finally:
            self._wake.set()

    async def look(self, broker: aiomqtt.Client, *, everything: bool = False) -> None:
        """Makes the broker say what the database says; `everything` again, or only what differs.

        Raises:
            aiomqtt.MqttError: the connection broke in between; the next look goes on.
        """
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            known = await integrations.entries(tx)
            wanted = _wanted(await integrations.described(tx, datetime.now(UTC)), known)
            changed = {t: e for t, e in wanted.items() if everything or known.get(t, ("", ""))[1] != e[1]}
            for topic, (device, payload) in changed.items():
                await integrations.keep_entry(tx, topic, device, payload)
        for topic, (_, payload) in changed.items():
            await broker.publish(topic, payload, qos=1, retain=True)
        gone = [topic for topic in known if topic not in wanted]
        for topic in gone:
            await broker.publish(topic, b"", qos=1, retain=True)
        if gone:
            async with transaction(EVERY_TENANT) as tx:
                for topic in gone:
                    await integrations.drop_entry(tx, topic)
        if changed or gone:
            log.info("other programs were told of devices", said=len(changed), taken_back=len(gone))

    async def _until_something_changes(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._wake.wait()
        except TimeoutError:
            return  # time to look anyway
        await asyncio.sleep(SETTLE_S)
        self._wake.clear()

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in (Topic.DEVICE, Topic.PIT, Topic.TENANT):
            self._wake.set()


def _wanted(devices: list[Described], known: dict[str, tuple[str, str]]) -> dict[str, tuple[Described, str]]:
    """What should be said. A device that is silent keeps what was said of it before."""
    before: dict[str, list[str]] = {}
    for topic, (device_id, _) in known.items():
        before.setdefault(device_id, []).append(topic)
    wanted: dict[str, tuple[Described, str]] = {}
    for device in devices:
        metrics = device.metrics | metrics_of(before.get(device.device_id, []))
        whole = Described(
            device.device_id, device.tenant_id, device.kind, device.name, device.pit, device.firmware, metrics
        )
        wanted |= {topic: (whole, payload) for topic, payload in entries(whole).items()}
    return wanted
