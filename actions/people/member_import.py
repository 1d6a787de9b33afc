"""People from a CSV file: read and judged line by line first (a dry run), then taken whole or not at all.

The first line names the columns: `name` (needed), `role` (`member` if left out, or `staff`), `contact`, `language`,
`login`, `password_hash`. Whoever has a login and a hash (argon2id, or bcrypt of an earlier system) can sign in at
once; everybody else gets an invitation.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.passwords import is_importable
from actions.people.credentials import LOGIN_CHARS_MAX
from actions.people.invitation_links import OPEN_MAX, add_invitation, open_count
from actions.people.newcomers import (
    CONTACT_CHARS_MAX,
    LANGUAGES,
    NAME_CHARS_MAX,
    Newcomer,
    store_membership,
    store_person,
)
from actions.people.trail import note
from domain.access import Intent, Role, Viewer
from domain.refusals import Refusal
from domain.words import is_shown, tidy
from storage.session import EVERY_TENANT, transaction

FILE_BYTES_MAX = 1_000_000
LINES_MAX = 2_000
COLUMNS = ("name", "role", "contact", "language", "login", "password_hash")
ROLES = frozenset({Role.MEMBER, Role.STAFF})  # owners are invited one by one
_CHARS_MAX = {"name": NAME_CHARS_MAX, "contact": CONTACT_CHARS_MAX, "login": LOGIN_CHARS_MAX}


class Fate(StrEnum):
    """What becomes of a line."""

    ADD = "add"
    """A person who can sign in at once."""
    INVITE = "invite"
    SKIP = "skip"
    """Somebody with this login is in the tenant already: nothing is changed."""
    ERROR = "error"


class LineFault(StrEnum):
    MISSING = "missing"
    TOO_LONG = "too_long"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_LANGUAGE = "unknown_language"
    NOT_A_HASH = "not_a_hash"
    """Neither argon2id nor bcrypt, or with a cost that nobody can check in time."""
    TWICE = "twice"
    """The same login as on an earlier line."""
    LOGIN_NEEDED = "login_needed"
    """A hash without a login."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One line of the file, numbered as in an editor (the first one below the heading is 2)."""

    line: int
    name: str
    login: str
    contact: str
    role: Role | None
    fate: Fate
    faults: tuple[tuple[str, LineFault], ...] = ()
    """Column and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import would do, line by line."""

    lines: tuple[ImportLine, ...]
    unknown_columns: tuple[str, ...]
    """Columns of the file that are left aside."""
    missing_columns: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        return not self.missing_columns and bool(self.lines) and self.count(Fate.ERROR) == 0

    def count(self, fate: Fate) -> int:
        return sum(line.fate is fate for line in self.lines)


@dataclass(frozen=True, slots=True)
class ImportedLink:
    """The invitation that a line became: the link is `/invitation/<token>`, shown once."""

    line: int
    name: str
    contact: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Imported:
    added: int
    skipped: int
    links: tuple[ImportedLink, ...]


async def read_import(by: Viewer, data: bytes) -> Refusal | ImportReport:
    """The dry run: changes nothing. NOT_ALLOWED, UNREADABLE, TOO_MANY."""
    if not by.may(Intent.IMPORT_PEOPLE):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        judged = await _judge(tx, by, data)
    return judged if isinstance(judged, Refusal) else judged[0]


async def run_import(by: Viewer, data: bytes, now: datetime) -> Refusal | Imported:
    """Takes the whole file in one transaction. NOT_ALLOWED, UNREADABLE, TOO_MANY, HAS_ERRORS (also if somebody took a
    login since the file was judged).
    """
    if not by.may(Intent.IMPORT_PEOPLE):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        judged = await _judge(tx, by, data)
        if isinstance(judged, Refusal):
            return judged
        report, rows = judged
        if not report.is_clean:
            return Refusal.HAS_ERRORS
        if await open_count(tx, by.tenant_id, now) + report.count(Fate.INVITE) > OPEN_MAX:
            return Refusal.TOO_MANY
        links: list[ImportedLink] = []
        for line, row in zip(report.lines, rows, strict=True):
            if line.fate is Fate.ADD and not await _add(tx, by, row, now):
                await tx.rollback()
                return Refusal.HAS_ERRORS
            if line.fate is Fate.INVITE:
                role = line.role or Role.MEMBER
                made = await add_invitation(tx, by.tenant_id, by.person_id, role, line.name, line.contact, now)
                links.append(ImportedLink(line.line, line.name, line.contact, made.token, made.expires_at))
        done = Imported(report.count(Fate.ADD), report.count(Fate.SKIP), tuple(links))
        after = {"added": done.added, "invited": len(links), "skipped": done.skipped}
        await note(tx, by, "import_people", "tenant", by.tenant_id, "", after=after)
    return done


