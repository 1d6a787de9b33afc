"""A queue under anything that people, controllers and servers may do, in any order."""

from dataclasses import replace
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.pump import charging, due, line, runs
from domain.pump.effects import Moved, Settle, TakeHold
from domain.pump.events import ExtensionAsked, Restarted, ShedBegan, ShedEnded, Skipped, StopAsked, Ticked
from domain.pump.state import Run
from domain.pump.words import AWAY, FINAL, Mode, Reason, RunState, WaitsFor
from tests.domain.pump.story import QUICK, Story

LIMITS = replace(QUICK, stable_for_ms=2_000, restart_spread_ms=3_000, wait_limit_ms=3_600_000, line_max=20)
NAMES = [f"member {n}" for n in range(6)]
DEVICES = ["A", "B"]
names, devices = st.sampled_from(NAMES), st.sampled_from(DEVICES)


class Queue(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.story = Story(*DEVICES, limits=LIMITS, balance_s=3_000)
        self.held_s: dict[UUID, int] = {}
        self.states: dict[UUID, RunState] = {}
        self.seen = 0

    @rule(name=names, device=devices, seconds=st.sampled_from([0, 300, 600, 1_200, 4_000]))
    def ask(self, name: str, device: str, seconds: int) -> None:
        self.story.try_asking(name, seconds, device)

    @rule(n=st.integers(0, 20))
    def ask_again_with_the_same_key(self, n: int) -> None:
        runs_ = self.open_runs()
        if runs_:
            run = runs_[n % len(runs_)]
            name = next(name for name in NAMES if self.story.member(name) == run.member_id)
            count = len(runs_)
            _, refusal = self.story.try_asking(name, run.requested_s, run.device_id, run_id=run.id, mode=Mode.AUTO)
            assert refusal is None and len(self.open_runs()) == count

    @rule(n=st.integers(0, 20))
    def stop(self, n: int) -> None:
        if runs_ := self.open_runs():
            self.story.step(StopAsked(runs_[n % len(runs_)].id, None))

    @rule(seconds=st.sampled_from([-5, 60, 600]))
    def extend(self, seconds: int) -> None:
        for run in self.story.group.active[:1]:
            self.story.step(ExtensionAsked(run.id, seconds, None, uuid4()))

    @rule(n=st.integers(0, 20))
    def skip(self, n: int) -> None:
        if waiting := self.story.group.waiting:
            self.story.tickets += 1
            self.story.step(Skipped(waiting[n % len(waiting)].id, self.story.tickets, uuid4()))

    @rule(seconds=st.sampled_from([0.5, 3, 14.9, 15, 30, 130, 700]))
    def live(self, seconds: float) -> None:
        self.story.live(seconds)

    @rule(device=devices, grid=st.booleans(), ready=st.booleans(), fault=st.sampled_from([None, None, None, "dry_run"]))
    def conditions(self, device: str, grid: bool, ready: bool, fault: str | None) -> None:
        board = self.story.boards[device]
        board.grid, board.ready, board.fault = grid, ready, fault
        board.on = board.on and grid and ready and fault is None
        if board.connected:
            self.story.say(device)

    @rule(device=devices, connected=st.booleans())
    def connect(self, device: str, connected: bool) -> None:
        self.story.boards[device].connected = connected

    @rule(device=devices)
    def reboot(self, device: str) -> None:
        self.story.boards[device].reboot()
        self.story.boards[device].off_left_ms = 5_000

    @rule(name=names, active=st.booleans())
    def suspend(self, name: str, active: bool) -> None:
        member = self.story.member(name)
        self.story.standings[member] = replace(self.story.standings[member], active=active)
        self.story.step(Ticked())

    @rule()
    def restart(self) -> None:
        self.story.step(Restarted())

    @rule(begins=st.booleans())
    def shed(self, begins: bool) -> None:
        self.story.step(ShedBegan(None) if begins else ShedEnded(None))

    @invariant()
    def history_has_no_gap_and_says_why(self) -> None:
        for effect in self.story.effects[self.seen :]:
            if isinstance(effect, Moved):
                assert self.states.get(effect.run.id) is effect.before
                assert effect.before not in FINAL
                assert isinstance(effect.reason, Reason)
                self.states[effect.run.id] = effect.run.state
            elif isinstance(effect, TakeHold):
                self.held_s[effect.run_id] = self.held_s.get(effect.run_id, 0) + effect.seconds
            elif isinstance(effect, Settle):
                assert effect.captured_s >= 0 and effect.released_s >= 0
                assert effect.captured_s + effect.released_s == self.held_s.pop(effect.run_id)
        self.seen = len(self.story.effects)

    @invariant()
    def what_is_held_belongs_to_active_runs(self) -> None:
        assert self.held_s == {run.id: run.amount_s for run in self.story.group.active}
        assert all(standing.available_s >= 0 for standing in self.story.standings.values())
        assert all(charging.left_ms(run) >= 0 for run in self.story.group.active)

    @invariant()
    def places_are_gapless_and_the_first_waits_for_something_named(self) -> None:
        group, now_ms = self.story.group, self.story.now_ms
        places = line.places(group, now_ms)
        assert [place.number for place in places] == list(range(1, len(places) + 1))
        present = [place for place in places if place.waits_for not in AWAY]
        assert not present or present[0].waits_for is not WaitsFor.TURN

    @invariant()
    def nothing_happens_before_it_is_due(self) -> None:
        group, now_ms = self.story.group, self.story.now_ms
        next_ms = due.next_at_ms(group, now_ms)
        for moment_ms in {now_ms, (next_ms or now_ms + 10**9) - 1}:
            assert runs.step(group, Ticked(), moment_ms) == (group, ())

    def open_runs(self) -> list[Run]:
        return [*self.story.group.active, *self.story.group.waiting]


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
