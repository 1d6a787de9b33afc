"""The alert machine against what a patient reader of the whole sequence would say, on any sequence of readings."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.alerts import (
    FLAP_CLEAR_S,
    FLAP_WINDOW,
    FLAPS_MAX,
    SILENT_AFTER_S,
    Change,
    Phase,
    RuleState,
    lose_data,
    step,
)
from domain.limits import Level, Limits

OK, WARNING, CRITICAL = Level.OK, Level.WARNING, Level.CRITICAL
T0 = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """A reading so many seconds after the one before it; `lost` if the pit was said to be without data in between."""

    after_s: int
    value: float
    lost: bool = False


ZONES = [10.0, 25.0, 31.0, 50.0, 69.0, 80.0, 84.0, 99.0]
"""A value out of each level, within the bands, and well inside, for the limits below."""

steps = st.tuples(
    st.sampled_from([-2, -1, 1, 2]),
    st.sampled_from([1, 2, 3, 7, 13]),
    st.sampled_from([5, 5, 5, 20, SILENT_AFTER_S, SILENT_AFTER_S + 1, 700]),
    st.sampled_from([False] * 9 + [True]),
)


def walk(taken: list[tuple[int, int, int, bool]]) -> list[Moment]:
    """Weather: values go from zone to zone and last some readings, five seconds apart, with a pause now and then."""
    zone, sequence = 3, []
    for step_, count, pause_s, lost in taken:
        zone = min(max(zone + step_, 0), len(ZONES) - 1)
        sequence += [Moment(pause_s, ZONES[zone], lost), *[Moment(5, ZONES[zone])] * (count - 1)]
    return sequence


moments = st.lists(steps, max_size=12).map(walk)
sensible_limits = st.builds(
    replace,
    st.sampled_from(
        [
            Limits(30.0, 70.0, 20.0, 85.0, band=3.0),
            Limits(30.0, 70.0, 20.0, 85.0),
            Limits(30.0, 70.0, 30.0, 70.0, band=3.0),
            Limits(None, 70.0, None, 85.0, band=3.0),
            Limits(None, None, 20.0, 85.0, band=3.0),
            Limits(30.0, 70.0, band=20.0),
            Limits(),
        ]
    ),
    raise_after_s=st.sampled_from([None, 0, 10, 30]),
    clear_after_s=st.sampled_from([None, 0, 10, 60, 900]),
)


@dataclass(frozen=True)
class Seen:
    at: datetime
    value: float
    unbroken: bool
    """Whether somebody measured all the time since the reading before."""


def timed(sequence: Iterable[Moment]) -> list[Seen]:
    at = T0
    seen: list[Seen] = []
    for moment in sequence:
        at += timedelta(seconds=moment.after_s)
        seen.append(Seen(at, moment.value, bool(seen) and not moment.lost and moment.after_s <= SILENT_AFTER_S))
    return seen


def replay(limits: Limits, sequence: list[Moment]) -> tuple[list[RuleState], list[Change | None]]:
    state = RuleState()
    states: list[RuleState] = []
    changes: list[Change | None] = []
    for seen, moment in zip(timed(sequence), sequence, strict=True):
        state, change = step(lose_data(state) if moment.lost else state, limits, seen.value, seen.at)
        states.append(state)
        changes.append(change)
    return states, changes


def lasted_s(seen: list[Seen], holds: list[bool]) -> float:
    """For how long, up to the last reading, `holds` was true without a gap; −1 if it is not true now."""
    last = len(seen) - 1
    first = last + 1
    while first > 0 and holds[first - 1]:
        first -= 1
        if not seen[first].unbroken:
            break
    return (seen[last].at - seen[first].at).total_seconds() if first <= last else -1


@settings(max_examples=300)
@given(sensible_limits, moments)
def test_the_level_is_what_the_whole_sequence_says(limits: Limits, sequence: list[Moment]) -> None:
    states, changes = replay(limits, sequence)
    seen, level = timed(sequence), OK
    raises: list[datetime] = []
    for n in range(len(sequence)):
        past = seen[: n + 1]
        flaps = raises[-FLAPS_MAX:]
        flapping = len(flaps) == FLAPS_MAX and flaps[-1] - flaps[0] <= FLAP_WINDOW
        quiet_s = max(limits.clear_after_s or 0, FLAP_CLEAR_S if flapping else 0)
        after = level
        while after and lasted_s(past, [limits.is_back(after, s.value) for s in past]) >= quiet_s:
            after = Level(after - 1)
        for upper in (WARNING, CRITICAL):
            if lasted_s(past, [limits.is_out(upper, s.value) for s in past]) >= (limits.raise_after_s or 0):
                after = max(after, upper)
        if level is OK and after is not OK:
            raises.append(past[-1].at)
        change = changes[n]
        assert states[n].level is after
        assert (change is not None) is (after is not level)
        assert change is None or (change.before, change.after, change.at) == (level, after, past[-1].at)
        level = after


@given(sensible_limits, moments)
def test_a_raise_follows_on_the_whole_duration_outside(limits: Limits, sequence: list[Moment]) -> None:
    _, changes = replay(limits, sequence)
    seen = timed(sequence)
    for n, change in enumerate(changes):
        if change and change.after > change.before:
            out = [limits.is_out(change.after, s.value) for s in seen[: n + 1]]
            assert lasted_s(seen[: n + 1], out) >= (limits.raise_after_s or 0)


@given(sensible_limits, moments)
def test_a_level_falls_only_after_the_clear_time_inside_its_band(limits: Limits, sequence: list[Moment]) -> None:
    _, changes = replay(limits, sequence)
    seen = timed(sequence)
    for n, change in enumerate(changes):
        if change and change.after < change.before:
            for level in range(change.after + 1, change.before + 1):
                back = [limits.is_back(Level(level), s.value) for s in seen[: n + 1]]
                assert lasted_s(seen[: n + 1], back) >= (limits.clear_after_s or 0)


@given(sensible_limits, moments, st.data())
def test_feeding_any_part_of_the_past_again_changes_nothing(
    limits: Limits, sequence: list[Moment], data: st.DataObject
) -> None:
    states, _ = replay(limits, sequence)
    if not states:
        return
    for seen in data.draw(st.permutations(timed(sequence))):
        assert step(states[-1], limits, seen.value, seen.at) == (states[-1], None)


@given(sensible_limits, moments, st.data())
def test_duplicates_and_stragglers_in_between_change_nothing(
    limits: Limits, sequence: list[Moment], data: st.DataObject
) -> None:
    sequence = [Moment(m.after_s, m.value) for m in sequence]
    states, _ = replay(limits, sequence)
    state = RuleState()
    past: list[Seen] = []
    for seen, expected in zip(timed(sequence), states, strict=True):
        state, _ = step(state, limits, seen.value, seen.at)
        past.append(seen)
        again = data.draw(st.sampled_from(past))
        state, change = step(state, limits, data.draw(st.sampled_from([10.0, 50.0, 99.0])), again.at)
        assert (state, change) == (expected, None)


@given(sensible_limits, moments)
def test_no_timer_runs_in_a_quiet_rule(limits: Limits, sequence: list[Moment]) -> None:
    """A quiet rule isn't stored with each reading, so nothing that matters may be in it."""
    for state in replay(limits, sequence)[0]:
        if state.phase is Phase.OK:
            assert state == RuleState(last_at=state.last_at, raises=state.raises)
