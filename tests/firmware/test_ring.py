"""The ring buffer: kept until confirmed, in order, through outages, full flash and power cuts at any byte."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure

ring_module, records = pure("core.ring"), pure("core.records")
SMALL = 6  # readings in a page
RECORD, HEADER = records.RECORD_BYTES, ring_module.HEADER_BYTES


def ring_in(folder: Path, boot_id: int = 1, **sizes: int) -> Any:
    return ring_module.Ring(str(folder), boot_id, **{"page_readings": SMALL, **sizes})


def measure(ring: Any, count: int) -> None:
    for _ in range(count):
        at = ring.last_seq * 5_000
        ring.add(1_795_286_589_287 + at, at, {"t_c": 24.61, "rh_pct": 52.1})


def sent(ring: Any, now: int = 0) -> list[tuple[int, list[int]]]:
    """All messages that are due now, as (boot, numbers)."""
    messages = []
    while due := ring.take(now, 4):
        page, bits = due
        messages.append((page.boot_id, [records.seq_at(page.data, at) for at in page.places(bits)]))
    return messages


def replay(ring: Any) -> Iterator[tuple[int, int]]:
    """Everything that the ring gives to a server that commits each message at once, as (boot, number)."""
    now = 0
    while messages := sent(ring, now):
        for boot_id, seqs in messages:
            yield from ((boot_id, seq) for seq in seqs)
            ring.got(boot_id, [(seqs[0], seqs[-1])])


def test_what_fits_into_memory_never_touches_flash(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    for _ in range(20):
        measure(ring, 3)
        assert len(list(replay(ring))) == 3
    assert (ring.spilled, ring.waiting, list(tmp_path.iterdir())) == (0, 0, [])


def test_an_outage_goes_to_flash_in_pages_and_comes_back_in_order(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 100)
    assert ring.spilled == ring.pages == 16, "one write for every page, no more"
    assert list(replay(ring)) == [(1, seq) for seq in range(1, 101)]
    assert (ring.dropped, ring.torn, list(tmp_path.iterdir())) == (0, 0, [])


def test_what_was_measured_before_a_restart_is_replayed_before_what_came_after(tmp_path: Path) -> None:
    first = ring_in(tmp_path, boot_id=7)
    measure(first, 20)
    first.flush()
    second = ring_in(tmp_path, boot_id=8)
    measure(second, 9)
    assert list(replay(second)) == [(7, seq) for seq in range(1, 21)] + [(8, seq) for seq in range(1, 10)]


def test_the_clock_at_the_end_of_an_earlier_boot_is_known(tmp_path: Path) -> None:
    for boot_id in (7, 8):
        ring = ring_in(tmp_path, boot_id=boot_id)
        measure(ring, 20)
        ring.flush()
    assert [ring_in(tmp_path, boot_id=9).end_of(boot_id) for boot_id in (7, 8, 3)] == [95_000, 95_000, 0]


@pytest.mark.parametrize("cut_at", range(HEADER + SMALL * RECORD))
def test_power_may_go_at_any_byte_of_a_write(tmp_path: Path, cut_at: int) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 3 * SMALL)
    newest = max(tmp_path.iterdir())
    whole = newest.read_bytes()
    newest.write_bytes(whole[:cut_at])
    again = ring_in(tmp_path, boot_id=2)
    measure(again, 1)
    survived = max(0, cut_at - HEADER) // RECORD
    expected = [(1, seq) for seq in range(1, SMALL + 1 + survived)] + [(2, 1)]
    assert list(replay(again)) == expected
    assert again.torn == (1 if (cut_at - HEADER) % RECORD and cut_at > HEADER else 0)
    assert list(tmp_path.iterdir()) == []


@given(at=st.integers(0, HEADER + SMALL * RECORD - 1), change=st.integers(1, 255))
def test_a_changed_byte_loses_readings_but_invents_none(at: int, change: int) -> None:
    with TemporaryDirectory() as folder:
        ring = ring_in(Path(folder))
        measure(ring, SMALL + 1)
        page = Path(folder) / "00000001"
        data = bytearray(page.read_bytes())
        data[at] ^= change
        page.write_bytes(data)
        got = list(replay(ring_in(Path(folder), boot_id=2)))
        if HEADER > at >= 4:  # the boot's number: nothing but the server can know that it is another
            got = [(1, seq) for _, seq in got]
        assert got == [(1, seq) for seq in range(1, len(got) + 1)]


def test_a_full_flash_drops_the_oldest_and_counts_it(tmp_path: Path) -> None:
    ring = ring_in(tmp_path, pages_max=3)
    measure(ring, 10 * SMALL)
    assert (ring.pages, ring.dropped) == (3, 6 * SMALL)
    assert list(replay(ring)) == [(1, seq) for seq in range(6 * SMALL + 1, 10 * SMALL + 1)]


def test_the_page_that_is_being_sent_may_be_dropped_too(tmp_path: Path) -> None:
    ring = ring_in(tmp_path, pages_max=2)
    measure(ring, 3 * SMALL)
    assert sent(ring)[0] == (1, [1, 2, 3, 4])
    ring.got(1, [(1, 2)])
    measure(ring, SMALL)
    assert ring.dropped == SMALL - 2
    assert [seq for _, seq in replay(ring)] == list(range(SMALL + 1, 4 * SMALL + 1))


def test_a_flash_that_takes_nothing_costs_the_oldest_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = ring_in(tmp_path)
    monkeypatch.setattr(ring, "_path", lambda number: str(tmp_path / "no" / "such" / "folder"))
    measure(ring, 2 * SMALL)
    assert ring.waiting + ring.dropped == 2 * SMALL
    assert [seq for _, seq in replay(ring)] == list(range(ring.dropped + 1, 2 * SMALL + 1))


def test_what_is_not_confirmed_is_sent_again_and_each_time_later(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 1)
    assert [second for second in range(200) if sent(ring, 1_000 * second)] == [0, 10, 30, 70, 150]
    ring.forget_sent()
    assert sent(ring, 200_000) == [(1, [1])], "after a reconnection at once"


def test_a_single_reading_that_stays_behind_does_not_cost_a_write(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 2)
    for _ in range(50):
        measure(ring, 1)
        sent(ring)
        ring.got(1, [(2, ring.last_seq)])
    assert (ring.spilled, ring.waiting) == (0, 1)


def test_the_count_of_writes_goes_on_after_a_restart(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 4 * SMALL)
    list(replay(ring))
    again = ring_in(tmp_path, boot_id=2, spilled_before=ring.spilled)
    measure(again, 2 * SMALL)
    assert again.spilled == ring.spilled + 1


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("measure"), st.integers(1, 15)),
        st.tuples(st.just("send"), st.integers(1, 5)),
        st.tuples(st.just("got"), st.integers(1, 60)),
        st.tuples(st.just("reconnect"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=40,
)


@given(ACTS)
def test_whatever_happens_a_reading_is_kept_until_it_is_confirmed(acts: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as name:
        folder, boot_id, now = Path(name), 1, 0
        ring = ring_in(folder)
        owed: set[tuple[int, int]] = set()
        for act, number in acts:
            now += 1_000
            match act:
                case "measure":
                    before = ring.last_seq
                    measure(ring, number)
                    owed |= {(boot_id, seq) for seq in range(before + 1, ring.last_seq + 1)}
                case "send":
                    for _ in range(number):
                        ring.take(now, 4)
                case "got":
                    confirmed = {(boot_id, seq) for seq in range(number, number + 3)}
                    in_memory = {
                        (page.boot_id, records.seq_at(page.data, at))
                        for page in (ring._live, ring._window)
                        for at in page.places(page.pending)
                    }
                    ring.got(boot_id, [(number, number + 2)])
                    owed -= confirmed & in_memory  # what is on flash is said again, which the server absorbs
                case "reconnect":
                    ring.forget_sent()
                case "restart":
                    ring.flush()
                    boot_id += 1
                    ring = ring_in(folder, boot_id)
        ring.forget_sent()
        assert owed <= set(replay(ring))
        assert ring.dropped == 0


def test_a_confirmation_of_what_was_never_measured_does_no_harm(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    measure(ring, 3)
    ring.got(1, [(2, 2**60), (7, 5), (-4, 0)])
    ring.got(9, [(1, 3)])
    assert list(replay(ring)) == [(1, 1)]
