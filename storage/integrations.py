"""Rows of what other programs get: logins at the broker for a tenant's own programs, and what was said of devices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.discovery import Described
from domain.readings import METRICS

MEASURED_LATELY = "1 day"
READINGS_LOOKED_AT = 5
"""A node with several sensors may say them in turns."""


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """A tenant's own login at the broker, as its page shows it."""

    username: str
    use: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Guest:
    """The same, as a broker should know it."""

    username: str
    tenant_id: UUID
    use: str
    password_hash: str
    password_sealed: bytes | None


async def logins(tx: AsyncSession) -> list[BrokerLogin]:
    rows = await tx.execute(text("SELECT username, use, created_at FROM broker_login ORDER BY use"))
    return [BrokerLogin(*row) for row in rows.all()]


async def end_login(tx: AsyncSession, use: str) -> str | None:
    """Removes the tenant's login for a use; returns its name."""
    ended = await tx.execute(text("DELETE FROM broker_login WHERE use = :use RETURNING username"), {"use": use})
    return ended.scalar_one_or_none()


async def add_login(tx: AsyncSession, guest: Guest, now: datetime) -> None:
    await tx.execute(
        text(
            "INSERT INTO broker_login (username, tenant_id, use, password_hash, password_sealed, created_at)"
            " VALUES (:username, :tenant_id, :use, :hash, :sealed, :now)"
        ),
        {
            "username": guest.username, "tenant_id": guest.tenant_id, "use": guest.use, "hash": guest.password_hash,
            "sealed": guest.password_sealed, "now": now,
        },
    )  # fmt: skip


async def guests(tx: AsyncSession) -> list[Guest]:
    """Those of active tenants; of others what measures goes on, like their devices, and what reads does not."""
    rows = await tx.execute(
        text(
            "SELECT l.username, l.tenant_id, l.use, l.password_hash, l.password_sealed FROM broker_login l"
            " JOIN tenant t ON t.id = l.tenant_id WHERE t.status = 'active' OR l.use = 'sensors' ORDER BY l.username"
        )
    )
    return [Guest(*row) for row in rows.all()]


async def set_home_assistant(tx: AsyncSession, tenant_id: UUID, on: bool) -> bool:
    """False if it was so before."""
    changed = await tx.execute(
        text("UPDATE tenant SET home_assistant = :on WHERE id = :id AND home_assistant <> :on RETURNING 1"),
        {"on": on, "id": tenant_id},
    )
    return changed.first() is not None


async def home_assistant(tx: AsyncSession, tenant_id: UUID) -> bool:
    found = await tx.execute(text("SELECT home_assistant FROM tenant WHERE id = :id"), {"id": tenant_id})
    return bool(found.scalar_one())


_MEASURED = ", ".join(f"bool_or({metric} IS NOT NULL)" for metric in METRICS)
_DESCRIBED = f"""
    SELECT d.id, d.tenant_id, d.kind, d.name, p.name, s.firmware, m.* FROM device d
    JOIN tenant t ON t.id = d.tenant_id AND t.home_assistant AND t.status = 'active'
    LEFT JOIN pit p ON p.id = d.pit_id LEFT JOIN device_presence s ON s.device_id = d.id
    CROSS JOIN LATERAL (SELECT {_MEASURED} FROM (SELECT {", ".join(METRICS)} FROM reading r WHERE r.device_id = d.id
        AND r.at > CAST(:now AS timestamptz) - interval '{MEASURED_LATELY}' AND r.at <= :now
        ORDER BY r.at DESC LIMIT {READINGS_LOOKED_AT}) l) m
    WHERE d.kind <> 'foreign' AND d.removed_at IS NULL AND d.revoked_at IS NULL ORDER BY d.id"""


async def described(tx: AsyncSession, now: datetime) -> list[Described]:
    """Devices that may speak, of tenants that want them described, with what they measured lately."""
    rows = await tx.execute(text(_DESCRIBED), {"now": now})
    return [_described(row) for row in rows.all()]


async def entries(tx: AsyncSession) -> dict[str, tuple[str, str]]:
    """What was said of devices and not taken back: by topic the device's id and the payload."""
    rows = await tx.execute(text("SELECT topic, device_id, payload FROM discovery_entry"))
    return {topic: (device_id, payload) for topic, device_id, payload in rows.all()}


async def keep_entry(tx: AsyncSession, topic: str, device: Described, payload: str) -> None:
    await tx.execute(
        text(
            "INSERT INTO discovery_entry (topic, tenant_id, device_id, payload)"
            " VALUES (:topic, :tenant_id, :device_id, :payload)"
            " ON CONFLICT (topic) DO UPDATE SET payload = excluded.payload"
        ),
        {"topic": topic, "tenant_id": device.tenant_id, "device_id": device.device_id, "payload": payload},
    )


async def drop_entry(tx: AsyncSession, topic: str) -> None:
    await tx.execute(text("DELETE FROM discovery_entry WHERE topic = :topic"), {"topic": topic})


def _described(row: Any) -> Described:
    id_, tenant, kind, name, pit, firmware, *measured = row
    metrics = frozenset(metric for metric, is_measured in zip(METRICS, measured, strict=True) if is_measured)
    return Described(id_, tenant, kind, name, pit, firmware, metrics)
