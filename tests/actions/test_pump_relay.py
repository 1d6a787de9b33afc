"""What people ask of a process that does not lead the pumps is done by the one that does."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from actions.announce import hear
from actions.pumps import asking, lead, relay, shedding
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, RunState
from domain.refusals import Refusal
from tests.actions.accounts import trail
from tests.ingest.parts import running
from tests.pump_parts import Coop, Hall, fetch, make_coop


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here")


@pytest.fixture
async def hall(coop: Coop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    """A leader elsewhere, as far as whoever asks knows."""
    place, ready = Hall(), asyncio.Event()
    leading = await place.open()
    end, caller = relay.use(), asyncio.current_task()
    monkeypatch.setattr(lead, "current", lambda: None if asyncio.current_task() is caller else leading)
    async with running(hear(ready.set), answer_for_ever(place)):
        await ready.wait()
        yield place
    end()
    place.close()


async def answer_for_ever(place: Hall) -> None:
    while True:
        await relay.answer_all(place.now)
        await asyncio.sleep(0.02)


async def test_a_turn_is_asked_for_skipped_and_stopped_through_another_process(coop: Coop, hall: Hall) -> None:
    member, key = coop.members[0], uuid4()
    run = await asking.start(coop.device_id, 600, member, hall.now, key=key)
    assert isinstance(run, Run)
    assert (run.id, run.state) == (key, RunState.WAITING)
    assert await asking.start(coop.device_id, 601, member, hall.now, key=key) is PumpRefusal.KEY_REUSED
    assert isinstance(await asking.skip(run.id, "not there", coop.owner, hall.now), Run)
    assert await asking.skip(run.id, "not there", member, hall.now) is Refusal.NOT_ALLOWED
    stopped = await asking.stop(run.id, member, hall.now)
    assert isinstance(stopped, Run)
    assert stopped.state is RunState.CANCELLED
    assert (await trail(coop.tenant_id))[-3:] == ["start_run", "skip_run", "stop_run"]
    assert await fetch("SELECT 1 FROM pump_ask") == []


async def test_an_answer_that_is_no_run_comes_back_as_it_was(coop: Coop, hall: Hall) -> None:
    assert await shedding.begin(coop.owner, hall.now) is None
    assert await shedding.begin(coop.owner, hall.now) is PumpRefusal.ALREADY_SO


async def test_whoever_gets_no_answer_is_told_that_the_pumps_are_away(
    coop: Coop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "ANSWER_WITHIN_S", 0.1)
    end = relay.use()
    answer = await asking.start(coop.device_id, 600, coop.members[0], Hall().now, key=uuid4())
    assert answer is Refusal.PUMP_AWAY
    assert await fetch("SELECT 1 FROM pump_ask") == []
    end()
