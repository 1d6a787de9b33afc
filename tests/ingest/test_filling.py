"""Batches on their way: in their order, closed while the one before is written, and never larger than need be."""

import asyncio
from uuid import UUID

import pytest

from actions.directory import Known
from actions.readings import Undated
from domain.readings import METRICS, Reading
from ingest.filling import Filling

SOON_S = 0.5
TENANT = UUID(int=1)
VALUES = (None,) * len(METRICS)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.filling.BATCH_READINGS", 3)


def put(filling: Filling, *seqs: int) -> None:
    filling.open.batch.readings += [Reading(TENANT, None, "d1", 1, seq, seq, VALUES) for seq in seqs]
    filling.note()


async def seqs_of_next(filling: Filling) -> list[int]:
    taken = await asyncio.wait_for(filling.next(), SOON_S)
    return [reading.seq for reading in taken.batch.readings]


async def test_a_full_batch_is_closed_while_nobody_has_taken_it_yet() -> None:
    filling = Filling()
    for seq in range(1, 9):
        put(filling, seq)
    assert [await seqs_of_next(filling) for _ in range(3)] == [[1, 2, 3], [4, 5, 6], [7, 8]]


async def test_what_comes_in_one_piece_stays_in_one_batch() -> None:
    filling = Filling()
    put(filling, 1, 2, 3, 4, 5)
    put(filling, 6)
    assert [await seqs_of_next(filling) for _ in range(2)] == [[1, 2, 3, 4, 5], [6]]


async def test_readings_without_a_date_fill_a_batch_too() -> None:
    filling = Filling()
    known = Known("d1", TENANT, str(TENANT), None, True)
    filling.open.batch.undated += [Undated(known, 1, seq, 0, VALUES, b"") for seq in (1, 2, 3)]
    filling.note()
    put(filling, 4)
    first = await asyncio.wait_for(filling.next(), SOON_S)
    assert len(first.batch.undated) == 3
    assert await seqs_of_next(filling) == [4]


async def test_a_batch_that_is_not_full_lingers_for_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.filling.LINGER_S", 30.0)
    filling = Filling()
    put(filling, 1)
    waiting = asyncio.create_task(filling.next())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    put(filling, 2, 3)
    taken = await asyncio.wait_for(waiting, SOON_S)
    assert [reading.seq for reading in taken.batch.readings] == [1, 2, 3]


async def test_nothing_is_handed_out_when_there_is_nothing() -> None:
    filling = Filling()
    put(filling, 1)
    assert await seqs_of_next(filling) == [1]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(filling.next(), 0.1)


async def test_what_lingered_when_its_taker_was_cut_off_is_still_there() -> None:
    filling = Filling()
    put(filling, 1)
    waiting = asyncio.create_task(filling.next())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await seqs_of_next(filling) == [1]
