"""The fixtures of the API's tests."""

from tests.api.doors import doors
from tests.api.http_line import line
from tests.api.live_client import served

__all__ = ["doors", "line", "served"]
