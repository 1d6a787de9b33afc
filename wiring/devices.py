"""What talks with devices: the broker, the consumer of readings, the words of devices, the ticker."""

import contextlib
from socket import gethostname
from typing import TYPE_CHECKING

from actions.live import hub
from actions.rollout_steps import step_for_ever
from domain.pump.limits import LeaseTerms
from ingest.broker import BrokerAddress, EmbeddedBroker
from ingest.commander import Commander
from ingest.consumer import SUBSCRIPTION, Consumer
from ingest.device_addresses import DeviceAddresses
from ingest.discovery import Discovery
from ingest.foreign import RECEIVE_MAXIMUM as FOREIGN_RECEIVE_MAXIMUM
from ingest.foreign import SUBSCRIPTION as FOREIGN
from ingest.foreign import ForeignConsumer
from ingest.mqtt import MqttLink
from ingest.pumps import PumpOffice
from ingest.rights_keeper import (
    EMBEDDED_SETTLE_S,
    MOSQUITTO_SETTLE_S,
    EmbeddedRights,
    MosquittoRights,
    RightsKeeper,
)
from ingest.sender import Sender
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
    # Of two links with one name, each would push the other out. A process keeps its own, for its sessions wait for it.
    client_id = f"pitpilot-ingest-{gethostname()}-{settings.port}" if settings.role == "ingest" else "pitpilot-all"
    link = product.link = consumer.link = MqttLink(address, client_id, [(shared, 1)], consumer.take)
    sender = product.sender = Sender(address, f"{client_id}-commands", can_expire=bool(settings.mqtt_url))
    commander = product.commander = Commander(sender, consumer.reject)
    terms = LeaseTerms(ttl_ms=settings.pump_lease_s * 1_000)
    pumps = product.pumps = PumpOffice(sender, consumer.reject, terms=terms)
    words = DeviceWords(
        address, f"{client_id}-words", product.directory, product.presence, consumer.reject, [commander, pumps]
    )
    ticker = product.ticker = Ticker(lambda: consumer.listening_since, product.presence.write)
    supervisor.keep("readings", consumer.run)
    supervisor.keep("confirmations", consumer.publish_got)
    supervisor.keep("telemetry link", link.run)
    supervisor.keep("device states", words.run)
    supervisor.keep("way to devices", sender.run)
    supervisor.keep("commands", commander.send_for_ever)
    supervisor.keep("answers to commands", commander.listen_for_ever)
    supervisor.keep("states of motors", pumps.hear_for_ever)
    supervisor.keep("events of motors", pumps.tell_for_ever)
    supervisor.keep("lead of the pumps", pumps.lead_for_ever)
    supervisor.keep("ticker", ticker.run)
    supervisor.keep("discovery", Discovery(address, f"{client_id}-discovery").run)
    supervisor.keep("roll-outs", lambda: step_for_ever(settings.public_url))
    _start_foreign(product, address, client_id)


def _start_foreign(product: Product, address: BrokerAddress, client_id: str) -> None:
    """Sensors of other makes, which several processes share like telemetry."""
    foreign = ForeignConsumer(product.directory, hub, product.presence)
    wanted = f"$share/foreign/{FOREIGN}" if product.settings.role == "ingest" else FOREIGN
    link = MqttLink(
        address, f"{client_id}-foreign", [(wanted, 1)], foreign.take, receive_maximum=FOREIGN_RECEIVE_MAXIMUM
    )
    foreign.link = link
    supervisor = product.supervisor
    supervisor.keep("foreign sensors", foreign.run)
    supervisor.keep("foreign rules", foreign.keep_fresh)
    supervisor.keep("foreign topics", foreign.write_last_heard)
    supervisor.keep("foreign link", link.run)
