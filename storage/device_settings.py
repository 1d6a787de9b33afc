"""Rows of devices' settings: what is asked of a device, and what it says that it has."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class SettingsRow:
    """Both sides. `desired` is None as long as nobody asked for anything, `reported` until the device has spoken."""

    desired: dict[str, Any] | None = None
    desired_version: int = 0
    desired_at: datetime | None = None
    desired_by: str | None = None
    """The name of whoever asked."""
    reported: dict[str, Any] | None = None
    reported_version: int | None = None
    reported_at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the device has taken what was asked of it last."""
        return self.desired is None or self.reported_version == self.desired_version


async def read(tx: AsyncSession, device_id: str) -> SettingsRow:
    row = (
        await tx.execute(
            text(
                "SELECT s.desired, s.desired_version, s.desired_at, w.name, s.reported, s.reported_version,"
                " s.reported_at FROM device_settings s LEFT JOIN person w ON w.id = s.desired_by"
                " WHERE s.device_id = :id"
            ),
            {"id": device_id},
        )
    ).first()
    return SettingsRow(*row) if row else SettingsRow()


async def lock(tx: AsyncSession, device_id: str, tenant_id: UUID) -> SettingsRow:
    """The row as it stands, made if there is none, locked until the transaction ends.

    The device's row comes first, as everywhere: a new row refers to it, so it would be locked in the end anyway.
    """
    await tx.execute(text("SELECT 1 FROM device WHERE id = :id FOR KEY SHARE"), {"id": device_id})
    await tx.execute(
        text("INSERT INTO device_settings (device_id, tenant_id) VALUES (:id, :tenant_id) ON CONFLICT DO NOTHING"),
        {"id": device_id, "tenant_id": tenant_id},
    )
    await tx.execute(text("SELECT 1 FROM device_settings WHERE device_id = :id FOR UPDATE"), {"id": device_id})
    return await read(tx, device_id)


async def ask(
    tx: AsyncSession, device_id: str, desired: Mapping[str, Any], version: int, by: UUID | None, now: datetime
) -> None:
    """Sets what is asked of the device whose row is locked."""
    await tx.execute(
        text(
            "UPDATE device_settings SET desired = CAST(:desired AS jsonb), desired_version = :version,"
            " desired_at = :now, desired_by = :by WHERE device_id = :id"
        ),
        {"id": device_id, "desired": json.dumps(dict(desired)), "version": version, "now": now, "by": by},
    )


async def tell(
    tx: AsyncSession, device_id: str, reported: Mapping[str, Any], version: int | None, now: datetime
) -> None:
    """Sets what the device whose row is locked says of itself."""
    await tx.execute(
        text(
            "UPDATE device_settings SET reported = CAST(:reported AS jsonb), reported_version = :version,"
            " reported_at = :now WHERE device_id = :id"
        ),
        {"id": device_id, "reported": json.dumps(dict(reported)), "version": version, "now": now},
    )


async def reported(tx: AsyncSession) -> dict[str, tuple[dict[str, Any] | None, int | None]]:
    """What every device of every tenant has said of its settings, with the version."""
    rows = await tx.execute(text("SELECT device_id, reported, reported_version FROM device_settings"))
    return {row[0]: (row[1], row[2]) for row in rows.all()}


async def unsettled(
    tx: AsyncSession, heard_since: datetime, counted_since: datetime, times_max: int
) -> list[tuple[str, UUID]]:
    """Devices of every tenant that can be heard and lack what was asked of them, though none is on its way: it expired
    without an answer, or they had it and have lost it. One that refused is not asked again, nor one that was asked for
    the same `times_max` times since `counted_since`.
    """
    rows = await tx.execute(
        text(
            "SELECT s.device_id, s.tenant_id FROM device_settings s JOIN device_presence p USING (device_id)"
            " JOIN LATERAL (SELECT stage, acknowledged_at FROM device_command c WHERE c.device_id = s.device_id"
            "  AND c.kind = 'set' ORDER BY requested_at DESC, id DESC LIMIT 1) last"
            "  ON last.stage = 'done' OR last.stage = 'expired' AND last.acknowledged_at IS NULL"
            " WHERE s.desired IS NOT NULL AND s.reported_version IS DISTINCT FROM s.desired_version"
            " AND p.online AND p.heard_at > :heard_since"
            " AND (SELECT count(*) FROM device_command c WHERE c.device_id = s.device_id AND c.kind = 'set'"
            "  AND c.requested_at > :counted_since AND (c.body ->> 'version')::int = s.desired_version) < :times_max"
        ),
        {"heard_since": heard_since, "counted_since": counted_since, "times_max": times_max},
    )
    return [(row[0], row[1]) for row in rows.all()]
