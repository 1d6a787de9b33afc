"""The ring buffer of a device: nothing is dropped before it is confirmed, nothing confirmed is sent again."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.virtual.payloads import PAYLOAD_BYTES_MAX, telemetry
from tests.virtual.ring import BATCH_MAX, RESEND_WAIT_MAX_S, Ring

RESEND_AFTER_S = 10.0


def ring_with(count: int, capacity: int = 2_000) -> Ring:
    ring = Ring(RESEND_AFTER_S, capacity)
    for n in range(count):
        ring.add(1_700_000_000_000 + n, n, {"t_c": 24.5})
    return ring


def seqs_due(ring: Ring, now_s: float) -> list[int]:
    return [kept.seq for kept in ring.take_due(now_s)]


def test_readings_are_numbered_from_one_and_sent_oldest_first_in_batches() -> None:
    ring = ring_with(45)
    batches = [seqs_due(ring, 0.0) for _ in range(4)]
    assert [len(batch) for batch in batches] == [BATCH_MAX, BATCH_MAX, 5, 0]
    assert [seq for batch in batches for seq in batch] == list(range(1, 46))


def test_a_full_batch_of_long_readings_stays_below_the_longest_payload() -> None:
    ring = Ring(RESEND_AFTER_S)
    names = ("t_c", "rh_pct", "p_hpa", "pm1", "pm25", "pm10", "iaq")
    for _ in range(BATCH_MAX):
        ring.last_seq += 2**52 // BATCH_MAX
        ring.add(9_999_999_999_999, 9_999_999_999_999, dict.fromkeys(names, -3_276.75))
    assert len(telemetry(2**31 - 1, 9_999_999_999_999, ring.take_due(0.0))) <= PAYLOAD_BYTES_MAX


def test_what_was_not_confirmed_is_sent_again_and_each_time_later() -> None:
    ring = ring_with(1)
    sent_s = [now for now in range(200) if seqs_due(ring, float(now))]
    assert sent_s == [0, 10, 30, 70, 150]


def test_a_server_that_was_away_for_a_day_hears_everything_within_five_minutes() -> None:
    ring = ring_with(1)
    sent_s = [now for now in range(0, 86_400, 10) if seqs_due(ring, float(now))]
    assert max(later - earlier for earlier, later in pairwise(sent_s)) <= RESEND_WAIT_MAX_S


def test_confirmed_and_refused_readings_are_dropped_and_never_sent_again() -> None:
    ring = ring_with(10)
    seqs_due(ring, 0.0)
    ring.drop(stored=[[1, 3], [8, 10]], refused=[[5, 5]])
    assert ring.seqs == [4, 6, 7]
    assert (ring.confirmed, ring.refused) == (6, 1)
    assert seqs_due(ring, RESEND_AFTER_S) == [4, 6, 7]


def test_a_confirmation_of_what_was_never_measured_does_no_harm() -> None:
    ring = ring_with(3)
    ring.drop(stored=[[2, 9_007_199_254_740_991], [7, 5], [-4, 0]])
    assert ring.seqs == [1]


def test_after_a_reconnect_all_that_is_left_is_sent_at_once() -> None:
    ring = ring_with(5)
    seqs_due(ring, 0.0)
    ring.drop(stored=[[1, 2]])
    ring.forget_sent()
    assert seqs_due(ring, 0.1) == [3, 4, 5]


def test_a_full_ring_loses_the_oldest_and_counts_it() -> None:
    ring = ring_with(25, capacity=10)
    assert ring.seqs == list(range(16, 26))
    assert ring.overwritten == 15
    assert seqs_due(ring, 0.0) == list(range(16, 26))


EVENTS = st.lists(st.one_of(st.just("measure"), st.just("send"), st.just("reconnect"), st.integers(1, 60)))


@given(EVENTS)
def test_whatever_happens_every_reading_is_kept_until_it_is_confirmed(events: list[str | int]) -> None:
    ring, confirmed, now_s = Ring(RESEND_AFTER_S), set[int](), 0.0
    for event in events:
        now_s += 1.0
        match event:
            case "measure":
                ring.add(None, round(now_s * 1_000), {"t_c": 20.0})
            case "send":
                assert not confirmed & {kept.seq for kept in ring.take_due(now_s)}
            case "reconnect":
                ring.forget_sent()
            case int(seq):
                ring.drop(stored=[[seq, seq]])
                confirmed |= {seq} & set(range(1, ring.last_seq + 1))
        assert set(ring.seqs) | confirmed == set(range(1, ring.last_seq + 1))
