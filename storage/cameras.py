"""Rows of cameras. The web's role never reads a sealed password: connecting to a camera is the worker's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.cameras.address import CameraAddress
from domain.cameras.makes import Make
from domain.cameras.privacy import PrivacyHours
from domain.cameras.watching import Watched, Watcher


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """All that an owner says of a camera, but its password."""

    pit_id: UUID
    name: str
    make: Make
    address: CameraAddress
    transcode: bool = False
    enabled: bool = True
    watchers: frozenset[Watcher] = frozenset(Watcher)
    privacy: PrivacyHours | None = None
    still_every_min: int = 5
    keep_stills_days: int = 7
    timelapse: bool = False
    sound: bool = False
    """Whether those who work there may hear it too."""


@dataclass(frozen=True, slots=True)
class CameraRow:
    """A camera as pages see it. `settings.address.password` is always empty."""

    id: UUID
    tenant_id: UUID
    pit: str
    settings: CameraSettings
    zone: ZoneInfo
    seen_at: datetime | None
    """When a picture of it was last received."""
    failing_since: datetime | None
    reason: str
    """Why it fails, as `domain.video.VideoRefusal` has it; empty if it does not."""
    still_at: datetime | None

    @property
    def watched(self) -> Watched:
        said = self.settings
        return Watched(self.id, said.pit_id, said.enabled, said.watchers, said.privacy, self.zone, said.sound)


_FIELDS = """c.id, c.tenant_id, c.pit_id, c.name, c.make, c.host, c.port, c.path, c.username, c.transcode, c.enabled,
    c.watchers, c.privacy_days, c.privacy_from, c.privacy_until, c.still_every_min, c.keep_stills_days, c.timelapse,
    c.sound, p.name AS pit, t.zone, s.seen_at, s.failing_since, coalesce(s.reason, '') AS reason, s.still_at"""
_FROM = """FROM camera c JOIN pit p ON p.id = c.pit_id JOIN tenant t ON t.id = c.tenant_id
    LEFT JOIN camera_state s ON s.camera_id = c.id"""
_CAMERAS = f"SELECT {_FIELDS} {_FROM} WHERE c.removed_at IS NULL"
_CONNECTED = f"""
    SELECT {_FIELDS}, c.password_sealed, s.checked_at, s.lapse_at, j.id AS job_id {_FROM}
    LEFT JOIN job j ON j.tenant_id = c.tenant_id AND j.pit_id = c.pit_id
        AND j.state IN ('in_progress', 'quality_check', 'on_hold')
    WHERE c.removed_at IS NULL AND t.status = 'active'"""


async def cameras(tx: AsyncSession, pit_id: UUID | None = None) -> list[CameraRow]:
    """Those of the tenant, or of one pit; in the order of pits, then by name."""
    where = " AND c.pit_id = :pit" if pit_id else ""
    found = await tx.execute(text(f"{_CAMERAS}{where} ORDER BY p.position, p.name, c.name, c.id"), {"pit": pit_id})
    return [_camera(row) for row in found.all()]


async def camera(tx: AsyncSession, camera_id: UUID) -> CameraRow | None:
    row = (await tx.execute(text(f"{_CAMERAS} AND c.id = :id"), {"id": camera_id})).first()
    return _camera(row) if row else None


async def lock(tx: AsyncSession, camera_id: UUID) -> CameraRow | None:
    """A camera, locked until the transaction ends."""
    row = (await tx.execute(text(f"{_CAMERAS} AND c.id = :id FOR UPDATE OF c"), {"id": camera_id})).first()
    return _camera(row) if row else None


def _camera(row: Any) -> CameraRow:
    privacy = None
    if row.privacy_from is not None:
        privacy = PrivacyHours(frozenset(row.privacy_days), row.privacy_from, row.privacy_until)
    said = CameraSettings(
        row.pit_id, row.name, Make(row.make), CameraAddress(row.host, row.port, row.path, row.username), row.transcode,
        row.enabled, frozenset(Watcher(each) for each in row.watchers), privacy, row.still_every_min,
        row.keep_stills_days, row.timelapse, row.sound,
    )  # fmt: skip
    return CameraRow(
        row.id, row.tenant_id, row.pit, said, ZoneInfo(row.zone), row.seen_at, row.failing_since, row.reason,
        row.still_at,
    )  # fmt: skip


async def has_pit(tx: AsyncSession, pit_id: UUID) -> bool:
    found = await tx.execute(text("SELECT 1 FROM pit WHERE id = :id AND archived_at IS NULL"), {"id": pit_id})
    return found.first() is not None


async def count(tx: AsyncSession) -> int:
    """Of the tenant; locks nothing, so it may be off by those that are added in this moment."""
    return int(await tx.scalar(text("SELECT count(*) FROM camera WHERE removed_at IS NULL")) or 0)


async def save(
    tx: AsyncSession, camera_id: UUID, tenant_id: UUID, said: CameraSettings, sealed: bytes | None, now: datetime
) -> None:
    """Adds a camera."""
    names = ", ".join(_values(said))
    places = ", ".join(f":{name}" for name in _values(said))
    await tx.execute(
        text(
            f"INSERT INTO camera (id, tenant_id, password_sealed, created_at, changed_at, {names})"
            f" VALUES (:id, :tenant, :sealed, :now, :now, {places})"
        ),
        {"id": camera_id, "tenant": tenant_id, "sealed": sealed, "now": now, **_values(said)},
    )


async def change(
    tx: AsyncSession, camera_id: UUID, said: CameraSettings, sealed: bytes | None, now: datetime, *, keep_password: bool
) -> None:
    """Writes a locked camera; its password stays with `keep_password`."""
    sets = ", ".join(f"{name} = :{name}" for name in _values(said))
    password = "" if keep_password else ", password_sealed = :sealed"
    await tx.execute(
        text(f"UPDATE camera SET {sets}, changed_at = :now{password} WHERE id = :id"),
        {"id": camera_id, "sealed": sealed, "now": now, **_values(said)},
    )


def _values(said: CameraSettings) -> dict[str, Any]:
    hours = said.privacy
    return {
        "pit_id": said.pit_id, "name": said.name, "make": said.make, "host": said.address.host,
        "port": said.address.port, "path": said.address.path, "username": said.address.username,
        "transcode": said.transcode, "enabled": said.enabled, "watchers": sorted(said.watchers),
        "privacy_days": sorted(hours.days) if hours else [], "privacy_from": hours.from_minute if hours else None,
        "privacy_until": hours.until_minute if hours else None, "still_every_min": said.still_every_min,
        "keep_stills_days": said.keep_stills_days, "timelapse": said.timelapse, "sound": said.sound,
    }  # fmt: skip


async def remove(tx: AsyncSession, camera_id: UUID, now: datetime) -> None:
    """What it saw stays until its time; how it was reached is forgotten at once."""
    await tx.execute(
        text(
            "UPDATE camera SET removed_at = :now, enabled = false, host = '', path = '', username = '',"
            " password_sealed = NULL WHERE id = :id"
        ),
        {"id": camera_id, "now": now},
    )


@dataclass(frozen=True, slots=True)
class Connected:
    """A camera with what only the worker may read."""

    row: CameraRow
    sealed: bytes | None
    state_checked_at: datetime | None
    lapse_at: datetime | None
    job_id: UUID | None
    """The job whose car stands in the pit, if it is being worked on."""


async def connected(tx: AsyncSession, camera_id: UUID | None = None) -> Sequence[Connected]:
    """Every tenant's cameras, or one; needs the worker's rights."""
    one = " AND c.id = :id" if camera_id else ""
    found = await tx.execute(text(f"{_CONNECTED}{one} ORDER BY c.id"), {"id": camera_id})
    return [
        Connected(_camera(row), row.password_sealed, row.checked_at, row.lapse_at, row.job_id) for row in found.all()
    ]


async def job_in_view(tx: AsyncSession, job_id: UUID) -> tuple[UUID | None, bool, bool] | None:
    """The job's pit, whether it allows video, and whether its car stands there now."""
    row = (
        await tx.execute(
            text(
                "SELECT pit_id, video_allowed, state IN ('in_progress', 'quality_check', 'on_hold') AS there FROM job"
                " WHERE id = :id"
            ),
            {"id": job_id},
        )
    ).first()
    return (row.pit_id, row.video_allowed, row.there) if row else None
