"""Lists that owners look at: balances, minutes asked for, cards, usual cuts, incidents. All of the viewer's tenant."""

from collections.abc import Sequence
from datetime import time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.limits import Level
from domain.minute_requests import RequestState
from domain.pump.motor_alerts import MotorRule
from domain.pump.shedding import Window
from domain.pump.words import RunState
from storage.pump_views import IncidentRow, ShedWindowRow
from storage.wallet_views import BalanceRow, CardRow, MinuteRequestRow, Paged, UnknownCardRow

_BALANCES = """
    FROM membership m JOIN person p ON p.id = m.person_id
    LEFT JOIN wallet w ON w.tenant_id = m.tenant_id AND w.member_id = m.person_id
    WHERE (m.role = 'member' OR w.member_id IS NOT NULL)
        AND (:search = '' OR p.name ILIKE :like OR p.login ILIKE :like)"""
_BALANCE = f"""
    SELECT m.person_id, p.name, p.login, coalesce(w.available_s, 0), coalesce(w.held_s, 0),
        m.suspended_at IS NOT NULL OR p.suspended_at IS NOT NULL,
        (SELECT state FROM run r WHERE r.tenant_id = m.tenant_id AND r.member_id = m.person_id AND r.ended_at IS NULL),
        (SELECT max(asked_at) FROM run r WHERE r.tenant_id = m.tenant_id AND r.member_id = m.person_id),
        (SELECT count(*) FROM card c WHERE c.tenant_id = m.tenant_id AND c.member_id = m.person_id)
    {_BALANCES} ORDER BY lower(p.name), m.person_id OFFSET :offset LIMIT :limit"""


async def balances(tx: AsyncSession, search: str = "", offset: int = 0, limit: int = 50) -> Paged[BalanceRow]:
    """Members by name, with their minutes."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    bound = {"search": search, "like": f"%{escaped}%"}
    rows = (await tx.execute(text(_BALANCE), bound | {"offset": offset, "limit": limit})).all()
    total = (await tx.execute(text(f"SELECT count(*) {_BALANCES}"), bound)).scalar_one()
    return Paged(tuple(map(_balance, rows)), int(total))


async def balance(tx: AsyncSession, member_id: UUID) -> BalanceRow | None:
    """One member, for the own page."""
    statement = _BALANCE.replace("AND (:search", "AND m.person_id = :member AND (:search")
    bound = {"search": "", "like": "", "offset": 0, "limit": 1, "member": member_id}
    row = (await tx.execute(text(statement), bound)).first()
    return _balance(row) if row else None


_REQUEST = """
    SELECT q.id, q.member_id, p.name, q.seconds, q.note, q.asked_at, q.status, b.name, q.decided_at, q.reason
    FROM minute_request q JOIN person p ON p.id = q.member_id LEFT JOIN person b ON b.id = q.decided_by"""


async def minute_requests(
    tx: AsyncSession,
    state: RequestState | None = None,
    member_id: UUID | None = None,
    offset: int = 0,
    limit: int = 50,
) -> Paged[MinuteRequestRow]:
    """Minutes that were asked for, the newest first; of one member, or in one state."""
    where = (
        " WHERE (CAST(:status AS text) IS NULL OR q.status = :status)"
        " AND (CAST(:member AS uuid) IS NULL OR q.member_id = :member)"
    )
    bound: dict[str, Any] = {"status": state, "member": member_id}
    page = f"{_REQUEST}{where} ORDER BY q.asked_at DESC, q.id OFFSET :offset LIMIT :limit"
    rows = await tx.execute(text(page), bound | {"offset": offset, "limit": limit})
    total = (await tx.execute(text(f"SELECT count(*) FROM minute_request q{where}"), bound)).scalar_one()
    return Paged(tuple(map(_request, rows.all())), int(total))


async def minute_request(tx: AsyncSession, request_id: UUID) -> MinuteRequestRow | None:
    row = (await tx.execute(text(f"{_REQUEST} WHERE q.id = :id"), {"id": request_id})).first()
    return _request(row) if row else None


async def motor_ids(tx: AsyncSession) -> list[str]:
    """The tenant's motors, by name."""
    rows = await tx.execute(
        text(
            "SELECT m.device_id FROM motor m JOIN device d ON d.id = m.device_id WHERE d.removed_at IS NULL"
            " ORDER BY d.name, d.id"
        )
    )
    return list(rows.scalars())