_Row = Mapping[str, str]


async def _judge(tx: AsyncSession, by: Viewer, data: bytes) -> Refusal | tuple[ImportReport, list[_Row]]:
    parsed = _parse(data)
    if isinstance(parsed, Refusal):
        return parsed
    columns, numbered = parsed
    rows = [row for _, row in numbered]
    taken = await _taken(tx, by, [row["login"].lower() for row in rows if row["login"]])
    seen: set[str] = set()
    lines = tuple(_judge_line(number, row, taken, seen) for number, row in numbered)
    unknown = tuple(column for column in columns if column and column not in COLUMNS)
    missing = () if "name" in columns else ("name",)
    return ImportReport(lines, unknown, missing), rows


def _judge_line(number: int, row: _Row, taken: Mapping[str, bool], seen: set[str]) -> ImportLine:
    """`taken`: logins that exist, and whether in this tenant; `seen`: those of the lines before."""
    faults = _text_faults(row)
    role = _role(row["role"])
    if role is None:
        faults.append(("role", LineFault.UNKNOWN_ROLE))
    if row["language"] and row["language"] not in LANGUAGES:
        faults.append(("language", LineFault.UNKNOWN_LANGUAGE))
    login, hash_ = row["login"].lower(), row["password_hash"]
    if hash_ and not is_importable(hash_):
        faults.append(("password_hash", LineFault.NOT_A_HASH))
    if hash_ and not login:
        faults.append(("login", LineFault.LOGIN_NEEDED))
    if login and login in seen:
        faults.append(("login", LineFault.TWICE))
    seen.add(login)
    if faults:
        fate = Fate.ERROR
    elif taken.get(login):
        fate = Fate.SKIP
    else:  # a login that is somebody's elsewhere: whoever holds the link joins with that account
        fate = Fate.ADD if hash_ and login not in taken else Fate.INVITE
    return ImportLine(number, row["name"], row["login"], row["contact"], role, fate, tuple(faults))


def _text_faults(row: _Row) -> list[tuple[str, LineFault]]:
    missing = [] if row["name"] else [("name", LineFault.MISSING)]
    return missing + [(column, LineFault.TOO_LONG) for column, most in _CHARS_MAX.items() if len(row[column]) > most]


def _role(said: str) -> Role | None:
    if not said:
        return Role.MEMBER
    return Role(said.lower()) if said.lower() in ROLES else None


def _parse(data: bytes) -> Refusal | tuple[list[str], list[tuple[int, _Row]]]:
    """The file's columns, and its rows with their lines; every known column is in each row. UNREADABLE, TOO_MANY."""
    if len(data) > FILE_BYTES_MAX:
        return Refusal.UNREADABLE
    try:
        words = data.decode("utf-8-sig")  # as spreadsheets write it, with or without a mark
        heading = words.split("\n", 1)[0]
        delimiter = max(",;\t", key=heading.count)
        reader = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter, strict=True)
        columns = [column.strip().lower() for column in next(reader, [])]
        rows: list[tuple[int, _Row]] = []
        before = reader.line_num
        for cells in reader:
            said = dict(zip(columns, map(_clean, cells), strict=False))
            if any(said.values()):
                rows.append((before + 1, {column: said.get(column, "") for column in COLUMNS}))
            before = reader.line_num
    except (UnicodeDecodeError, csv.Error):
        return Refusal.UNREADABLE
    return Refusal.TOO_MANY if len(rows) > LINES_MAX else (columns, rows)


def _clean(cell: str) -> str:
    """Without what spreadsheets leave behind: spaces around, invisible characters."""
    return tidy("".join(filter(is_shown, cell)))


async def _taken(tx: AsyncSession, by: Viewer, logins: list[str]) -> dict[str, bool]:
    rows = await tx.execute(
        text(
            "SELECT lower(p.login), EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id"
            " AND m.tenant_id = :tenant) FROM person p WHERE lower(p.login) = ANY(:logins)"
        ),
        {"tenant": by.tenant_id, "logins": logins},
    )
    return {row[0]: row[1] for row in rows.all()}


async def _add(tx: AsyncSession, by: Viewer, row: _Row, now: datetime) -> bool:
    """A person who can sign in at once; False if somebody has the login by now."""
    who = Newcomer(row["login"], row["name"], row["contact"], row["language"] or "en", row["password_hash"])
    person = await store_person(tx, who, now)
    if isinstance(person, Refusal):
        return False
    return await store_membership(tx, by.tenant_id, person.id, _role(row["role"]) or Role.MEMBER, now)
