"""One process leads the pumps; when its hold on the lead breaks, another takes over, with a new epoch."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from actions.pumps import lead
from ingest.broker_address import BrokerAddress
from ingest.pumps import LEADER_LOCK, PumpOffice
from ingest.sender import Sender
from ingest.supervisor import Supervisor
from tests.pump_parts import Coop, fetch, make_coop

NOBODY = Sender(BrokerAddress("127.0.0.1", 1, "nobody", "any"), "nobody")
TAKES_OVER_WITHIN_S = 5


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here")


@pytest.fixture
async def offices(coop: Coop) -> AsyncIterator[list[PumpOffice]]:
    supervisor = Supervisor()
    found = [PumpOffice(NOBODY, lambda _: None) for _ in range(2)]
    for n, office in enumerate(found):
        supervisor.keep(str(n), office.lead_for_ever)
    yield found
    await supervisor.stop()
    for office in found:
        office.close()


async def leader_pid() -> int | None:
    rows = await fetch(
        "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()"
        " WHERE locktype = 'advisory' AND objid = :id",
        id=LEADER_LOCK,
    )  # other products may lead in other databases of this server
    return int(rows[0][0]) if rows else None


async def leads_and_has_stepped() -> bool:
    """Whether the group has been stepped by who leads now: that comes some time after the lead."""
    found = lead.current()
    return found is not None and found.epoch == await epoch()


async def epoch() -> int:
    [(found,)] = await fetch("SELECT epoch FROM interlock_group")
    return int(found)


async def test_another_process_takes_over_when_the_leaders_connection_breaks(
    offices: list[PumpOffice], database: str
) -> None:
    async with asyncio.timeout(TAKES_OVER_WITHIN_S):
        while (first := await leader_pid()) is None or not await leads_and_has_stepped():
            await asyncio.sleep(0.05)
    before = await epoch()
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as knife:
        await knife.execute("SELECT pg_terminate_backend(%s)", [first])
    async with asyncio.timeout(TAKES_OVER_WITHIN_S):
        while await leader_pid() in (None, first) or await epoch() == before or not await leads_and_has_stepped():
            await asyncio.sleep(0.05)
    assert await epoch() > before
