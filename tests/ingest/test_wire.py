"""The payloads of protocol v1: both forms mean the same, newer fields are welcome, and nothing broken gets through."""

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.readings import BOOT_ID_MAX, METRICS, Reject
from ingest import wire
from tests.ingest.payloads import GOOD, batch, encode, fuzzed, reading, single

TS = 1_760_000_000_000


def parsed(payload: bytes) -> wire.Telemetry:
    message = wire.telemetry(payload)
    assert isinstance(message, wire.Telemetry), message
    return message


def refusal(payload: bytes) -> Reject | None:
    message = wire.telemetry(payload)
    return message.reason if isinstance(message, wire.Refused) else None


def test_both_forms_mean_the_same() -> None:
    one = parsed(single(7, ts=TS, up_ms=1_000))
    other = parsed(batch(reading(7, ts=TS, up_ms=1_000), up_ms=1_000))
    assert (one.boot_id, one.up_ms) == (other.boot_id, other.up_ms) == (1, 1_000)
    assert [(r.seq, r.ts, r.up_ms, r.values) for r in one.readings] == [
        (r.seq, r.ts, r.up_ms, r.values) for r in other.readings
    ]


def test_values_stand_in_the_order_of_the_metrics() -> None:
    assert parsed(single(1, ts=TS)).readings[0].values == tuple(GOOD[m] for m in METRICS)


@pytest.mark.parametrize(
    ("payload", "seqs"),
    [
        (single(1, ts=TS), [1]),
        (single(1, up_ms=5), [1]),
        (batch(reading(1, ts=TS)), [1]),
        (batch(reading(1, ts=TS), reading(2, ts=None, up_ms=9), up_ms=20), [1, 2]),
        (batch(*(reading(n, ts=TS) for n in range(1, 41))), list(range(1, 41))),
        (single(1, ts=TS, t_c=24), [1]),
        (single(1, ts=TS, t_c=-1e1), [1]),
        (single(0, boot_id=0, ts=TS), [0]),
        (single(1, boot_id=BOOT_ID_MAX, ts=TS), [1]),
        (b'{"boot_id":1,"seq":1,"ts":1760000000000,"t_c":24.3}', [1]),
        (b' {\n "boot_id" : 1 ,\t"readings":\r[ {"seq": 1, "t_c": 2.5} ] } ', [1]),
    ],
)
def test_good_messages_are_read(payload: bytes, seqs: list[int]) -> None:
    assert [r.seq for r in parsed(payload).readings] == seqs


@pytest.mark.parametrize("name", ["ts", "up_ms", *METRICS])
def test_null_is_not_measured_and_the_same_as_left_out(name: str) -> None:
    said = {**reading(1, ts=TS, up_ms=2), name: None}
    left_out = {key: value for key, value in said.items() if key != name}
    assert parsed(batch(said)) == parsed(batch(left_out))


@pytest.mark.parametrize(
    "unknown",
    [1, None, "text: with a colon", [1, [2]], {"deep": {"er": None}}, True, 1e3, "null", [None, None], '"readings"'],
)
def test_fields_of_newer_devices_are_ignored(unknown: object) -> None:
    newer = batch(reading(1, ts=TS, co2=unknown), extra=unknown)
    assert parsed(newer) == parsed(batch(reading(1, ts=TS)))


def test_tenant_and_device_in_a_payload_mean_nothing() -> None:
    assert parsed(single(1, ts=TS, tenant="other", device="pp-there")) == parsed(single(1, ts=TS))


SEQ = b'{"boot_id":1,"readings":[{"seq":%s,"ts":5,"t_c":2}]}'
T_C = b'{"boot_id":1,"readings":[{"seq":1,"ts":5,"t_c":%s}]}'
BOOT = b'{"boot_id":%s,"readings":[{"seq":1,"ts":5,"t_c":2}]}'
EXTRA = b'{"boot_id":1,"readings":[{"seq":1,"ts":5,"t_c":2}],"x":%s}'
MALFORMED, TWICE = Reject.MALFORMED, Reject.DUPLICATE_KEY

