"""What people ask of a pump: a turn, its end, its extension, a place in line. Each is one step of the motor's group.

Every answer is a `domain.pump.state.Run` as it is now, or a refusal. `key` is an idempotency key: whoever asks again
with the same one gets the same answer, and nothing more happens. A member does this for the own runs; who may run pumps
for others gives a reason, which the trail keeps.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.pumps import lead
from actions.pumps.relay import by_leader
from actions.pumps.steps import AnyRefusal, EventOf, Stepped, step
from domain.access import Intent, Viewer
from domain.pump.events import Event, ExtensionAsked, Requested, Skipped, StopAsked
from domain.pump.state import Run
from domain.pump.words import FINAL, Mode, PumpRefusal, Reason
from domain.refusals import Refusal
from storage import pump_group, pump_ledger
from storage.pump_group import Held
from storage.session import EVERY_TENANT, transaction

REASON_CHARS_MAX = 200

Answer = Run | AnyRefusal


@by_leader
async def start(
    device_id: str, seconds: int, by: Viewer, now: datetime, *, key: UUID, mode: Mode = Mode.AUTO
) -> Answer:
    """Asks for a turn of the viewer's own. NOT_ALLOWED, PUMP_AWAY, and what `domain.pump.requests` says."""
    if not by.may(Intent.RUN_PUMP):
        return Refusal.NOT_ALLOWED
    return await request(by.tenant_id, by.person_id, device_id, seconds, key, now, by=by, mode=mode)


@by_leader
async def start_for(
    member_id: UUID, device_id: str, seconds: int, reason: str, by: Viewer, now: datetime, *, key: UUID
) -> Answer:
    """Asks for a turn for somebody else. NOT_ALLOWED, EMPTY or TOO_LONG (reason), NOT_FOUND (no such member)."""
    if refusal := _refusal_for_others(by, reason):
        return refusal
    return await request(by.tenant_id, member_id, device_id, seconds, key, now, by=by, reason=reason.strip())


@by_leader
async def stop(run_id: UUID, by: Viewer, now: datetime) -> Answer:
    """Ends the viewer's own turn: in line it is left, else the motor is stopped. UNKNOWN_RUN: also somebody else's."""
    if not by.may(Intent.RUN_PUMP):
        return Refusal.NOT_ALLOWED
    return await end(by.tenant_id, run_id, now, by=by, member_id=by.person_id)


@by_leader
async def stop_for(run_id: UUID, reason: str, by: Viewer, now: datetime) -> Answer:
    """Ends anybody's turn, for a reason. NOT_ALLOWED, EMPTY, TOO_LONG, UNKNOWN_RUN."""
    if refusal := _refusal_for_others(by, reason):
        return refusal
    return await end(by.tenant_id, run_id, now, by=by, said=reason.strip())


@by_leader
async def extend(run_id: UUID, seconds: int, by: Viewer, now: datetime, *, key: UUID) -> Answer:
    """Adds seconds to the viewer's own running turn. The device hears of it at once."""
    if not by.may(Intent.RUN_PUMP):
        return Refusal.NOT_ALLOWED

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        if (owner := _owner(held, run_id)) is not None and owner != by.person_id:
            return PumpRefusal.UNKNOWN_RUN
        made = (await pump_ledger.transfers(tx, held.tenant_id, [key])).get(key)
        if made is not None and made.run_id != run_id:
            return PumpRefusal.KEY_REUSED
        return ExtensionAsked(run_id, seconds, by.person_id, key, made.seconds if made else None)

    return await _of_run(by.tenant_id, run_id, event, now, by, "extend_run", {"seconds": seconds})


@by_leader
async def skip(run_id: UUID, reason: str, by: Viewer, now: datetime) -> Answer:
    """Moves somebody to the end of the line, for a reason, and for all to see."""
    if refusal := _refusal_for_others(by, reason):
        return refusal

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return Skipped(run_id, await pump_group.next_ticket(tx), by.person_id)

    return await _of_run(by.tenant_id, run_id, event, now, by, "skip_run", {"reason": reason.strip()})


