"""Batches that the database refuses are halved: until nothing is left to halve, and without losing anything."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from actions.directory import Known
from actions.readings import Batch, Rejection, Undated
from domain.readings import Reading, Reject

TENANT = UUID(int=1)
KNOWN = Known("pp", TENANT, str(TENANT), None, True)
VALUES = (20.0, *[None] * 6)


def batch(dated: int, undated: int) -> Batch:
    made = Batch(
        readings=[Reading(TENANT, None, "pp", 1, n, 0, VALUES) for n in range(dated)],
        undated=[Undated(KNOWN, 1, 1_000 + n, 0, VALUES, b"") for n in range(undated)],
        boots={("pp", 1): (KNOWN, 0)},
    )
    made.reject(Rejection("pp", TENANT, Reject.MALFORMED, "", b""))
    return made


def size(some: Batch) -> int:
    return len(some.readings) + len(some.undated)


def seqs(some: Batch) -> list[int]:
    return [reading.seq for reading in some.readings] + [reading.seq for reading in some.undated]


@given(st.integers(0, 30), st.integers(0, 30))
def test_halves_are_smaller_and_hold_everything_once(dated: int, undated: int) -> None:
    whole = batch(dated, undated)
    halves = whole.halves()
    if dated + undated < 2:
        assert halves is None
        return
    assert halves is not None
    first, second = halves
    assert 1 <= size(first) <= size(second) <= size(first) + 1
    assert sorted(seqs(first) + seqs(second)) == sorted(seqs(whole))
    assert (first.boots, first.refused, first.samples) == (whole.boots, whole.refused, whole.samples)
    assert not (second.boots or second.refused or second.samples)


@given(st.integers(1, 30), st.integers(0, 30))
def test_halving_again_and_again_comes_to_single_readings(dated: int, undated: int) -> None:
    waiting = [batch(dated, undated)]
    single: list[Batch] = []
    while waiting:
        assert len(single) + len(waiting) <= dated + undated
        part = waiting.pop()
        halves = part.halves()
        if halves is None:
            single.append(part)
        else:
            waiting += halves
    assert [size(part) for part in single] == [1] * (dated + undated)
