"""A controller that crashes again and again switches nothing any more; a grid that flaps is no crash."""

import pytest

from tests.firmware.by_path import pure
from tests.firmware.test_config import Keys

safe_mode = pure("core.safe_mode")


def boots(keys: Keys, cause: str, times: int) -> list[bool]:
    """Whether safe mode is needed, at each of so many boots for the same reason."""
    return [bool(safe_mode.SafeMode(keys, cause).is_needed()) for _ in range(times)]


@pytest.mark.parametrize("cause", ["watchdog", "hard", "soft"])
def test_the_sixth_crash_in_a_row_is_enough(cause: str) -> None:
    assert boots(Keys(), cause, 7) == [False] * 5 + [True] * 2


@pytest.mark.parametrize("cause", ["power", "other"])
def test_power_failures_do_not_count_and_forgive_nothing(cause: str) -> None:
    keys = Keys()
    assert boots(keys, cause, 20) == [False] * 20
    boots(keys, "watchdog", 6)
    assert boots(keys, cause, 1) == [True]


def test_a_boot_that_was_good_ends_the_count() -> None:
    keys = Keys()
    boots(keys, "hard", 4)
    safe_mode.SafeMode(keys, "hard").boot_was_good()
    assert boots(keys, "hard", 5) == [False] * 5
