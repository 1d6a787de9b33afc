"""What became of turns and minutes: runs with their history, statements in which every second is explained, usage."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump.words import HoldCause, Mode, Reason, RunState
from domain.wallet import Account, TransferKind
from storage.pump_views import RunEventRow, RunHistory, RunView
from storage.session import transaction
from storage.wallet_views import Paged, Statement, StatementLine, Usage, UsageDay, UsageMember

CSV_PAGE = 500

RUN_VIEW = """
    SELECT r.id, r.member_id, p.name, r.device_id, d.name, r.state, r.mode, r.amount_s, r.used_ms / 1000,
        m.motor_on AND m.run_id = r.id AND r.state IN ('starting', 'running', 'stopping'), m.heard_at,
        CASE WHEN r.state = 'hold' THEN r.hold_cause END, r.end_reason, r.since_at, r.asked_at, r.started_at,
        r.ended_at, r.captured_s
    FROM run r JOIN person p ON p.id = r.member_id JOIN device d ON d.id = r.device_id
    JOIN motor m ON m.device_id = r.device_id"""


def run_view(row: Sequence[Any]) -> RunView:
    """A run out of a row of RUN_VIEW."""
    id_, member_id, member, device_id, motor, state, mode, amount_s, used_s, counts, heard_at, cause, reason, *at = row
    since_at, asked_at, started_at, ended_at, captured_s = at
    return RunView(
        id_, member_id, member, device_id, motor, RunState(state), Mode(mode), amount_s, used_s, bool(counts),
        heard_at, HoldCause(cause) if cause else None, Reason(reason) if reason else None, since_at, asked_at,
        started_at, ended_at, captured_s,
    )  # fmt: skip


async def runs(
    tx: AsyncSession,
    member_id: UUID | None = None,
    device_id: str | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Paged[RunView]:
    """Runs, the newest first; of one member, or of one motor."""
    where = (
        " WHERE (CAST(:member AS uuid) IS NULL OR r.member_id = :member)"
        " AND (CAST(:device AS text) IS NULL OR r.device_id = :device)"
    )
    bound: dict[str, Any] = {"member": member_id, "device": device_id}
    page = f"{RUN_VIEW}{where} ORDER BY r.asked_at DESC, r.id OFFSET :offset LIMIT :limit"
    rows = (await tx.execute(text(page), bound | {"offset": offset, "limit": limit})).all()
    total = (await tx.execute(text(f"SELECT count(*) FROM run r{where}"), bound)).scalar_one()
    return Paged(tuple(map(run_view, rows)), int(total))


async def run_history(tx: AsyncSession, run_id: UUID, member_id: UUID | None = None) -> RunHistory | None:
    """A run with its transitions; None: there is none, or it is not this member's."""
    row = (await tx.execute(text(f"{RUN_VIEW} WHERE r.id = :id"), {"id": run_id})).first()
    if row is None or (member_id is not None and row[1] != member_id):
        return None
    rows = await tx.execute(
        text(
            "SELECT e.at, e.before, e.state, e.reason, e.hold_cause, e.amount_s, p.name FROM run_event e"
            " LEFT JOIN person p ON p.id = e.by WHERE e.run_id = :id ORDER BY e.id"
        ),
        {"id": run_id},
    )
    events = (
        RunEventRow(
            at, RunState(before) if before else None, RunState(state), Reason(reason),
            HoldCause(cause) if cause else None, amount_s, by,
        )
        for at, before, state, reason, cause, amount_s, by in rows.all()
    )  # fmt: skip
    return RunHistory(run_view(row), tuple(events))


_LINES = """
    SELECT t.id, t.at, t.kind, t.debit, t.credit, t.seconds, t.available_s, t.held_s, t.run_id, d.name, r.end_reason,
        p.name, t.reason
    FROM transfer t LEFT JOIN run r ON r.tenant_id = t.tenant_id AND r.id = t.run_id
    LEFT JOIN device d ON d.id = r.device_id LEFT JOIN person p ON p.id = t.by
    WHERE t.member_id = :member AND t.at >= :start AND t.at < :end ORDER BY t.n"""
_BEFORE = """
    SELECT available_s + held_s FROM transfer WHERE member_id = :member AND at < :start ORDER BY n DESC LIMIT 1"""


