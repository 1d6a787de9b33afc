"""The whole product as a process, on a private PostgreSQL and a private Mosquitto, in front of a real Chromium."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import text

from actions.passwords import hashed
from storage.embedded_ports import free_port
from storage.session import EVERY_TENANT, transaction
from tests.conftest import SECRET, Workshop, make_workshop
from tests.private_mosquitto import PrivateMosquitto

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "a password for journeys"
READY_WITHIN_S = 90  # a busy machine takes half of it to import alone
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Installation:
    """The running program, with nobody in it yet."""

    url: str
    broker_port: int
    process: asyncio.subprocess.Process
    log: Path

    def first_run_code(self) -> str:
        """The one-time code that it printed at its start."""
        found = re.search(r'"code": "([A-Z2-7-]+)"', self.log.read_text())
        assert found, "the log says no code"
        return found[1]


@dataclass
class Product(Installation):
    """The running program with one workshop in it."""

    shop: Workshop

    async def sign_in(self, page: Page, login: str) -> None:
        await page.goto(f"{self.url}/sign-in")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_url(re.compile(rf"^{self.url}/(work)?$"))  # staff begin at their work

    async def publish(self, seq: int, **values: float) -> None:
        """One reading of the workshop's device, by the broker's own client program."""
        import json
        import time

        body = {"boot_id": 1, "up_ms": 1_000 * seq, "seq": seq, "ts": time.time_ns() // 1_000_000, **values}
        done = await asyncio.create_subprocess_exec(
            "mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker_port), "-q", "1",
            "-t", f"v1/{self.shop.tenant_id}/{self.shop.device_id}/telemetry", "-m", json.dumps(body),
        )  # fmt: skip
        assert await done.wait() == 0


async def make_shop() -> Workshop:
    """A workshop whose people have PASSWORD, and whose alerts fire at once."""
    shop = await make_workshop("here")
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE person SET password_hash = :hash"), {"hash": await hashed(PASSWORD)})
        await tx.execute(
            text(
                "INSERT INTO limits (id, tenant_id, origin, place_id, metric, raise_after_s, clear_after_s)"
                " VALUES (gen_random_uuid(), :t, 'tenant', :t, 't_c', 0, 0)"
            ),
            {"t": shop.tenant_id},
        )
    return shop


@pytest.fixture
async def product(database: str, tmp_path: Path) -> AsyncIterator[Product]:
    shop = await make_shop()
    async with started(database, tmp_path) as running:
        yield Product(running.url, running.broker_port, running.process, running.log, shop)


@pytest.fixture
async def installation(database: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """The program on an empty database."""
    async with started(database, tmp_path) as running:
        yield running


@asynccontextmanager
async def started(
    database: str, folder: Path, arguments: Sequence[str] = (), **settings: str
) -> AsyncIterator[Installation]:
    """Runs the program until it is ready, and stops it in the end. `settings` are more of PITPILOT_…, in small letters;
    `port` among them, where the address must be known before, and an empty `mqtt_url` for the program's own broker.
    """
    (folder / "secret").write_text(SECRET.hex())
    (folder / "secret").chmod(0o600)
    port, log = int(settings.get("port", free_port())), folder / "log"
    with PrivateMosquitto() as broker:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PITPILOT_", "NICEGUI_", "PYTEST_"))},
            "PITPILOT_DATA": str(folder),
            "PITPILOT_DATABASE_URL": database,
            "PITPILOT_MQTT_URL": f"mqtt://server:any@127.0.0.1:{broker.port}",
            "PITPILOT_PORT": str(port),
            "PITPILOT_LOG_FORMAT": "json",
            **{f"PITPILOT_{name.upper()}": value for name, value in settings.items()},
        }
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "main.py", *arguments, cwd=ROOT, env=environment, stderr=out, stdout=out
            )
            running = Installation(f"http://127.0.0.1:{port}", broker.port, process, log)
            try:
                await until_ready(running)
                yield running
            finally:
                if process.returncode is None:
                    process.terminate()
                    await asyncio.wait_for(process.wait(), 10)


async def until_ready(running: Installation) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(READY_WITHIN_S * 5):
            assert running.process.returncode is None, running.log.read_text()
            try:
                if (await client.get(f"{running.url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            await asyncio.sleep(0.2)
    raise AssertionError(f"not ready: {running.log.read_text()[-3000:]}")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        await browser.close()
