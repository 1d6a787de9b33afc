"""An interlock group as one value: locked and read, and written back as far as a step changed it.

Whoever steps a group holds its row, so nobody else changes its motors and runs meanwhile. Wallets are locked after it,
see `storage.pump_ledger`.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump.limits import LeaseTerms, PumpLimits
from domain.pump.state import BootTime, Group, Motor, Run, Standing
from domain.pump.words import Alarm, HoldCause, Mode, Reason, RunState
from storage import bare
from storage.bare import Rows

LINE_OF_MOTOR = 5
"""So many of each motor's line are read when only a device has spoken."""

MOTOR_COLUMNS = (
    "device_id", "fence", "stopping", "stop_sent_at_ms", "lease_until_at_ms", "boot_id", "seq", "heard_at_ms",
    "motor_on", "off_since_at_ms", "run_id", "grid", "ready", "fault", "off_until_at_ms", "may_start_at_ms", "alarm",
)  # fmt: skip
RUN_COLUMNS = (
    "id", "member_id", "device_id", "amount_s", "requested_s", "ticket", "state", "mode", "since_at_ms",
    "expires_at_ms", "confirmed", "hold_cause", "cause_since_at_ms", "own_hold_ms", "grid_hold_ms", "end_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """A group that this transaction has locked."""

    id: UUID
    tenant_id: UUID
    epoch: int
    """Of the process that stepped it last."""
    stepped_at_ms: int
    group: Group
    line_is_whole: bool
    """Else only the first few of each motor's line were read."""
    first_expiry_at_ms: int | None
    """Of the whole line."""


_LOCK = "SELECT 1 FROM interlock_group WHERE id = %(group)s FOR UPDATE"
_GROUP = """
    SELECT g.tenant_id, g.epoch, g.stepped_at_ms, g.not_before_at_ms, g.shed_since_at_ms, coalesce(s.limits, '{}'),
        (SELECT min(expires_at_ms) FROM run WHERE group_id = g.id AND state = 'waiting'),
        (SELECT count(*) FROM run WHERE group_id = g.id AND state = 'waiting')
    FROM interlock_group g LEFT JOIN pump_settings s ON s.tenant_id = g.tenant_id
    WHERE g.id = %(group)s"""
_MOTORS = f"SELECT {', '.join(MOTOR_COLUMNS)} FROM motor WHERE group_id = %(group)s ORDER BY device_id"
_OPEN = f"""(
    SELECT tenant_id, has_slot, {", ".join(RUN_COLUMNS)} FROM run
    WHERE group_id = %(group)s AND ended_at IS NULL AND state <> 'waiting'
    UNION ALL
    SELECT tenant_id, has_slot, {", ".join(RUN_COLUMNS)} FROM (
        SELECT *, row_number() OVER (PARTITION BY device_id ORDER BY ticket) AS nth FROM run
        WHERE group_id = %(group)s AND state = 'waiting') line
    WHERE nth <= %(nth)s) r"""
_RUN = ", ".join(f"r.{name}" for name in ("has_slot", *RUN_COLUMNS))
_RUNS = f"SELECT {_RUN} FROM {_OPEN} ORDER BY ticket"
_STANDING = "coalesce(w.available_s, 0), m.suspended_at IS NULL AND p.suspended_at IS NULL AND t.status = 'active'"
_PEOPLE = """person p ON p.id = m.person_id JOIN tenant t ON t.id = m.tenant_id
    LEFT JOIN wallet w ON w.tenant_id = m.tenant_id AND w.member_id = m.person_id"""
_RUNS_AND_STANDINGS = f"""
    SELECT {_RUN}, {_STANDING} FROM {_OPEN}
    JOIN membership m ON m.tenant_id = r.tenant_id AND m.person_id = r.member_id JOIN {_PEOPLE} ORDER BY ticket"""
_STANDINGS = f"""
    SELECT m.person_id, {_STANDING} FROM membership m JOIN {_PEOPLE}
    WHERE m.tenant_id = %(tenant)s AND m.person_id = ANY(%(members)s)"""
_MEMBER = 1 + RUN_COLUMNS.index("member_id")
WHOLE_LINE = 1_000_000
"""More than any line has."""


async def lock(
    tx: AsyncSession, group_id: UUID, terms: LeaseTerms, *, whole_line: bool = True, members: Collection[UUID] = ()
) -> Held | None:
    """Locks a group until the transaction ends and reads it, with the standing of everybody in it and of `members`.

    Takes a transaction that sees every tenant. None: there is no such group.
    """
    bound = {"group": group_id, "nth": WHOLE_LINE if whole_line else LINE_OF_MOTOR}
    statements = (_LOCK, _GROUP, _MOTORS, _RUNS_AND_STANDINGS)
    _, groups, motors, found = await bare.together(tx, [(statement, bound) for statement in statements])
    held = _held(group_id, terms, groups, motors, [row[:-2] for row in found])
    if held is None:
        return None
    said = {row[_MEMBER]: Standing(*row[-2:]) for row in found}
    if strangers := set(members) - said.keys():
        said |= await standings(tx, held.tenant_id, strangers)
    return replace(held, group=replace(held.group, standings=said))


async def read(tx: AsyncSession, group_id: UUID) -> Held | None:
    """A group as it is for people to look at: nothing is locked, nobody's standing is known."""
    bound = {"group": group_id, "nth": WHOLE_LINE}
    return _held(group_id, LeaseTerms(), *await bare.together(tx, [(each, bound) for each in (_GROUP, _MOTORS, _RUNS)]))


def _held(group_id: UUID, terms: LeaseTerms, groups: Rows, motors: Rows, found: Rows) -> Held | None:
    """A group out of its rows."""
    if not groups:
        return None
    tenant_id, epoch, stepped_at_ms, not_before_at_ms, shed_since_at_ms, said, first_expiry_at_ms, waiting = groups[0]
    runs = [run_of(each[1:]) for each in found]
    group = Group(
        tuple(map(motor_of, motors)),
        tuple(run for run in runs if run.state is not RunState.WAITING),
        tuple(run for run in runs if run.state is RunState.WAITING),
        slot=next((run.id for run, each in zip(runs, found, strict=True) if each[0]), None),
        not_before_at_ms=not_before_at_ms,
        shed_since_at_ms=shed_since_at_ms,
        limits=limits_of(said, terms),
    )
    is_whole = len(group.waiting) == waiting
    return Held(group_id, tenant_id, epoch, stepped_at_ms, group, is_whole, first_expiry_at_ms)


async def standings(tx: AsyncSession, tenant_id: UUID, members: Collection[UUID]) -> dict[UUID, Standing]:
    """What members may spend, and whether they may run at all. Who is no member of the tenant is not in it."""
    if not members:
        return {}
    [rows] = await bare.together(tx, [(_STANDINGS, {"tenant": tenant_id, "members": sorted(members)})])
    return {member_id: Standing(available_s, active) for member_id, available_s, active in rows}


def limits_of(said: dict[str, Any], terms: LeaseTerms) -> PumpLimits:
    """A tenant's limits: the defaults, but for what it has set."""
    return replace(PumpLimits(lease=terms), **said)


def motor_of(row: Any) -> Motor:
    """A motor out of a row of MOTOR_COLUMNS."""
    values = dict(zip(MOTOR_COLUMNS, row, strict=True))
    alarm = values["alarm"]
    return Motor(**{**values, "alarm": Alarm(alarm) if alarm else None})


def run_of(row: Any) -> Run:
    """A run out of a row of RUN_COLUMNS."""
    values = dict(zip(RUN_COLUMNS, row, strict=True))
    values["state"], values["mode"] = RunState(values["state"]), Mode(values["mode"])
    values["confirmed"] = tuple(BootTime(*each) for each in values["confirmed"])
    values["hold_cause"] = HoldCause(values["hold_cause"]) if values["hold_cause"] else None
    values["end_reason"] = Reason(values["end_reason"]) if values["end_reason"] else None
    return Run(**values)


async def run_by_id(tx: AsyncSession, tenant_id: UUID, run_id: UUID) -> Run | None:
    """A run in any state, of any group of the tenant."""
    statement = f"SELECT {', '.join(RUN_COLUMNS)} FROM run WHERE tenant_id = :tenant AND id = :id"
    row = (await tx.execute(text(statement), {"tenant": tenant_id, "id": run_id})).first()
    return run_of(row) if row else None


async def has_open_run(tx: AsyncSession, tenant_id: UUID, member_id: UUID, group_id: UUID) -> bool:
    """Whether the member has a run that is not over in another group."""
    found = await tx.execute(
        text(
            "SELECT 1 FROM run WHERE tenant_id = :tenant AND member_id = :member AND ended_at IS NULL"
            " AND group_id <> :group"
        ),
        {"tenant": tenant_id, "member": member_id, "group": group_id},
    )
    return found.first() is not None


async def next_ticket(tx: AsyncSession) -> int:
    return int((await tx.execute(text("SELECT nextval('run_ticket')"))).scalar_one())


async def group_of_run(tx: AsyncSession, tenant_id: UUID, run_id: UUID) -> UUID | None:
    found = await tx.execute(
        text("SELECT group_id FROM run WHERE tenant_id = :tenant AND id = :id"), {"tenant": tenant_id, "id": run_id}
    )
    return found.scalar_one_or_none()


async def group_of_motor(tx: AsyncSession, tenant_id: UUID, device_id: str) -> UUID | None:
    """None: the tenant has no such motor, or it is taken off the lists."""
    found = await tx.execute(
        text(
            "SELECT m.group_id FROM motor m JOIN device d ON d.id = m.device_id"
            " WHERE m.tenant_id = :tenant AND m.device_id = :id AND d.removed_at IS NULL"
        ),
        {"tenant": tenant_id, "id": device_id},
    )
    return found.scalar_one_or_none()


async def groups_of_members(tx: AsyncSession, members: Collection[UUID], tenants: Collection[UUID]) -> list[UUID]:
    """Groups in which these people, or anybody of these tenants, have a run that is not over."""
    rows = await tx.execute(
        text(
            "SELECT DISTINCT group_id FROM run WHERE ended_at IS NULL"
            " AND (member_id = ANY(:members) OR tenant_id = ANY(:tenants))"
        ),
        {"members": list(members), "tenants": list(tenants)},
    )
    return list(rows.scalars())


async def groups_of_tenant(tx: AsyncSession, tenant_id: UUID) -> list[UUID]:
    rows = await tx.execute(
        text("SELECT id FROM interlock_group WHERE tenant_id = :tenant AND removed_at IS NULL ORDER BY created_at"),
        {"tenant": tenant_id},
    )
    return list(rows.scalars())
