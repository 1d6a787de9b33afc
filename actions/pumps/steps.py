"""One step of an interlock group: lock it, decide, save, commit, and only then send to devices.

Locks: the group's row, then wallets in the order of their members, then the audit trail's head.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce, as_statement
from actions.pumps import motor_alerts
from actions.pumps.lead import Lead, Message
from domain import wallet as wallets
from domain.pump import due, power_cuts, runs
from domain.pump.effects import Effect, Moved, SameAnswer, SendGrant, SendStop, Settle, TakeHold
from domain.pump.events import Event, Restarted
from domain.pump.limits import PumpLimits
from domain.pump.motor_alerts import MotorAlert, begun
from domain.pump.state import Group, Motor, Run
from domain.pump.words import PumpRefusal, ReportRefusal, RunState
from domain.refusals import Refusal
from domain.wallet import Move, SettleHold, TransferKind
from storage import pump_cuts, pump_group, pump_ledger, pump_saving
from storage.pump_group import Held
from storage.pump_saving import Heard, Moment
from storage.session import EVERY_TENANT, transaction

TRIES = 5

AnyRefusal = Refusal | PumpRefusal | ReportRefusal
EventOf = Callable[[AsyncSession, Held], Awaitable[Event | AnyRefusal]]
"""Makes the event out of what the locked group's transaction sees."""
Note = Callable[[AsyncSession, "Stepped"], Awaitable[None]]
"""Writes what else belongs to the transaction; the audit trail last."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step did. Messages for devices have been handed over."""

    held: Held
    after: Group
    effects: tuple[Effect, ...]
    moment: Moment

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(effect for effect in self.effects if isinstance(effect, SendGrant | SendStop))

    @property
    def moves(self) -> tuple[Moved, ...]:
        return tuple(effect for effect in self.effects if isinstance(effect, Moved))

    @property
    def is_repeated(self) -> bool:
        return any(isinstance(effect, SameAnswer) for effect in self.effects)

    def run(self, run_id: UUID) -> Run | None:
        """A run as it is now, also one that has ended in this step or before it."""
        same = [effect.run for effect in self.effects if isinstance(effect, SameAnswer) and effect.run.id == run_id]
        open_runs = [run for run in (*self.after.active, *self.after.waiting) if run.id == run_id]
        ended = [move.run for move in self.moves if move.run.id == run_id]
        return next(iter([*same, *open_runs, *reversed(ended)]), None)


class _Overtaken(Exception):
    """A wallet changed between the decision and its lock: decide anew."""


async def step(
    lead: Lead,
    group_id: UUID,
    event_of: EventOf,
    now: datetime,
    *,
    note: Note | None = None,
    members: Collection[UUID] = (),
    whole_line: bool = True,
    shed_by: str = "hand",
    quiet: bool = False,
    heard: Heard | None = None,
) -> Stepped | AnyRefusal:
    """One step. `members`: whose standing the event needs beside those in the group. `quiet`: announced only if
    something happened that people would notice. A group in older hands is taken over first.

    PUMP_AWAY: this process does not lead any more. NOT_FOUND: no such group.
    """
    for _ in range(TRIES):
        try:
            async with transaction(EVERY_TENANT) as tx:
                held = await pump_group.lock(tx, group_id, lead.terms, whole_line=whole_line, members=members)
                if held is None:
                    return Refusal.NOT_FOUND
                if held.epoch > lead.epoch:
                    return Refusal.PUMP_AWAY
                if is_new := held.epoch < lead.epoch:
                    found = await _take_over(tx, lead, group_id, now)
                else:
                    found = await _decide(tx, lead, held, event_of, now, shed_by, quiet, note, heard)
        except _Overtaken:
            continue
        except UniqueViolation as error:
            if not _is_of_another_group(error):
                raise
            continue
        if isinstance(found, Stepped):
            lead.send(found.held.tenant_id, found.messages)
            lead.look(_due(found))
        if not is_new:
            return found
    raise RuntimeError("wallets or other groups changed again and again between a decision and their lock")


def _is_of_another_group(error: UniqueViolation) -> bool:
    """In the same moment the member got an open run, or the key was used, in a group that this step has not locked."""
    return error.diag.constraint_name in ("run_open", "run_pkey")


async def _decide(
    tx: AsyncSession, lead: Lead, held: Held, event_of: EventOf, now: datetime, shed_by: str, quiet: bool,
    note: Note | None, heard: Heard | None,
) -> Stepped | AnyRefusal:  # fmt: skip
    event = await event_of(tx, held)
    if isinstance(event, Refusal | PumpRefusal | ReportRefusal):
        return event
    stepped = _step(lead, held, event, now)
    if isinstance(stepped, Stepped):
        await _save(tx, lead, stepped, shed_by, quiet, heard)
        if note is not None:
            await note(tx, stepped)
    return stepped


