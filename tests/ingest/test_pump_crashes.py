"""The broker and the database die in the middle of turns: never two motors ON, the ledger exact, and all goes on by
itself. The motors are the real firmware on virtual boards. That the program dies too: tests/tools/test_ordeal.py.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from actions.pumps import asking, motors
from domain.pump.state import Run
from tests.ingest.pump_site import LIMITS, Motor, Site, comes_true
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop, add_motor, assert_books_balance, fetch, make_coop, state_of

pytestmark = pytest.mark.long

SECOND = "pump-second"


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as started:
        yield started


@pytest.fixture
async def site(database: str, broker: PrivateMosquitto, tmp_path: Path) -> Site:
    """Two motors of one group, and three members."""
    coop = await make_coop("here", members=3)
    assert not isinstance(await motors.change_limits(dict(LIMITS), coop.owner), str)
    await add_motor(coop, SECOND)
    return Site(coop, broker, tmp_path)


async def both_heard() -> bool:
    return await fetch("SELECT count(*) FROM motor WHERE may_start_at_ms IS NOT NULL") == [(2,)]


async def started(coop: Coop, seconds: int, member: int, device_id: str = "") -> Run:
    device_id = device_id or coop.device_id
    run = await asking.start(device_id, seconds, coop.members[member], datetime.now(UTC), key=uuid4())
    assert isinstance(run, Run), run
    return run


async def is_in(run: Run, state: str) -> bool:
    return await state_of(run) == state


async def is_on_for(run: Run, motor: Motor) -> bool:
    return motor.is_on and await is_in(run, "running")


async def assert_all_is_exact(site: Site) -> None:
    assert site.both_on == 0
    await assert_books_balance()
    for used_ms, captured_s, amount_s in await fetch("SELECT used_ms, captured_s, amount_s FROM run"):
        assert captured_s == used_ms // 1000 <= amount_s


async def test_turns_outlive_the_broker(site: Site) -> None:
    async with site.motor(site.coop.device_id) as first, site.motor(SECOND), site.serving():
        await comes_true(both_heard)
        one, two = await started(site.coop, 12, 0), await started(site.coop, 5, 1, SECOND)
        await comes_true(lambda: is_on_for(one, first))
        site.broker.kill()
        await comes_true(lambda: not first.is_on)
        site.broker.start()
        await comes_true(lambda: is_in(one, "completed"), 60)
        await comes_true(lambda: is_in(two, "completed"), 60)
    await assert_all_is_exact(site)


async def test_turns_outlive_the_database(site: Site, database: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    async with site.motor(site.coop.device_id) as first, site.motor(SECOND), site.serving():
        await comes_true(both_heard)
        one, two = await started(site.coop, 12, 0), await started(site.coop, 5, 1, SECOND)
        await comes_true(lambda: is_on_for(one, first))
        for _ in range(3):
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as knife:
                await knife.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = %s AND pid <> pg_backend_pid()", [name]
                )  # fmt: skip
            await asyncio.sleep(1)
        await comes_true(lambda: is_in(one, "completed"), 60)
        await comes_true(lambda: is_in(two, "completed"), 60)
    await assert_all_is_exact(site)