BAD: dict[str, tuple[bytes, Reject]] = {
    "nothing": (b"", MALFORMED),
    "a space": (b" ", MALFORMED),
    "not JSON": (b"t_c=24.3", MALFORMED),
    "binary": (bytes(range(256)), MALFORMED),
    "null": (b"null", MALFORMED),
    "a number": (b"42", MALFORMED),
    "a text": (b'"reading"', MALFORMED),
    "a list": (b"[]", MALFORMED),
    "an empty object": (b"{}", MALFORMED),
    "a byte order mark": (b"\xef\xbb\xbf" + single(1, ts=TS), MALFORMED),
    "UTF-16": (single(1, ts=TS).decode().encode("utf-16"), MALFORMED),
    "cut off": (single(1, ts=TS)[:-5], MALFORMED),
    "something behind": (single(1, ts=TS) + b" x", MALFORMED),
    "two messages": (single(1, ts=TS) * 2, MALFORMED),
    "single quotes": (b"{'boot_id':1}", MALFORMED),
    "a comma too many": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":2,}', MALFORMED),
    "no boot_id": (b'{"seq":1,"ts":5,"t_c":2}', MALFORMED),
    "no seq": (b'{"boot_id":1,"ts":5,"t_c":2}', MALFORMED),
    "a batched reading without seq": (b'{"boot_id":1,"readings":[{"ts":5,"t_c":2}]}', MALFORMED),
    "boot_id of null": (BOOT % b"null", MALFORMED),
    "boot_id as text": (BOOT % b'"1"', MALFORMED),
    "boot_id as truth": (BOOT % b"true", MALFORMED),
    "boot_id below zero": (BOOT % b"-1", Reject.BAD_BOOT_ID),
    "boot_id too large": (BOOT % str(BOOT_ID_MAX + 1).encode(), Reject.BAD_BOOT_ID),
    "boot_id beyond all bounds": (BOOT % (b"9" * 30), Reject.BAD_BOOT_ID),
    "readings of null": (b'{"boot_id":1,"readings":null}', MALFORMED),
    "readings as object": (b'{"boot_id":1,"readings":{}}', MALFORMED),
    "readings of numbers": (b'{"boot_id":1,"readings":[1,2]}', MALFORMED),
    "no readings": (b'{"boot_id":1,"readings":[]}', Reject.NO_VALUE),
    "seq as text": (SEQ % b'"1"', MALFORMED),
    "seq as truth": (SEQ % b"true", MALFORMED),
    "seq as fraction": (SEQ % b"1.5", MALFORMED),
    "seq as float": (SEQ % b"1.0", MALFORMED),
    "seq of thousands of digits": (SEQ % (b"9" * 5_000), MALFORMED),
    "NaN": (T_C % b"NaN", MALFORMED),
    "Infinity": (T_C % b"Infinity", MALFORMED),
    "-Infinity": (T_C % b"-Infinity", MALFORMED),
    "beyond a double": (T_C % b"1e400", MALFORMED),
    "a value as text": (T_C % b'"24.3"', MALFORMED),
    "a value as list": (T_C % b"[24.3]", MALFORMED),
    "a leading zero": (T_C % b"024", MALFORMED),
    "a leading plus": (T_C % b"+24", MALFORMED),
    "a hexadecimal number": (T_C % b"0x18", MALFORMED),
    "ts as fraction": (b'{"boot_id":1,"seq":1,"ts":5.5,"t_c":2}', MALFORMED),
    "not UTF-8 in an unknown text": (EXTRA % b'"\xff"', MALFORMED),
    "half a surrogate pair": (EXTRA % b'"\\ud800"', MALFORMED),
    "an unknown number of thousands of digits": (EXTRA % (b"9" * 5_000), MALFORMED),
    "an unknown list nested too deeply": (EXTRA % (b"[" * 3_900 + b"]" * 3_900), MALFORMED),
    "an unknown object nested too deeply": (EXTRA % (b'{"a":' * 1_300 + b"1" + b"}" * 1_300), MALFORMED),
    "a list nested too deeply": (b"[" * 8_000, MALFORMED),
    "boot_id twice": (b'{"boot_id":1,"boot_id":1,"seq":1,"ts":5,"t_c":2}', TWICE),
    "a value twice": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":2,"t_c":3}', TWICE),
    "first null, then a value": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":null,"t_c":3}', TWICE),
    "first a value, then null": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":3,"t_c":null}', TWICE),
    "twice in one reading of many": (
        b'{"boot_id":1,"readings":[{"seq":1,"t_c":2},{"seq":2,"seq":3,"t_c":2}]}', TWICE,
    ),
    "readings twice": (b'{"boot_id":1,"readings":[{"seq":1,"t_c":2}],"readings":[{"seq":2,"t_c":2}]}', TWICE),
    "twice, once in disguise": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":2,"\\u0074_c":3}', TWICE),
    "twice behind nulls": (b'{"boot_id":1,"boot_id":2,"x":[null,null],"readings":[{"seq":1,"t_c":2}]}', TWICE),
    "an unknown field twice": (b'{"boot_id":1,"seq":1,"ts":5,"t_c":2,"x":1,"x":2}', TWICE),
    "twice, deep inside": (EXTRA % b'{"a":1,"a":2}', TWICE),
    "more than 8 KiB": (single(1, ts=TS, x="x" * 8_192), Reject.OVERSIZED),
    "1 MB": (b"\x00" * 1_000_000, Reject.OVERSIZED),
    "201 readings": (batch(*({"seq": n} for n in range(201))), Reject.OVERSIZED),
}  # fmt: skip


