"""Rows of environment passports: asked for, made, ended. Making one needs the worker's rights: the key is its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.passport import as_json


@dataclass(frozen=True, slots=True)
class PassportRow:
    id: UUID
    tenant_id: UUID
    job_id: UUID
    record: dict[str, Any]
    signature: bytes
    public_key: bytes
    issued_at: datetime
    revoked_at: datetime | None
    revoked_why: str | None
    replaced_by: UUID | None
    """The passport that follows this one, if it was issued anew."""


@dataclass(frozen=True, slots=True)
class Due:
    tenant_id: UUID
    job_id: UUID
    attempts: int


async def ask_for(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> None:
    """Has a passport made soon, as part of the caller's transaction."""
    await tx.execute(
        text(
            "INSERT INTO passport_due (tenant_id, job_id, next_try_at) VALUES (:tenant, :job, :now)"
            " ON CONFLICT (tenant_id, job_id) DO UPDATE SET attempts = 0, next_try_at = excluded.next_try_at"
        ),
        {"tenant": tenant_id, "job": job_id, "now": now},
    )


async def lock_due(tx: AsyncSession, now: datetime) -> Due | None:
    """One that is due and that nobody else makes, locked until the transaction ends."""
    row = (
        await tx.execute(
            text(
                "SELECT tenant_id, job_id, attempts FROM passport_due WHERE next_try_at <= :now"
                " ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED"
            ),
            {"now": now},
        )
    ).first()
    return None if row is None else Due(*row)


async def done(tx: AsyncSession, due: Due) -> None:
    await tx.execute(
        text("DELETE FROM passport_due WHERE tenant_id = :tenant AND job_id = :job"),
        {"tenant": due.tenant_id, "job": due.job_id},
    )


async def failed(tx: AsyncSession, due: Due, next_try_at: datetime, why: str) -> None:
    await tx.execute(
        text(
            "UPDATE passport_due SET attempts = attempts + 1, next_try_at = :at, last_error = :why"
            " WHERE tenant_id = :tenant AND job_id = :job"
        ),
        {"tenant": due.tenant_id, "job": due.job_id, "at": next_try_at, "why": why},
    )


async def add(tx: AsyncSession, row: PassportRow, follows: UUID | None) -> None:
    await tx.execute(
        text(
            "INSERT INTO passport (id, tenant_id, job_id, record, signature, public_key, issued_at, follows)"
            " VALUES (:id, :tenant, :job, CAST(:record AS jsonb), :signature, :key, :at, :follows)"
        ),
        {
            "id": row.id, "tenant": row.tenant_id, "job": row.job_id, "record": as_json(row.record),
            "signature": row.signature, "key": row.public_key, "at": row.issued_at, "follows": follows,
        },
    )  # fmt: skip


_READ = """
    SELECT p.id, p.tenant_id, p.job_id, p.record, p.signature, p.public_key, p.issued_at, p.revoked_at, p.revoked_why,
        (SELECT n.id FROM passport n WHERE n.tenant_id = p.tenant_id AND n.follows = p.id)
    FROM passport p"""


async def by_id(tx: AsyncSession, passport_id: UUID) -> PassportRow | None:
    """Whoever's it is; needs the worker's rights."""
    return _row((await tx.execute(text(f"{_READ} WHERE p.id = :id"), {"id": passport_id})).first())


async def of_job(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> PassportRow | None:
    """The one that holds, else the last one that did."""
    statement = f"""{_READ} WHERE p.tenant_id = :tenant AND p.job_id = :job
        ORDER BY p.revoked_at IS NULL DESC, p.issued_at DESC LIMIT 1"""
    return _row((await tx.execute(text(statement), {"tenant": tenant_id, "job": job_id})).first())


async def is_due(tx: AsyncSession, tenant_id: UUID, job_id: UUID) -> bool:
    found = await tx.execute(
        text("SELECT 1 FROM passport_due WHERE tenant_id = :tenant AND job_id = :job"),
        {"tenant": tenant_id, "job": job_id},
    )
    return found.first() is not None


async def revoke(tx: AsyncSession, tenant_id: UUID, passport_id: UUID, why: str, now: datetime) -> None:
    """Needs the worker's rights."""
    await tx.execute(
        text(
            "UPDATE passport SET revoked_at = :now, revoked_why = :why"
            " WHERE tenant_id = :tenant AND id = :id AND revoked_at IS NULL"
        ),
        {"now": now, "why": why, "tenant": tenant_id, "id": passport_id},
    )


async def key_of(tx: AsyncSession, tenant_id: UUID) -> tuple[bytes, bytes] | None:
    """The tenant's public key and its sealed secret half."""
    row = (
        await tx.execute(
            text("SELECT public_key, key_sealed FROM passport_key WHERE tenant_id = :tenant"), {"tenant": tenant_id}
        )
    ).first()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


async def add_key(tx: AsyncSession, tenant_id: UUID, public: bytes, sealed: bytes, now: datetime) -> None:
    """Does nothing if another transaction was first."""
    await tx.execute(
        text(
            "INSERT INTO passport_key (tenant_id, public_key, key_sealed, created_at)"
            " VALUES (:tenant, :public, :sealed, :now) ON CONFLICT DO NOTHING"
        ),
        {"tenant": tenant_id, "public": public, "sealed": sealed, "now": now},
    )


def _row(row: Any) -> PassportRow | None:
    if row is None:
        return None
    values = list(row)
    values[4], values[5] = bytes(values[4]), bytes(values[5])
    return PassportRow(*values)
