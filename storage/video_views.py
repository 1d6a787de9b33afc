"""Who looked at which camera, from when until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

VIEWS_SHOWN = 50
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class ViewRow:
    began_at: datetime
    seen_until: datetime
    person: str | None
    """None: a customer, by a job's link."""
    car: str | None


async def begin(
    tx: AsyncSession, tenant_id: UUID, camera_id: UUID, session_id: UUID | None, job_id: UUID | None, now: datetime
) -> UUID:
    view_id = uuid4()
    await tx.execute(
        text(
            "INSERT INTO video_view (id, tenant_id, camera_id, person_id, job_id, began_at, seen_until)"
            " VALUES (:id, :tenant, :camera, (SELECT person_id FROM web_session WHERE id = :session UNION ALL"
            " SELECT person_id FROM api_key WHERE id = :session), :job, :now, :now)"
        ),
        {"id": view_id, "tenant": tenant_id, "camera": camera_id, "session": session_id, "job": job_id, "now": now},
    )
    return view_id


async def go_on(tx: AsyncSession, view_ids: list[UUID], now: datetime) -> None:
    await tx.execute(
        text("UPDATE video_view SET seen_until = :now WHERE id = ANY(:ids)"), {"ids": view_ids, "now": now}
    )


async def forget(tx: AsyncSession, now: datetime) -> int:
    """Deletes what is older than `KEPT`, of every tenant; needs the worker's rights."""
    gone = await tx.execute(text("DELETE FROM video_view WHERE began_at < :limit"), {"limit": now - KEPT})
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE's cursor result has it


async def views(tx: AsyncSession, camera_id: UUID) -> list[ViewRow]:
    """The latest of a camera."""
    found = await tx.execute(
        text(
            "SELECT w.began_at, w.seen_until, p.name, concat_ws(' ', v.make, v.model) FROM video_view w"
            " LEFT JOIN person p ON p.id = w.person_id LEFT JOIN job j ON j.tenant_id = w.tenant_id AND j.id = w.job_id"
            " LEFT JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id"
            " WHERE w.camera_id = :camera ORDER BY w.began_at DESC LIMIT :most"
        ),
        {"camera": camera_id, "most": VIEWS_SHOWN},
    )
    return [ViewRow(*row) for row in found.all()]
