"""The parts that commands go through, wired as the program wires them, beside a device."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from actions.announce import hear
from domain.commands import Command, Kind
from ingest.broker_address import BrokerAddress
from ingest.commander import Commander
from ingest.sender import Sender
from ingest.words import DeviceWords
from tests.conftest import Workshop, World
from tests.ingest.parts import WITHIN_S, Ingest, fetch, ingest, running, until

QUIET_S = 0.6  # longer than a look of the commander and a repetition


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Office:
    """One ingest process: what hears devices, and what commands them."""

    parts: Ingest
    sender: Sender
    commander: Commander


@asynccontextmanager
async def office(port: int, name: str = "ingest") -> AsyncIterator[Office]:
    address = BrokerAddress("127.0.0.1", port, name, "any")
    async with ingest() as parts:
        sender = Sender(address, f"{name}-commands")
        commander = Commander(sender, parts.consumer.reject)
        words = DeviceWords(
            address, f"{name}-words", parts.directory, parts.presence, parts.consumer.reject, [commander]
        )
        ready = asyncio.Event()
        works = (
            parts.consumer.run(), words.run(), sender.run(), commander.send_for_ever(), commander.listen_for_ever(),
            hear(ready.set), parts.directory.keep_fresh(), parts.presence.write_for_ever(),
        )  # fmt: skip
        async with running(*works):
            await until(lambda: sender.connected and ready.is_set())
            yield Office(parts, sender, commander)
        commander.close()


async def is_heard(place: Office, shop: Workshop) -> None:
    """Waits until a device's state was heard, and stores that."""
    seen = place.parts.presence.seen
    await until(lambda: shop.device_id in seen and seen[shop.device_id].boot_id is not None)
    await place.parts.presence.write()


async def is_away(place: Office, shop: Workshop) -> None:
    """Has its last will be heard, and stores that."""
    place.parts.presence.avail(place.parts.directory.devices[shop.device_id], False, 0, retained=False)
    await place.parts.presence.write()


async def asked(answer: Awaitable[Any]) -> Command:
    command = await answer
    assert isinstance(command, Command), command
    return command


async def ask(shop: Workshop, kind: Kind, **more: Any) -> Command:
    from actions import device_commands

    return await asked(device_commands.request(shop.device_id, kind, shop.owner, now(), **more))


async def rows(world: World) -> list[tuple[Any, ...]]:
    """Kind, stage, reason and number of tries of every command here, the oldest first."""
    return await fetch(
        "SELECT kind, stage, reason, tries FROM device_command WHERE tenant_id = :tenant ORDER BY requested_at",
        tenant=world.here.tenant_id,
    )


async def stage_of(command: Command) -> str:
    [(stage,)] = await fetch("SELECT stage FROM device_command WHERE id = :id", id=command.id)
    return str(stage)


async def reaches(command: Command, stage: str) -> None:
    await comes_true(lambda: _is_at(command, stage))


async def _is_at(command: Command, stage: str) -> bool:
    return await stage_of(command) == stage


async def comes_true(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await true():
            await asyncio.sleep(0.02)
