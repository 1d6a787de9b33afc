"""Rows of devices' identity: the device itself, its claim codes, its credential and its certificates.

Whoever changes a device locks its row first, then its codes and certificates: so nobody waits in a circle. The web's
role may write hashes, but not read them (migrations/versions/0003_device_identity.py).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import Claim, Identity, identity_of


@dataclass(frozen=True, slots=True)
class Held:
    """A device, locked until the transaction ends. `credential` is `password`, `certificate`, `key` or None."""

    id: str
    tenant_id: UUID
    kind: str
    name: str
    pit_id: UUID | None
    enabled: bool
    credential: str | None
    claimed_at: datetime | None
    revoked_at: datetime | None
    link: str

    @property
    def identity(self) -> Identity:
        return identity_of(self.claimed_at, self.revoked_at)


async def lock(tx: AsyncSession, device_id: str) -> Held | None:
    row = (
        await tx.execute(
            text(
                "SELECT id, tenant_id, kind, name, pit_id, enabled, credential, claimed_at, revoked_at, link"
                " FROM device WHERE id = :id AND removed_at IS NULL FOR UPDATE"
            ),
            {"id": device_id},
        )
    ).first()
    return Held(*row) if row else None


async def add(
    tx: AsyncSession, device_id: str, tenant_id: UUID, kind: str, name: str, pit_id: UUID | None, link: str,
    now: datetime,
) -> None:  # fmt: skip
    await tx.execute(
        text(
            "INSERT INTO device (id, tenant_id, kind, name, pit_id, link, enabled, created_at)"
            " VALUES (:id, :tenant_id, :kind, :name, :pit_id, :link, true, :now)"
        ),
        {
            "id": device_id, "tenant_id": tenant_id, "kind": kind, "name": name, "pit_id": pit_id, "link": link,
            "now": now,
        },
    )  # fmt: skip


async def change(tx: AsyncSession, device_id: str, **columns: Any) -> None:
    """Sets columns of a locked device."""
    settings = ", ".join(f"{name} = :{name}" for name in columns)
    await tx.execute(text(f"UPDATE device SET {settings} WHERE id = :device_id"), {**columns, "device_id": device_id})


async def pit_name(tx: AsyncSession, pit_id: UUID) -> str | None:
    """The name of a pit that can take a device, or None."""
    named = await tx.execute(text("SELECT name FROM pit WHERE id = :id AND archived_at IS NULL"), {"id": pit_id})
    return named.scalar_one_or_none()


async def add_code(
    tx: AsyncSession, device: Held, code_hash: bytes, by: UUID, now: datetime, expires_at: datetime
) -> None:
    await tx.execute(
        text(
            "INSERT INTO device_claim (id, tenant_id, device_id, code_hash, created_by, created_at, expires_at)"
            " VALUES (:id, :tenant_id, :device_id, :code_hash, :by, :now, :expires_at)"
        ),
        {
            "id": uuid4(), "tenant_id": device.tenant_id, "device_id": device.id, "code_hash": code_hash, "by": by,
            "now": now, "expires_at": expires_at,
        },
    )  # fmt: skip


async def withdraw_codes(tx: AsyncSession, device_id: str, now: datetime) -> int:
    """Ends the device's codes that were not used; returns how many there were."""
    ended = await tx.execute(
        text(
            "UPDATE device_claim SET revoked_at = :now WHERE device_id = :id AND used_at IS NULL AND revoked_at IS NULL"
            " RETURNING 1"
        ),
        {"now": now, "id": device_id},
    )
    return len(ended.all())


async def device_of_code(tx: AsyncSession, code_hash: bytes) -> str | None:
    found = await tx.execute(text("SELECT device_id FROM device_claim WHERE code_hash = :hash"), {"hash": code_hash})
    return found.scalar_one_or_none()


async def claim_of_code(tx: AsyncSession, code_hash: bytes) -> Claim | None:
    """The code as it stands now; ask with the device's row locked."""
    row = (
        await tx.execute(
            text("SELECT expires_at, used_at, revoked_at FROM device_claim WHERE code_hash = :hash"),
            {"hash": code_hash},
        )
    ).first()
    return Claim(*row) if row else None


async def use_code(tx: AsyncSession, code_hash: bytes, address: str, now: datetime) -> None:
    await tx.execute(
        text("UPDATE device_claim SET used_at = :now, used_from = :address WHERE code_hash = :hash"),
        {"now": now, "address": address, "hash": code_hash},
    )


async def device_of_key(tx: AsyncSession, key_hash: bytes) -> str | None:
    found = await tx.execute(text("SELECT id FROM device WHERE key_hash = :hash"), {"hash": key_hash})
    return found.scalar_one_or_none()


async def last_boot(tx: AsyncSession, device_id: str) -> int:
    """The highest boot number that was heard of the device; 0 if none was."""
    found = await tx.execute(
        text(
            "SELECT greatest((SELECT max(boot_id) FROM device_boot WHERE device_id = :id),"
            " (SELECT boot_id FROM device_presence WHERE device_id = :id), 0)"
        ),
        {"id": device_id},
    )
    return int(found.scalar_one())


async def tenant_status(tx: AsyncSession, tenant_id: UUID) -> str:
    found = await tx.execute(text("SELECT status FROM tenant WHERE id = :id"), {"id": tenant_id})
    return str(found.scalar_one())


async def add_certificate(
    tx: AsyncSession, device: Held, serial: str, not_before: datetime, not_after: datetime, now: datetime
) -> None:
    await tx.execute(
        text(
            "INSERT INTO device_certificate (serial, tenant_id, device_id, not_before, not_after, created_at)"
            " VALUES (:serial, :tenant_id, :device_id, :not_before, :not_after, :now)"
        ),
        {
            "serial": serial, "tenant_id": device.tenant_id, "device_id": device.id, "not_before": not_before,
            "not_after": not_after, "now": now,
        },
    )  # fmt: skip


async def revoke_certificates(tx: AsyncSession, device_id: str, reason: str, now: datetime) -> None:
    await tx.execute(
        text(
            "UPDATE device_certificate SET revoked_at = :now, reason = :reason"
            " WHERE device_id = :id AND revoked_at IS NULL AND not_after > :now"
        ),
        {"now": now, "reason": reason, "id": device_id},
    )


@dataclass(frozen=True, slots=True)
class MqttUser:
    """A device as a broker should know it. The demo's have a password of which neither hash nor seal is kept here."""

    device_id: str
    tenant_id: UUID
    credential: str
    password_hash: str | None
    password_sealed: bytes | None


async def mqtt_users(tx: AsyncSession) -> list[MqttUser]:
    """Every device that may speak at the broker, of all tenants."""
    rows = await tx.execute(
        text(
            "SELECT id, tenant_id, credential, mqtt_password_hash, mqtt_password_sealed FROM device"
            " WHERE credential IN ('password', 'certificate') AND revoked_at IS NULL AND removed_at IS NULL ORDER BY id"
        )
    )
    return [MqttUser(*row) for row in rows.all()]


async def revoked(tx: AsyncSession) -> set[str]:
    """Devices that may not speak any more, of all tenants."""
    rows = await tx.execute(text("SELECT id FROM device WHERE revoked_at IS NOT NULL"))
    return set(rows.scalars())
