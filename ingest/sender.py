"""The way to devices: one connection to the broker for what must be known to have left.

At QoS 1, never retained. Waiting is bounded: what the broker does not take in time counts as failed, and whoever asked
decides whether it is worth another try. A command is; a motor's grant is not.
"""

import asyncio

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.broker_address import BrokerAddress
from ingest.client import client

log = structlog.get_logger(__name__)

ANSWER_WITHIN_S = 5.0
WAITING_MAX = 200  # publishes that wait for the broker's word at once
RETRY_FIRST_S, RETRY_MAX_S = 0.5, 15.0


class Sender:
    """`run` keeps the connection; `publish` uses it. Counters: `sent` messages that the broker has, `failed` ones."""

    def __init__(self, address: BrokerAddress, client_id: str, *, can_expire: bool = True) -> None:
        """`can_expire`: whether the broker can hand a message that expires to a device that speaks MQTT 3.1.1. The
        embedded one can't: its devices' port breaks at the first.
        """
        self.sent = self.failed = 0
        self._address, self._client_id, self._can_expire = address, client_id, can_expire
        self._client: aiomqtt.Client | None = None
        self._waiting = 0

    @property
    def connected(self) -> bool:
        return self._client is not None

    async def run(self) -> None:
        """Keeps a connection until cancelled."""
        retry_s = RETRY_FIRST_S
        while True:
            try:
                async with client(self._address, self._client_id) as opened:
                    self._client, retry_s = opened, RETRY_FIRST_S
                    async for _message in opened.messages:
                        pass  # nothing was subscribed: this only waits for the connection's end
            except aiomqtt.MqttError as error:
                log.warning("no connection for commands", error=str(error), retry_s=retry_s)
            finally:
                self._client = None
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, RETRY_MAX_S)

    async def publish(self, topic: str, payload: bytes, *, expires_s: int | None = None) -> bool:
        """Returns whether the broker said that it has the message: within a few seconds, else False, and counted. One
        that failed may have arrived nevertheless. `expires_s`: how long a broker may keep it for a device that is away.
        """
        line = self._client
        if line is None or self._waiting >= WAITING_MAX:
            self.failed += 1
            return False
        properties = None
        if expires_s is not None and self._can_expire:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = max(1, expires_s)
        self._waiting += 1
        try:
            await line.publish(topic, payload, qos=1, retain=False, properties=properties, timeout=ANSWER_WITHIN_S)
        except aiomqtt.MqttError as error:
            self.failed += 1
            log.warning("not sent", topic=topic, error=str(error))
            return False
        finally:
            self._waiting -= 1
        self.sent += 1
        return True
