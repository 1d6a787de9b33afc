"""Time as an input: one process leads, another takes over, and each duty is done when it is due."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from ingest import ticker as module
from ingest.ticker import LEADER_LOCK, Ticker
from storage import partitions
from tests.conftest import World
from tests.ingest.parts import fetch, until

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class Duties:
    """A ticker with a clock in hand, whose duties only write down that they were called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        self.done: list[str] = []
        self.listening_since: datetime | None = NOW - timedelta(hours=1)
        self.ticker = Ticker(lambda: self.listening_since, self._write_presence, clock=lambda: self.now)
        monkeypatch.setattr(module, "check_silence", self._called("silence"))
        for name, duty in (("make_partitions", "partitions"), ("roll_up", "roll-up"), ("forget", "retention")):
            monkeypatch.setattr(partitions, name, self._called(duty))

    def _called(self, duty: str) -> Callable[..., object]:
        async def call(*_: object) -> None:
            self.done.append(duty)

        return call

    async def _write_presence(self) -> None:
        self.done.append("presence")

    async def tick(self, after: timedelta = timedelta(0)) -> list[str]:
        """Lets time pass; returns what was done at its end."""
        self.now += after
        self.done.clear()
        await self.ticker.tick()
        return list(self.done)


@pytest.fixture
def duties(database: str, monkeypatch: pytest.MonkeyPatch) -> Duties:
    return Duties(monkeypatch)


async def test_everything_is_due_at_the_first_tick(duties: Duties) -> None:
    assert await duties.tick() == ["partitions", "presence", "silence", "roll-up", "retention"]
    assert await duties.tick() == []


@pytest.mark.parametrize(
    ("after", "done"),
    [
        (timedelta(seconds=1), []),
        (timedelta(seconds=2), ["presence", "silence"]),
        (timedelta(seconds=30), ["presence", "silence", "roll-up"]),
        (timedelta(hours=1), ["partitions", "presence", "silence", "roll-up"]),
        (timedelta(hours=6), ["partitions", "presence", "silence", "roll-up", "retention"]),
        (timedelta(days=40), ["partitions", "presence", "silence", "roll-up", "retention"]),
    ],
)
async def test_each_duty_is_done_when_it_is_due_again(duties: Duties, after: timedelta, done: list[str]) -> None:
    await duties.tick()
    assert await duties.tick(after) == done
    assert await duties.tick() == []


async def test_duties_are_done_as_often_as_their_periods_say(duties: Duties) -> None:
    counts = dict.fromkeys(await duties.tick(), 1)
    for _ in range(3_600 * 2):
        for duty in await duties.tick(timedelta(seconds=1)):
            counts[duty] += 1
    assert counts == {"partitions": 3, "presence": 3_601, "silence": 3_601, "roll-up": 241, "retention": 1}


async def test_who_can_not_hear_calls_nobody_silent(duties: Duties) -> None:
    duties.listening_since = None
    assert await duties.tick() == ["partitions", "roll-up", "retention"]
    duties.listening_since = NOW
    assert await duties.tick(timedelta(seconds=2)) == ["presence", "silence"]


async def test_a_duty_that_failed_is_due_again_at_once(duties: Duties, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise DBAPIError("roll-up", None, Exception("away"))

    with monkeypatch.context() as away:
        away.setattr(partitions, "roll_up", fail)
        with pytest.raises(DBAPIError):
            await duties.tick()
    assert await duties.tick() == ["roll-up", "retention"]


# Who leads


async def nothing() -> None:
    return


class IdleTicker(Ticker):
    """A ticker without duties."""

    def __init__(self) -> None:
        super().__init__(lambda: None, nothing)

    async def tick(self) -> None:
        return


async def test_one_of_two_leads_and_the_other_takes_over_when_the_first_loses_its_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEADER_RETRY_S", 0.05)
    tickers = [IdleTicker(), IdleTicker()]
    runs = [asyncio.create_task(ticker.run()) for ticker in tickers]
    try:
        await until(lambda: any(ticker.leads for ticker in tickers))
        await asyncio.sleep(0.3)
        assert sum(ticker.leads for ticker in tickers) == 1
        first = 0 if tickers[0].leads else 1
        await lose_the_leaders_connection()
        await until(lambda: tickers[1 - first].leads)
        with pytest.raises(Exception, match=r"terminating connection|closed"):
            async with asyncio.timeout(60):
                await runs[first]
        assert not tickers[first].leads
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)


async def test_a_leader_that_stops_in_good_order_gives_way_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEADER_RETRY_S", 0.05)
    first, second = IdleTicker(), IdleTicker()
    leading = asyncio.create_task(first.run())
    await until(lambda: first.leads)
    waiting = asyncio.create_task(second.run())
    leading.cancel()
    await until(lambda: second.leads)
    assert not first.leads
    waiting.cancel()
    await asyncio.gather(leading, waiting, return_exceptions=True)


async def test_a_leader_keeps_the_days_ahead_and_rolls_up(world: World) -> None:
    """The real duties, once, on a real database; the clock stands forty days ahead."""
    await Ticker(lambda: None, nothing, clock=lambda: datetime.now(UTC) + timedelta(days=40)).tick()
    ahead = f"reading_{datetime.now(UTC) + timedelta(days=47):%Y%m%d}"
    assert await fetch("SELECT to_regclass(:name)::text", name=ahead) == [(ahead,)]
    assert await fetch("SELECT count(*) FROM rollup_progress") == [(1,)]


async def lose_the_leaders_connection() -> None:
    await fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = :lock"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        lock=LEADER_LOCK,
    )
