"""What everybody hears of a change to a device, and what the audit trail keeps of it."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Viewer


class Deed(StrEnum):
    """What was done, as the trail calls it. All but `claim` and `renew` take the right to manage devices."""

    REGISTER = "register_device"
    RENAME = "rename_device"
    MOVE = "move_device"
    LINK = "change_device_link"
    ENABLE = "enable_device"
    DISABLE = "disable_device"
    REMOVE = "remove_device"
    OFFER = "offer_claim"
    ROTATE = "rotate_credential"
    REVOKE = "revoke_device"
    ADD_FOREIGN = "add_foreign_sensor"
    CHANGE_FOREIGN = "change_foreign_sensor"
    CLAIM = "claim_device"
    RENEW = "renew_credential"
    COMMAND = "command_device"
    SET = "change_device_settings"


async def note(
    tx: AsyncSession,
    deed: Deed,
    tenant_id: UUID,
    device_id: str,
    name: str,
    by: Viewer | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Announces the device on commit and adds a row to the trail. Call it last; `by` is None if the device did it."""
    await announce(tx, Announcement(Topic.DEVICE, tenant_id, id=device_id))
    await audit.record(
        tx,
        tenant_id=tenant_id,
        by=by,
        intent=deed,
        kind="device",
        object_id=device_id,
        object_name=name,
        before=before,
        after=after,
    )
