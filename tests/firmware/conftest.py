"""What the firmware's tests share: a broker of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.firmware.shipped import ship
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as started:
        yield started


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware as it is shipped: see tests.firmware.shipped."""
    return ship(tmp_path_factory.mktemp("shipped"))
