"""What pages show of motors and lines. Each read takes a transaction that is scoped to the viewer's tenant."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump import estimate, lease, line
from domain.pump.estimate import Power
from domain.pump.limits import LeaseTerms
from domain.pump.motor_alerts import MotorRule
from domain.pump.state import Group, Motor, Run
from domain.pump.words import Alarm, Mode, RunState
from storage import pump_cuts, pump_group, pump_lists
from storage.pump_history import RUN_VIEW, run_view
from storage.pump_views import GroupView, MemberPump, MotorView, MotorWord, PlaceView, RunView, TenantMotors
from storage.wallet_views import WalletView

WAITS_SHOWN = 30
"""For so many at the head of a line the wait is estimated; and for whoever looks at the own place."""

_MOTORS = """
    SELECT m.device_id, d.name, m.heard_at, m.lease_left_ms, m.off_left_ms, m.current_ma, m.mode,
        d.enabled AND d.revoked_at IS NULL
    FROM motor m JOIN device d ON d.id = m.device_id
    WHERE m.group_id = :group AND d.removed_at IS NULL ORDER BY d.name, d.id"""
_OPEN_RUNS = f"{RUN_VIEW} WHERE r.group_id = :group AND r.ended_at IS NULL"
_USING = (RunState.STARTING, RunState.RUNNING, RunState.HOLD, RunState.STOPPING)


async def groups(tx: AsyncSession, now: datetime) -> list[GroupView]:
    """The tenant's groups with their motors and lines, in the order in which they were made."""
    return await _groups(tx, now, None)


async def member_pump(tx: AsyncSession, member_id: UUID, now: datetime, device_id: str = "") -> MemberPump:
    """All that a member's page shows. Who has no wallet yet has an empty one. `device_id`: the motor whose line is
    shown while there is no own run, else the first one's.
    """
    views = await _groups(tx, now, member_id)
    own = await own_run(tx, member_id)
    wanted = own.device_id if own is not None else device_id
    mine = [view for view in views if any(motor.device_id == wanted for motor in view.motors)]
    shown = mine or [view for view in views if view.motors]
    places = shown[0].line if shown else ()
    said = (await tx.execute(text("SELECT limits FROM pump_settings"))).scalar_one_or_none() or {}
    limits = pump_group.limits_of(said, LeaseTerms())
    return MemberPump(
        wallet=await wallet(tx, member_id),
        motors=tuple(motor for view in views for motor in view.motors),
        run=own,
        place=next((place for place in places if own is not None and place.run_id == own.id), None),
        line=places,
        minimum_s=limits.minimum_run_s,
        longest_s=limits.longest_run_s,
    )


async def own_run(tx: AsyncSession, member_id: UUID) -> RunView | None:
    """The member's open run."""
    found = await tx.execute(text(f"{RUN_VIEW} WHERE r.member_id = :id AND r.ended_at IS NULL"), {"id": member_id})
    row = found.first()
    return run_view(row) if row else None


async def wallet(tx: AsyncSession, member_id: UUID) -> WalletView:
    row = (
        await tx.execute(
            text(
                "SELECT coalesce(sum(available_s), 0)::bigint, coalesce(sum(held_s), 0)::bigint, (SELECT count(*)"
                " FROM minute_request WHERE member_id = :id AND status = 'pending') FROM wallet WHERE member_id = :id"
            ),
            {"id": member_id},
        )
    ).one()
    return WalletView(member_id, *row)


async def all_tenants(tx: AsyncSession, now: datetime) -> list[TenantMotors]:
    """For the platform: every tenant's motors. Takes a transaction that sees every tenant."""
    rows = await tx.execute(
        text(
            "SELECT g.id, g.name, g.shed_since, g.stepped_at, t.id, t.name, (SELECT count(*) FROM alert a"
            " WHERE a.tenant_id = t.id AND a.resolved_at IS NULL AND a.rule = ANY(:rules)) FROM interlock_group g"
            " JOIN tenant t ON t.id = g.tenant_id WHERE g.removed_at IS NULL"
            " ORDER BY t.name, t.id, g.created_at, g.id"
        ),
        {"rules": [rule.value for rule in MotorRule]},
    )
    found: dict[UUID, TenantMotors] = {}
    for group_id, name, shed_since, stepped_at, tenant_id, tenant_name, incidents in rows.all():
        view = await _group(tx, group_id, name, shed_since, stepped_at, now, None, None)
        before = found.get(tenant_id, TenantMotors(tenant_id, tenant_name, (), 0, incidents))
        waiting = before.waiting + len(view.line)
        found[tenant_id] = TenantMotors(tenant_id, tenant_name, before.motors + view.motors, waiting, incidents)
    return list(found.values())


async def _groups(tx: AsyncSession, now: datetime, viewer_id: UUID | None) -> list[GroupView]:
    """All groups; the wait of `viewer_id` is estimated wherever that one stands."""
    outlook = await _outlook(tx, now)
    rows = await tx.execute(
        text(
            "SELECT id, name, shed_since, stepped_at FROM interlock_group WHERE removed_at IS NULL"
            " ORDER BY created_at, id"
        )
    )
    return [
        await _group(tx, group_id, name, shed_since, stepped_at, now, outlook, viewer_id)
        for group_id, name, shed_since, stepped_at in rows.all()
    ]