async def _take_over(tx: AsyncSession, lead: Lead, group_id: UUID, now: datetime) -> Stepped | AnyRefusal:
    """The group in the hands of a new leader: whatever was allowed before may still be in force."""
    held = await pump_group.lock(tx, group_id, lead.terms)
    if held is None:
        return Refusal.NOT_FOUND
    lead.clock.at_least(held.stepped_at_ms)
    stepped = _step(lead, held, Restarted(), now)
    if isinstance(stepped, Stepped):
        await _save(tx, lead, stepped, "hand", quiet=True)
    return stepped


def _step(lead: Lead, held: Held, event: Event, now: datetime) -> Stepped | AnyRefusal:
    moment = Moment(max(lead.clock.now_ms(), held.stepped_at_ms), now)
    found = runs.step(held.group, event, moment.ms)
    return Stepped(held, *found, moment) if isinstance(found, tuple) else found


async def _save(
    tx: AsyncSession, lead: Lead, stepped: Stepped, shed_by: str, quiet: bool, heard: Heard | None = None
) -> None:
    held, after, at = stepped.held, stepped.after, stepped.moment.at
    await _book(tx, held.tenant_id, stepped)
    await pump_cuts.save(tx, held.tenant_id, held.id, power_cuts.news(held.group, after, stepped.moment.ms), at)
    is_news = not quiet or stepped.moves or _is_noticed(held.group, after)
    await pump_saving.save(
        tx,
        held,
        after,
        stepped.effects,
        stepped.moment,
        epoch=lead.epoch,
        due_at_ms=_due(stepped),
        shed_by=shed_by,
        heard=heard,
        also=[as_statement(Announcement(Topic.PUMP, held.tenant_id, id=str(held.id)))] if is_news else (),
    )
    await motor_alerts.raise_all(tx, held.tenant_id, _begun(held.group, after), at)


def _begun(before: Group, after: Group) -> Iterator[MotorAlert]:
    old = {motor.device_id: motor for motor in before.motors}
    for motor in after.motors:
        if motor is not old[motor.device_id]:
            yield from begun(old[motor.device_id], motor)


def _due(stepped: Stepped) -> int | None:
    """When time alone changes the group next. Of a line that was not read to its end, more may be due at once."""
    held, now_ms = stepped.held, stepped.moment.ms
    moments = [due.next_at_ms(stepped.after, now_ms)]
    if not held.line_is_whole:
        moments.append(held.first_expiry_at_ms)
        if any(move.before is RunState.WAITING for move in stepped.moves):
            moments.append(now_ms)
    return min((moment for moment in moments if moment is not None), default=None)


async def _book(tx: AsyncSession, tenant_id: UUID, stepped: Stepped) -> None:
    """Takes and settles holds. Raises _Overtaken when a wallet can't keep what its standing promised."""
    effects = [effect for effect in stepped.effects if isinstance(effect, TakeHold | Settle)]
    if not effects:
        return
    events = [_wallet_event(effect) for effect in effects]
    ids = [id_ for event in events for id_ in wallets.ids_of(event)]
    members = {effect.member_id for effect in effects}
    found = await pump_ledger.lock_wallets(tx, tenant_id, members, ids)
    for effect, event in zip(effects, events, strict=True):
        wallet = found[effect.member_id]
        answer = wallets.step(wallet, event, stepped.moment.at)
        if not isinstance(answer, tuple):
            raise _Overtaken(answer)
        after, made = answer
        if isinstance(made, tuple):
            pending = effect.run_id if isinstance(effect, Settle) else None
            await pump_ledger.write(tx, tenant_id, wallet, made, pending)
            found[effect.member_id] = after
    for member_id in members:
        await announce(tx, Announcement(Topic.WALLET, tenant_id, id=str(member_id)))


def _wallet_event(effect: TakeHold | Settle) -> Move | SettleHold:
    if isinstance(effect, TakeHold):
        return Move(effect.id, TransferKind.HOLD, effect.seconds, None, run_id=effect.run_id)
    return SettleHold(effect.run_id, effect.captured_s)


def _is_noticed(before: Group, after: Group) -> bool:
    """Whether a motor says something else than before, or is ON: then its run's seconds have grown."""
    old = {motor.device_id: motor for motor in before.motors}
    return any(_is_news(motor, old[motor.device_id], after.limits) for motor in after.motors)


def _is_news(motor: Motor, was: Motor, limits: PumpLimits) -> bool:
    if motor is was:
        return False
    heard_ms = 0 if motor.heard_at_ms is None else motor.heard_at_ms
    was_away = was.heard_at_ms is None or heard_ms - was.heard_at_ms >= limits.silent_after_ms
    said = (motor.grid, motor.ready, motor.fault, motor.alarm, motor.stopping)
    return motor.motor_on or was.motor_on or was_away or said != (
        was.grid, was.ready, was.fault, was.alarm, was.stopping,
    )  # fmt: skip
