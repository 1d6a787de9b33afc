"""Stopping the product while somebody waits for an answer: soon, and without a word that would alarm anybody."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.journeys.program import PASSWORD, make_shop, started

STOPPED_WITHIN_S = 8  # a busy machine's share included


async def test_a_stop_while_pages_and_calls_hang_in_the_database_ends_without_an_error(
    database: str, tmp_path: Path
) -> None:
    await make_shop()
    async with started(database, tmp_path) as running:
        async with (
            httpx.AsyncClient(base_url=running.url, headers={"origin": running.url}, timeout=30) as client,
            await psycopg.AsyncConnection.connect(database) as superuser,
        ):
            signed_in = await client.post("/sign-in", data={"login": "owner@here", "password": PASSWORD})
            assert signed_in.status_code == 303
            await superuser.execute("LOCK TABLE alert, pit IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.create_task(client.get(path)) for path in ("/", "/alerts", "/api/v1/alerts")]
            await asyncio.sleep(1)
            running.process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(running.process.wait(), STOPPED_WITHIN_S)
            await asyncio.gather(*waiting, return_exceptions=True)
        lines = running.log.read_text().splitlines()
    assert [line for line in lines if is_alarming(line)] == []


def is_alarming(line: str) -> bool:
    """Whether a line of the log says that something went wrong, or is not of the log's form. That requests were cut off
    is said once, by the server.
    """
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        return True
    return said["level"] in ("error", "critical") and not said["event"].startswith("Cancel 3 running task")
