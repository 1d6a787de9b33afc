"""The lease from the server's side, as tables."""

from dataclasses import replace

import pytest

from domain.pump import hold, lease
from domain.pump.limits import DEFAULTS, LeaseTerms
from domain.pump.state import Motor
from domain.pump.words import Alarm

TERMS = LeaseTerms(ttl_ms=15_000, drift_permille=10, margin_ms=3_000)
MOTOR = Motor("A", fence=7, heard_at_ms=0)


def test_a_lease_lasts_its_time_at_the_slowest_clock_and_a_margin() -> None:
    assert TERMS.whole_ms == 15_000 + 150 + 3_000
    assert LeaseTerms(ttl_ms=1, drift_permille=1, margin_ms=0).whole_ms == 2  # rounded up: never shorter


def test_a_grant_never_shortens_an_older_lease() -> None:
    motor = lease.granted(MOTOR, TERMS, 10_000)
    assert motor.lease_until_at_ms == 28_150
    assert lease.granted(motor, TERMS, 9_000).lease_until_at_ms == 28_150
    assert lease.granted(motor, TERMS, 11_000).lease_until_at_ms == 29_150


@pytest.mark.parametrize(
    ("motor", "now_ms", "surely"),
    [
        (MOTOR, 0, True),
        (Motor("A", lease_until_at_ms=100, heard_at_ms=0), 99, False),
        (Motor("A", lease_until_at_ms=100, heard_at_ms=0), 100, True),
        (Motor("A", lease_until_at_ms=100, heard_at_ms=0, motor_on=True), 100, False),
        (Motor("A", lease_until_at_ms=100, heard_at_ms=0, motor_on=True), 15_000, True),
        (Motor("A", heard_at_ms=0, motor_on=True, alarm=Alarm.ON_AFTER_LEASE), 10**9, False),
    ],
)
def test_a_motor_is_surely_off_when_nothing_can_keep_it_on(motor: Motor, now_ms: int, surely: bool) -> None:
    assert lease.surely_off(motor, DEFAULTS, now_ms) is surely


def test_a_stop_raises_the_fence_once() -> None:
    stopped = lease.stopped(MOTOR)
    assert (stopped.fence, stopped.stopping) == (8, True)
    assert lease.stopped(stopped) == stopped


@pytest.mark.parametrize(
    ("fence", "motor_on", "confirms"), [(8, False, True), (8, True, False), (7, False, False), (9, False, False)]
)
def test_only_off_with_the_stops_fence_confirms_it(fence: int, motor_on: bool, confirms: bool) -> None:
    assert lease.confirms_off(lease.stopped(MOTOR), fence, motor_on) is confirms
    assert not lease.confirms_off(MOTOR, fence, motor_on)


@pytest.mark.parametrize(("reported", "fence"), [(3, 7), (7, 7), (8, 9), (41, 42)])
def test_the_fence_is_above_any_that_a_device_reports(reported: int, fence: int) -> None:
    assert lease.fenced(MOTOR, reported).fence == fence


def test_a_stop_is_repeated_each_second_and_to_a_silent_device_seldom() -> None:
    stopping = lease.stopped(MOTOR)
    assert lease.next_stop_at_ms(stopping, DEFAULTS, 5_000) == 5_000
    sent = replace(stopping, stop_sent_at_ms=5_000)
    assert lease.next_stop_at_ms(sent, DEFAULTS, 14_999) == 6_000
    assert lease.next_stop_at_ms(sent, DEFAULTS, 15_000) == 20_000
    assert lease.next_stop_at_ms(replace(sent, heard_at_ms=15_000), DEFAULTS, 15_000) == 6_000


def test_after_a_restart_unfinished_leases_are_whole_and_finished_ones_stay_finished() -> None:
    granted, free = lease.granted(MOTOR, TERMS, 0), MOTOR
    again = lease.after_restart((granted, free), TERMS, 90_000)
    assert [motor.lease_until_at_ms for motor in again] == [90_000 + TERMS.whole_ms, None]


def test_motors_start_again_at_different_moments_after_a_cut() -> None:
    motors = [Motor(f"motor {n}", fence=n) for n in range(50)]
    delays_ms = [hold.start_delay_ms(motor, DEFAULTS, after_cut=True) for motor in motors]
    least_ms, most_ms = DEFAULTS.stable_for_ms, DEFAULTS.stable_for_ms + DEFAULTS.restart_spread_ms
    assert all(least_ms <= delay_ms <= most_ms for delay_ms in delays_ms)
    assert len(set(delays_ms)) > 40
    assert delays_ms == [hold.start_delay_ms(motor, DEFAULTS, after_cut=True) for motor in motors]
    assert {hold.start_delay_ms(motor, DEFAULTS, after_cut=False) for motor in motors} == {least_ms}
