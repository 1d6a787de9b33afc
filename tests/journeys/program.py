"""The whole product as a process, on a private PostgreSQL and a private Mosquitto, and who is in it."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import httpx
from playwright.async_api import Page
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import passwords
from storage.embedded_ports import free_port
from storage.session import EVERY_TENANT, transaction
from tests.conftest import SECRET, Workshop, make_workshop
from tests.private_mosquitto import PrivateMosquitto

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "a password for journeys"
READY_WITHIN_S = 90  # a busy machine takes half of it to import alone
STOPS_WITHIN_S = 10


@dataclass
class Installation:
    """The running program."""

    url: str
    broker_port: int
    log: Path

    def first_run_code(self) -> str:
        """The one-time code that it printed at its start."""
        found = re.search(r'"code": "([A-Z2-7-]+)"', self.log.read_text())
        assert found, "the log says no code"
        return found[1]


@dataclass
class Program(Installation):
    """One that a test has started for itself."""

    process: asyncio.subprocess.Process


@dataclass
class Product(Installation):
    """The running program with a workshop in it that nobody has touched."""

    shop: Workshop

    def login(self, role: str) -> str:
        """Of the workshop's owner or staff."""
        return f"{role}@{self.shop.device_id.removeprefix('pp-')}"

    async def sign_in(self, page: Page, role: str) -> None:
        await page.goto(f"{self.url}/sign-in")
        await page.fill("#login", self.login(role))
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(re.compile(rf"^{self.url}/(work)?$"))  # staff begin at their work

    async def publish(self, seq: int, **values: float) -> None:
        """One reading of the workshop's device, by the broker's own client program."""
        body = {"boot_id": 1, "up_ms": 1_000 * seq, "seq": seq, "ts": time.time_ns() // 1_000_000, **values}
        done = await asyncio.create_subprocess_exec(
            "mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker_port), "-q", "1",
            "-t", f"v1/{self.shop.tenant_id}/{self.shop.device_id}/telemetry", "-m", json.dumps(body),
        )  # fmt: skip
        assert await done.wait() == 0


@cache
def _password_hash() -> str:
    """Made once, for it is meant to be dear."""
    return str(passwords._context.hash(PASSWORD))


async def give_password(tx: AsyncSession, tenant_id: UUID) -> None:
    """PASSWORD is that of everybody in this tenant."""
    await tx.execute(
        text(
            "UPDATE person SET password_hash = :hash WHERE id IN"
            " (SELECT person_id FROM membership WHERE tenant_id = :tenant)"
        ),
        {"hash": _password_hash(), "tenant": tenant_id},
    )


async def make_shop(name: str = "here") -> Workshop:
    """A workshop whose people have PASSWORD, and whose alerts fire at once."""
    shop = await make_workshop(name)
    async with transaction(EVERY_TENANT) as tx:
        await give_password(tx, shop.tenant_id)
        await tx.execute(
            text(
                "INSERT INTO limits (id, tenant_id, origin, place_id, metric, raise_after_s, clear_after_s)"
                " VALUES (gen_random_uuid(), :t, 'tenant', :t, 't_c', 0, 0)"
            ),
            {"t": shop.tenant_id},
        )
    return shop


def write_secret(folder: Path) -> None:
    """The installation's, where a program with its data in this folder looks for it."""
    (folder / "secret").write_text(SECRET.hex())
    (folder / "secret").chmod(0o600)


def environment(database: str, folder: Path, broker_port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """For a program with its data in `folder`. `settings` are more of PITPILOT_…, in small letters."""
    write_secret(folder)
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PITPILOT_", "NICEGUI_", "PYTEST_"))},
        "PITPILOT_DATA": str(folder),
        "PITPILOT_DATABASE_URL": database,
        "PITPILOT_MQTT_URL": f"mqtt://server:any@127.0.0.1:{broker_port}",
        "PITPILOT_LOG_FORMAT": "json",
        **{f"PITPILOT_{name.upper()}": value for name, value in settings.items()},
    }


@asynccontextmanager
async def started(
    database: str, folder: Path, arguments: Sequence[str] = (), **settings: str
) -> AsyncIterator[Program]:
    """Runs the program until it is ready, and stops it in the end. `settings` are more of PITPILOT_…, in small letters;
    `port` among them, where the address must be known before, and an empty `mqtt_url` for the program's own broker.
    """
    settings = {"port": str(free_port()), **settings}
    url, log = f"http://127.0.0.1:{settings['port']}", folder / "log"
    with PrivateMosquitto() as broker:
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "main.py", *arguments, cwd=ROOT, stderr=out, stdout=out,
                env=environment(database, folder, broker.port, settings),
            )  # fmt: skip
        try:
            await until_ready(url, log, lambda: process.returncode is None)
            yield Program(url, broker.port, log, process)
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), STOPS_WITHIN_S)


async def until_ready(url: str, log: Path, runs: Callable[[], bool]) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(READY_WITHIN_S * 5):
            assert runs(), log.read_text()
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            await asyncio.sleep(0.2)
    raise AssertionError(f"not ready: {log.read_text()[-3000:]}")
