"""States of one motor are taken in one after the other, however long the database takes over one of them."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from actions.directory import Known
from actions.pumps import devices, lead
from actions.readings import Rejection
from domain.pump.state import Report
from ingest import wire
from ingest.pumps import PumpOffice
from tests.ingest.parts import running, until
from tests.ingest.test_pumps_lead import NOBODY
from tests.pump_parts import BEGAN, Coop, fetch, make_coop

TURNS = 20
"""Of the event loop: more than a worker needs to take up what waits."""


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here")


class SlowWithTheFirst:
    """The database, which takes its time over the first state; `begun` are the states that it was asked to take."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.free = asyncio.Event()

    async def __call__(self, tenant_id: UUID, device_id: str, report: Report, *args: Any, **more: Any) -> Any:
        self.begun.append(report.seq)
        if report.seq == 1:
            await self.free.wait()
        return await _reported(tenant_id, device_id, report, *args, **more)


_reported = devices.reported


@pytest.fixture
def database_is_slow(monkeypatch: pytest.MonkeyPatch) -> SlowWithTheFirst:
    slow = SlowWithTheFirst()
    monkeypatch.setattr(devices, "reported", slow)
    return slow


@pytest.fixture
def refused() -> list[Rejection]:
    return []


@pytest.fixture
def office(refused: list[Rejection]) -> Iterator[PumpOffice]:
    office = PumpOffice(NOBODY, refused.append)
    yield office
    office.close()


def state(seq: int) -> wire.PumpState:
    return wire.PumpState(boot_id=1, seq=seq, motor_on=False, grid=True, ready=True, fence=0)


async def test_a_newer_state_waits_for_the_one_before_it_and_one_between_them_is_left_out(
    coop: Coop, database_is_slow: SlowWithTheFirst, office: PumpOffice, refused: list[Rejection]
) -> None:
    leading = await devices.take_lead(lambda *_: None, lambda _: None, BEGAN)
    motor = Known(coop.device_id, coop.tenant_id, str(coop.tenant_id), None, True)
    async with running(office.hear_for_ever()):
        for seq in (1, 2, 3):
            office.says(motor, state(seq))
            for _ in range(TURNS):
                await asyncio.sleep(0)
        assert database_is_slow.begun == [1]
        database_is_slow.free.set()
        await until(lambda: database_is_slow.begun == [1, 3])
        async with asyncio.timeout(60):
            while await fetch("SELECT seq FROM motor") != [(3,)]:
                await asyncio.sleep(0.01)
    lead.resign(leading)
    assert refused == []
