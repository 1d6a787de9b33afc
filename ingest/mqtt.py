"""The thin MQTT 5 link for the telemetry flood: many deliveries in, one write for many acknowledgements out.

It keeps one persistent session with the broker alive for as long as it runs. A delivery that is not acknowledged comes
again after a reconnect, so a caller that acknowledges after COMMIT loses nothing, and no more than `receive_maximum`
deliveries wait (and what one read brought beyond). QoS 0 and 1 only: the key of a reading absorbs what comes twice.
"""

import asyncio
import random
import ssl
from collections.abc import Callable, Iterable, Sequence

import mqtt5
import structlog

from ingest.broker_address import BrokerAddress
from ingest.mqtt_connection import Connection, Delivery, Limits, LinkFault, in_words

__all__ = ["Delivery", "MqttLink"]

RECEIVE_MAXIMUM = 20_000  # a few batches: the broker need not wait for a COMMIT, and the memory is bounded
SESSION_EXPIRY_S = 3 * 86_400  # a weekend without the server; devices keep their own readings beyond that
MAXIMUM_PACKET_BYTES = 2 * 1024 * 1024  # above what a device may send: the caller is to see and count what is too big
KEEP_ALIVE_S = 20
TOPICS_KEPT_MAX = 50_000

ANSWER_WITHIN_S = 10.0
BACKOFF_FIRST_S = 0.1
BACKOFF_CEILING_S = 15.0
STABLE_AFTER_S = 5.0  # a shorter connection counts as a failure: two links with one client id push each other out
REFUSED = 0x80  # reason codes from here on are refusals; the codec's enumerations compare only as int()

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class MqttLink:
    """Connects, subscribes and reads for ever; hands over one list of deliveries for every chunk read.

    Counters: `received` deliveries, `acknowledged` ones, `dropped_publishes`. `last_error` says in words why the last
    connection ended or was refused. All of it belongs to the event loop of `run`; no method blocks.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        on_deliveries: Callable[[list[Delivery]], None],
        *,
        receive_maximum: int = RECEIVE_MAXIMUM,
        session_expiry_s: int = SESSION_EXPIRY_S,
        maximum_packet_size: int = MAXIMUM_PACKET_BYTES,
        keep_alive_s: int = KEEP_ALIVE_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`subscriptions` are (topic filter, QoS); `chance` gives numbers in [0, 1) that spread the retries.

        Raises ValueError for a QoS other than 0 and 1, or what the codec refuses to send.
        """
        if not {qos for _, qos in subscriptions} <= {0, 1}:
            raise ValueError("the link subscribes at QoS 0 or 1")
        self.address = address
        self.client_id = client_id
        self.received = self.acknowledged = self.dropped_publishes = 0
        self.last_error: str | None = None
        self._filters = [mqtt5.TopicFilter(pattern, max_qos=mqtt5.QoS(qos)) for pattern, qos in subscriptions]
        self._on_deliveries = on_deliveries
        self._limits = Limits(receive_maximum, maximum_packet_size)
        self._keep_alive_s = keep_alive_s
        self._chance = chance
        self._tls = ssl.create_default_context() if address.tls else None
        self._connect = mqtt5.ConnectPacket(
            client_id,
            username=address.username,
            password=address.password.encode(),
            clean_start=False,
            keep_alive=keep_alive_s,
            session_expiry_interval=session_expiry_s,
            receive_max=receive_maximum,
            max_packet_size=maximum_packet_size,
        ).write()
        self._subscribe = mqtt5.SubscribePacket(1, self._filters).write()
        self._topics: dict[str, str] = {}
        self._connection: Connection | None = None
        self._generation = 0  # connections tried
        self._sessions = 0  # connections that were subscribed
        self._subscribed = self._paused = False

    @property
    def connected(self) -> bool:
        """True from the broker's answer to the subscription until the connection ends."""
        return self._subscribed

    @property
    def reconnects(self) -> int:
        """How often the subscription has been taken up again."""
        return max(0, self._sessions - 1)

    @property
    def outstanding(self) -> int:
        """Deliveries of this connection that wait for `acknowledge`."""
        return self._connection.outstanding if self._connection else 0

    async def run(self) -> None:
        """Connect and read until cancelled, retrying for ever; raises nothing but CancelledError."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                await self._serve()
            except (OSError, UnicodeError, LinkFault) as fault:
                self.last_error = str(fault) or type(fault).__name__
            failures = 0 if loop.time() - began > STABLE_AFTER_S else failures + 1
            wait_s = backoff_s(failures, self._chance())
            log.warning("mqtt link down", client_id=self.client_id, why=self.last_error, retry_in_s=round(wait_s, 2))
            await asyncio.sleep(wait_s)

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these are safe: each once, in the order in which they came, as MQTT demands.

        Those of an earlier connection are skipped: they come again.
        """
        generation = self._generation
        packet_ids = [d.packet_id for d in deliveries if d.generation == generation and d.packet_id]
        if packet_ids and self._connection is not None:
            self._connection.settle(packet_ids)
            self.acknowledged += len(packet_ids)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, message_expiry_s: int | None = None) -> bool:
        """Send at QoS 0. False, and counted, without a connection or while too much waits for a slow broker."""
        packet = mqtt5.PublishPacket(topic, payload, retain=retain, message_expiry_interval=message_expiry_s).write()
        if self._connection is None or not self._subscribed or not self._connection.has_room_for(len(packet)):
            self.dropped_publishes += 1
            return False
        self._connection.send(packet)
        return True

    def restart(self, why: str) -> None:
        """End the connection: the next one gets again what this one has not acknowledged."""
        if self._connection:
            self._connection.fail(why)

    def pause(self) -> None:
        """Stop reading until `resume`; the connection is kept alive meanwhile."""
        self._paused = True
        if self._connection:
            self._connection.pause(True)

    def resume(self) -> None:
        """Go on reading after `pause`."""
        self._paused = False
        if self._connection:
            self._connection.pause(False)

    async def _serve(self) -> None:
        """One connection from its opening to its end. Raises OSError, UnicodeError or LinkFault: why it ended."""
        self._generation += 1
        subscribing: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                _, connection = await asyncio.get_running_loop().create_connection(
                    self._make_connection, self.address.host, self.address.port, ssl=self._tls
                )
                self._connection = connection
                keep_alive_s = await self._log_in(connection)
            connection.pause(self._paused)
            subscribing = asyncio.create_task(self._take_up(connection))
            await connection.watch(keep_alive_s)
        except TimeoutError:
            raise LinkFault(f"the broker did not answer within {ANSWER_WITHIN_S:g} s") from None
        finally:
            self._subscribed = False
            if subscribing:
                subscribing.cancel()
            if self._connection:
                self._connection.close()
            self._connection = None

    def _make_connection(self) -> Connection:
        return Connection(self._generation, self._limits, self._topics, self._deliver)

    async def _log_in(self, connection: Connection) -> int:
        """CONNECT; the keep-alive in seconds that the broker wants. Raises LinkFault when refused."""
        accepted = await connection.ask(self._connect, mqtt5.ConnAckPacket)
        if int(accepted.reason_code) >= REFUSED:
            raise LinkFault(f"the broker refused user {self.address.username}: {in_words(accepted.reason_code)}")
        return accepted.server_keep_alive or self._keep_alive_s

    async def _take_up(self, connection: Connection) -> None:
        """SUBSCRIBE; a refusal ends the connection.

        There is no time limit: rumqttd holds the answer back until what it sent before has been acknowledged, which
        may have to wait for a database.
        """
        try:
            granted = await connection.ask(self._subscribe, mqtt5.SubAckPacket)
        except LinkFault as fault:
            connection.fail(str(fault))
            return
        for wanted, reason in zip(self._filters, granted.reason_codes, strict=False):
            if int(reason) >= REFUSED:
                connection.fail(f"the broker refused the subscription {wanted.pattern}: {in_words(reason)}")
                return
        self._subscribed = True
        self._sessions += 1
        log.info("mqtt link up", client_id=self.client_id, host=self.address.host, port=self.address.port)

    def _deliver(self, deliveries: list[Delivery]) -> None:
        self.received += len(deliveries)
        if len(self._topics) > TOPICS_KEPT_MAX:  # made-up device names must not fill the memory
            self._topics.clear()
        self._on_deliveries(deliveries)


def backoff_s(failures: int, chance: float) -> float:
    """Seconds before the next try: doubled with each failure up to a ceiling, and spread over half of that."""
    return min(BACKOFF_FIRST_S * 2.0 ** min(failures, 30), BACKOFF_CEILING_S) * (0.5 + chance / 2)
