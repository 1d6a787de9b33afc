"""Sensors of other makes: what is read out of messages as they really are, and what is refused."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.foreign import Found, Rule, Unread, decode, fingerprint, guess, leaves, read, topic_fault
from domain.json_paths import parse_path, path_text
from domain.readings import METRICS, Metric, Reject

INDIA = ZoneInfo("Asia/Kolkata")
# As Tasmota 14 and Zigbee2MQTT 1 publish them.
TASMOTA = (
    b'{"Time":"2026-11-21T13:30:05","AM2301":{"Temperature":24.6,"Humidity":52.1,"DewPoint":14.1},'
    b'"SDS0X1":{"PM2.5":8.2,"PM10":14.0},"TempUnit":"C"}'
)
ZIGBEE = (
    b'{"battery":97,"humidity":51.4,"linkquality":120,"pressure":1008.2,"temperature":24.31,'
    b'"last_seen":"2026-11-21T08:00:05.123Z"}'
)
TEMPERATURE = Rule(Metric.T_C, "AM2301.Temperature", "°C")


def values(found: Found | Unread) -> dict[Metric, float]:
    assert isinstance(found, Found), found
    return {metric: value for metric, value in zip(METRICS, found.values, strict=True) if value is not None}


def test_tasmota_is_read_with_its_local_time() -> None:
    rules = [TEMPERATURE, Rule(Metric.RH_PCT, "AM2301.Humidity", "%"), Rule(Metric.PM25, 'SDS0X1["PM2.5"]', "µg/m³")]
    found = read(TASMOTA, rules, "Time", INDIA)
    assert values(found) == {Metric.T_C: 24.6, Metric.RH_PCT: 52.1, Metric.PM25: 8.2}
    assert isinstance(found, Found)
    assert found.at_us == datetime(2026, 11, 21, 8, 0, 5, tzinfo=UTC).timestamp() * 1_000_000


def test_zigbee_is_read_with_the_time_that_it_names() -> None:
    found = read(ZIGBEE, [Rule(Metric.T_C, "temperature", "°C")], "last_seen", INDIA)
    assert isinstance(found, Found) and found.at_us == 1_795_248_005_123_000
    assert values(read(ZIGBEE, [Rule(Metric.P_HPA, "pressure", "hPa")], "", INDIA)) == {Metric.P_HPA: 1008.2}


@pytest.mark.parametrize(
    ("metric", "unit", "said", "expected"),
    [
        (Metric.T_C, "°F", 76.28, 24.6),
        (Metric.T_C, "K", 297.75, 24.6),
        (Metric.RH_PCT, "0…1", 0.521, 52.1),
        (Metric.P_HPA, "Pa", 100_820, 1008.2),
        (Metric.P_HPA, "kPa", 100.82, 1008.2),
        (Metric.P_HPA, "mmHg", 756.2, 1008.2),
        (Metric.P_HPA, "inHg", 29.772, 1008.2),
        (Metric.PM25, "mg/m³", 0.0082, 8.2),
        (Metric.T_C, "°C", "24.6", 24.6),
    ],
)
def test_units_become_ours(metric: Metric, unit: str, said: object, expected: float) -> None:
    found = values(read(json.dumps({"x": said}).encode(), [Rule(metric, "x", unit)], "", UTC))
    assert found[metric] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reject.MALFORMED),
        (b"{", Reject.MALFORMED),
        (b"\xff\xfe", Reject.MALFORMED),
        (b"[" * 5_000, Reject.MALFORMED),
        (b'{"x": NaN}', Reject.MALFORMED),
        (b'{"x": "warm"}', Reject.MALFORMED),
        (b'{"x": true}', Reject.MALFORMED),
        (b'{"x": {}}', Reject.MALFORMED),
        (b"{}", Reject.NO_VALUE),
        (b'{"x": null}', Reject.NO_VALUE),
        (b"[1]", Reject.NO_VALUE),
        (b'{"x": 1}' + b" " * 8_192, Reject.OVERSIZED),
        (b'{"x": 1' + b"0" * 400 + b"}", Reject.MALFORMED),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_reason(payload: bytes, reason: Reject) -> None:
    answer = read(payload, [Rule(Metric.T_C, "x", "°C")], "", UTC)
    assert isinstance(answer, Unread) and answer.reason is reason


@pytest.mark.parametrize("said", [None, "yesterday", "", [], {}, True, 1e30, "2026-13-01"])
def test_a_message_without_the_time_that_it_should_name_is_refused(said: object) -> None:
    answer = read(json.dumps({"x": 1, "t": said}).encode(), [Rule(Metric.T_C, "x", "°C")], "t", UTC)
    assert isinstance(answer, Unread) and answer.reason is Reject.NO_TIME


@pytest.mark.parametrize(
    "said", [1_795_248_005, 1_795_248_005_000, "1795248005", "2026-11-21T08:00:05Z", "2026-11-21T13:30:05+05:30"]
)
def test_times_come_in_several_forms(said: object) -> None:
    found = read(json.dumps({"x": 1, "t": said}).encode(), [Rule(Metric.T_C, "x", "°C")], "t", UTC)
    assert isinstance(found, Found) and found.at_us == 1_795_248_005_000_000


def test_a_bare_number_is_a_message_too() -> None:
    assert values(read(b"24.6", [Rule(Metric.T_C, "$", "°C")], "", UTC)) == {Metric.T_C: 24.6}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.b", ("a", "b")), ("a[0].b", ("a", 0, "b")), ('SDS0X1["PM2.5"]', ("SDS0X1", "PM2.5")), ("$", ()),
        ('["a b"].c', ("a b", "c")), ("[3]", (3,)),
        *((wrong, None) for wrong in ("", ".a", "a..b", "a.", "a[", "a]", "a[0]b", '"a"', "a$", "a[x]", "x" * 121)),
    ],
)  # fmt: skip
def test_paths_are_read_as_people_write_them(text: str, path: Any) -> None:
    assert parse_path(text) == path


steps = st.one_of(st.integers(0, 9_999), st.text(st.characters(exclude_characters='"'), min_size=1, max_size=8))


@given(st.lists(steps, max_size=5).map(tuple))
def test_a_path_that_is_written_is_read_again(path: tuple[str | int, ...]) -> None:
    assert parse_path(path_text(path)) == path


@pytest.mark.parametrize("topic", ["", "a/#", "a/+/b", "/a", "a/", "a\x00", "$SYS/x", "x" * 201, "a\nb"])
def test_what_is_not_one_topic_is_refused(topic: str) -> None:
    assert topic_fault(topic)


@pytest.mark.parametrize("topic", ["tele/hall/SENSOR", "zigbee2mqtt/Front door", "x"])
def test_what_is_one_topic_is_taken(topic: str) -> None:
    assert not topic_fault(topic)


def test_names_suggest_what_is_meant() -> None:
    rules, time_path = guess(decode(TASMOTA))
    assert {(rule.metric, rule.path) for rule in rules} == {
        (Metric.T_C, "AM2301.Temperature"), (Metric.RH_PCT, "AM2301.Humidity"), (Metric.PM25, 'SDS0X1["PM2.5"]'),
        (Metric.PM10, "SDS0X1.PM10"),
    }  # fmt: skip
    assert time_path == "Time"
    rules, time_path = guess(decode(ZIGBEE))
    assert {rule.metric for rule in rules} == {Metric.T_C, Metric.RH_PCT, Metric.P_HPA} and time_path == "last_seen"
    rules, _ = guess({"TempUnit": "F", "X": {"Temperature": 76}})
    assert rules == (Rule(Metric.T_C, "X.Temperature", "°F"),)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
)


@given(json_values)
def test_whatever_a_message_holds_its_numbers_are_found_by_their_paths(message: Any) -> None:
    for path, number in leaves(message):
        found = read(json.dumps(message).encode(), [Rule(Metric.T_C, path, "°C")], "", UTC)
        assert isinstance(found, Unread) or found.values[0] == round(number, 6)
    guess(message)


@given(st.binary(max_size=200))
def test_no_bytes_bring_it_down(payload: bytes) -> None:
    assert isinstance(read(payload, [TEMPERATURE], "Time", UTC), Found | Unread)
    assert 0 <= fingerprint("t", payload) < 2**31 and fingerprint("t", payload) == fingerprint("t", payload)
