"""The audit trail's rows: appended under the lock of a tenant's head, and read back in order to be checked."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import Entry, Head, Link, as_json

CHAIN_PAGE_ROWS = 1_000

_ENTRY = tuple(field.name for field in fields(Entry))  # columns have the same names
COLUMNS = ", ".join(_ENTRY)

# A statement that changes nothing locks the row, and makes it where there is none. The clock is read under the lock.
_LOCK = """
    INSERT INTO audit_head AS h (tenant_id, n, hash, at) VALUES (:tenant_id, 0, :nothing, '-infinity')
    ON CONFLICT (tenant_id) DO UPDATE SET n = h.n
    RETURNING n, hash, greatest(clock_timestamp(), at)"""

_APPEND = f"""
    WITH added AS (INSERT INTO audit ({COLUMNS}, previous, hash) VALUES
        (:tenant_id, :n, :at, :person_id, :person_name, :intent, :kind, :object_id, :object_name,
        CAST(:before AS jsonb), CAST(:after AS jsonb), :address, :previous, :hash))
    UPDATE audit_head SET n = :n, hash = :hash, at = :at WHERE tenant_id = :tenant_id"""


async def lock_head(tx: AsyncSession, tenant_id: UUID) -> tuple[Head, datetime]:
    """Locks the tenant's head until the transaction ends; returns it, and the time of the row that comes next."""
    row = (await tx.execute(text(_LOCK), {"tenant_id": tenant_id, "nothing": Head().hash})).one()
    return Head(row[0], bytes(row[1])), row[2]


async def append(tx: AsyncSession, link: Link) -> None:
    """Writes the row and moves the head, which must be locked."""
    bound: dict[str, Any] = {name: getattr(link.entry, name) for name in _ENTRY}
    for name in ("before", "after"):
        bound[name] = None if bound[name] is None else as_json(bound[name])
    await tx.execute(text(_APPEND), {**bound, "previous": link.previous, "hash": link.hash})


async def freeze(tx: AsyncSession) -> None:
    """Lets the transaction see everything as it is at its next statement; must be its first."""
    await tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))


async def heads(tx: AsyncSession, tenant_id: UUID | None) -> list[tuple[UUID, str, Head]]:
    """Tenants (or the one that is named) with their names and the heads of their trails."""
    rows = await tx.execute(
        text(
            "SELECT t.id, t.name, h.n, h.hash FROM tenant t LEFT JOIN audit_head h ON h.tenant_id = t.id"
            " WHERE CAST(:tenant_id AS uuid) IS NULL OR t.id = :tenant_id ORDER BY t.created_at, t.id"
        ),
        {"tenant_id": tenant_id},
    )
    return [(id_, name, Head() if n is None else Head(n, bytes(hash_))) for id_, name, n, hash_ in rows.all()]


async def chain(tx: AsyncSession, tenant_id: UUID) -> AsyncIterator[Link]:
    """Every row of a tenant in the order of its number."""
    n = 0
    while True:
        rows = await tx.execute(
            text(
                f"SELECT {COLUMNS}, previous, hash FROM audit WHERE tenant_id = :tenant_id AND n > :n"
                " ORDER BY n LIMIT :rows"
            ),
            {"tenant_id": tenant_id, "n": n, "rows": CHAIN_PAGE_ROWS},
        )
        page = rows.all()
        for *entry, previous, hash_ in page:
            yield Link(Entry(*entry), bytes(previous), bytes(hash_))
        if len(page) < CHAIN_PAGE_ROWS:
            return
        n = page[-1].n
