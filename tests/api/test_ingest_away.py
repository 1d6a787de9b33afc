"""When readings can not be stored now: the device is asked to come again, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from ingest import http_intake
from storage import session
from storage.session import EVERY_TENANT, transaction
from tests.api.http_line import Line, readings, stored


async def test_a_device_that_the_directory_has_not_heard_of_yet_is_asked_to_come_again(line: Line) -> None:
    line.intake._directory.devices.clear()
    assert (await line.send({"boot_id": 1, "readings": readings(1)})).status_code == 503


@asynccontextmanager
async def database_away() -> AsyncIterator[None]:
    """While it lasts no new connection is made, and the old ones are cut."""
    urls, door = session._doors.urls, session._doors
    assert urls is not None
    async with transaction(EVERY_TENANT) as tx:
        ours = "SELECT pid FROM pg_stat_activity WHERE usename = 'pitpilot_worker' AND datname = current_database()"
        pids = (await tx.execute(text(ours))).scalars()
    door.urls = session.Urls(urls.app, "postgresql://nobody@127.0.0.1:1/nothing")
    async with transaction(EVERY_TENANT) as tx:
        for pid in pids:
            await tx.execute(text("SELECT pg_terminate_backend(:pid) WHERE :pid <> pg_backend_pid()"), {"pid": pid})
    try:
        yield
    finally:
        door.urls = urls


async def test_while_the_database_is_away_devices_are_asked_to_come_again_and_nothing_is_lost(line: Line) -> None:
    message = {"boot_id": 1, "readings": readings(1)}
    assert (await line.send(message)).status_code == 200
    async with database_away():
        answer = await line.send({"boot_id": 1, "readings": readings(2)})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "5"
    assert (await line.send({"boot_id": 1, "readings": readings(2)})).json()["readings"] == [[2, 2]]
    assert [row[2] for row in await stored()] == [1, 2]


async def test_a_connection_that_broke_while_it_was_idle_sends_nobody_away(line: Line) -> None:
    assert (await line.send({"boot_id": 1, "readings": readings(1)})).status_code == 200
    async with database_away():
        pass
    assert (await line.send({"boot_id": 1, "readings": readings(2)})).status_code == 200


async def test_more_requests_than_can_wait_are_sent_away_at_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_intake, "WAITING_MAX", 0)
    assert (await line.send({"boot_id": 1, "readings": readings(1)})).status_code == 503


async def test_whoever_waits_when_the_process_stops_is_sent_away(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_intake, "LINGER_S", 60.0)
    sending = asyncio.create_task(line.send({"boot_id": 1, "readings": readings(1)}))
    await asyncio.sleep(0.1)
    await line.tasks.stop()
    assert (await sending).status_code == 503
