"""The guard: whatever is in doubt turns the motor off within a period, and only a new grant turns it on again."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from tests.firmware.by_path import pure
from tests.firmware.fake_motor import PERIOD_MS, Motor

ticks, guard_module = pure("core.ticks"), pure("core.guard")

DOUBTS: dict[str, Callable[[Motor, bool], None]] = {
    "link": lambda motor, is_well: setattr(motor, "link_is_up", is_well),
    "grid": lambda motor, is_well: motor.grid.set(is_well),
    "ready": lambda motor, is_well: motor.ready.set(is_well),
}


def test_a_grant_lights_the_motor_at_once() -> None:
    motor = Motor()
    assert motor.grant() is None
    assert motor.is_on


@pytest.mark.parametrize("start", [0, ticks.MASK - 20_000], ids=["early", "across the wrap"])
def test_the_motor_goes_off_when_its_lease_is_over(start: int) -> None:
    motor = Motor(start=start)
    motor.grant()
    motor.tick(14_980)
    assert motor.is_on
    motor.tick(PERIOD_MS)
    assert not motor.is_on
    assert motor.state()["on_ms"] == 15_000


@pytest.mark.parametrize("name", DOUBTS)
def test_any_doubt_is_off_within_a_period_and_stays_off(name: str) -> None:
    motor = Motor()
    motor.grant()
    DOUBTS[name](motor, False)
    motor.tick(PERIOD_MS)
    assert not motor.is_on
    DOUBTS[name](motor, True)
    motor.tick(1_000)
    assert not motor.is_on, "latched until a new grant"
    assert motor.grant() is None
    assert motor.is_on


@pytest.mark.parametrize("name", DOUBTS)
def test_a_grant_in_doubt_is_refused_and_says_why(name: str) -> None:
    motor = Motor()
    DOUBTS[name](motor, False)
    assert motor.grant() == name
    assert not motor.is_on


def test_a_grant_under_way_while_something_was_in_doubt_is_void() -> None:
    motor = Motor()
    state = motor.state()
    motor.grid.set(False)
    motor.tick()
    motor.grid.set(True)
    motor.tick()
    assert motor.grant(state) == "before_off"


def test_the_budget_ends_a_run() -> None:
    motor = Motor()
    motor.grant(budget_ms=2_000)
    motor.tick(1_980)
    assert motor.is_on
    motor.tick(PERIOD_MS)
    assert not motor.is_on
    assert motor.state()["on_ms"] == 2_000


def test_a_used_up_budget_lights_nothing_again() -> None:
    motor = Motor()
    motor.grant(budget_ms=2_000)
    motor.tick(3_000)
    assert motor.grant(budget_ms=2_000) is None
    motor.tick(1_000)
    assert not motor.is_on
    assert motor.grant(budget_ms=3_000) is None
    assert motor.is_on


def test_the_motor_rests_before_it_starts_again_under_the_same_grant() -> None:
    motor = Motor(min_off_ms=10_000)
    assert motor.state()["off_left_ms"] == 9_980  # boot counts
    motor.grant()
    motor.tick(9_960)
    assert not motor.is_on
    motor.tick(PERIOD_MS)
    assert motor.is_on


def test_starts_per_hour_lock_the_motor() -> None:
    motor = Motor(starts_per_hour=2)
    for _ in range(2):
        motor.grant()
        assert motor.is_on
        motor.link_is_up = False
        motor.tick()
        motor.link_is_up = True
        motor.tick()
    motor.grant()
    motor.tick(1_000)
    assert not motor.is_on
    assert motor.state()["off_left_ms"] > 3_500_000


def test_after_the_grid_returned_a_drawn_delay_passes_also_when_power_failed_here() -> None:
    motor = Motor(grid_delay_max_ms=4_000)
    motor.grid.set(False)
    motor.tick()
    motor.grid.set(True)
    motor.tick()
    assert motor.state()["off_left_ms"] == 4_000
    assert Motor(grid_delay_max_ms=4_000, grid_failed=True).state()["off_left_ms"] == 4_000


def test_a_contactor_that_does_not_follow_trips() -> None:
    motor = Motor(feedback=True)
    motor.grant()
    motor.tick(1_600)
    assert not motor.is_on
    said = motor.state()
    assert (said["fault"], said["motor_on"], said["on_ms"]) == ("no_feedback", False, 0)
    assert motor.grant() == "no_feedback"


def test_a_welded_contactor_is_said_and_charged_to_nobody() -> None:
    motor = Motor(feedback=True)
    assert motor.feedback is not None
    motor.grant()
    motor.feedback.set(True)
    motor.tick(1_000)
    motor.link_is_up = False
    motor.tick(2_000)
    said = motor.state()
    assert (said["fault"], said["motor_on"]) == ("welded", True)
    assert said["on_ms"] == 1_000
    assert not motor.guard.is_off()
    assert motor.guard.is_released(), "it must be able to connect and to say so"
    motor.tick(4 * 24 * 3_600_000 // 100)  # an hour or so
    motor.feedback.set(False)
    motor.tick()
    assert motor.state()["fault"] is None


@pytest.mark.parametrize("pin", ["relay", "opto"])
def test_an_output_that_is_not_what_it_should_be_is_a_fault(pin: str) -> None:
    motor = Motor()
    motor.grant()
    getattr(motor, pin).stuck = False
    motor.tick()
    assert motor.state()["fault"] == "output"
    assert not motor.is_on


@pytest.mark.parametrize(("ma", "fault"), [(300, "dry_run"), (9_000, "overload"), (None, "no_current_sensor")])
def test_a_wrong_current_trips_after_its_delay_but_not_while_starting(ma: int | None, fault: str) -> None:
    motor = Motor(
        thresholds={"current_ma": {"low": 1_000, "high": 8_000}}, inrush_ms=2_000, trip_delay_ms=3_000, trip_rest_s=60
    )
    motor.grant()
    for _ in range(24):
        motor.guard.protection.current_measured(ma, motor.now())
        motor.tick(200)
    assert motor.is_on
    for _ in range(2):
        motor.guard.protection.current_measured(ma, motor.now())
        motor.tick(200)
    assert not motor.is_on
    assert motor.state()["fault"] == fault
    motor.tick(60_000)
    assert motor.state()["fault"] is None


def test_the_watchdog_is_short_only_while_the_motor_is_on() -> None:
    motor = Motor(watchdog_ms=3_000)
    motor.grant()
    assert motor.watchdog.limits_ms[-1] == 3_000
    motor.link_is_up = False
    motor.tick()
    assert motor.watchdog.limits_ms[-1] == guard_module.WATCHDOG_OFF_MS


def test_a_stop_turns_off_at_once_and_is_repeated_without_harm() -> None:
    motor = Motor()
    motor.grant()
    fence = motor.state()["fence"] + 1
    assert motor.guard.stop({"id": "s", "fence": fence}, False) is None
    assert not motor.is_on
    assert motor.guard.stop({"id": "s", "fence": fence}, False) is None
    assert motor.state()["fence"] == fence


async def test_the_guard_leaves_the_outputs_off_when_something_breaks() -> None:
    motor = Motor()
    motor.grant()

    def broken() -> bool:
        raise OSError("the input broke")

    motor.grid.is_yes = broken  # type: ignore[method-assign]
    with pytest.raises(OSError, match="the input broke"):
        await motor.guard.run()
    assert not motor.relay.level
    assert not motor.opto.level


STEPS = st.one_of(
    st.tuples(st.sampled_from([*DOUBTS]), st.booleans()),
    st.tuples(st.just("grant"), st.integers(1, 15_000)),
    st.tuples(st.just("old grant"), st.integers(0, 5)),
    st.tuples(st.just("stop"), st.integers(0, 2)),
    st.tuples(st.just("wait"), st.integers(1, 4_000)),
)


@effort(max_examples=150, deadline=None)
@given(start=st.integers(0, ticks.MASK), steps=st.lists(STEPS, max_size=25))
def test_whatever_happens_the_motor_is_on_only_with_everything_given(start: int, steps: list[tuple[str, int]]) -> None:
    motor, sent = Motor(start=start, min_off_ms=500), []
    for what, value in steps:
        if what in DOUBTS:
            DOUBTS[what](motor, bool(value))
        elif what == "grant":
            sent.append(motor.state())
            motor.grant(sent[-1], ttl_ms=value)
        elif what == "old grant" and value < len(sent):
            motor.grant(sent[value])
        elif what == "stop":
            motor.guard.stop({"id": "s", "fence": motor.guard.lease.fence + value - 1}, False)
        else:
            motor.tick(value)
        motor.guard.step(motor.now())
        assert motor.relay.level == motor.opto.level
        if motor.is_on:
            lease = motor.guard.lease
            assert motor.link_is_up
            assert motor.grid.level
            assert motor.ready.level
            assert lease.is_alive(motor.now())
            assert motor.guard.runs.on_ms(lease.run_id) < lease.budget_ms
