"""Tells stories about a group of motors: who asks, what the controllers do, how the time passes.

The controllers here obey at once and lose nothing; what goes wrong is said by the story.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import UUID, uuid5

from domain.pump import due, invariants, runs
from domain.pump.effects import Effect, Moved, SendGrant, SendStop, Settle, TakeHold
from domain.pump.events import Event, Reported, Requested, StopAsked, Ticked
from domain.pump.limits import PumpLimits
from domain.pump.state import Group, Motor, Report, Run, Standing
from domain.pump.words import PumpRefusal, ReportRefusal, RunState

Sent = TypeVar("Sent")
SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
QUICK = PumpLimits(stable_for_ms=0, restart_spread_ms=0)
"""Motors may start as soon as conditions are good."""
STATE_EVERY_MS = 5_000


@dataclass
class Board:
    """A controller as the story wants it."""

    device_id: str
    boot_id: int = 1
    seq: int = 0
    fence: int = 0
    on: bool = False
    run_id: UUID | None = None
    on_ms: int = 0
    budget_ms: int = 0
    grid: bool = True
    ready: bool = True
    fault: str | None = None
    off_left_ms: int = 0
    connected: bool = True
    obeys: bool = True
    """False: a contactor that sticks, as far as ON is concerned."""

    def report(self) -> Report:
        self.seq += 1
        return Report(
            self.boot_id, self.seq, self.on, self.run_id, self.on_ms, self.grid, self.ready, self.fence,
            off_left_ms=self.off_left_ms, fault=self.fault,
        )  # fmt: skip

    def reboot(self) -> None:
        self.boot_id += 1
        self.seq = self.fence = self.on_ms = 0
        self.on, self.run_id = False, None


class Story:
    def __init__(self, *devices: str, limits: PumpLimits = QUICK, balance_s: int = 36_000) -> None:
        self.now_ms = 0
        self.limits = limits
        self.boards = {device: Board(device) for device in devices or ("A",)}
        self.standings: dict[UUID, Standing] = {}
        self.balance_s = balance_s
        self.group = Group(tuple(map(Motor, self.boards)), limits=limits, standings=self.standings)
        self.effects: list[Effect] = []
        self.ended: dict[UUID, Run] = {}
        self.tickets = 0
        for board in self.boards.values():
            self.say(board.device_id)

    def member(self, name: str) -> UUID:
        member_id = uuid5(SPACE, name)
        self.standings.setdefault(member_id, Standing(self.balance_s))
        return member_id

    def step(self, event: Event) -> PumpRefusal | ReportRefusal | None:
        """One step; the rules' own invariants are checked after each."""
        found = runs.step(self.group, event, self.now_ms)
        if not isinstance(found, tuple):
            return found
        self.group, effects = found
        assert invariants.broken(self.group, self.now_ms) == []
        self.effects += effects
        for effect in effects:
            self._follow(effect)
        return None

    def ask(self, name: str, seconds: int = 600, device: str = "A", **more: Any) -> UUID:
        """A request that must be taken; returns its run."""
        run_id, refusal = self.try_asking(name, seconds, device, **more)
        assert refusal is None
        return run_id

    def try_asking(
        self, name: str, seconds: int = 600, device: str = "A", **more: Any
    ) -> tuple[UUID, PumpRefusal | ReportRefusal | None]:
        self.tickets += 1
        run_id = uuid5(SPACE, f"run {self.tickets}")
        member = self.member(name)
        event = replace(Requested(run_id, member, device, seconds, self.tickets, member), **more)
        return event.run_id, self.step(event)

    def stop(self, run_id: UUID) -> PumpRefusal | ReportRefusal | None:
        return self.step(StopAsked(run_id, None))

    def say(self, device: str = "A", **changes: Any) -> PumpRefusal | ReportRefusal | None:
        """The controller sends a state, after these changes to it."""
        board = self.boards[device]
        for name, value in changes.items():
            setattr(board, name, value)
        return self.step(Reported(device, board.report()))

    def live(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Time passes: controllers that are connected say their state every 5 s, the server's ticker ticks."""
        end_ms = self.now_ms + int(seconds * 1000)
        next_state_ms = self.now_ms + STATE_EVERY_MS
        while self.now_ms < end_ms and not until():
            due_ms = due.next_at_ms(self.group, self.now_ms)
            self._go_to(min(end_ms, next_state_ms, due_ms if due_ms is not None else end_ms))
            if self.now_ms >= next_state_ms:
                next_state_ms += STATE_EVERY_MS
                for board in self.boards.values():
                    if board.connected:
                        self.say(board.device_id)
            self.step(Ticked())

    def state(self, run_id: UUID) -> RunState:
        return self.run(run_id).state

    def run(self, run_id: UUID) -> Run:
        found = [run for run in (*self.group.active, *self.group.waiting) if run.id == run_id]
        return found[0] if found else self.ended[run_id]

    def motor(self, device: str = "A") -> Motor:
        return next(motor for motor in self.group.motors if motor.device_id == device)

    def sent(self, kind: type[Sent]) -> list[Sent]:
        """Effects of this kind since the last look; looking forgets all."""
        found: list[Sent] = [effect for effect in self.effects if isinstance(effect, kind)]
        self.effects.clear()
        return found

    def _go_to(self, moment_ms: int) -> None:
        for board in self.boards.values():
            if board.on:
                board.on_ms += moment_ms - self.now_ms
                if board.obeys and board.on_ms >= board.budget_ms:
                    board.on, board.on_ms = False, board.budget_ms
            board.off_left_ms = max(0, board.off_left_ms - (moment_ms - self.now_ms))
        self.now_ms = moment_ms

    def _follow(self, effect: Effect) -> None:
        if isinstance(effect, Moved) and effect.run.state.value in {"completed", "failed", "cancelled", "expired"}:
            self.ended[effect.run.id] = effect.run
        elif isinstance(effect, TakeHold):
            self._pay(effect.member_id, -effect.seconds)
        elif isinstance(effect, Settle):
            self._pay(effect.member_id, effect.released_s)
        elif isinstance(effect, SendGrant | SendStop):
            board = self.boards[effect.device_id]
            if not board.connected:
                return
            if isinstance(effect, SendStop):
                board.fence = max(board.fence, effect.fence)
                board.on = board.on and not board.obeys
            elif board.grid and board.ready and board.fault is None and effect.boot_id == board.boot_id:
                self._light(board, effect)

    def _light(self, board: Board, grant: SendGrant) -> None:
        if board.run_id != grant.run_id:
            board.run_id, board.on_ms = grant.run_id, 0
        board.fence, board.budget_ms = grant.fence, grant.budget_ms
        board.on = (board.on or board.off_left_ms == 0) and board.on_ms < board.budget_ms

    def _pay(self, member_id: UUID, seconds: int) -> None:
        standing = self.standings[member_id]
        self.standings[member_id] = replace(standing, available_s=standing.available_s + seconds)


def running(*devices: str, seconds: int = 600, limits: PumpLimits = QUICK) -> tuple[Story, UUID]:
    """A story in which somebody's motor has been ON for a while."""
    story = Story(*devices, limits=limits)
    run_id = story.ask("ram", seconds)
    story.say()
    assert story.state(run_id) is RunState.RUNNING
    return story, run_id
