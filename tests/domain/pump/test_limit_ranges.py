"""What a tenant may set about its pumps: each limit in its range, and limits that fit each other."""

from dataclasses import fields

import pytest

from domain.pump.limit_ranges import RANGES, LimitFault, faults
from domain.pump.limits import DEFAULTS, PumpLimits


def test_every_limit_but_the_lease_has_a_range_that_holds_its_default() -> None:
    assert RANGES.keys() == {field.name for field in fields(PumpLimits)} - {"lease"}
    assert all(least <= getattr(DEFAULTS, name) <= most for name, (least, most) in RANGES.items())
    assert faults({}) == {}


@pytest.mark.parametrize("name", RANGES)
def test_a_limit_beyond_its_range_is_named(name: str) -> None:
    least, most = RANGES[name]
    assert faults({name: least - 1})[name] is LimitFault.TOO_SMALL
    assert faults({name: most + 1})[name] is LimitFault.TOO_LARGE


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"minimum_run_s": 600, "longest_run_s": 600}, {}),
        ({"minimum_run_s": 601, "longest_run_s": 600}, {"minimum_run_s": LimitFault.ABOVE_LONGEST}),
        ({"longest_run_s": 240}, {"minimum_run_s": LimitFault.ABOVE_LONGEST}),
        ({"slot_kept_ms": 120_001, "own_hold_limit_ms": 120_000}, {"slot_kept_ms": LimitFault.SLOT_BEYOND_HOLD}),
    ],
)
def test_limits_must_fit_each_other(said: dict[str, int], found: dict[str, LimitFault]) -> None:
    assert faults(said) == found
