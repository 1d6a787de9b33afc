"""The fixtures of the API's tests."""

import pytest

from actions.cameras import discovery
from tests.api.doors import doors
from tests.api.http_line import line
from tests.api.live_client import served

__all__ = ["doors", "line", "served"]


@pytest.fixture(autouse=True)
def nobody_on_the_lan(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests ask every route again and again; the network's answers are those of tests/actions."""
    monkeypatch.setattr(discovery, "_ask_the_lan", list)
