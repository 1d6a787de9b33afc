"""The alert machine as sequences of values: what raises, what holds, what clears, and what nobody can know."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

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
EVERY_S = 5

AT_ONCE = Limits(warning_low=30.0, warning_high=70.0, critical_low=20.0, critical_high=85.0, band=3.0)
WITH_TIME = Limits(warning_high=70.0, critical_high=85.0, band=3.0, raise_after_s=30, clear_after_s=60)


@dataclass
class Rule:
    """A rule and what it has said; `feed` gives it values five seconds apart."""

    limits: Limits
    at: datetime = T0
    state: RuleState = field(default_factory=RuleState)
    changes: list[Change] = field(default_factory=list)

    def feed(self, *values: float, seconds: int | None = None) -> "Rule":
        """Each value once, or, with `seconds`, the one value for so long."""
        repeated = values if seconds is None else values * (seconds // EVERY_S)
        for value in repeated:
            self.take(value, self.at)
            self.at += timedelta(seconds=EVERY_S)
        return self

    def take(self, value: float, at: datetime) -> None:
        self.state, change = step(self.state, self.limits, value, at)
        if change:
            self.changes.append(change)

    def wait(self, seconds: int) -> "Rule":
        self.at += timedelta(seconds=seconds)
        return self

    @property
    def levels(self) -> list[Level]:
        return [change.after for change in self.changes]


@pytest.mark.parametrize(
    ("values", "level"),
    [
        ([50], OK), ([70], OK), ([71], WARNING), ([85], WARNING), ([86], CRITICAL),
        ([71, 69], WARNING), ([71, 67.5], WARNING), ([71, 67], OK), ([71, 66], OK),
        ([71, 66, 69], OK), ([71, 66, 71], WARNING),
        ([29, 31], WARNING), ([29, 32.9], WARNING), ([29, 33], OK), ([19, 22], CRITICAL), ([19, 23], WARNING),
        ([86, 83], CRITICAL), ([86, 82], WARNING), ([86, 82, 84], WARNING), ([86, 82, 86], CRITICAL),
        ([86, 50], OK), ([19, 50], OK),
        ([71, 29], WARNING), ([86, 19], CRITICAL), ([86, 29], WARNING),
    ],
)  # fmt: skip
def test_an_alert_holds_inside_the_band(values: list[float], level: Level) -> None:
    assert Rule(AT_ONCE).feed(*values).state.level is level


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([71, 86, 75, 60], [WARNING, CRITICAL, WARNING, OK]),
        ([71, 72, 80, 71], [WARNING]),
        ([86, 90, 86], [CRITICAL]),
        ([86, 60], [CRITICAL, OK]),
        ([50, 60, 70], []),
    ],
)
def test_every_move_is_said_once(values: list[float], levels: list[Level]) -> None:
    assert Rule(AT_ONCE).feed(*values).levels == levels


def test_a_change_says_from_where_to_where_with_which_value_and_when() -> None:
    rule = Rule(AT_ONCE).feed(50, 71)
    assert rule.changes == [Change(OK, WARNING, 71, T0 + timedelta(seconds=5), flapping=False)]


def test_being_out_for_less_than_the_duration_is_pending_and_calls_nobody() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=30)  # the last of them 25 s after the first
    assert (rule.state.phase, rule.levels) == (Phase.PENDING, [])
    rule.feed(71)
    assert (rule.state.phase, rule.levels) == (Phase.FIRING, [WARNING])


@pytest.mark.parametrize("inside", [70, 68, 50])
def test_one_value_inside_starts_the_wait_again(inside: float) -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=30).feed(inside).feed(71, seconds=30)
    assert rule.levels == []


def test_each_level_has_its_own_wait() -> None:
    rule = Rule(WITH_TIME).feed(75, seconds=20).feed(90, seconds=15)
    assert rule.levels == [WARNING]
    rule.feed(90, seconds=20)
    assert rule.levels == [WARNING, CRITICAL]
    assert rule.changes[1].at == T0 + timedelta(seconds=20 + 30)


def test_a_pit_that_is_critical_from_the_start_waits_as_long() -> None:
    assert Rule(WITH_TIME).feed(90, seconds=30).levels == []
    assert Rule(WITH_TIME).feed(90, seconds=35).levels == [CRITICAL]


def test_clearing_needs_the_whole_clear_time_inside_the_band() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=35).feed(66, seconds=60)
    assert rule.levels == [WARNING]
    rule.feed(66)
    assert rule.levels == [WARNING, OK]


def test_a_moment_outside_the_band_starts_the_clear_time_again() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=35).feed(66, seconds=55).feed(68).feed(66, seconds=60)
    assert rule.levels == [WARNING]


def test_time_below_critical_is_not_time_below_warning() -> None:
    """Just before the critical level has cleared, the value falls inside all limits: the warning's time only begins."""
    rule = Rule(WITH_TIME).feed(90, seconds=35).feed(75, seconds=60).feed(50)
    assert rule.levels == [CRITICAL, WARNING]
    rule.feed(50, seconds=55)
    assert rule.levels == [CRITICAL, WARNING]
    rule.feed(50)
    assert rule.levels == [CRITICAL, WARNING, OK]