async def cards(tx: AsyncSession, member_id: UUID | None = None) -> list[CardRow]:
    """Registered cards by their members' names; of one member."""
    rows = await tx.execute(
        text(
            "SELECT c.uid, c.member_id, p.name, c.label, c.created_at, c.seen_at FROM card c"
            " JOIN person p ON p.id = c.member_id WHERE (CAST(:member AS uuid) IS NULL OR c.member_id = :member)"
            " ORDER BY lower(p.name), c.uid"
        ),
        {"member": member_id},
    )
    return [CardRow(*row) for row in rows.all()]


async def unknown_cards(tx: AsyncSession, limit: int = 20) -> list[UnknownCardRow]:
    """Cards that nobody registered, the last seen first."""
    rows = await tx.execute(
        text(
            "SELECT u.uid, u.device_id, d.name, u.count, u.first_at, u.last_at FROM unknown_card u"
            " JOIN device d ON d.id = u.device_id ORDER BY u.last_at DESC, u.uid LIMIT :limit"
        ),
        {"limit": limit},
    )
    return [UnknownCardRow(*row) for row in rows.all()]


async def windows(tx: AsyncSession) -> list[ShedWindowRow]:
    """The tenant's usual cuts, in the order of the week."""
    rows = await tx.execute(
        text("SELECT id, weekday, from_minute, minutes FROM shed_window ORDER BY weekday, from_minute, id")
    )
    return [ShedWindowRow(*row) for row in rows.all()]


async def windows_of(tx: AsyncSession) -> list[Window]:
    """The same as the domain knows them."""
    return [window_of(row) for row in await windows(tx)]


def window_of(row: ShedWindowRow) -> Window:
    return Window(row.weekday, time(row.from_minute // 60, row.from_minute % 60), row.minutes)


async def incidents(tx: AsyncSession, only_open: bool = False, limit: int = 50) -> list[IncidentRow]:
    """Alerts of motors, the newest first."""
    rows = await tx.execute(
        text(
            "SELECT a.id, a.tenant_id, t.name, a.device_id, d.name, a.rule, a.level, a.detail, a.raised_at,"
            " a.resolved_at FROM alert a JOIN tenant t ON t.id = a.tenant_id JOIN device d ON d.id = a.device_id"
            " WHERE a.rule = ANY(:rules) AND a.pit_id IS NULL AND (NOT :open OR a.resolved_at IS NULL)"
            " ORDER BY a.raised_at DESC, a.id LIMIT :limit"
        ),
        {"open": only_open, "limit": limit, "rules": [rule.value for rule in MotorRule]},
    )
    return [
        IncidentRow(id_, tenant_id, tenant, device_id, motor, MotorRule(rule), Level(level), detail, began_at, ended_at)
        for id_, tenant_id, tenant, device_id, motor, rule, level, detail, began_at, ended_at in rows.all()
    ]


def _balance(row: Sequence[Any]) -> BalanceRow:
    member_id, name, login, available_s, held_s, suspended, state, last, count = row
    open_state = RunState(state) if state else None
    return BalanceRow(member_id, name, login, available_s, held_s, suspended, open_state, last, count)


def _request(row: Sequence[Any]) -> MinuteRequestRow:
    id_, member_id, member, seconds, note, at, status, by, decided_at, reason = row
    return MinuteRequestRow(id_, member_id, member, seconds, note, at, RequestState(status), by, decided_at, reason)
