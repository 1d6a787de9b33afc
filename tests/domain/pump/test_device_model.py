"""The model's controller and the real one of `firmware/core/lease.py` take and refuse the same."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.firmware.by_path import pure
from tools.pump_model import device as model
from tools.pump_model.device import SENT_KEPT, TTL, Device, Grant, Rules, Stop

TICK_MS = 1_000
RULES = Rules()

grants = st.builds(
    Grant,
    run=st.integers(1, 2),
    fence=st.integers(0, 4),
    boot=st.integers(1, 2),
    seq=st.integers(-SENT_KEPT + 1, 0),
    ttl=st.just(TTL),
    budget=st.integers(1, 3),
)
stops = st.builds(Stop, fence=st.integers(0, 4))
steps = st.lists(st.one_of(st.sampled_from(["passes", "stands"]), grants, stops), max_size=40)


class Real:
    """The real lease, looked at by a guard as the real guard looks at it."""

    def __init__(self) -> None:
        lease = pure("core.lease")
        self.lease, self.runs = lease.Lease(1, TTL * TICK_MS), lease.Runs()
        self.now = self.seq = self.grants = 0
        self.is_on = False

    def tick(self, passes: bool) -> None:
        self.now += TICK_MS if passes else 0
        self.look()
        self.seq += 1
        self.lease.sent(self.seq, self.now)

    def receive(self, message: Grant | Stop) -> None:
        if isinstance(message, Stop):
            self.lease.stop({"fence": message.fence}, False)
        else:
            self.grants += 1
            asked: dict[str, Any] = {
                "id": str(self.grants), "run_id": f"run {message.run}", "fence": message.fence,
                "echo": {"boot_id": message.boot, "seq": max(0, self.seq + message.seq)},
                "ttl_ms": message.ttl * TICK_MS, "budget_ms": message.budget * TICK_MS,
            }  # fmt: skip
            self.lease.grant(asked, False, self.now)
        self.look()

    def look(self) -> None:
        self.runs.count(self.lease.run_id if self.is_on else None, self.now)
        used_up = self.runs.on_ms(self.lease.run_id) >= self.lease.budget_ms
        granted = self.lease.is_alive(self.now) and not used_up
        if self.is_on and not granted:
            self.lease.latch()
        self.is_on = granted
        self.runs.count(self.lease.run_id if self.is_on else None, self.now)


@settings(max_examples=400, deadline=None)
@given(steps)
def test_the_model_says_what_the_real_one_says(sequence: list[str | Grant | Stop]) -> None:
    device, real = Device(), Real()
    for step in sequence:
        if isinstance(step, str):
            device, _ = model.publish(model.tick(device, RULES, step == "passes"), RULES)
            real.tick(step == "passes")
        else:
            device = model.receive(device, step, RULES)
            real.receive(step)
        run = int(real.lease.run_id.split()[1]) if real.lease.run_id else None
        assert (device.on, device.fence, device.run) == (real.is_on, real.lease.fence, run)
        on_ms = {run: ticks * TICK_MS for run, ticks in device.ran}
        assert all(real.runs.on_ms(f"run {run}") == on_ms.get(run, 0) for run in (1, 2))


@settings(max_examples=200, deadline=None)
@given(steps)
def test_what_the_model_calls_dead_changes_nothing_now_and_later(sequence: list[str | Grant | Stop]) -> None:
    device = Device()
    for step in sequence:
        if isinstance(step, str):
            device, _ = model.publish(model.tick(device, RULES, step == "passes"), RULES)
            continue
        if model.is_dead(device, step, RULES):
            assert model.receive(device, step, RULES) == device
        device = model.receive(device, step, RULES)