def test_a_value_well_inside_clears_critical_and_warning_together() -> None:
    assert Rule(WITH_TIME).feed(90, seconds=35).feed(50, seconds=65).levels == [CRITICAL, OK]


def test_a_gap_in_the_measurements_starts_the_wait_again() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=30).wait(SILENT_AFTER_S).feed(71, seconds=30)
    assert rule.levels == []


def test_a_pause_of_exactly_the_silence_limit_is_no_gap() -> None:
    rule = Rule(WITH_TIME).feed(71).wait(SILENT_AFTER_S - EVERY_S).feed(71)
    assert rule.levels == [WARNING]


def test_a_gap_starts_the_clear_time_again_and_the_alert_goes_on() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=35).feed(66, seconds=55).wait(120).feed(66, seconds=60)
    assert rule.levels == [WARNING]
    assert rule.feed(66).levels == [WARNING, OK]


@pytest.mark.parametrize("value", [71, 90])
def test_a_pit_without_data_is_unknown_and_never_ok(value: float) -> None:
    pending = Rule(WITH_TIME).feed(value, seconds=30)
    pending.state = lose_data(pending.state)
    assert pending.state.phase is Phase.UNKNOWN
    assert lose_data(RuleState()).phase is Phase.UNKNOWN


def test_an_alert_that_fires_goes_on_while_nobody_measures_and_clears_only_by_measuring() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=35).feed(66, seconds=55)
    rule.state = lose_data(rule.state)
    assert (rule.state.level, rule.state.phase) == (WARNING, Phase.UNKNOWN)
    rule.feed(66, seconds=60)
    assert (rule.state.level, rule.state.phase) == (WARNING, Phase.FIRING)
    assert rule.feed(66).state.phase is Phase.OK


def test_a_lost_pit_waits_again_before_it_raises() -> None:
    rule = Rule(WITH_TIME).feed(71, seconds=30)
    rule.state = lose_data(rule.state)
    assert rule.feed(71, seconds=30).levels == []
    assert rule.feed(71).levels == [WARNING]


@pytest.mark.parametrize("ago_s", [0, 1, 5, 3_600])
def test_a_reading_that_is_not_newer_changes_nothing(ago_s: int) -> None:
    rule = Rule(AT_ONCE).feed(71, 72)
    before = rule.state
    rule.take(20, T0 + timedelta(seconds=5 - ago_s))
    assert (rule.state, rule.levels) == (before, [WARNING])


def test_the_third_raise_within_half_an_hour_is_flapping_and_says_so() -> None:
    rule = Rule(AT_ONCE).feed(71, 50, 71, 50, 71)
    assert [change.flapping for change in rule.changes] == [False, False, False, False, True]
    assert rule.state.flapping


def test_a_flapping_alert_clears_only_after_ten_quiet_minutes() -> None:
    rule = Rule(AT_ONCE).feed(71, 50, 71, 50, 71).feed(50, seconds=FLAP_CLEAR_S)
    assert rule.state.level is WARNING
    rule.feed(50)
    assert (rule.state.level, rule.changes[-1].flapping) == (OK, True)


def test_damping_never_shortens_a_long_clear_time() -> None:
    rule = Rule(Limits(warning_high=70.0, band=3.0, clear_after_s=FLAP_CLEAR_S + 60))
    for _ in range(2):
        rule.feed(71).feed(50, seconds=FLAP_CLEAR_S + 65)
    rule.feed(71).feed(50, seconds=FLAP_CLEAR_S + 60)
    assert (rule.state.flapping, rule.state.level) == (True, WARNING)
    assert rule.feed(50).state.level is OK


def test_three_raises_that_are_far_apart_are_no_flapping() -> None:
    rule = Rule(AT_ONCE)
    for _ in range(FLAPS_MAX):
        rule.feed(71, 50).wait(FLAP_WINDOW // timedelta(seconds=FLAPS_MAX - 1) + 1)
    assert not rule.state.flapping


def test_moving_between_warning_and_critical_is_no_flapping() -> None:
    assert not Rule(AT_ONCE).feed(*[71, 86] * 10).state.flapping


def test_a_limit_that_its_owner_lifts_lets_the_alert_clear() -> None:
    rule = Rule(AT_ONCE).feed(71)
    rule.limits = Limits(warning_high=80.0, band=3.0)
    assert rule.feed(71).levels == [WARNING, OK]
