"""Writes what a step made of a group: motors, runs, history. The caller holds the group's row."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from domain.pump import charging
from domain.pump.effects import Effect, Moved, SendGrant, Settle, TakeHold
from domain.pump.state import Group, Motor, Run
from domain.pump.words import FINAL, Reason, RunState
from storage import bare
from storage.bare import Statement
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
    UPDATE interlock_group SET epoch = %(epoch)s, not_before_at_ms = %(not_before)s, shed_since_at_ms = %(shed)s,
        shed_since = CASE WHEN CAST(%(shed)s AS bigint) IS NULL THEN NULL ELSE coalesce(shed_since, %(at)s) END,
        shed_by = CASE WHEN CAST(%(shed)s AS bigint) IS NULL THEN NULL ELSE coalesce(shed_by, %(shed_by)s) END,
        stepped_at_ms = %(ms)s, stepped_at = %(at)s, due_at_ms = %(due)s WHERE id = %(group)s"""
_MOTOR = f"""
    UPDATE motor SET {", ".join(f"{name} = %({name})s" for name in MOTOR_COLUMNS if name != "device_id")},
        granted_at = CASE WHEN %(granted)s THEN %(at)s ELSE granted_at END, heard_at = coalesce(%(heard)s, heard_at),
        lease_left_ms = coalesce(%(lease_left)s, lease_left_ms), off_left_ms = coalesce(%(off_left)s, off_left_ms),
        current_ma = CASE WHEN CAST(%(heard)s AS timestamptz) IS NULL THEN current_ma ELSE %(current)s END
    WHERE device_id = %(device_id)s"""
_NEW_RUN = """
    INSERT INTO run (id, tenant_id, group_id, member_id, device_id, amount_s, requested_s, ticket, state, mode,
        since_at_ms, since_at, expires_at_ms, asked_at)
    VALUES (%(id)s, %(tenant)s, %(group)s, %(member_id)s, %(device_id)s, %(amount_s)s, %(requested_s)s, %(ticket)s,
        'waiting', %(mode)s, %(since_at_ms)s, %(at)s, %(expires_at_ms)s, %(at)s)"""
_RUN = """
    UPDATE run SET amount_s = %(amount_s)s, ticket = %(ticket)s, since_at_ms = %(since_at_ms)s,
        expires_at_ms = %(expires_at_ms)s, has_slot = %(has_slot)s,
        since_at = CASE WHEN state = %(state)s THEN since_at ELSE %(at)s END, state = %(state)s,
        confirmed = CAST(%(confirmed)s AS jsonb), used_ms = %(used_ms)s, hold_cause = %(hold_cause)s,
        cause_since_at_ms = %(cause_since_at_ms)s, own_hold_ms = %(own_hold_ms)s, grid_hold_ms = %(grid_hold_ms)s,
        end_reason = %(end_reason)s, skips = skips + %(skips)s,
        held_s = CASE WHEN CAST(%(captured)s AS bigint) IS NULL THEN held_s + %(taken)s ELSE 0 END,
        captured_s = coalesce(%(captured)s, captured_s),
        started_at = CASE WHEN %(state)s = 'running' THEN coalesce(started_at, %(at)s) ELSE started_at END,
        ended_at = CASE WHEN %(final)s THEN CAST(%(at)s AS timestamptz) END
    WHERE tenant_id = %(tenant)s AND id = %(id)s"""
_EVENT = """
    INSERT INTO run_event (tenant_id, run_id, before, state, reason, hold_cause, amount_s, by, at)
    VALUES (%(tenant)s, %(run)s, %(before)s, %(state)s, %(reason)s, %(cause)s, %(amount)s, %(by)s, %(at)s)"""


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
    also: Iterable[Statement] = (),
) -> None:
    """Writes the group after a step, as far as it is another one, and sends `also` with that."""
    effects = tuple(effects)
    granted = {effect.device_id for effect in effects if isinstance(effect, SendGrant)}
    old = {motor.device_id: motor for motor in held.group.motors}
    changed = [motor for motor in after.motors if motor is not old[motor.device_id]]
    group = {
        "group": held.id, "epoch": epoch, "not_before": after.not_before_at_ms, "shed": after.shed_since_at_ms,
        "shed_by": shed_by, "ms": moment.ms, "at": moment.at, "due": due_at_ms,
    }  # fmt: skip
    await bare.together(
        tx,
        [
            *_runs(held, after, effects, moment),
            *((_MOTOR, _motor(motor, granted, heard, moment)) for motor in changed),
            (_GROUP, group),
            *also,
        ],
    )


def _runs(held: Held, after: Group, effects: tuple[Effect, ...], moment: Moment) -> Iterator[Statement]:
    before = held.group
    old = {run.id: run for run in (*before.active, *before.waiting)}
    moves = [effect for effect in effects if isinstance(effect, Moved)]
    over = {move.run.id: move.run for move in moves if move.run.state in FINAL}
    new = {run.id: run for run in (*after.active, *after.waiting)} | over
    for move in moves:
        if move.before is None:
            yield _NEW_RUN, _born(new[move.run.id], move.run, held, moment)
    slots = {before.slot, after.slot} if before.slot != after.slot else set()
    touched = {effect.run_id for effect in effects if isinstance(effect, TakeHold | Settle)}
    changed = [run for run in new.values() if run != old.get(run.id) or run.id in slots | touched]
    rows = [_row(run, run.id == after.slot, effects, held.tenant_id, moment) for run in changed]
    for has_slot in (False, True):  # whoever leaves the slot first: only one has it at any moment
        yield from ((_RUN, row) for row in rows if row["has_slot"] is has_slot)
    yield from ((_EVENT, _event(move, held.tenant_id, moment)) for move in moves)


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
