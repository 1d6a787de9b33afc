"""What of an address stands in a log: enough to find the place, nothing by which somebody gets in."""

import pytest

from domain.log_paths import noted

SECRET = "q" * 43
ID = "0b5f2d9e-4c0f-4a52-9d43-6b7a1c1f2e3d"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "/"),
        ("/alerts", "/alerts"),
        (f"/t/{SECRET}", "/t"),
        (f"/t/{SECRET}/photos/0123", "/t"),
        (f"/invitation/{SECRET}", "/invitation"),
        (f"/reset/{SECRET}", "/reset"),
        (f"/api/v1/track/{SECRET}", "/api/v1/track/…"),
        (f"/api/v1/firmware/{SECRET}", "/api/v1/firmware/…"),
        (f"/api/v1/jobs/{ID}/photos", f"/api/v1/jobs/{ID}/photos"),
        ("/api/v1/devices/pp-7f3a/revoke", "/api/v1/devices/pp-7f3a/revoke"),
        ("/" + "x" * 1_000, "/" + "x" * 199),
        ("/api/" + "x/" * 1_000, "/api/" + "x/" * 97 + "x"),
    ],
)
def test_a_path_is_noted_without_what_may_be_a_secret(path: str, said: str) -> None:
    assert noted(path) == said
