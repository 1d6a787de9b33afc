"""What a pit node says and hears: messages that the server reads, and confirmations that may be anything."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure
from tests.firmware.test_ring import ring_in

payloads, records, draft = pure("core.payloads"), pure("core.records"), pure("core.draft")


def message_of(page: Any, bits: int, up_ms: int) -> bytes:
    return bytes(payloads.telemetry(draft.Draft(payloads.MESSAGE_BYTES_MAX), page, bits, up_ms))


def test_a_message_is_what_the_server_reads_and_never_too_long(tmp_path: Path) -> None:
    ring = ring_in(tmp_path, page_readings=payloads.MESSAGE_READINGS)
    names = [name for name, _ in records.FIELDS]
    for _ in range(payloads.MESSAGE_READINGS):
        ring.last_seq += 2**26
        ring.add(9_999_999_999_999, 9_999_999_999_999, {name: (-39.99 if name == "t_c" else 1_000.0) for name in names})
    page, bits = ring.take(0, payloads.MESSAGE_READINGS)
    page.boot_id = 2**31 - 1
    message = message_of(page, bits, 9_999_999_999_999)
    assert len(message) <= payloads.MESSAGE_BYTES_MAX
    said = json.loads(message)
    assert said["readings"][0]["t_c"] == -39.99
    assert len(said["readings"]) == payloads.MESSAGE_READINGS


def test_an_unset_clock_and_missing_values_are_said_as_such(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    ring.add(None, 5_000, {"pm25": 8})
    page, bits = ring.take(0, 4)
    assert json.loads(message_of(page, bits, 6_000)) == {
        "boot_id": 1,
        "up_ms": 6_000,
        "readings": [{"seq": 1, "ts": None, "up_ms": 5_000, "pm25": 8.0}],
    }


@given(st.integers(-4_000, 8_500))
def test_decimals_are_exact(steps: int) -> None:
    assert float(payloads.decimal(steps, 100)) == steps / 100
    assert float(payloads.decimal(steps, 10)) == steps / 10


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ({"boot_id": 3, "readings": [[1, 4]], "events": []}, (3, [(1, 4)])),
        ({"boot_id": 3, "readings": [], "refused": [[5, 5]]}, (3, [(5, 5)])),
        ({"readings": [[1, 4]]}, None),
        ({"boot_id": 3, "readings": [4]}, None),
        ({"boot_id": 3, "readings": [["1", 4]]}, None),
        ({"boot_id": "3", "readings": [[1, 4]]}, None),
        ({"boot_id": 3, "readings": [[1, 4, 5]]}, None),
        ({"boot_id": 3, "readings": 7}, None),
        ({"boot_id": 3, "readings": [[1, 1]] * 65}, None),
    ],
)
def test_a_confirmation_is_understood_and_anything_else_survived(said: dict[str, Any], heard: object) -> None:
    assert payloads.got(said) == heard
