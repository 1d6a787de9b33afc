"""A motor's controller in simulated milliseconds, with a clock that is a little wrong; rules 1 to 4 of the protocol."""

from collections import deque
from uuid import UUID

from domain.pump.effects import SendGrant, SendStop
from domain.pump.state import Report

SENT_KEPT = 16
TTL_CAP_MS = 15_000


class Controller:
    """Moments are the world's; only durations go by the device's own clock, which runs at `rate`."""

    def __init__(self, device_id: str, rate: float, off_time_ms: int) -> None:
        self.device_id, self.rate, self.off_time_ms = device_id, rate, off_time_ms
        self.is_powered = self.is_linked = self.grid = self.ready = True
        self.is_welded = False
        self.fault: str | None = None
        self.is_on = False
        self.boot_id = 0
        self.on_in_all_boots_ms: dict[UUID, float] = {}
        """What the simulation knows beside the device: how long it let each run be ON …"""
        self.measured_in_all_boots_ms: dict[UUID, float] = {}
        """… and how long the motor was, which is longer when the contactor sticks."""
        self.times_forgotten: dict[UUID, int] = {}
        """How often a reboot has wiped out the counter of a run, with what no state had told yet."""
        self._booked_at_ms = 0
        self._on_ms: dict[UUID, float] = {}
        self.boot(0)

    def boot(self, now_ms: int) -> None:
        """Everything but the counter of boots is forgotten; it counts as the start of an off-time."""
        self.book(now_ms)
        for run_id in self._on_ms:
            self.times_forgotten[run_id] = self.times_forgotten.get(run_id, 0) + 1
        self.is_on = False
        self.boot_id += 1
        self.seq = self.fence = self.budget_ms = 0
        self.run_id: UUID | None = None
        self._lease_until_ms: float | None = None
        self._sent: deque[tuple[int, int]] = deque(maxlen=SENT_KEPT)
        self._latched_seq = self._granted_seq = 0
        self._on_ms = {}
        self._off_until_ms = now_ms + self.off_time_ms / self.rate

    @property
    def measured_on(self) -> bool:
        return self.is_on or self.is_welded

    def state(self, now_ms: int) -> Report:
        """What it says now; notes that this state leaves now."""
        self.guard(now_ms)
        self.seq += 1
        self._sent.append((self.seq, now_ms))
        on_ms = int(self._on_ms.get(self.run_id, 0.0)) if self.run_id else 0
        off_left_ms = max(0, int((self._off_until_ms - now_ms) * self.rate))
        return Report(
            self.boot_id, self.seq, self.measured_on, self.run_id, on_ms, self.grid, self.ready, self.fence,
            off_left_ms=off_left_ms, fault=self.fault,
        )  # fmt: skip

    def receive(self, message: SendGrant | SendStop, now_ms: int) -> None:
        self.guard(now_ms)
        if isinstance(message, SendStop):
            if message.fence > self.fence:
                self.fence = message.fence
                self._latch()
        elif not self._refuses(message, now_ms):
            budget_ms = message.budget_ms
            if message.seq == self._granted_seq and message.run_id == self.run_id:
                budget_ms = max(budget_ms, self.budget_ms)
            self.run_id, self.fence, self.budget_ms = message.run_id, message.fence, budget_ms
            self._granted_seq = message.seq
            self._lease_until_ms = self._sent_at(message.seq) + message.ttl_ms / self.rate
        self.guard(now_ms)

    def guard(self, now_ms: int) -> None:
        """ON while nothing speaks against it; every OFF is latched."""
        self.book(now_ms)
        if not (self.is_powered and self.is_linked and self.grid and self.ready and self.fault is None):
            self._latch()
        alive = self._lease_until_ms is not None and now_ms < self._lease_until_ms
        granted = alive and self.run_id is not None and self._on_ms.get(self.run_id, 0.0) < self.budget_ms
        if self.is_on and not granted:
            self.is_on = False
            self._latch()
            self._off_until_ms = now_ms + self.off_time_ms / self.rate
        elif granted and not self.is_on and now_ms >= self._off_until_ms:
            self.is_on = True

    def book(self, now_ms: int) -> None:
        """Counts the time ON until now."""
        if self.measured_on and self.boot_id and self.run_id is not None:
            passed_ms = (now_ms - self._booked_at_ms) * self.rate
            self._on_ms[self.run_id] = self._on_ms.get(self.run_id, 0.0) + passed_ms
            self.measured_in_all_boots_ms[self.run_id] = self.measured_in_all_boots_ms.get(self.run_id, 0.0) + passed_ms
            if self.is_on:
                self.on_in_all_boots_ms[self.run_id] = self.on_in_all_boots_ms.get(self.run_id, 0.0) + passed_ms
        self._booked_at_ms = now_ms

    def next_look_ms(self, now_ms: int) -> int | None:
        """When the guard will switch by time alone; None: it won't."""
        if not self.is_on:
            waits = self._lease_until_ms is not None and self._off_until_ms > now_ms
            return int(self._off_until_ms) + 1 if waits else None
        until_ms = self._lease_until_ms or now_ms
        left_ms = self.budget_ms - self._on_ms.get(self.run_id, 0.0) if self.run_id else 0.0
        return max(now_ms + 1, int(min(until_ms, now_ms + left_ms / self.rate)) + 1)

    def _refuses(self, grant: SendGrant, now_ms: int) -> bool:
        sent_at_ms = self._sent_at(grant.seq)
        return (
            grant.boot_id != self.boot_id
            or sent_at_ms < 0
            or grant.seq <= self._latched_seq
            or grant.fence < self.fence
            or grant.seq < self._granted_seq
            or grant.ttl_ms > TTL_CAP_MS
            or now_ms >= sent_at_ms + grant.ttl_ms / self.rate
        )

    def _sent_at(self, seq: int) -> int:
        return next((at_ms for known, at_ms in self._sent if known == seq), -1)

    def _latch(self) -> None:
        self._lease_until_ms = None
        self._latched_seq = self.seq
