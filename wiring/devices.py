"""What talks with devices: the broker, the consumer of readings, the words of devices, the ticker."""

import contextlib
from socket import gethostname
from typing import TYPE_CHECKING

from actions.live import hub
from ingest.broker import BrokerAddress, EmbeddedBroker
from ingest.consumer import SUBSCRIPTION, Consumer
from ingest.device_addresses import DeviceAddresses
from ingest.mqtt import MqttLink
from ingest.rights_keeper import (
    EMBEDDED_SETTLE_S,
    MOSQUITTO_SETTLE_S,
    EmbeddedRights,
    MosquittoRights,
    RightsKeeper,
)
from ingest.ticker import Ticker
from ingest.words import DeviceWords
from wiring.product import Product

if TYPE_CHECKING:
    from tools.demo import Demo


async def start_broker(stack: contextlib.AsyncExitStack, product: Product, shown: "Demo | None") -> BrokerAddress:
    """Starts the embedded broker, and the demo's devices on it, unless there is a broker already."""
    settings = product.settings
    if settings.mqtt_url:
        address = BrokerAddress.from_url(settings.mqtt_url)
        if settings.mqtt_rights is not None:
            files = MosquittoRights(settings.mqtt_rights, address)
            product.rights = RightsKeeper(files.apply, MOSQUITTO_SETTLE_S)
        return address
    embedded = EmbeddedBroker()
    stack.push_async_callback(embedded.stop)
    users = EmbeddedRights(embedded, shown.broker_users() if shown else {})
    address = await users.start()
    product.rights = RightsKeeper(users.apply, EMBEDDED_SETTLE_S)
    product.addresses = DeviceAddresses(settings.devices_mqtt_url or embedded.devices_url, None)
    if shown:
        stack.push_async_callback(await shown.run_fleet(embedded.device_address))
    return address


def start_ingest(product: Product, address: BrokerAddress) -> None:
    settings, supervisor = product.settings, product.supervisor
    consumer = product.consumer = Consumer(product.directory, hub, product.presence)
    shared = f"$share/ingest/{SUBSCRIPTION}" if settings.role == "ingest" else SUBSCRIPTION
    client_id = f"pitpilot-{settings.role}" + (f"-{gethostname()}" if settings.role == "ingest" else "")
    link = product.link = consumer.link = MqttLink(address, client_id, [(shared, 1)], consumer.take)
    words = DeviceWords(address, f"{client_id}-words", product.directory, product.presence, consumer.reject)
    ticker = product.ticker = Ticker(lambda: consumer.listening_since, product.presence.write)
    supervisor.keep("readings", consumer.run)
    supervisor.keep("confirmations", consumer.publish_got)
    supervisor.keep("telemetry link", link.run)
    supervisor.keep("device states", words.run)
    supervisor.keep("ticker", ticker.run)
