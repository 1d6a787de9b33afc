"""PitPilot itself as a process, as an operator starts it: `python main.py`, on the run's PostgreSQL and broker."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

import aiohttp

from storage.embedded_ports import LOOPBACK, free_port
from tests.private_mosquitto import PrivateMosquitto
from tools.bench.children import Child, ChildFailed
from tools.bench.rig import Database

READY_WITHIN_S = 60.0
ASK_AGAIN_S = 0.02
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


class Product(Child):
    """A running PitPilot."""

    url: str

    @classmethod
    async def spawn(
        cls,
        folder: Path,
        *,
        database: Database | None = None,
        broker: PrivateMosquitto | None = None,
        role: str = "all",
        name: str = "product",
        more: Mapping[str, str] = NOTHING_MORE,
    ) -> Self:
        """Starts it with `more` settings and returns at once. Without database or broker it brings its own, in
        `folder`/`name`-data.
        """
        data = folder / f"{name}-data"
        data.mkdir(mode=0o711, exist_ok=True)  # as root, PostgreSQL's user must get through
        port = free_port()
        settings = {"DATA": str(data), "PORT": str(port), "ROLE": role, "LOG_FORMAT": "json", "LOG_LEVEL": "warning"}
        settings["TRUSTED_PROXIES"] = LOOPBACK  # the load says for many addresses that it is them
        settings |= more
        if database is not None:
            _write_secret(data, database.secret)
            settings["DATABASE_URL"] = database.owner_url
        if broker is not None:
            settings["MQTT_URL"] = f"mqtt://server:any@{LOOPBACK}:{broker.port}"
        product = await cls.start(name, ["main.py"], folder, environment=_environment(settings), talks=False)
        product.url = f"http://{LOOPBACK}:{port}"
        return product

    @classmethod
    async def launch(
        cls, folder: Path, *, database: Database, broker: PrivateMosquitto, role: str = "all", name: str = "product"
    ) -> Self:
        """Starts it on this database and broker, and returns once it is ready.

        Raises:
            ChildFailed: it ended, or was not ready in time.
        """
        product = await cls.spawn(folder, database=database, broker=broker, role=role, name=name)
        try:
            await product.until_answers("/readyz")
        except BaseException:
            await product.stop()
            raise
        return product

    async def until_answers(self, path: str, within_s: float = READY_WITHIN_S) -> None:
        """Asks until the answer is 200. Raises ChildFailed when it ended or the time is over."""
        deadline = time.monotonic() + within_s
        async with aiohttp.ClientSession(self.url, timeout=aiohttp.ClientTimeout(10)) as http:
            while time.monotonic() < deadline:
                if self.ended:
                    raise ChildFailed(f"{self.name} ended; {self.last_words()}")
                try:
                    async with http.get(path) as answer:
                        await answer.read()
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass  # it does not listen yet
                await asyncio.sleep(ASK_AGAIN_S)
        raise ChildFailed(f"{self.name} did not answer {path} within {within_s:g} s; {self.last_words()}")


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PITPILOT_", "NICEGUI_", "PYTEST_"))}
    return inherited | {f"PITPILOT_{name}": value for name, value in settings.items()}


def _write_secret(data: Path, secret: bytes) -> None:
    path = data / "secret"
    path.write_text(secret.hex())
    path.chmod(0o600)