@dataclass(frozen=True, slots=True)
class _Outlook:
    """The tenant's power: what is planned, what is usual, and what is away now, by group and device."""

    power: Power
    cuts: Mapping[UUID, Mapping[str | None, datetime]]

    def for_run(self, group_id: UUID, group: Group, run: Run) -> Power:
        """As it is for somebody in line: with the cut of the whole grid, of the own motor, or of the one that runs."""
        cuts = self.cuts.get(group_id, {})
        using = next((other.device_id for other in group.active if other.id == group.slot), None)
        since = min((cuts[key] for key in (None, using, run.device_id) if key in cuts), default=None)
        return self.power if since is None else replace(self.power, cut_since=since.astimezone(self.power.local.tzinfo))


async def _outlook(tx: AsyncSession, now: datetime) -> _Outlook:
    zone = (await tx.execute(text("SELECT zone FROM tenant"))).scalar_one()
    local = now.astimezone(ZoneInfo(zone))
    power = Power(local, await pump_lists.windows_of(tx), await pump_cuts.habits(tx, local))
    return _Outlook(power, await pump_cuts.open_since(tx))


async def _group(
    tx: AsyncSession,
    group_id: UUID,
    name: str,
    shed_since: datetime | None,
    stepped_at: datetime | None,
    now: datetime,
    outlook: _Outlook | None,
    viewer_id: UUID | None,
) -> GroupView:
    held = await pump_group.read(tx, group_id)
    if held is None:
        raise LookupError(f"the group {group_id} went while it was read")
    now_ms = held.stepped_at_ms + int(max(timedelta(), now - (stepped_at or now)).total_seconds() * 1000)
    runs = {view.id: view for view in map(run_view, await _rows(tx, _OPEN_RUNS, group_id))}
    skips = await _skips(tx, group_id)
    places = []
    for place in line.places(held.group, now_ms):
        view = runs[place.run.id]
        wait = None
        if outlook is not None and (place.number <= WAITS_SHOWN or view.member_id == viewer_id):
            wait = estimate.wait(held.group, view.id, outlook.for_run(group_id, held.group, place.run))
        places.append(
            PlaceView(
                place.number, view.id, view.member_id, view.member_name, view.device_id, view.motor_name,
                view.amount_s, view.mode, view.state, place.waits_for, view.asked_at, skips.get(view.id, 0),
                None if wait is None else int(wait.total_seconds()),
            )
        )  # fmt: skip
    motors = [
        _motor(row, held.group, runs, group_id, name, shed_since, now_ms) for row in await _rows(tx, _MOTORS, group_id)
    ]
    return GroupView(group_id, name, tuple(motors), tuple(places), shed_since)


def _motor(
    row: tuple[object, ...], group: Group, runs: dict[UUID, RunView], group_id: UUID, group_name: str,
    shed_since: datetime | None, now_ms: int,
) -> MotorView:  # fmt: skip
    device_id, name, heard_at, lease_left_ms, off_left_ms, current_ma, mode, enabled = row
    motor = next(each for each in group.motors if each.device_id == device_id)
    own = [run for run in group.active if run.device_id == device_id and run.state in _USING]
    own.sort(key=lambda run: (run.id != group.slot, _USING.index(run.state)))
    view = runs.get(own[0].id) if own else None
    whole = line.obstacle(
        group.motors, group.slot, group.shed_since_at_ms, group.not_before_at_ms, group.limits, now_ms
    )
    return MotorView(
        device_id=motor.device_id,
        name=str(name),
        group_id=group_id,
        group_name=group_name,
        word=_word(motor, view, group, now_ms),
        online=not lease.is_silent(motor, group.limits, now_ms),
        heard_at=heard_at,  # type: ignore[arg-type]  # a row's value
        motor_on=motor.motor_on,
        grid=motor.grid,
        ready=motor.ready,
        fault=motor.fault,
        alarm=motor.alarm,
        lease_left_ms=lease_left_ms,  # type: ignore[arg-type]
        off_left_ms=off_left_ms,  # type: ignore[arg-type]
        current_ma=current_ma,  # type: ignore[arg-type]
        shed_since=shed_since,
        run=view,
        waits_for=whole or line.obstacle_of(motor, group.limits, now_ms),
        waiting=sum(run.device_id == device_id for run in group.waiting),
        mode=Mode(str(mode)),
        enabled=bool(enabled),
    )


def _word(motor: Motor, run: RunView | None, group: Group, now_ms: int) -> MotorWord:
    if isinstance(motor.alarm, Alarm):
        return MotorWord.FAULT
    if run is not None and run.state is RunState.HOLD:
        return MotorWord.HOLD
    if lease.is_silent(motor, group.limits, now_ms):
        return MotorWord.UNKNOWN
    if motor.fault is not None:
        return MotorWord.FAULT
    if motor.stopping or (run is not None and run.state is RunState.STOPPING):
        return MotorWord.STOPPING
    if run is None:
        return MotorWord.OFF
    return MotorWord.RUNNING if motor.motor_on else MotorWord.STARTING


async def _skips(tx: AsyncSession, group_id: UUID) -> dict[UUID, int]:
    """How often those in line were moved to its end."""
    rows = await tx.execute(
        text("SELECT id, skips FROM run WHERE group_id = :group AND ended_at IS NULL AND skips > 0"),
        {"group": group_id},
    )
    return {id_: count for id_, count in rows.all()}  # noqa: C416  # rows are typed one by one


async def _rows(tx: AsyncSession, statement: str, group_id: UUID) -> list[tuple[object, ...]]:
    return [tuple(row) for row in (await tx.execute(text(statement), {"group": group_id})).all()]
