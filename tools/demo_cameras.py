"""A virtual camera for each of the demo's pits: rows like any others, and the program that plays them on loopback."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.cameras.keeping import sealed
from domain.cameras.address import CameraAddress
from domain.cameras.makes import Make
from storage import cameras
from storage.cameras import CameraSettings
from storage.embedded_ports import LOOPBACK, free_port
from storage.session import EVERY_TENANT, transaction
from tools.demo_fleet import Fleet

FILE, USER = "demo-cameras.json", "demo"
_PITS = """
    SELECT p.id, p.tenant_id, p.name, t.name AS tenant, p.position FROM pit p JOIN tenant t ON t.id = p.tenant_id
    WHERE p.archived_at IS NULL ORDER BY p.id"""
_BARE = "SELECT NOT EXISTS (SELECT 1 FROM camera WHERE pit_id = :pit)"


async def run_cameras(data: Path) -> Callable[[], Awaitable[None]]:
    """Gives each pit that never had a camera one, and plays them all; returns what stops them."""
    port, password = free_port(), keys.key("cameras of the demo").hex()[:24]
    films: dict[str, str] = {}
    async with transaction(EVERY_TENANT) as tx:
        pits = (await tx.execute(text(_PITS))).all()
        for pit in pits:
            films[f"pit-{pit.id}"] = pit.name
            if await tx.scalar(text(_BARE), {"pit": pit.id}):
                address = CameraAddress(LOOPBACK, port, f"/pit-{pit.id}", USER)
                await _add(tx, pit.tenant_id, pit.id, address, password)
        await tx.execute(
            text("UPDATE camera SET port = :port WHERE host = :host AND username = :user"),
            {"port": port, "host": LOOPBACK, "user": USER},
        )
    file = data / FILE
    said = {"port": port, "user": USER, "password": password, "films": films}
    await asyncio.to_thread(_write, file, json.dumps(said))
    played = Fleet("tools.virtual_cameras", "--cameras", str(file.resolve()))
    await played.start()
    return played.stop


async def _add(tx: AsyncSession, tenant_id: UUID, pit_id: UUID, address: CameraAddress, password: str) -> None:
    said = CameraSettings(pit_id, "Over the car", Make.OTHER, address, timelapse=True)
    await cameras.save(tx, uuid4(), tenant_id, said, sealed(password, tenant_id), datetime.now(UTC))


def _write(file: Path, said: str) -> None:
    file.touch(mode=0o600)
    file.write_text(said)
