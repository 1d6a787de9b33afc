"""When a motor may start again."""

import pytest

from tests.firmware.by_path import pure

ticks, starts_module = pure("core.ticks"), pure("core.starts")
STARTS = [0, ticks.MASK - 10_000]  # the second wraps


@pytest.mark.parametrize("boot", STARTS)
def test_boot_counts_as_the_start_of_a_rest(boot: int) -> None:
    starts = starts_module.Starts(boot, 30_000, 12)
    assert starts.wait_ms(ticks.add(boot, 100)) == 29_900
    assert starts.wait_ms(ticks.add(boot, 30_000)) == 0


@pytest.mark.parametrize("boot", STARTS)
def test_a_motor_rests_after_each_stop(boot: int) -> None:
    starts = starts_module.Starts(boot, 30_000, 12)
    starts.started(ticks.add(boot, 40_000))
    starts.stopped(ticks.add(boot, 50_000))
    assert starts.wait_ms(ticks.add(boot, 60_000)) == 20_000
    assert starts.wait_ms(ticks.add(boot, 80_000)) == 0


def test_the_longer_of_two_rests_counts() -> None:
    starts = starts_module.Starts(0, 10_000, 12)
    starts.grid_returned(1_000, 20_000)
    assert starts.wait_ms(1_000) == 20_000
    assert starts.wait_ms(21_000) == 0


@pytest.mark.parametrize("boot", STARTS)
def test_after_so_many_starts_in_an_hour_it_is_locked_until_one_is_an_hour_old(boot: int) -> None:
    starts = starts_module.Starts(boot, 0, 3)
    for minute in (0, 10, 20):
        assert starts.wait_ms(ticks.add(boot, minute * 60_000)) == 0
        starts.started(ticks.add(boot, minute * 60_000))
    assert starts.wait_ms(ticks.add(boot, 30 * 60_000)) == 30 * 60_000
    assert starts.wait_ms(ticks.add(boot, 60 * 60_000)) == 0


def test_a_lower_limit_that_is_set_meanwhile_counts_at_once() -> None:
    starts = starts_module.Starts(0, 0, 3)
    for now in (0, 1_000, 2_000):
        starts.started(now)
    starts.per_hour = 1
    assert starts.wait_ms(3_000) == 3_600_000 - 1_000
