"""Reads for pages and API. Each takes a transaction that is already scoped to the viewer's tenant: row-level security
filters, so no query here needs to name the tenant to be safe (some do, to use an index).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import Identity, identity_of
from domain.limits import Level, Limits, Origin
from domain.readings import METRICS, Metric

_LIMIT_COLUMNS = "warning_low, warning_high, critical_low, critical_high, band, raise_after_s, clear_after_s"


@dataclass(frozen=True, slots=True)
class PitRow:
    id: UUID
    tenant_id: UUID
    name: str
    open_alerts: int
    film_profile: str | None


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


@dataclass(frozen=True, slots=True)
class AlertEventRow:
    at: datetime
    kind: str
    value: float | None
    person: str | None
    note: str


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with what it last said; `lost` and `expected` count readings of the last hour by their numbers.

    `credential` is `password`, `certificate` or None; a claim code that may still be used ends at `code_until`.
    """

    id: str
    name: str
    kind: str
    pit_id: UUID | None
    pit_name: str | None
    enabled: bool
    heard_at: datetime | None
    online: bool
    firmware: str | None
    rssi_dbm: int | None
    up_s: int | None
    clock_off_ms: int | None
    expected: int
    lost: int
    rejected_today: int
    credential: str | None
    claimed_at: datetime | None
    revoked_at: datetime | None
    certificate_until: datetime | None
    code_until: datetime | None

    @property
    def identity(self) -> Identity:
        return identity_of(self.claimed_at, self.revoked_at)


@dataclass(frozen=True, slots=True)
class RejectionRow:
    at: datetime
    reason: str
    detail: str
    payload: str


async def limits_said(tx: AsyncSession, tenants: set[UUID] | None) -> dict[UUID, dict[Metric, dict[Origin, Limits]]]:
    """Returns, for each pit and every metric, what pit, tenant and film profile say."""
    where = "WHERE (CAST(:tenants AS uuid[]) IS NULL OR {}tenant_id = ANY(:tenants))"
    bound = {"tenants": None if tenants is None else list(tenants)}
    rows = await tx.execute(
        text(f"SELECT origin, place_id, metric, {_LIMIT_COLUMNS} FROM limits {where.format('')}"),
        bound,
    )
    places: dict[tuple[str, UUID], dict[Metric, Limits]] = defaultdict(dict)
    for origin, place_id, metric, *numbers in rows.all():
        places[(origin, place_id)][Metric(metric)] = Limits(*numbers)
    pits = await tx.execute(
        text(f"SELECT p.id, p.tenant_id, p.film_profile_id FROM pit p {where.format('p.')}"),
        bound,
    )
    out: dict[UUID, dict[Metric, dict[Origin, Limits]]] = {}
    for pit_id, tenant_id, film_id in pits.all():
        of_pit = {Origin.PIT: pit_id, Origin.TENANT: tenant_id, Origin.FILM: film_id}
        out[pit_id] = {
            metric: {o: said[metric] for o, place in of_pit.items() if metric in (said := places[(o.value, place)])}
            for metric in METRICS
        }
    return out


async def pits(tx: AsyncSession, pit_id: UUID | None = None) -> list[PitRow]:
    """The tenant's pits in their order, or the one that is named."""
    rows = await tx.execute(
        text(
            "SELECT p.id, p.tenant_id, p.name, (SELECT count(*) FROM alert a WHERE a.pit_id = p.id AND"
            " a.resolved_at IS NULL), f.name FROM pit p LEFT JOIN film_profile f ON f.id = p.film_profile_id"
            " WHERE p.archived_at IS NULL AND (CAST(:pit_id AS uuid) IS NULL OR p.id = :pit_id)"
            " ORDER BY p.position, p.name"
        ),
        {"pit_id": pit_id},
    )
    return [PitRow(*row) for row in rows.all()]


_ALERTS = (
    "SELECT a.id, a.pit_id, p.name, a.device_id, d.name, a.rule, a.level, a.value, a.limit_value, a.flapping,"
    " a.raised_at, a.changed_at, a.resolved_at, a.acknowledged_at, w.name, a.note FROM alert a"
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


_DEVICES = """
    SELECT d.id, d.name, d.kind, d.pit_id, p.name, d.enabled, s.heard_at, coalesce(s.online, false), s.firmware,
        s.rssi_dbm, s.up_s, s.clock_off_ms, coalesce(l.expected, 0), coalesce(l.expected - l.stored, 0),
        (SELECT coalesce(sum(count), 0) FROM rejection_count c WHERE c.device_id = d.id AND c.day = :today),
        d.credential, d.claimed_at, d.revoked_at,
        (SELECT max(not_after) FROM device_certificate c WHERE c.device_id = d.id AND c.revoked_at IS NULL),
        (SELECT expires_at FROM device_claim c WHERE c.device_id = d.id AND c.used_at IS NULL
            AND c.revoked_at IS NULL AND c.expires_at > :now)
    FROM device d LEFT JOIN pit p ON p.id = d.pit_id LEFT JOIN device_presence s ON s.device_id = d.id
    LEFT JOIN LATERAL (SELECT sum(span)::bigint AS expected, sum(n)::bigint AS stored FROM
        (SELECT max(seq) - min(seq) + 1 AS span, count(*) AS n FROM reading r
         WHERE r.device_id = d.id AND r.at > CAST(:now AS timestamptz) - interval '1 hour' AND r.at <= :now
         GROUP BY boot_id) b) l ON true
"""


async def devices(tx: AsyncSession, now: datetime, pit_id: UUID | None = None) -> list[DeviceRow]:
    """The tenant's devices (of one pit, if named) with their loss in the last hour."""
    rows = await tx.execute(
        text(
            f"{_DEVICES} WHERE d.removed_at IS NULL AND (CAST(:pit_id AS uuid) IS NULL OR d.pit_id = :pit_id)"
            " ORDER BY d.name, d.id"
        ),
        {"now": now, "today": now.date(), "pit_id": pit_id},
    )
    return [DeviceRow(*row) for row in rows.all()]


async def device(tx: AsyncSession, device_id: str, now: datetime) -> DeviceRow | None:
    row = (
        await tx.execute(
            text(f"{_DEVICES} WHERE d.id = :id AND d.removed_at IS NULL"),
            {"now": now, "today": now.date(), "id": device_id},
        )
    ).first()
    return DeviceRow(*row) if row else None


async def rejections(tx: AsyncSession, device_id: str, now: datetime) -> tuple[dict[str, int], list[RejectionRow]]:
    """A device's refused messages of the last seven days by reason, and the last few of them, newest first."""
    counts = await tx.execute(
        text(
            "SELECT reason, sum(count)::bigint FROM rejection_count WHERE device_id = :id"
            " AND day > :since GROUP BY reason ORDER BY 2 DESC"
        ),
        {"id": device_id, "since": (now - timedelta(days=7)).date()},
    )
    samples = await tx.execute(
        text(
            "SELECT at, reason, detail, payload FROM rejection_sample WHERE device_id = :id ORDER BY id DESC LIMIT 20"
        ),
        {"id": device_id},
    )
    return {row[0]: row[1] for row in counts.all()}, [RejectionRow(*row) for row in samples.all()]
