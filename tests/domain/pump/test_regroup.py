"""When a motor may leave its group."""

import pytest

from domain.pump import regroup
from domain.pump.state import Group, Motor, Run
from domain.pump.words import Alarm, PumpRefusal, RunState
from tests.domain.pump.story import SPACE

NOW_MS = 100_000
OFF = Motor("A", heard_at_ms=NOW_MS)
USED = Run(SPACE, SPACE, "A", amount_s=600, requested_s=600, ticket=1)
MAY_BE_ON, IN_USE = PumpRefusal.NOT_SURELY_OFF, PumpRefusal.MOTOR_IN_USE


@pytest.mark.parametrize(
    ("group", "moving", "removing"),
    [
        (Group((OFF,)), None, None),
        (Group((Motor("A"),)), None, None),
        (Group((OFF,), waiting=(USED,)), IN_USE, IN_USE),
        (Group((OFF,), active=(Run(SPACE, SPACE, "A", 600, 600, 1, RunState.UNSETTLED),)), IN_USE, IN_USE),
        (Group((OFF,), not_before_at_ms=NOW_MS + 1), MAY_BE_ON, MAY_BE_ON),
        (Group((Motor("A", heard_at_ms=NOW_MS, lease_until_at_ms=NOW_MS + 1),)), MAY_BE_ON, MAY_BE_ON),
        (Group((Motor("A", heard_at_ms=0, lease_until_at_ms=NOW_MS + 1),)), MAY_BE_ON, MAY_BE_ON),
        (Group((Motor("A", heard_at_ms=NOW_MS, motor_on=True, alarm=Alarm.ON_AFTER_LEASE),)), MAY_BE_ON, MAY_BE_ON),
        (Group((Motor("A", heard_at_ms=0, motor_on=True, alarm=Alarm.ON_AFTER_LEASE),)), MAY_BE_ON, None),
        (Group((Motor("A", heard_at_ms=0, stopping=True, fence=3),)), MAY_BE_ON, None),
        (Group((Motor("A", heard_at_ms=0, stopping=True),), not_before_at_ms=NOW_MS + 1), MAY_BE_ON, MAY_BE_ON),
        (Group((Motor("B", heard_at_ms=NOW_MS),)), PumpRefusal.UNKNOWN_MOTOR, None),
    ],
)
def test_a_motor_leaves_its_group_only_unused_and_off_and_a_silent_one_only_for_good(
    group: Group, moving: PumpRefusal | None, removing: PumpRefusal | None
) -> None:
    assert regroup.refusal(group, "A", NOW_MS) is moving
    assert regroup.refusal_of_removal(group, "A", NOW_MS) is removing
