"""The form of a passport: the same bytes wherever it is written, and none that could be another one unseen."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.jobs.climate import Minute, StageSpan, of_stages
from domain.jobs.words import Stage
from domain.limits import DEFAULTS
from domain.passport import (
    Measured,
    Unreadable,
    canonical,
    envelope,
    initials,
    open_envelope,
    open_file,
    plot_record,
    sign_file,
    stage_record,
    vin_end,
)
from domain.readings import Metric

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
LIMITS = {Metric.RH_PCT: DEFAULTS[Metric.RH_PCT]}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def measured(values: list[float | None], minutes: int = 0) -> Measured:
    span = StageSpan(Stage.FILM, NOW, NOW + timedelta(minutes=minutes or len(values)))
    found = [
        Minute(NOW + timedelta(minutes=n), {Metric.RH_PCT: value})
        for n, value in enumerate(values)
        if value is not None
    ]
    known = [value for value in values if value is not None]
    extremes = {Metric.RH_PCT: (min(known), max(known))} if known else {}
    return Measured(span, of_stages([span], found, LIMITS)[0], LIMITS, found, extremes)


@given(st.dictionaries(st.text(), VALUES))
def test_a_record_that_went_through_a_store_is_the_same_bytes(record: dict[str, object]) -> None:
    assert canonical(json.loads(canonical(record))) == canonical(record)


def test_a_stage_says_what_was_measured_in_fixed_decimals() -> None:
    assert stage_record(measured([50.0, 52.04, 80.0, None])) == {
        "stage": "film",
        "since": "2026-03-02T06:00:00+00:00",
        "until": "2026-03-02T06:04:00+00:00",
        "minutes": 4,
        "minutes_measured": 3,
        "minutes_in_spec": 2,
        "climate": {
            "rh_pct": {
                "mean": "60.7", "min": "50.0", "max": "80.0", "allowed_from": "30.0", "allowed_to": "70.0", "unit": "%",
            }
        },
    }  # fmt: skip


def test_the_plot_is_thinned_out_and_keeps_its_gaps() -> None:
    lines = plot_record([measured([50.0] * 300 + [None] * 300), measured([None] * 20)], [Metric.RH_PCT, Metric.PM25])
    assert set(lines) == {"rh_pct"}
    long, short = lines["rh_pct"]
    assert 100 <= len(long) <= 120 and long[0] == "50.0" and long[-1] is None and set(short) == {None}
    assert plot_record([measured([None])], [Metric.RH_PCT]) == {}


@pytest.mark.parametrize(
    ("name", "said"), [("Ravi Kumar Sharma", "RS"), ("Ravi", "R"), ("", ""), ("  -- ", ""), ("রবি শর্মা", "রশ")]
)
def test_staff_stand_there_with_initials_alone(name: str, said: str) -> None:
    assert initials(name) == said


def test_of_a_vin_only_its_end_is_told() -> None:
    assert (vin_end("ma1ta2wx5p2k12345"), vin_end("2345"), vin_end("")) == ("2345", "", "")


def test_any_byte_of_the_file_that_is_another_one_is_seen() -> None:
    number, record, signature = uuid4(), {"a": 1, "ß": ["x", None, "1.50"]}, bytes(range(64))
    whole = envelope(number, record, signature)
    assert open_envelope(whole).record == record
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        try:
            opened = open_envelope(changed)
        except Unreadable:
            continue
        assert (opened.passport_id, opened.record, opened.signature) != (number, record, signature)
    for spoilt in (b"", b"{}", b"[" * 100_000, b"null", whole + b" ", whole.replace(b":", b": "), b"\xff\xfe"):
        with pytest.raises(Unreadable):
            open_envelope(spoilt)


def test_a_signed_pdf_is_taken_apart_only_as_it_was_put_together() -> None:
    number, body, signature = uuid4(), b"%PDF-1.7\nwhatever\n%%EOF\n", bytes(64)
    whole = sign_file(number, body, signature)
    opened = open_file(whole)
    assert (opened.passport_id, opened.body, opened.signature) == (number, body, signature)
    cut = base64.b64encode(signature)[:-4]
    for spoilt in (body, b"", whole[:-1], whole + b"\n", whole.replace(base64.b64encode(signature), cut + b"!!!!")):
        with pytest.raises(Unreadable):
            open_file(spoilt)
