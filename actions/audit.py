"""The audit trail: one row for each intent that changed something, in the transaction that changed it.

Nobody may change or remove a row: the database's roles have no right to. Rows of a tenant are chained by their hashes
(domain/audit.py), and the latest one is also kept apart, so that a row that was changed, removed or inserted shows.
"""

from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain import audit
from domain.access import Viewer
from domain.audit import ChainCheck, Entry, Fault, Head
from storage import audit as stored
from storage.session import EVERY_TENANT, transaction

NAME_CHARS_MAX = 200
ADDRESS_CHARS_MAX = 60

asked_from: ContextVar[str] = ContextVar("asked_from", default="")
"""The network address of whoever is being served; the web server's middleware sets it for each request and socket."""


async def record(
    tx: AsyncSession,
    *,
    tenant_id: UUID,
    by: Viewer | None,
    intent: str,
    kind: str,
    object_id: str,
    object_name: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    address: str = "",
) -> None:
    """Adds a row to the tenant's trail as part of the caller's transaction: what is rolled back was never done.

    Locks the tenant's head until the transaction ends, so call it last, after every other lock is taken: then two
    intents wait for each other, but never in a circle. `by` is None for what the system did by itself. `before` and
    `after` hold only what changed (ids, times and enums may stay as they are), each None where there was nothing.
    The row's time is the database's, never earlier than that of the row before. Without an `address`, the one that
    the request came from is taken.

    Raises:
        SecretInAudit: a key of `before` or `after` sounds like a secret.
        TypeError, ValueError: a value that JSON can't hold.
    """
    audit.refuse_secrets(before)
    audit.refuse_secrets(after)
    head, at = await stored.lock_head(tx, tenant_id)
    entry = Entry(
        tenant_id,
        head.n + 1,
        at,
        by.person_id if by else None,
        by.name if by else "",
        intent,
        kind,
        object_id,
        object_name[:NAME_CHARS_MAX],
        audit.plain(before),
        audit.plain(after),
        (address or asked_from.get())[:ADDRESS_CHARS_MAX],
    )
    await stored.append(tx, audit.link(entry, head.hash))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one tenant's trail."""

    tenant_id: UUID
    tenant_name: str
    head: Head
    fault: Fault | None


async def verify(tenant_id: UUID | None = None) -> AsyncIterator[Verdict]:
    """Follows the chain of one tenant, or of each. Every chain is read as it stands at one moment, page by page."""
    async with transaction(EVERY_TENANT) as tx:
        await stored.freeze(tx)
        for id_, name, head in await stored.heads(tx, tenant_id):
            yield Verdict(id_, name, head, await _follow(tx, id_, head))


async def _follow(tx: AsyncSession, tenant_id: UUID, head: Head) -> Fault | None:
    check = ChainCheck(head)
    async for link in stored.chain(tx, tenant_id):
        if fault := check.next(link):
            return fault
    return check.end()
