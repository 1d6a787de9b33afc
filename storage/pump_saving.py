"""Writes what a step made of a group: motors, runs, history. The caller holds the group's row."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump import charging
from domain.pump.effects import Effect, Moved, SendGrant, Settle, TakeHold
from domain.pump.state import Group, Motor, Run
from domain.pump.words import FINAL, Reason, RunState
from storage.pump_group import MOTOR_COLUMNS, Held


@dataclass(frozen=True, slots=True)
class Heard:
    """What of a device's state is only for people to see."""

    device_id: str
    lease_left_ms: int
    off_left_ms: int
    current_ma: int | None


@dataclass(frozen=True, slots=True)
class Moment:
    """When a step was made: by the steady clock, and by the wall's."""

    ms: int
    at: datetime


_GROUP = """
    UPDATE interlock_group SET epoch = :epoch, not_before_at_ms = :not_before, shed_since_at_ms = :shed,
        shed_since = CASE WHEN CAST(:shed AS bigint) IS NULL THEN NULL ELSE coalesce(shed_since, :at) END,
        shed_by = CASE WHEN CAST(:shed AS bigint) IS NULL THEN NULL ELSE coalesce(shed_by, :shed_by) END,
        stepped_at_ms = :ms, stepped_at = :at, due_at_ms = :due WHERE id = :group"""
_MOTOR = f"""
    UPDATE motor SET {", ".join(f"{name} = :{name}" for name in MOTOR_COLUMNS if name != "device_id")},
        granted_at = CASE WHEN :granted THEN :at ELSE granted_at END, heard_at = coalesce(:heard, heard_at),
        lease_left_ms = coalesce(:lease_left, lease_left_ms), off_left_ms = coalesce(:off_left, off_left_ms),
        current_ma = CASE WHEN CAST(:heard AS timestamptz) IS NULL THEN current_ma ELSE :current END
    WHERE device_id = :device_id"""
_NEW_RUN = """
    INSERT INTO run (id, tenant_id, group_id, member_id, device_id, amount_s, requested_s, ticket, state, mode,
        since_at_ms, since_at, expires_at_ms, asked_at)
    VALUES (:id, :tenant, :group, :member_id, :device_id, :amount_s, :requested_s, :ticket, 'waiting', :mode,
        :since_at_ms, :at, :expires_at_ms, :at)"""
_RUN = """
    UPDATE run SET amount_s = :amount_s, ticket = :ticket, since_at_ms = :since_at_ms, expires_at_ms = :expires_at_ms,
        since_at = CASE WHEN state = :state THEN since_at ELSE :at END, state = :state, has_slot = :has_slot,
        confirmed = CAST(:confirmed AS jsonb), used_ms = :used_ms, hold_cause = :hold_cause,
        cause_since_at_ms = :cause_since_at_ms, own_hold_ms = :own_hold_ms, grid_hold_ms = :grid_hold_ms,
        end_reason = :end_reason, skips = skips + :skips,
        held_s = CASE WHEN CAST(:captured AS bigint) IS NULL THEN held_s + :taken ELSE 0 END,
        captured_s = coalesce(:captured, captured_s),
        started_at = CASE WHEN :state = 'running' THEN coalesce(started_at, :at) ELSE started_at END,
        ended_at = CASE WHEN :final THEN CAST(:at AS timestamptz) END
    WHERE tenant_id = :tenant AND id = :id"""
_EVENT = """
    INSERT INTO run_event (tenant_id, run_id, before, state, reason, hold_cause, amount_s, by, at)
    VALUES (:tenant, :run, :before, :state, :reason, :cause, :amount, :by, :at)"""


async def save(
    tx: AsyncSession,
    held: Held,
    after: Group,
    effects: Iterable[Effect],
    moment: Moment,
    *,
    epoch: int,
    due_at_ms: int | None,
    shed_by: str = "hand",
    heard: Heard | None = None,
) -> None:
    """Writes the group after a step, as far as it is another one."""
    effects = tuple(effects)
    await _save_runs(tx, held, after, effects, moment)
    granted = {effect.device_id for effect in effects if isinstance(effect, SendGrant)}
    old = {motor.device_id: motor for motor in held.group.motors}
    changed = [motor for motor in after.motors if motor != old.get(motor.device_id)]
    if changed:
        await tx.execute(text(_MOTOR), [_motor(motor, granted, heard, moment) for motor in changed])
    await tx.execute(
        text(_GROUP),
        {
            "group": held.id, "epoch": epoch, "not_before": after.not_before_at_ms, "shed": after.shed_since_at_ms,
            "shed_by": shed_by, "ms": moment.ms, "at": moment.at, "due": due_at_ms,
        },
    )  # fmt: skip


