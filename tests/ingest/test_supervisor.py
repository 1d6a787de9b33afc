"""Tasks that break are started again: after a pause that grows, with the fall counted and the reason kept."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace

import pytest

from ingest.supervisor import BACKOFF_FIRST_S, BACKOFF_MAX_S, STEADY_AFTER_S, UNWELL_S, Supervisor, TaskHealth


class Clock:
    """Stands in for sleeping and for the monotonic clock: nobody waits, and every pause is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1_000.0
        self.pauses: list[float] = []
        self._enough = asyncio.Event()
        self._most = 0
        monkeypatch.setattr("ingest.supervisor.time", SimpleNamespace(monotonic=lambda: self.now_s))
        monkeypatch.setattr("ingest.supervisor.asyncio.sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now_s += seconds
        if len(self.pauses) >= self._most:
            self._enough.set()
            await asyncio.Event().wait()

    async def falls(self, count: int) -> list[float]:
        """Waits until there were so many pauses, and returns them; the next one never ends."""
        self._most = count
        async with asyncio.timeout(60):
            await self._enough.wait()
        return self.pauses


async def for_ever() -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor()
    yield supervisor
    await supervisor.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def test_a_task_that_breaks_is_started_again_after_growing_pauses(supervisor: Supervisor, clock: Clock) -> None:
    async def work() -> None:
        raise ValueError("no more paper")

    supervisor.keep("printer", work)
    assert await clock.falls(9) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert (BACKOFF_FIRST_S, BACKOFF_MAX_S) == (0.5, 30.0)
    health = supervisor.health["printer"]
    assert (health.falls, health.running, health.last_error) == (9, False, "ValueError: no more paper")


async def test_a_task_that_ran_steadily_begins_with_the_first_pause_again(supervisor: Supervisor, clock: Clock) -> None:
    runs = iter([1.0, 1.0, STEADY_AFTER_S + 1, 1.0])

    async def work() -> None:
        clock.now_s += next(runs)
        raise ConnectionError

    supervisor.keep("link", work)
    assert await clock.falls(4) == [0.5, 1, 0.5, 1]


async def test_a_task_that_just_ends_has_fallen_too(supervisor: Supervisor, clock: Clock) -> None:
    async def work() -> None:
        return

    supervisor.keep("reader", work)
    await clock.falls(1)
    assert (supervisor.health["reader"].falls, supervisor.health["reader"].last_error) == (1, "ended by itself")


async def test_one_tasks_fall_does_not_touch_the_others(supervisor: Supervisor, clock: Clock) -> None:
    async def breaks() -> None:
        raise ValueError

    supervisor.keep("breaks", breaks)
    supervisor.keep("lasts", for_ever)
    await clock.falls(3)
    assert (supervisor.health["lasts"].falls, supervisor.health["lasts"].running) == (0, True)


@pytest.mark.parametrize(
    ("running", "ago_s", "well"),
    [(True, 1e9, True), (True, UNWELL_S, False), (True, UNWELL_S + 1, True), (False, 1e9, False)],
)
def test_a_task_is_well_when_it_runs_and_has_not_fallen_of_late(running: bool, ago_s: float, well: bool) -> None:
    assert TaskHealth("x", running=running, fell_at_s=5_000.0 - ago_s).is_well(5_000.0) is well


async def test_the_whole_is_well_when_every_task_is() -> None:
    supervisor = Supervisor()
    assert supervisor.is_well()
    for name in ("one", "two"):
        supervisor.keep(name, for_ever)
    await asyncio.sleep(0)
    assert supervisor.is_well()
    supervisor.health["two"].running = False
    assert not supervisor.is_well()
    await supervisor.stop()


async def test_stopping_ends_every_task_and_waits_for_its_last_words() -> None:
    ended = []

    def worker(name: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.01)
                ended.append(name)

        return work

    supervisor = Supervisor()
    for name in ("first", "second"):
        supervisor.keep(name, worker(name))
    await asyncio.sleep(0)
    await supervisor.stop()
    assert sorted(ended) == ["first", "second"]
    assert not any(health.running for health in supervisor.health.values())
    await supervisor.stop()
