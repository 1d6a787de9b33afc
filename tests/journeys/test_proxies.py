"""Who a caller is behind a proxy: whoever connects, unless the operator has named the proxy."""

import asyncio
import json
from pathlib import Path

import httpx

from tests.journeys.house import House
from tests.journeys.program import Installation, started

SAYS = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


async def test_a_forwarded_address_counts_from_a_trusted_proxy(database: str, tmp_path: Path) -> None:
    async with started(database, tmp_path, trusted_proxies="127.0.0.1") as running:
        assert await address_of_a_guess(running) == "198.51.100.7"


async def test_a_forwarded_address_of_anybody_else_does_not_count(opened: House) -> None:
    assert await address_of_a_guess(opened.program) == "127.0.0.1"


async def address_of_a_guess(running: Installation) -> str:
    """Guesses a password; returns where the log says that the guess came from."""
    before = len(refused(running.log))
    async with httpx.AsyncClient(headers={"origin": running.url, **SAYS}) as client:
        await client.post(f"{running.url}/sign-in", data={"login": "nobody", "password": "guess"})
    async with asyncio.timeout(60):
        while len(found := refused(running.log)) == before:
            await asyncio.sleep(0.05)
    (address,) = found[before:]
    return address


def refused(log: Path) -> list[str]:
    """The addresses of refused sign-ins in the log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["address"] for line in lines if line["event"] == "sign-in refused"]