@pytest.mark.parametrize(("payload", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_messages_are_refused_with_the_reason(payload: bytes, reason: Reject) -> None:
    assert refusal(payload) is reason


def test_a_refusal_says_what_is_wrong_in_words() -> None:
    refused = wire.telemetry(T_C % b'"warm"')
    assert refused == wire.Refused(MALFORMED, "Expected `float | null`, got `str` - at `$.readings[0].t_c`")


def test_the_longest_message_that_is_allowed_is_read() -> None:
    room = wire.PAYLOAD_BYTES_MAX - len(single(1, ts=TS, x=""))
    assert refusal(single(1, ts=TS, x="x" * room)) is None
    assert refusal(single(1, ts=TS, x="x" * (room + 1))) is Reject.OVERSIZED


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["boot_id", "seq", "readings"]), inner),
    max_leaves=20,
)


@given(st.binary())
@example(BAD["an unknown list nested too deeply"][0])
@example(BAD["not UTF-8 in an unknown text"][0])
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    wire.telemetry(payload)
    wire.state(payload)


@settings(max_examples=50)
@given(anything)
def test_no_json_makes_it_raise(message: object) -> None:
    wire.telemetry(encode(message))
    wire.state(encode(message))


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["boot_id", "seq", "ts", "up_ms", "t_c", "readings", "x"]), anything))
def test_no_values_in_known_fields_make_it_raise(message: dict[str, Any]) -> None:
    wire.telemetry(encode(message))
    wire.telemetry(encode({"boot_id": 1, "readings": [message]}))
    wire.state(encode(message))


pairs = st.lists(
    st.tuples(
        st.sampled_from(["ts", "up_ms", "t_c", "pm25", "x", "y:z"]), st.sampled_from([b"1", b"null", b"[null,null]"])
    ),
    max_size=6,
)


@given(pairs, pairs)
def test_a_field_that_stands_twice_is_always_noticed(
    inner: list[tuple[str, bytes]], outer: list[tuple[str, bytes]]
) -> None:
    def fields(said: list[tuple[str, bytes]]) -> bytes:
        return b"".join(b',"%s":%s' % (name.encode(), value) for name, value in said)

    payload = b'{"boot_id":1,"readings":[{"seq":1%s}]%s}' % (fields(inner), fields(outer))
    twice = any(len({name for name, _ in said}) < len(said) for said in (inner, outer))
    assert refusal(payload) in {TWICE if twice else None, MALFORMED}


def test_fuzzed_messages_are_read_or_refused() -> None:
    good = [single(1, ts=TS), batch(reading(1, ts=None, up_ms=4), reading(2, up_ms=5), up_ms=9)]
    for payload in fuzzed(good, count=10_000, seed=1):
        message = wire.telemetry(payload)
        if isinstance(message, wire.Telemetry):
            assert message.readings
            assert 0 <= message.boot_id <= BOOT_ID_MAX


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"boot_id":3,"seq":9}', wire.State(3, 9)),
        (
            b'{"boot_id":3,"seq":9,"fw":"1.4.0","ip":"10.0.0.7","rssi":-61,"up_s":77,"ts":1760000000000,"heap":9}',
            wire.State(3, 9, "1.4.0", "10.0.0.7", -61, 77, 1_760_000_000_000),
        ),
        (b'{"boot_id":3,"seq":9,"fw":null,"ip":null,"rssi":null,"up_s":null,"ts":null}', wire.State(3, 9)),
    ],
)
def test_a_state_is_read(payload: bytes, expected: wire.State) -> None:
    assert wire.state(payload) == expected


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"online", b"{}", b'{"boot_id":3}', b'{"boot_id":-1,"seq":9}', b'{"boot_id":3,"seq":-9}',
        b'{"boot_id":3,"seq":9,"rssi":-151}', b'{"boot_id":3,"seq":9,"rssi":"-61"}', b'{"boot_id":3,"seq":9,"fw":1}',
        b'{"boot_id":3,"seq":9,"up_s":1e400}', b'{"boot_id":2147483648,"seq":9}',
        b'{"boot_id":3,"seq":9,"x":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
    ],
)  # fmt: skip
def test_a_broken_state_is_malformed(payload: bytes) -> None:
    state = wire.state(payload)
    assert isinstance(state, wire.Refused)
    assert state.reason is MALFORMED


def test_an_oversized_state_is_refused() -> None:
    assert wire.state(bytes(9_000)) == wire.Refused(Reject.OVERSIZED, "9000 bytes, at most 8192")


def test_got_names_what_is_stored_and_what_is_refused_for_good() -> None:
    assert json.loads(wire.got(7, [(1, 5), (9, 9)], [])) == {"boot_id": 7, "readings": [[1, 5], [9, 9]], "events": []}
    assert json.loads(wire.got(7, [], [(6, 8)]))["refused"] == [[6, 8]]
    assert json.loads(wire.got(7, [], [(10**30, 10**30), (-5, -5)]))["refused"] == [[10**30, 10**30], [-5, -5]]


def test_topics_are_version_tenant_device_and_leaf() -> None:
    assert wire.topic("shop", "pp-1", "got") == "v1/shop/pp-1/got"