async def statement(tx: AsyncSession, member_id: UUID, first: date, last: date) -> Statement | None:
    """A member's transfers from `first` to `last`, days in the tenant's zone; None: no such member."""
    name = (
        await tx.execute(
            text("SELECT p.name FROM membership m JOIN person p ON p.id = m.person_id WHERE m.person_id = :id"),
            {"id": member_id},
        )
    ).scalar_one_or_none()
    if name is None:
        return None
    start, end = await _span(tx, first, last)
    bound = {"member": member_id, "start": start, "end": end}
    rows = (await tx.execute(text(_LINES), bound)).all()
    opening_s = int((await tx.execute(text(_BEFORE), bound)).scalar_one_or_none() or 0)
    lines = tuple(map(_line, rows))
    return Statement(member_id, name, first, last, opening_s, lines[-1].balance_s if lines else opening_s, lines)


async def usage(tx: AsyncSession, first: date, last: date, members: int = 20) -> Usage:
    """What was used from `first` to `last`, by day and by those who used most."""
    start, end = await _span(tx, first, last)
    zone = (await tx.execute(text("SELECT zone FROM tenant"))).scalar_one()
    bound = {"start": start, "end": end, "zone": zone, "most": members}
    where = "WHERE r.ended_at >= :start AND r.ended_at < :end AND r.captured_s > 0"
    days = await tx.execute(
        text(
            "SELECT CAST(r.ended_at AT TIME ZONE :zone AS date), sum(r.captured_s)::bigint, count(*) FROM run r"
            f" {where} GROUP BY 1"
        ),
        bound,
    )
    found = {day: UsageDay(day, seconds, count) for day, seconds, count in days.all()}
    people = await tx.execute(
        text(
            "SELECT r.member_id, p.name, sum(r.captured_s)::bigint, count(*) FROM run r JOIN person p"
            f" ON p.id = r.member_id {where} GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT :most"
        ),
        bound,
    )
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return Usage(
        tuple(found.get(day, UsageDay(day, 0, 0)) for day in every),
        tuple(UsageMember(*row) for row in people.all()),
    )


_CSV = f"""{RUN_VIEW} WHERE r.asked_at >= :start AND r.asked_at < :end AND (r.asked_at, r.id) > (:at, :id)
    ORDER BY r.asked_at, r.id LIMIT {CSV_PAGE}"""
CSV_HEAD = (
    "run", "member", "motor", "mode", "state", "reason", "asked_at", "started_at", "ended_at", "asked_s", "charged_s",
)  # fmt: skip


async def csv_pages(tenant_id: UUID, first: date, last: date) -> AsyncIterator[str]:
    """The tenant's runs as CSV, the oldest first, page by page: each is read in a transaction of its own."""
    yield _csv([CSV_HEAD])
    async with transaction(tenant_id) as tx:
        start, end = await _span(tx, first, last)
    at, id_ = start - timedelta(days=1), UUID(int=0)
    while True:
        async with transaction(tenant_id) as tx:
            rows = (await tx.execute(text(_CSV), {"start": start, "end": end, "at": at, "id": id_})).all()
        views = [run_view(row) for row in rows]
        if not views:
            return
        at, id_ = views[-1].asked_at, views[-1].id
        yield _csv(_csv_row(view) for view in views)


def _csv_row(view: RunView) -> list[object]:
    moments = [at.isoformat(timespec="seconds") if at else "" for at in (view.asked_at, view.started_at, view.ended_at)]
    return [
        view.id, _plain(view.member_name), _plain(view.motor_name), view.mode, view.state, view.end_reason or "",
        *moments, view.amount_s, "" if view.captured_s is None else view.captured_s,
    ]  # fmt: skip


def _plain(words: str) -> str:
    """A name that a spreadsheet would take for a formula is made harmless."""
    return f"'{words}" if words[:1] in ("=", "+", "-", "@", "\t", "\r") else words


def _csv(rows: Any) -> str:
    page = io.StringIO()
    csv.writer(page).writerows(rows)
    return page.getvalue()


def _line(row: Sequence[Any]) -> StatementLine:
    id_, at, kind, debit, credit, seconds, available_s, held_s, run_id, motor, end_reason, by, reason = row
    own = (Account.AVAILABLE, Account.HELD)
    change_s = seconds * ((credit in own) - (debit in own))
    ended = Reason(end_reason) if end_reason else None
    return StatementLine(
        id_, at, TransferKind(kind), seconds, change_s, available_s, held_s, run_id, motor, ended, by, reason
    )


async def _span(tx: AsyncSession, first: date, last: date) -> tuple[datetime, datetime]:
    """From the first midnight to the one after the last day, in the tenant's zone."""
    zone = ZoneInfo((await tx.execute(text("SELECT zone FROM tenant"))).scalar_one())
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)
