"""Reads of the audit trail for people: filtered, newest first, page by page after a key, and as CSV.

Every condition has an index that ends with the row's number, so a page costs the same at the end of a long trail.
Times become bounds of numbers first: within a trail they rise together.
"""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.audit import Entry, Link, as_json
from storage.audit import COLUMNS
from storage.session import transaction

CSV_PAGE_ROWS = 1_000
CSV_COLUMNS = (
    "n", "at", "person", "intent", "kind", "object_id", "object", "before", "after", "address", "hash",
)  # fmt: skip
NEWLINE = "\r\n"  # RFC 4180
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet would compute instead of show."""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which rows are wanted; None is any. `until` is not included."""

    person_id: UUID | None = None
    intent: str | None = None
    kind: str | None = None
    object_id: str | None = None
    """Needs `kind`."""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailChoices:
    """What the trail holds at all. People by the name in their latest row."""

    people: Sequence[tuple[UUID, str]]
    intents: Sequence[str]
    kinds: Sequence[str]


async def trail(tx: AsyncSession, wanted: TrailFilter, before: int | None, rows: int) -> list[Link]:
    """At most `rows` rows, the newest first, all older than row `before` (None: from the newest on)."""
    where, bound = await _where(tx, wanted)
    bound |= {"before": before, "rows": rows}
    if before is not None:
        where.append("n < :before")
    found = await tx.execute(
        text(f"SELECT {COLUMNS}, previous, hash FROM audit WHERE {' AND '.join(where)} ORDER BY n DESC LIMIT :rows"),
        bound,
    )
    return [_link(row) for row in found.all()]


async def trail_row(tx: AsyncSession, n: int) -> Link | None:
    row = (await tx.execute(text(f"SELECT {COLUMNS}, previous, hash FROM audit WHERE n = :n"), {"n": n})).first()
    return _link(row) if row else None


def _link(row: Any) -> Link:
    *entry, previous, hash_ = row
    return Link(Entry(*entry), bytes(previous), bytes(hash_))


async def _where(tx: AsyncSession, wanted: TrailFilter) -> tuple[list[str], dict[str, Any]]:
    where, bound = ["true"], dict[str, Any]()
    for name in ("person_id", "intent", "kind", "object_id"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(f"{name} = :{name}")
            bound[name] = value
    for name, at, sign in (("first", wanted.since, ">="), ("end", wanted.until, "<")):
        if at is not None:
            n = await tx.execute(text("SELECT n FROM audit WHERE at >= :at ORDER BY at, n LIMIT 1"), {"at": at})
            bound[name] = n.scalar_one_or_none()
            if bound[name] is not None:
                where.append(f"n {sign} :{name}")
            elif name == "first":
                where.append("false")
    return where, bound


async def choices(tx: AsyncSession) -> TrailChoices:
    """What the filters can offer; reads one row for each answer, however long the trail is."""
    people = await tx.execute(
        text(
            f"{_distinct('person_id')} SELECT value, (SELECT person_name FROM audit WHERE person_id = value"
            " ORDER BY n DESC LIMIT 1) FROM found WHERE value IS NOT NULL ORDER BY 2, 1"
        )
    )
    intents, kinds = [
        (await tx.execute(text(f"{_distinct(name)} SELECT value FROM found WHERE value IS NOT NULL"))).scalars().all()
        for name in ("intent", "kind")
    ]
    return TrailChoices([(id_, name) for id_, name in people.all()], intents, kinds)


def _distinct(column: str) -> str:
    """Jumps through an index from one value to the next; PostgreSQL's DISTINCT would read every row."""
    first = f"SELECT {column} FROM audit WHERE {column} IS NOT NULL ORDER BY {column} LIMIT 1"
    after = f"SELECT {column} FROM audit WHERE {column} > found.value ORDER BY {column} LIMIT 1"
    return (
        f"WITH RECURSIVE found(value) AS (({first}) UNION ALL"
        f" SELECT ({after}) FROM found WHERE found.value IS NOT NULL)"
    )


async def csv_pages(tenant_id: UUID, wanted: TrailFilter, zone: str) -> AsyncIterator[str]:
    """Yields a line with the columns' names, then the rows, the newest first; times in `zone` (an IANA name).

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    yield ",".join(CSV_COLUMNS) + NEWLINE
    before: int | None = None
    while True:
        async with transaction(tenant_id) as tx:
            page = await trail(tx, wanted, before, CSV_PAGE_ROWS)
        if page:
            yield _lines(page, ZoneInfo(zone))
        if len(page) < CSV_PAGE_ROWS:
            return
        before = page[-1].entry.n


def _lines(page: Sequence[Link], zone: ZoneInfo) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=NEWLINE)
    for link in page:
        e = link.entry
        writer.writerow(
            [
                e.n, e.at.astimezone(zone).isoformat(),
                *map(harmless, (e.person_name, e.intent, e.kind, e.object_id, e.object_name)),
                *("" if said is None else harmless(as_json(said)) for said in (e.before, e.after)),
                harmless(e.address), link.hash.hex(),
            ]
        )  # fmt: skip
    return out.getvalue()


def harmless(said: str) -> str:
    """The text as a spreadsheet shows it, and never computes it."""
    return "'" + said if said.startswith(_FORMULA) else said
