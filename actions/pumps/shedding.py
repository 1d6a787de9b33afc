"""Cuts of a tenant's grid: by hand, and by the hours that its owner has planned. Every group of the tenant freezes."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from actions.pumps import lead
from actions.pumps.lead import Lead
from actions.pumps.relay import by_leader
from actions.pumps.steps import AnyRefusal, Stepped, step
from domain.access import Intent, Viewer
from domain.pump.events import Event, ShedBegan, ShedEnded
from domain.pump.shedding import WINDOWS_MAX, Window, ends_at
from domain.pump.words import PumpRefusal
from domain.refusals import Refusal
from storage import pump_group, pump_shedding
from storage.pump_group import Held
from storage.session import EVERY_TENANT, transaction


@by_leader
async def begin(by: Viewer, now: datetime) -> AnyRefusal | None:
    """Cuts the tenant's grid: every motor stops, every run goes on HOLD. NOT_ALLOWED, PUMP_AWAY, ALREADY_SO."""
    return await _by_hand(by, ShedBegan(by.person_id), "begin_shedding", now)


@by_leader
async def end(by: Viewer, now: datetime) -> AnyRefusal | None:
    """The grid is back: runs go on one by one. Ends a scheduled cut too, whose hours then count no more."""
    return await _by_hand(by, ShedEnded(by.person_id), "end_shedding", now)


async def plan(windows: Sequence[Window], by: Viewer, now: datetime) -> Refusal | None:
    """Replaces the tenant's usual cuts. NOT_ALLOWED, TOO_MANY, NOT_POSSIBLE_NOW (one that can't be)."""
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    if len(windows) > WINDOWS_MAX:
        return Refusal.TOO_MANY
    if not all(window.is_sound() for window in windows):
        return Refusal.NOT_POSSIBLE_NOW
    async with transaction(EVERY_TENANT) as tx:
        rows = [(uuid4(), each.weekday, each.begins.hour * 60 + each.begins.minute, each.minutes) for each in windows]
        before = await pump_shedding.replace(tx, by.tenant_id, rows, by.person_id)
        for group_id in await pump_group.groups_of_tenant(tx, by.tenant_id):
            await announce(tx, Announcement(Topic.PUMP, by.tenant_id, id=str(group_id)))
        await _note(tx, by, "plan_shedding", {"windows": before}, {"windows": len(rows)})
    return None


async def follow_schedules(now: datetime) -> None:
    """Begins and ends the cuts that are planned for now, in every tenant that has planned some."""
    leading = lead.current()
    if leading is None:
        return
    async with transaction(EVERY_TENANT) as tx:
        plans = await pump_shedding.plans(tx)
    for plan_ in plans:
        windows = [Window(day, time(minute // 60, minute % 60), minutes) for day, minute, minutes in plan_.windows]
        is_cut = ends_at(windows, now.astimezone(ZoneInfo(plan_.zone))) is not None
        if is_cut and plan_.shed_by is None and (plan_.off_until is None or plan_.off_until <= now):
            await _step(leading, plan_.group_id, ShedBegan(None), now, shed_by="schedule")
        elif not is_cut and plan_.shed_by == "schedule":
            await _step(leading, plan_.group_id, ShedEnded(None), now)


async def _by_hand(by: Viewer, event: ShedBegan | ShedEnded, intent: str, now: datetime) -> AnyRefusal | None:
    if not by.may(Intent.MANAGE_PUMPS):
        return Refusal.NOT_ALLOWED
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY
    async with transaction(EVERY_TENANT) as tx:
        groups = await pump_group.groups_of_tenant(tx, by.tenant_id)
    answers = [await _step(leading, group_id, event, now) for group_id in groups]
    done = [answer for answer in answers if isinstance(answer, Stepped)]
    if not done:
        return next((answer for answer in answers if not isinstance(answer, Stepped)), PumpRefusal.ALREADY_SO)
    async with transaction(EVERY_TENANT) as tx:
        if isinstance(event, ShedEnded):
            await _silence_schedule(tx, by.tenant_id, now)
        await _note(tx, by, intent, None, {"groups": len(done)})
    return None


async def _step(
    leading: Lead, group_id: UUID, event: ShedBegan | ShedEnded, now: datetime, shed_by: str = "hand"
) -> Stepped | AnyRefusal:
    async def event_of(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return event

    return await step(leading, group_id, event_of, now, shed_by=shed_by)


async def _silence_schedule(tx: AsyncSession, tenant_id: UUID, now: datetime) -> None:
    """What was ended by hand does not begin again by the same hours."""
    for plan_ in await pump_shedding.plans(tx, tenant_id):
        windows = [Window(day, time(minute // 60, minute % 60), minutes) for day, minute, minutes in plan_.windows]
        end_at = ends_at(windows, now.astimezone(ZoneInfo(plan_.zone)))
        await pump_shedding.silence(tx, plan_.group_id, end_at or now - timedelta(seconds=1))


async def _note(
    tx: AsyncSession, by: Viewer, intent: str, before: dict[str, int] | None, after: dict[str, int]
) -> None:
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=intent,
        kind="tenant",
        object_id=str(by.tenant_id),
        object_name="",
        before=before,
        after=after,
    )
