"""Taking a device off every list. A pump's controller also leaves its interlock group, see actions/pumps/removal.py."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from actions.device_credentials import take_away
from actions.device_trail import Deed, note
from domain.access import Viewer
from storage import devices


async def take_off(tx: AsyncSession, device: devices.Held, by: Viewer, now: datetime) -> None:
    """Revokes a locked device and takes it off every list, as the last part of the caller's transaction."""
    await take_away(tx, device, now)
    await devices.change(tx, device.id, removed_at=now, enabled=False)
    before = {"name": device.name, "identity": device.identity}
    await note(tx, Deed.REMOVE, device.tenant_id, device.id, device.name, by, before, None)
