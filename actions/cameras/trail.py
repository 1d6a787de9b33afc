"""What everybody hears of a change to a camera, and what the audit trail keeps of it."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Viewer
from storage.cameras import CameraSettings


class Deed(StrEnum):
    ADD = "add_camera"
    CHANGE = "change_camera"
    ENABLE = "enable_camera"
    DISABLE = "disable_camera"
    REMOVE = "remove_camera"


async def note(
    tx: AsyncSession,
    deed: Deed,
    camera_id: UUID,
    said: CameraSettings,
    by: Viewer,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Call it last."""
    await announce(tx, Announcement(Topic.CAMERA, by.tenant_id, said.pit_id, str(camera_id)))
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=deed,
        kind="camera",
        object_id=str(camera_id),
        object_name=said.name,
        before=before,
        after=after,
    )


def shown(said: CameraSettings, pit: str) -> dict[str, Any]:
    """All that may stand in the trail: no password, and no user name."""
    hours = said.privacy
    return {
        "name": said.name, "pit": pit, "make": said.make, "address": said.address.shown, "transcode": said.transcode,
        "enabled": said.enabled, "watchers": said.watchers, "still_every_min": said.still_every_min,
        "keep_stills_days": said.keep_stills_days, "timelapse": said.timelapse, "sound": said.sound,
        "privacy": [sorted(hours.days), hours.from_minute, hours.until_minute] if hours else None,
    }  # fmt: skip


def differing(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, of both."""
    changed = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
