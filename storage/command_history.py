"""What was asked of a device, page by page; and what it lived through: its boots, its latest values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.commands import Command
from domain.readings import METRICS, Metric
from storage.commands import COLUMNS, command_of

BOOTS_SHOWN = 5
BOOTS_COUNTED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command, and the name of whoever asked for it: None is the system, or somebody who is not here any more."""

    command: Command
    by: str | None


@dataclass(frozen=True, slots=True)
class Boots:
    """When a device began anew, by the server's clock: the newest first, and how many boots a week saw."""

    last: list[tuple[int, datetime]]
    in_a_week: int


async def command_history(tx: AsyncSession, device_id: str, limit: int, before: UUID | None = None) -> list[CommandRow]:
    """A device's commands, the newest first; `before` is the last one of the page before."""
    rows = await tx.execute(
        text(
            f"SELECT {', '.join(f'c.{name}' for name in COLUMNS)}, w.name FROM device_command c"
            " LEFT JOIN person w ON w.id = c.requested_by WHERE c.device_id = :device_id"
            " AND (CAST(:before AS uuid) IS NULL OR (c.requested_at, c.id) <"
            "  (SELECT b.requested_at, b.id FROM device_command b WHERE b.id = :before AND b.device_id = :device_id))"
            " ORDER BY c.requested_at DESC, c.id DESC LIMIT :limit"
        ),
        {"device_id": device_id, "before": before, "limit": limit},
    )
    return [CommandRow(command_of(row[:-1]), row[-1]) for row in rows.all()]


async def boots(tx: AsyncSession, device_id: str, now: datetime) -> Boots:
    rows = await tx.execute(
        text("SELECT boot_id, anchor_at FROM device_boot WHERE device_id = :id ORDER BY boot_id DESC LIMIT :limit"),
        {"id": device_id, "limit": BOOTS_SHOWN},
    )
    counted = await tx.execute(
        text("SELECT count(*) FROM device_boot WHERE device_id = :id AND anchor_at > :since"),
        {"id": device_id, "since": now - BOOTS_COUNTED_FOR},
    )
    return Boots([(row[0], row[1]) for row in rows.all()], int(counted.scalar_one()))


async def latest_values(tx: AsyncSession, device_id: str, since: datetime) -> dict[Metric, tuple[float, datetime]]:
    """What the device measured last of each metric since then, with the moment."""
    last = ", ".join(
        f"(array_agg({m} ORDER BY at DESC) FILTER (WHERE {m} IS NOT NULL))[1], max(at) FILTER (WHERE {m} IS NOT NULL)"
        for m in METRICS
    )
    row = (
        await tx.execute(
            text(f"SELECT {last} FROM reading WHERE device_id = :id AND at >= :since"),
            {"id": device_id, "since": since},
        )
    ).one()
    pairs = zip(METRICS, zip(row[::2], row[1::2], strict=True), strict=True)
    return {metric: (value, at) for metric, (value, at) in pairs if value is not None}