async def request(
    tenant_id: UUID,
    member_id: UUID,
    device_id: str,
    seconds: int,
    key: UUID,
    now: datetime,
    *,
    by: Viewer | None,
    mode: Mode = Mode.AUTO,
    reason: str = "",
) -> Answer:
    """Asks for a turn. `by` None: the member's card did. Checks no right."""
    async with transaction(EVERY_TENANT) as tx:
        if not await pump_group.standings(tx, tenant_id, [member_id]):
            return Refusal.NOT_FOUND
        group_id = await pump_group.group_of_motor(tx, tenant_id, device_id)
    if group_id is None:
        return PumpRefusal.UNKNOWN_MOTOR
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return Requested(
            key,
            member_id,
            device_id,
            seconds,
            await pump_group.next_ticket(tx),
            by.person_id if by else None,
            mode,
            earlier=await pump_group.run_by_id(tx, tenant_id, key),
            has_open_run=await pump_group.has_open_run(tx, tenant_id, member_id, held.id),
        )

    said = {"member": member_id, "motor": device_id, "seconds": seconds, "reason": reason, "mode": mode}
    note = _Trail(by, "start_run", key, said)
    answer = await step(leading, group_id, event, now, note=note.write, members=[member_id])
    return _answer(answer, key)


async def end(
    tenant_id: UUID,
    run_id: UUID,
    now: datetime,
    *,
    by: Viewer | None,
    member_id: UUID | None = None,
    reason: Reason = Reason.STOPPED,
    said: str = "",
) -> Answer:
    """Ends a run, of this member if one is named; one that is over stays as it is. Checks no right."""
    async with transaction(EVERY_TENANT) as tx:
        run = await pump_group.run_by_id(tx, tenant_id, run_id)
    if run is None or (member_id is not None and run.member_id != member_id):
        return PumpRefusal.UNKNOWN_RUN
    if run.state in FINAL:
        return run

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return StopAsked(run_id, by.person_id if by else None, reason)

    return await _of_run(tenant_id, run_id, event, now, by, "stop_run", {"reason": said or reason})


async def _of_run(
    tenant_id: UUID,
    run_id: UUID,
    event_of: EventOf,
    now: datetime,
    by: Viewer | None,
    intent: str,
    said: dict[str, Any],
) -> Answer:
    async with transaction(EVERY_TENANT) as tx:
        group_id = await pump_group.group_of_run(tx, tenant_id, run_id)
    if group_id is None:
        return PumpRefusal.UNKNOWN_RUN
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY
    note = _Trail(by, intent, run_id, said)
    return _answer(await step(leading, group_id, event_of, now, note=note.write), run_id)


def _owner(held: Held, run_id: UUID) -> UUID | None:
    """Whose open run this is."""
    runs = (*held.group.active, *held.group.waiting)
    return next((run.member_id for run in runs if run.id == run_id), None)


def _answer(stepped: Stepped | AnyRefusal, run_id: UUID) -> Answer:
    if not isinstance(stepped, Stepped):
        return stepped
    return stepped.run(run_id) or PumpRefusal.UNKNOWN_RUN


def _refusal_for_others(by: Viewer, reason: str) -> Refusal | None:
    if not by.may(Intent.RUN_PUMP_FOR_OTHERS):
        return Refusal.NOT_ALLOWED
    reason = reason.strip()
    if not reason or not reason.isprintable():
        return Refusal.EMPTY
    return Refusal.TOO_LONG if len(reason) > REASON_CHARS_MAX else None


class _Trail:
    """The audit trail's row of a step; none for what was asked before, nor for what the system did by itself."""

    def __init__(self, by: Viewer | None, intent: str, run_id: UUID, said: dict[str, Any]) -> None:
        self._by, self._intent, self._run_id, self._said = by, intent, run_id, said

    async def write(self, tx: AsyncSession, stepped: Stepped) -> None:
        if self._by is None or stepped.is_repeated:
            return
        run = stepped.run(self._run_id)
        after = {key: value for key, value in self._said.items() if value != ""}
        await audit.record(
            tx,
            tenant_id=stepped.held.tenant_id,
            by=self._by,
            intent=self._intent,
            kind="run",
            object_id=str(self._run_id),
            object_name=run.device_id if run else "",
            before=None,
            after=after | ({"state": run.state} if run else {}),
        )
