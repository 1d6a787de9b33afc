"""Reads of alerts: the open ones, the inbox, one with its history, and what is silenced."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.limits import Level


@dataclass(frozen=True, slots=True)
class AlertRow:
    id: UUID
    pit_id: UUID | None
    pit_name: str | None
    device_id: str | None
    device_name: str | None
    rule: str
    level: Level
    value: float | None
    limit_value: float | None
    flapping: bool
    raised_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str
    detail: str
    """With `motor_tripped`: the fault, as the controller names it. With `camera`: the names of those that send none."""


@dataclass(frozen=True, slots=True)
class AlertEventRow:
    at: datetime
    kind: str
    value: float | None
    person: str | None
    note: str


_ALERTS = (
    "SELECT a.id, a.pit_id, p.name, a.device_id, d.name, a.rule, a.level, a.value, a.limit_value, a.flapping,"
    " a.raised_at, a.changed_at, a.resolved_at, a.acknowledged_at, w.name, a.note, a.detail FROM alert a"
    " LEFT JOIN pit p ON p.id = a.pit_id LEFT JOIN device d ON d.id = a.device_id"
    " LEFT JOIN person w ON w.id = a.acknowledged_by"
)


def _alert(row: Any) -> AlertRow:
    values = list(row)
    values[6] = Level(values[6])
    return AlertRow(*values)


_NOT_SILENCED = (
    "NOT EXISTS (SELECT 1 FROM alert_silence s WHERE s.pit_id = a.pit_id AND s.ended_at IS NULL"
    " AND s.until > :now AND (s.rule IS NULL OR s.rule = a.rule))"
)


async def count_open_alerts(tx: AsyncSession, now: datetime) -> int:
    """How many alerts are open, not silenced and not acknowledged."""
    counted = await tx.execute(
        text(
            "SELECT count(*) FROM alert a WHERE a.resolved_at IS NULL AND a.acknowledged_at IS NULL"
            f" AND {_NOT_SILENCED}"
        ),
        {"now": now},
    )
    return int(counted.scalar_one())


async def open_alerts(tx: AsyncSession, now: datetime, pit_id: UUID | None = None, limit: int = 50) -> list[AlertRow]:
    """Open alerts, the worst and oldest first, without those that are silenced now."""
    rows = await tx.execute(
        text(
            f"{_ALERTS} WHERE a.resolved_at IS NULL AND (CAST(:pit_id AS uuid) IS NULL OR a.pit_id = :pit_id)"
            f" AND {_NOT_SILENCED} ORDER BY (a.acknowledged_at IS NOT NULL), a.level DESC, a.raised_at LIMIT :limit"
        ),
        {"pit_id": pit_id, "now": now, "limit": limit},
    )
    return [_alert(row) for row in rows.all()]


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts the inbox shows; None is any."""

    state: str | None = None
    """`open`, `unacknowledged` or `resolved`."""
    level: Level | None = None
    pit_id: UUID | None = None
    since: datetime | None = None


async def alerts(tx: AsyncSession, by: AlertFilter, offset: int, limit: int) -> tuple[list[AlertRow], int]:
    """One page of the inbox, the newest first, and how many alerts the filter finds in all."""
    where = (
        " WHERE (CAST(:state AS text) IS NULL OR (:state = 'open' AND a.resolved_at IS NULL)"
        " OR (:state = 'unacknowledged' AND a.resolved_at IS NULL AND a.acknowledged_at IS NULL)"
        " OR (:state = 'resolved' AND a.resolved_at IS NOT NULL))"
        " AND (CAST(:level AS int) IS NULL OR a.level = :level)"
        " AND (CAST(:pit_id AS uuid) IS NULL OR a.pit_id = :pit_id)"
        " AND (CAST(:since AS timestamptz) IS NULL OR a.raised_at >= :since)"
    )
    bound = {
        "state": by.state,
        "level": None if by.level is None else int(by.level),
        "pit_id": by.pit_id,
        "since": by.since,
    }
    total = (await tx.execute(text(f"SELECT count(*) FROM alert a {where}"), bound)).scalar_one()
    rows = await tx.execute(
        text(f"{_ALERTS} {where} ORDER BY a.raised_at DESC, a.id LIMIT :limit OFFSET :offset"),
        {**bound, "limit": limit, "offset": offset},
    )
    return [_alert(row) for row in rows.all()], total


async def alert(tx: AsyncSession, alert_id: UUID) -> tuple[AlertRow, list[AlertEventRow]] | None:
    """One alert with its history."""
    row = (await tx.execute(text(f"{_ALERTS} WHERE a.id = :id"), {"id": alert_id})).first()
    if row is None:
        return None
    events = await tx.execute(
        text(
            "SELECT e.at, e.kind, e.value, w.name, e.note FROM alert_event e LEFT JOIN person w ON w.id = e.person_id"
            " WHERE e.alert_id = :id ORDER BY e.at, e.id"
        ),
        {"id": alert_id},
    )
    return _alert(row), [AlertEventRow(*event) for event in events.all()]


async def silences(tx: AsyncSession, pit_id: UUID, now: datetime) -> list[tuple[UUID, str | None, datetime, str, str]]:
    """Silences of a pit that are in force: id, rule (None is all), end, note, who set it."""
    rows = await tx.execute(
        text(
            "SELECT s.id, s.rule, s.until, s.note, w.name FROM alert_silence s JOIN person w ON w.id = s.by"
            " WHERE s.pit_id = :pit_id AND s.ended_at IS NULL AND s.until > :now ORDER BY s.until"
        ),
        {"pit_id": pit_id, "now": now},
    )
    return [tuple(row) for row in rows.all()]
