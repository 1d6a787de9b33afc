"""Pumps between devices and the database: states in, grants and stops out, and the passing of time.

One process acts, by an advisory lock; in the others this only waits. Nothing is kept here that matters: a state that is
lost is followed by another, and a message that could not be sent is not sent later, but for a stop, which is due again.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import structlog

from actions.announce import Announcement, Topic, listen
from actions.directory import Known
from actions.pumps import cards, devices, lead, motor_alerts, relay, shedding
from actions.pumps.lead import Message
from actions.readings import Rejection
from domain.pump.effects import SendGrant
from domain.pump.limits import LeaseTerms
from domain.pump.state import Report
from domain.pump.words import ReportRefusal
from domain.readings import Reject
from domain.refusals import Refusal
from ingest import wire
from ingest.sender import Sender
from storage.session import DATABASE_AWAY, worker_connection

log = structlog.get_logger(__name__)

LEADER_LOCK = 7_401_008
LEADER_RETRY_S = 1.0
LOOK_EVERY_S = 1.0  # at the latest: the leader's connection must live
SCHEDULE_EVERY_S = 15.0  # planned cuts go by the clock, to the minute
WORKERS = 4  # states that are in work at once, each of another device
EVENTS_MAX = 1_000  # waiting; what there is no room for is sent again
STOP_KEPT_S = 60  # how long a broker may keep a stop for a device that is away

REASONS = {
    ReportRefusal.OLD_BOOT: Reject.STALE_STATE,
    ReportRefusal.STALE: Reject.STALE_STATE,
    ReportRefusal.AHEAD: Reject.BAD_SEQ,
    ReportRefusal.ON_TIME_FELL: Reject.ON_TIME_FELL,
    ReportRefusal.UNKNOWN_DEVICE: Reject.NOT_A_PUMP,
    Refusal.NOT_FOUND: Reject.NOT_A_PUMP,
}
"""Under which reason a state that changes nothing is counted."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def report_of(state: wire.PumpState) -> Report:
    return Report(
        state.boot_id, state.seq, state.motor_on, state.run_id, state.on_ms, state.grid, state.ready, state.fence,
        state.lease_left_ms, state.off_left_ms, state.fault,
    )  # fmt: skip


