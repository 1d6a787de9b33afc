"""Reads of the tenant's messages, without addresses and secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.outbox import MessageStatus
from domain.ways import Way


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message by one way; `subject` and `text` as they were sent, empty before the first attempt."""

    id: UUID
    created_at: datetime
    person: str
    """Empty if it went to a plain address."""
    way: Way
    shown: str
    reason: str
    about: str
    facts: dict[str, Any]
    subject: str
    text: str
    status: MessageStatus
    attempts: int
    last_error: str
    next_try_at: datetime
    tried_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages; None and the empty text are any. `search` looks into receiver and subject."""

    status: MessageStatus | None = None
    way: Way | None = None
    search: str = ""
    about: str = ""


_COLUMNS = (
    "SELECT m.id, m.created_at, coalesce(p.name, ''), m.way, m.shown, m.reason, m.about, m.facts, m.subject, m.text,"
    " m.status, m.attempts, m.last_error, m.next_try_at, m.tried_at, m.done_at"
    " FROM message m LEFT JOIN person p ON p.id = m.person_id"
)
_FOUND = (
    " WHERE (CAST(:status AS text) IS NULL OR m.status = :status) AND (CAST(:way AS text) IS NULL OR m.way = :way)"
    " AND (:about = '' OR m.about = :about) AND (:search = ''"
    " OR position(lower(:search) IN lower(coalesce(p.name, '') || ' ' || m.shown || ' ' || m.subject)) > 0)"
)


async def messages(
    tx: AsyncSession, by: MessageFilter, before: tuple[datetime, UUID] | None, limit: int
) -> list[MessageRow]:
    """The tenant's messages, the newest first; the next page begins `before` the last row's time and id."""
    at, id_ = before or (None, None)
    rows = await tx.execute(
        text(
            f"{_COLUMNS} {_FOUND} AND (CAST(:at AS timestamptz) IS NULL OR (m.created_at, m.id) < (:at, :id))"
            " ORDER BY m.created_at DESC, m.id DESC LIMIT :limit"
        ),
        {
            "status": by.status, "way": by.way, "about": by.about, "search": by.search.strip(), "at": at, "id": id_,
            "limit": limit,
        },
    )  # fmt: skip
    return [_message(row) for row in rows.all()]


async def message(tx: AsyncSession, message_id: UUID) -> MessageRow | None:
    """One of the tenant's messages."""
    row = (await tx.execute(text(f"{_COLUMNS} WHERE m.id = :id"), {"id": message_id})).first()
    return _message(row) if row else None


async def counts(tx: AsyncSession) -> dict[MessageStatus, int]:
    """How many of the tenant's messages are in each state."""
    rows = await tx.execute(text("SELECT status, count(*) FROM message GROUP BY status"))
    found = {MessageStatus(status): int(count) for status, count in rows.all()}
    return {status: found.get(status, 0) for status in MessageStatus}


def _message(row: Any) -> MessageRow:
    values = list(row)
    values[3], values[10] = Way(values[3]), MessageStatus(values[10])
    return MessageRow(*values)
