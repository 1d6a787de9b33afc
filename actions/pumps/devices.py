"""What devices say, what time brings, and the lead: the part of ingest, across all tenants."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.pumps import lead, motors
from actions.pumps.lead import Lead, Message, SteadyClock
from actions.pumps.steps import AnyRefusal, Stepped, step
from domain.pump.effects import AlarmRaised
from domain.pump.events import Event, Reported, Ticked
from domain.pump.limits import LeaseTerms
from domain.pump.state import Report
from domain.pump.words import ReportRefusal
from domain.refusals import Refusal
from storage import pump_group
from storage.pump_group import Held
from storage.pump_saving import Heard
from storage.session import EVERY_TENANT, transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

DUE_AT_ONCE_MAX = 20  # groups that are stepped before the time is looked at again


async def reported(
    tenant_id: UUID, device_id: str, report: Report, now: datetime, *, current_ma: int | None = None
) -> Stepped | AnyRefusal:
    """Takes a device's state: by MQTT (not retained), or a poll. PUMP_AWAY: this process does not lead; NOT_FOUND: no
    pump of this tenant; and what `domain.pump.words.ReportRefusal` says.
    """
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return Reported(device_id, report)

    heard = Heard(device_id, report.lease_left_ms, report.off_left_ms, current_ma)
    answer: Stepped | AnyRefusal = Refusal.NOT_FOUND
    for _ in range(2):  # the second time if it has gone to another group since it spoke last
        group_id = await _group_of(leading, tenant_id, device_id, now)
        if group_id is None:
            return Refusal.NOT_FOUND
        answer = await step(leading, group_id, event, now, heard=heard, whole_line=False, quiet=True)
        if answer not in (Refusal.NOT_FOUND, ReportRefusal.UNKNOWN_DEVICE):
            break
        leading.groups.pop((tenant_id, device_id), None)
    if isinstance(answer, Stepped):
        for effect in answer.effects:
            if isinstance(effect, AlarmRaised):
                log.error("a motor is ON against the rules", device=effect.device_id, alarm=effect.alarm)
    return answer


async def _group_of(leading: Lead, tenant_id: UUID, device_id: str, now: datetime) -> UUID | None:
    """The group of a tenant's motor, looked up once. None: the tenant has no such pump."""
    group_id = leading.groups.get((tenant_id, device_id))
    if group_id is None:
        async with transaction(EVERY_TENANT) as tx:
            group_id = await motors.ensure(tx, tenant_id, device_id, now)
        if group_id is not None:
            leading.groups[tenant_id, device_id] = group_id
    return group_id


async def tick(group_id: UUID, now: datetime) -> Stepped | AnyRefusal:
    """Lets time pass in a group, or something outside of it count: a suspension, for one."""
    leading = lead.current()
    if leading is None:
        return Refusal.PUMP_AWAY

    async def event(tx: AsyncSession, held: Held) -> Event | AnyRefusal:
        return Ticked()

    return await step(leading, group_id, event, now, quiet=True)


async def tick_due(now: datetime) -> int | None:
    """Steps the groups that are due, the longest due first; returns in how many milliseconds the next one is (0: now),
    None: never, as far as is known.
    """
    leading = lead.current()
    if leading is None:
        return None
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text(
                "SELECT id, due_at_ms FROM interlock_group WHERE due_at_ms IS NOT NULL ORDER BY due_at_ms LIMIT :most"
            ),
            {"most": DUE_AT_ONCE_MAX},
        )
        found = [(group_id, due_at_ms) for group_id, due_at_ms in rows.all()]
    for group_id, due_at_ms in found:
        left_ms: int = due_at_ms - leading.clock.now_ms()
        if left_ms > 0:
            return left_ms
        await tick(group_id, now)
    return 0 if found else None


async def tick_members(people: Iterable[UUID], tenants: Iterable[UUID], now: datetime) -> None:
    """Looks again at the open runs of these people, and of everybody in these tenants: who is suspended stops."""
    async with transaction(EVERY_TENANT) as tx:
        groups = await pump_group.groups_of_members(tx, list(people), list(tenants))
    for group_id in groups:
        await tick(group_id, now)


async def take_lead(
    send: Callable[[UUID, Iterable[Message]], None],
    look: Callable[[int | None], None],
    now: datetime,
    terms: LeaseTerms | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Lead:
    """Takes the lead and every group with it: unfinished leases count as alive for a whole lease from now. The caller
    has made sure that nobody else leads; should an older leader not know it yet, nothing it does counts any more.
    """
    async with transaction(EVERY_TENANT) as tx:
        epoch = int((await tx.execute(text("SELECT nextval('pump_epoch')"))).scalar_one())
        last = await tx.execute(text("SELECT id, stepped_at_ms, removed_at IS NULL FROM interlock_group ORDER BY id"))
        groups = last.all()
    clock = SteadyClock(max((stepped_at_ms for _, stepped_at_ms, _ in groups), default=0), monotonic_s)
    leading = Lead(epoch, clock, send, look, terms or LeaseTerms())
    lead.take(leading)
    for group_id in [group_id for group_id, _, is_there in groups if is_there]:
        await tick(group_id, now)
    return leading
