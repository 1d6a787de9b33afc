"""Who a caller is behind a proxy: whoever connects, unless the operator has named the proxy."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.journeys.conftest import started

SAYS = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("trusted", "address"), [("", "127.0.0.1"), ("127.0.0.1", "198.51.100.7")])
async def test_a_forwarded_address_counts_from_a_trusted_proxy_only(
    database: str, tmp_path: Path, trusted: str, address: str
) -> None:
    async with started(database, tmp_path, trusted_proxies=trusted) as running:
        async with httpx.AsyncClient(headers={"origin": running.url, **SAYS}) as client:
            await client.post(f"{running.url}/sign-in", data={"login": "nobody", "password": "guess"})
        async with asyncio.timeout(5):
            while not (found := refused(running.log)):
                await asyncio.sleep(0.05)
    assert found == [address]


def refused(log: Path) -> list[str]:
    """The addresses of refused sign-ins in the log."""
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line["address"] for line in lines if line["event"] == "sign-in refused"]
