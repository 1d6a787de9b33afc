"""What a controller may report has words, not only a name."""

import pytest

from tests.firmware.by_path import pure
from ui.motor_alert_words import fault_word

protection = pure("core.protection")
FAULTS = [protection.DRY_RUN, protection.OVERLOAD, protection.NO_CURRENT, protection.WELDED, protection.NO_FEEDBACK]


@pytest.mark.parametrize("fault", [*FAULTS, protection.OUTPUT, "safe_mode"])
def test_every_fault_of_the_firmware_is_said_in_words(fault: str) -> None:
    assert fault_word(fault) != fault