async def _save_runs(tx: AsyncSession, held: Held, after: Group, effects: tuple[Effect, ...], moment: Moment) -> None:
    before = held.group
    old = {run.id: run for run in (*before.active, *before.waiting)}
    moves = [effect for effect in effects if isinstance(effect, Moved)]
    over = {move.run.id: move.run for move in moves if move.run.state in FINAL}
    new = {run.id: run for run in (*after.active, *after.waiting)} | over
    born = [_born(new[move.run.id], move.run, held, moment) for move in moves if move.before is None]
    if born:
        await tx.execute(text(_NEW_RUN), born)
    slots = {before.slot, after.slot} if before.slot != after.slot else set()
    touched = {effect.run_id for effect in effects if isinstance(effect, TakeHold | Settle)}
    changed = [run for run in new.values() if run != old.get(run.id) or run.id in slots | touched]
    rows = [_row(run, run.id == after.slot, effects, held.tenant_id, moment) for run in changed]
    for has_slot in (False, True):  # whoever leaves the slot first: only one has it at any moment
        some = [row for row in rows if row["has_slot"] is has_slot]
        if some:
            await tx.execute(text(_RUN), some)
    if moves:
        await tx.execute(text(_EVENT), [_event(move, held.tenant_id, moment) for move in moves])


def _motor(motor: Motor, granted: set[str], heard: Heard | None, moment: Moment) -> dict[str, Any]:
    spoke = heard if heard is not None and heard.device_id == motor.device_id else None
    return {
        **{name: getattr(motor, name) for name in MOTOR_COLUMNS},
        "granted": motor.device_id in granted,
        "at": moment.at,
        "heard": moment.at if spoke else None,
        "lease_left": spoke.lease_left_ms if spoke else None,
        "off_left": spoke.off_left_ms if spoke else None,
        "current": spoke.current_ma if spoke else None,
    }


def _born(now: Run, asked: Run, held: Held, moment: Moment) -> dict[str, Any]:
    """The row of a new run, as it was asked for; what came of it in the same step is written next."""
    return {
        "id": asked.id, "tenant": held.tenant_id, "group": held.id, "member_id": asked.member_id,
        "device_id": asked.device_id, "amount_s": asked.amount_s, "requested_s": asked.requested_s,
        "ticket": now.ticket, "mode": asked.mode, "since_at_ms": asked.since_at_ms,
        "expires_at_ms": asked.expires_at_ms, "at": moment.at,
    }  # fmt: skip


def _row(run: Run, has_slot: bool, effects: tuple[Effect, ...], tenant_id: UUID, moment: Moment) -> dict[str, Any]:
    captured = [effect.captured_s for effect in effects if isinstance(effect, Settle) and effect.run_id == run.id]
    taken = sum(effect.seconds for effect in effects if isinstance(effect, TakeHold) and effect.run_id == run.id)
    skips = [e for e in effects if isinstance(e, Moved) and e.run.id == run.id and e.reason is Reason.SKIPPED]
    return {
        "id": run.id, "tenant": tenant_id, "amount_s": run.amount_s, "ticket": run.ticket, "state": run.state,
        "since_at_ms": run.since_at_ms, "expires_at_ms": run.expires_at_ms, "has_slot": has_slot,
        "confirmed": json.dumps([[b.boot_id, b.on_ms, b.given_ms, b.granted_ms] for b in run.confirmed]),
        "used_ms": charging.confirmed_ms(run), "hold_cause": run.hold_cause,
        "cause_since_at_ms": run.cause_since_at_ms, "own_hold_ms": run.own_hold_ms,
        "grid_hold_ms": run.grid_hold_ms, "end_reason": run.end_reason, "skips": len(skips),
        "captured": captured[0] if captured else None, "taken": taken, "final": run.state in FINAL, "at": moment.at,
    }  # fmt: skip


def _event(move: Moved, tenant_id: UUID, moment: Moment) -> dict[str, Any]:
    cause = move.run.hold_cause if move.run.state is RunState.HOLD else None
    return {
        "tenant": tenant_id, "run": move.run.id, "before": move.before, "state": move.run.state,
        "reason": move.reason, "cause": cause, "amount": move.run.amount_s, "by": move.by, "at": moment.at,
    }  # fmt: skip