class PumpOffice:
    """A listener of `ingest.words`. `hear_for_ever`, `tell_for_ever` and `lead_for_ever` must be running. `lost` counts
    states that the database could not take, `unheard` events that there was no room for.
    """

    def __init__(
        self,
        sender: Sender,
        reject: Callable[[Rejection], None],
        clock: Callable[[], datetime] = utc_now,
        terms: LeaseTerms | None = None,
    ) -> None:
        self.lost = self.unheard = 0
        self._sender, self._reject, self._clock, self._terms = sender, reject, clock, terms
        self._newest: dict[str, tuple[Known, wire.PumpState]] = {}
        self._speakers: asyncio.Queue[str] = asyncio.Queue()  # bounded by the number of devices
        self._in_work: set[str] = set()
        self._events: asyncio.Queue[tuple[Known, wire.Event]] = asyncio.Queue(EVENTS_MAX)
        self._changed: tuple[set[UUID], set[UUID]] = (set(), set())
        self._schedule_due_s = self._alerts_due_s = 0.0
        self._next_at_ms: int | None = None
        self._asked = True  # perhaps, while nobody listened
        self._wake = asyncio.Event()
        self._sending: set[asyncio.Task[Any]] = set()
        self.close = listen(self._on)

    # What devices say

    def is_back(self, known: Known) -> None:
        """It says its state in a moment."""

    def says(self, known: Known, state: wire.State) -> None:
        """Keeps the newest state of each device: one that nobody had time for is worth nothing any more."""
        if not isinstance(state, wire.PumpState) or lead.current() is None:
            return
        if known.device_id not in self._newest and known.device_id not in self._in_work:
            self._speakers.put_nowait(known.device_id)
        self._newest[known.device_id] = (known, state)

    def answers(self, known: Known, ack: wire.Ack, payload: bytes) -> None:
        """A refused grant needs no answer: the device's next state says how things are."""

    def tells(self, known: Known, event: wire.Event) -> None:
        if lead.current() is None:
            return
        if self._events.full():
            self.unheard += 1
            return
        self._events.put_nowait((known, event))

    async def hear_for_ever(self) -> None:
        """Takes states in."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(self._hear())

    async def _hear(self) -> None:
        while True:
            device_id = await self._speakers.get()
            known, state = self._newest.pop(device_id)
            self._in_work.add(device_id)
            try:
                await self._take(known, state)
            except DATABASE_AWAY as error:  # the next state comes in 5 s, and the lead goes if this lasts
                self.lost += 1
                log.warning("a motor's state was not stored", device=device_id, error=str(error))
            finally:
                self._in_work.discard(device_id)
                if device_id in self._newest:  # it spoke meanwhile: taken beside the other, the newer might be first
                    self._speakers.put_nowait(device_id)

    async def _take(self, known: Known, state: wire.PumpState) -> None:
        answer = await devices.reported(
            known.tenant_id, known.device_id, report_of(state), self._clock(), current_ma=state.current_ma
        )
        reason = REASONS.get(answer) if isinstance(answer, Refusal | ReportRefusal) else None
        if reason is not None:
            detail = f"boot {state.boot_id}, state {state.seq}"
            self._reject(Rejection(known.device_id, known.tenant_id, reason, detail, b""))

    async def tell_for_ever(self) -> None:
        """Takes events in, and says `/got` for those that are committed."""
        while True:
            known, event = await self._events.get()
            if await cards.tapped(known.tenant_id, known.device_id, tap_of(event), self._clock()):
                topic = wire.topic(known.tenant_topic, known.device_id, "got")
                await self._sender.publish(topic, wire.got_event(event.boot_id, event.seq))

    # What time brings

    async def lead_for_ever(self) -> None:
        """Waits to lead, then acts until the connection that holds the lead breaks.

        Raises:
            psycopg.Error: it broke, and the lead went with it; the supervisor starts this again.
        """
        connection = await worker_connection()
        leading = None
        try:
            await connection.set_autocommit(True)
            while True:  # polls instead of blocking in the database, so that a stop is quick
                cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK])
                if (await cursor.fetchone() or (False,))[0]:
                    break
                await asyncio.sleep(LEADER_RETRY_S)
            leading = await devices.take_lead(self._send, self._sooner, self._clock(), self._terms)
            log.info("this process leads the pumps", epoch=leading.epoch)
            while True:
                await connection.execute("SELECT 1")  # the lock lives as long as this connection
                await self._look()
        finally:
            if leading is not None:
                lead.resign(leading)
            await connection.close()

    async def _look(self) -> None:
        self._wake.clear()
        people, tenants = self._changed
        self._changed = (set(), set())
        if people or tenants:
            await devices.tick_members(people, tenants, self._clock())
        if time.monotonic() >= self._schedule_due_s:
            self._schedule_due_s = time.monotonic() + SCHEDULE_EVERY_S
            await shedding.follow_schedules(self._clock())
        if time.monotonic() >= self._alerts_due_s:
            self._alerts_due_s = time.monotonic() + motor_alerts.LOOK_EVERY_S
            await motor_alerts.look(self._clock())
        if self._asked:
            self._asked = False
            await relay.answer_all(self._clock())
        self._next_at_ms = None
        left_ms = await devices.tick_due(self._clock())
        leading = lead.current()
        if left_ms is not None and leading is not None:
            self._next_at_ms = leading.clock.now_ms() + left_ms
        wait_s = LOOK_EVERY_S if left_ms is None else min(left_ms / 1000, LOOK_EVERY_S)
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _sooner(self, due_at_ms: int | None) -> None:
        """Wakes the ticker for what is due before what it waits for; the rest is looked for anyway."""
        if due_at_ms is not None and (self._next_at_ms is None or due_at_ms < self._next_at_ms):
            self._wake.set()

    # What devices are told

    def _send(self, tenant_id: UUID, messages: Iterable[Message]) -> None:
        """Publishes in this order, without waiting."""
        for message in messages:
            task = asyncio.create_task(self._publish(tenant_id, message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _publish(self, tenant_id: UUID, message: Message) -> Coroutine[Any, Any, bool]:
        kept_s = message.ttl_ms // 1000 if isinstance(message, SendGrant) else STOP_KEPT_S
        topic = wire.topic(str(tenant_id), message.device_id, "cmd")
        return self._sender.publish(topic, wire.motor(message, uuid4()), expires_s=kept_s)

    def _on(self, announcement: Announcement) -> None:
        """Somebody asks from another process; or was suspended, and their run shall not wait for its device's state."""
        if announcement.topic is Topic.PERSON:
            self._changed[0].add(UUID(announcement.id))
        elif announcement.topic is Topic.TENANT:
            self._changed[1].add(announcement.tenant_id)
        elif announcement.topic is Topic.PUMP_ASK:
            self._asked = True
        else:
            return
        self._wake.set()


def tap_of(event: wire.Event) -> cards.CardEvent:
    return cards.CardEvent(event.boot_id, event.seq, event.kind, event.uid, event.present is True, event.age_ms)
