"""The audit trail's chain: what one row says, the bytes that are hashed, and how a broken row is found.

The hash of a row is SHA-256 over a JSON array in UTF-8, without spaces, keys sorted, characters not escaped:
`[1, tenant, n, at, person id, person name, intent, kind, object id, object name, before, after, address, previous]`.
The 1 is this encoding's version, `at` counts microseconds since 1970 UTC, ids are in their usual text form, `previous`
is the hash of row n − 1 in hexadecimal digits (64 zeros before the first row). Numbers that are whole are written as
integers, so that the same bytes come out again after PostgreSQL has kept `before` and `after` as jsonb.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

ENCODING = 1
NOTHING_BEFORE = bytes(32)
"""Stands where the hash of the row before the first would."""
WHOLE_MAX = 2**53  # beyond it a float no longer tells neighbouring whole numbers apart

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECRET = re.compile(r"password|secret|token|(^|_)(code|key)s?($|_)")


class SecretInAudit(ValueError):
    """A key of `before` or `after` sounds like a secret: what is written into the trail can't be taken out again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One intent that changed something. `person_id` is None for what the system did by itself."""

    tenant_id: UUID
    n: int
    at: datetime
    person_id: UUID | None
    person_name: str
    intent: str
    kind: str
    object_id: str
    object_name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it stands in the chain."""

    entry: Entry
    previous: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The number and hash of a tenant's latest row, kept apart from the rows."""

    n: int = 0
    hash: bytes = NOTHING_BEFORE


class Break(StrEnum):
    CHANGED = "changed"
    """The row does not say what it said when it was hashed."""
    REPLACED = "replaced"
    """The row is whole in itself, but not the one that the next row, or the head, was chained to."""
    REMOVED = "removed"
    """There is a gap in the numbers, or rows end before the head."""
    INSERTED = "inserted"
    """The row was put between two others, or stands beyond the head."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is not as it was written."""

    n: int
    kind: Break


def canonical(entry: Entry, previous: bytes) -> bytes:
    """The bytes that are hashed."""
    parts = [
        ENCODING, str(entry.tenant_id), entry.n, (entry.at - _EPOCH) // _MICROSECOND,
        None if entry.person_id is None else str(entry.person_id), entry.person_name,
        entry.intent, entry.kind, entry.object_id, entry.object_name,
        plain(entry.before), plain(entry.after), entry.address, previous.hex(),
    ]  # fmt: skip
    return as_json(parts).encode()


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def link(entry: Entry, previous: bytes) -> Link:
    """Chains an entry to the row before it."""
    return Link(entry, previous, hashlib.sha256(canonical(entry, previous)).digest())


def plain(value: Any) -> Any:
    """Turns a value into what JSON can say, in the one form that survives storing: ids and times become texts.

    Raises:
        TypeError: there is no such form.
        ValueError: a number that JSON or a float can't hold exactly.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | str():
            return value
        case int() | float():
            return _number(value)
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case set() | frozenset():
            return sorted(plain(inner) for inner in value)
    raise TypeError(f"{type(value).__name__} has no place in the audit trail")


def _number(value: float) -> int | float:
    if not abs(value) <= WHOLE_MAX:  # neither is NaN
        raise ValueError("a number beyond 2^53 can't be kept exactly")
    return int(value) if value == int(value) else value


def refuse_secrets(said: Mapping[str, Any] | None) -> None:
    """
    Raises:
        SecretInAudit: a key, however deep, sounds like a secret.
    """
    for key in _keys(said or {}):
        if _SECRET.search(key.lower()):
            raise SecretInAudit(f"{key!r} may hold a secret; leave it out of before and after")


def _keys(said: Any) -> Iterator[str]:
    if isinstance(said, Mapping):
        for key, inner in said.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(said, list | tuple | set | frozenset):
        for inner in said:
            yield from _keys(inner)


def first_fault(links: Iterable[Link], head: Head) -> Fault | None:
    """Follows a tenant's whole chain, given in the order of its numbers; returns the first broken row, or None."""
    check = ChainCheck(head)
    for each in links:
        if fault := check.next(each):
            return fault
    return check.end()


class ChainCheck:
    """Follows a chain row by row, for one that does not fit into memory."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.at = Head()

    def next(self, given: Link) -> Fault | None:
        """Takes the next row; returns what is broken with it or with the one before."""
        n = given.entry.n
        if n > self.at.n + 1:
            return Fault(self.at.n + 1, Break.REMOVED)
        if given.previous != self.at.hash:
            return self._torn(given)
        if not _fits(given, n):
            return Fault(n, Break.CHANGED)
        if n > self.head.n:
            return Fault(n, Break.INSERTED)
        if n == self.head.n and given.hash != self.head.hash:
            return Fault(n, Break.REPLACED)
        self.at = Head(n, given.hash)
        return None

    def end(self) -> Fault | None:
        """Says whether rows are missing that the head knows of."""
        return Fault(self.at.n + 1, Break.REMOVED) if self.at.n < self.head.n else None

    def _torn(self, given: Link) -> Fault:
        """A row that does not follow the one before: one of the two is not what was written."""
        n = given.entry.n
        if n > 1 and _fits(given, n - 1):  # it was moved up to make room
            return Fault(n - 1, Break.INSERTED)
        if n > 1 and _fits(given, n):
            return Fault(n - 1, Break.REPLACED)
        return Fault(n, Break.CHANGED)


def _fits(given: Link, n: int) -> bool:
    """Whether the row's hash is that of what it says, as row `n`."""
    try:
        return link(replace(given.entry, n=n), given.previous).hash == given.hash
    except ValueError:  # a number that was never written by us
        return False
