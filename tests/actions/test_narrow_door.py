"""The door before costly work: few inside, few waiting, and the known never behind strangers."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from actions import passwords
from actions.narrow_door import NarrowDoor
from domain.refusals import TryLater

FULL_WAIT_S = 5


class Jobs:
    """Jobs that stand still until they are let go; notes in which order they ended."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.inside = self.inside_most = 0
        self._go = threading.Semaphore(0)

    def __call__(self, name: str) -> Callable[[], str]:
        def job() -> str:
            self.inside += 1
            self.inside_most = max(self.inside_most, self.inside)
            assert self._go.acquire(timeout=10)
            self.inside -= 1
            self.done.append(name)
            return name

        return job

    def let_go(self, count: int = 1) -> None:
        self._go.release(count)


@pytest.fixture
async def jobs() -> AsyncIterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.let_go(100)


def enter(door: NarrowDoor, jobs: Jobs, name: str, *, known: bool = False) -> "asyncio.Task[str | TryLater]":
    return asyncio.create_task(door.work(jobs(name), known=known))


async def settle() -> None:
    await asyncio.sleep(0.02)


async def test_no_more_are_inside_than_may_be_and_all_get_their_turn(jobs: Jobs) -> None:
    door = NarrowDoor(2, 10, FULL_WAIT_S)
    tasks = [enter(door, jobs, str(n)) for n in range(8)]
    await settle()
    assert jobs.inside == 2
    jobs.let_go(8)
    assert await asyncio.gather(*tasks) == [str(n) for n in range(8)]
    assert jobs.inside_most == 2


async def test_who_is_too_many_is_told_at_once_and_a_full_line_of_strangers_is_none_of_the_knowns(jobs: Jobs) -> None:
    door = NarrowDoor(1, 3, FULL_WAIT_S)
    strangers = [enter(door, jobs, f"stranger {n}") for n in range(6)]
    await settle()
    refused = [task for task in strangers if task.done()]
    assert [task.result() for task in refused] == [TryLater(FULL_WAIT_S)] * 2
    known = enter(door, jobs, "known", known=True)
    await settle()
    jobs.let_go(2)
    assert await known == "known"
    assert jobs.done == ["stranger 0", "known"]


async def test_who_gives_up_while_waiting_leaves_the_place_to_others(jobs: Jobs) -> None:
    door = NarrowDoor(1, 1, FULL_WAIT_S)
    first, gone = enter(door, jobs, "first"), enter(door, jobs, "gone")
    await settle()
    gone.cancel()
    await settle()
    last = enter(door, jobs, "last")
    await settle()
    jobs.let_go(2)
    assert (await first, await last) == ("first", "last")
    assert jobs.done == ["first", "last"]


async def test_a_job_whose_asker_has_gone_still_stands_in_the_door(jobs: Jobs) -> None:
    door = NarrowDoor(1, 5, FULL_WAIT_S)
    gone, next_one = enter(door, jobs, "gone"), enter(door, jobs, "next")
    await settle()
    gone.cancel()
    await settle()
    assert jobs.inside == 1
    jobs.let_go(2)
    assert await next_one == "next"
    assert jobs.inside_most == 1


async def test_whose_turn_comes_as_they_give_up_passes_it_on(jobs: Jobs) -> None:
    door = NarrowDoor(1, 5, FULL_WAIT_S)
    enter(door, jobs, "first")
    gone, last = enter(door, jobs, "gone"), enter(door, jobs, "last")
    await settle()
    door._leave()  # the turn is given to `gone`, who has not noticed yet
    gone.cancel()
    jobs.let_go(2)
    assert await last == "last"
    assert "gone" not in jobs.done


def test_each_loop_has_a_door_of_its_own() -> None:
    """A semaphore of the module would belong to the first loop that had to wait at it."""
    for _ in range(2):

        async def crowd() -> list[object]:
            return await asyncio.gather(*(passwords.verify("x", None) for _ in range(passwords.AT_ONCE + 2)))

        assert all(answer == (False, None) for answer in asyncio.run(crowd()))
