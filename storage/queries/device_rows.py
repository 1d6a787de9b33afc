"""Reads of devices: what they last said, what they lost, and what of theirs was refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import Identity, identity_of


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with what it last said; `lost` and `expected` count readings of the last hour by their numbers.

    `credential` is `password`, `certificate`, `key` or None, `link` is `mqtt` or `http`; a claim code that may still be
    used ends at `code_until`.
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
    link: str

    @property
    def identity(self) -> Identity:
        return identity_of(self.claimed_at, self.revoked_at)


@dataclass(frozen=True, slots=True)
class RejectionRow:
    at: datetime
    reason: str
    detail: str
    payload: str


_DEVICES = """
    SELECT d.id, d.name, d.kind, d.pit_id, p.name, d.enabled, s.heard_at, coalesce(s.online, false), s.firmware,
        s.rssi_dbm, s.up_s, s.clock_off_ms, coalesce(l.expected, 0), coalesce(l.expected - l.stored, 0),
        (SELECT coalesce(sum(count), 0) FROM rejection_count c WHERE c.device_id = d.id AND c.day = :today),
        d.credential, d.claimed_at, d.revoked_at,
        (SELECT max(not_after) FROM device_certificate c WHERE c.device_id = d.id AND c.revoked_at IS NULL),
        (SELECT expires_at FROM device_claim c WHERE c.device_id = d.id AND c.used_at IS NULL
            AND c.revoked_at IS NULL AND c.expires_at > :now),
        d.link
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
