"""The running parts of one process."""

from dataclasses import dataclass, field

from actions.cameras.sources import Sources
from actions.cameras.viewing import Viewing
from actions.directory import Directory
from actions.outbox.sender import SenderCounters
from ingest.commander import Commander
from ingest.consumer import Consumer
from ingest.device_addresses import DeviceAddresses
from ingest.http_intake import HttpIntake
from ingest.mqtt import MqttLink
from ingest.presence import Presence
from ingest.pumps import PumpOffice
from ingest.rights_keeper import RightsKeeper
from ingest.sender import Sender
from ingest.supervisor import Supervisor
from ingest.ticker import Ticker
from ingest.video.gateway import EmbeddedGateway
from ingest.video.mediamtx import MediaMtxGateway
from settings import Settings


@dataclass
class Product:
    """The running parts, as `/healthz` and `/metrics` see them."""

    settings: Settings
    supervisor: Supervisor = field(default_factory=Supervisor)
    directory: Directory = field(default_factory=Directory)
    presence: Presence = field(default_factory=Presence)
    consumer: Consumer | None = None
    intake: HttpIntake | None = None
    link: MqttLink | None = None
    ticker: Ticker | None = None
    outbox: SenderCounters | None = None
    sender: Sender | None = None
    commander: Commander | None = None
    pumps: PumpOffice | None = None
    sources: Sources = field(default_factory=Sources)
    viewing: Viewing = field(default_factory=Viewing)
    rights: RightsKeeper | None = None
    video: EmbeddedGateway | MediaMtxGateway | None = None
    addresses: DeviceAddresses = field(default_factory=DeviceAddresses)

    async def catch_up(self) -> None:
        """Reads again what announcements may have told while nobody listened."""
        await self.directory.load()
        if self.rights is not None:
            self.rights.look()
