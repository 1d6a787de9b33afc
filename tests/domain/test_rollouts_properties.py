"""Roll-outs, whatever devices do: never more at a time than asked for, never on beyond the limit, always an end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rollouts import (
    FAILURES,
    INSTALL_MAX,
    UNFINISHED,
    Answer,
    Heard,
    Item,
    Plan,
    Progress,
    RolloutState,
    decide,
    is_chosen,
    look_at,
    place_of,
    sent,
)

T0 = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OLD, NEW = "1.3.0", "1.4.0"
STEP = timedelta(seconds=40)


@dataclass
class Device:
    """What a device does with each step: an index into FATES."""

    fates: list[int]
    boot: int = 1
    firmware: str = OLD
    answer: Answer = Answer.OPEN

    def live(self, n: int, *, was_sent: bool) -> None:
        if not was_sent:
            return
        match self.fates[n % len(self.fates)]:
            case 0:
                self.answer = Answer.TAKEN
            case 1:
                self.boot, self.firmware = self.boot + 1, NEW
            case 2:
                self.boot, self.firmware = self.boot + 1, OLD
            case 3:
                self.answer = Answer.REFUSED
            case 4:
                self.answer = Answer.EXPIRED
            case 5:
                self.answer = Answer.WENT_BACK


fates = st.lists(st.integers(0, 8), min_size=1, max_size=8)


@settings(max_examples=60)
@given(st.lists(fates, min_size=1, max_size=5), st.integers(1, 3), st.integers(0, 3), st.booleans())
def test_a_roll_out_keeps_its_pace_and_its_limit_and_ends(
    all_fates: list[list[int]], pace: int, failures_max: int, resumes: bool
) -> None:
    devices = {f"pp-{n}": Device(each) for n, each in enumerate(all_fates)}
    items = {id_: Item(id_, place_of(UUID(int=1), id_)) for id_ in devices}
    state, plan, now = RolloutState.RUNNING, Plan(NEW, pace, failures_max), T0
    steps = 40 + 3 * len(devices) * (int(INSTALL_MAX / STEP) + 2)
    for n in range(steps):
        now += STEP
        heard = {id_: Heard(d.firmware, d.boot, now, True, d.answer) for id_, d in devices.items()}
        items = {id_: look_at(item, heard[id_], NEW, now) for id_, item in items.items()}
        decision = decide(state, plan, list(items.values()), heard, now)
        failures = sum(item.progress in FAILURES for item in items.values())
        state = decision.state
        if state is RolloutState.RUNNING:
            assert failures - plan.forgiven <= failures_max
        else:
            assert decision.send == ()
        for id_ in decision.send:
            assert items[id_].progress is Progress.WAITING
            devices[id_].answer = Answer.OPEN
            items[id_] = sent(items[id_], devices[id_].boot, now)
        assert sum(item.progress is Progress.SENT for item in items.values()) <= pace
        if state is RolloutState.STOPPED and resumes:
            state, plan = RolloutState.RUNNING, Plan(NEW, pace, failures_max, failures)
        for id_, device in devices.items():
            device.live(n, was_sent=items[id_].progress is Progress.SENT)
    if state is RolloutState.STOPPED:
        assert not resumes
        assert not any(item.progress is Progress.SENT for item in items.values())
    else:
        assert state is RolloutState.DONE
        assert not any(item.progress in UNFINISHED for item in items.values())
    for id_, item in items.items():
        if item.progress is Progress.UPDATED:
            assert devices[id_].firmware == NEW


@given(st.uuids(), st.text(min_size=1), st.integers(0, 100), st.integers(0, 100))
def test_a_larger_share_takes_nobody_away(rollout: UUID, device: str, smaller: int, larger: int) -> None:
    place = place_of(rollout, device)
    assert not is_chosen(place, min(smaller, larger)) or is_chosen(place, max(smaller, larger))
    assert is_chosen(place, 100) and not is_chosen(place, 0)
