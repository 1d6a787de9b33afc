"""A camera for tests of pages."""

from datetime import UTC, datetime
from uuid import UUID

from actions.cameras.keeping import add
from domain.cameras.address import CameraAddress
from domain.cameras.makes import Make
from domain.cameras.watching import Watcher
from storage.cameras import CameraSettings
from tests.conftest import Workshop


async def camera_in(shop: Workshop, watchers: frozenset[Watcher] = frozenset(Watcher)) -> UUID:
    address = CameraAddress("192.0.2.64", 554, "/live", "admin", "s3cret")
    said = CameraSettings(shop.pit_id, "Over the lift", Make.HIKVISION, address, watchers=watchers)
    camera_id = await add(said, shop.owner, datetime.now(UTC))
    assert isinstance(camera_id, UUID)
    return camera_id
