"""The demo's motors and its members' minutes. The motors' controllers run the real firmware on virtual boards."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions.pumps import motors, wallets
from domain.wallet import Move, TransferKind, Wallet
from tools.demo_files import MOTORS, write_private

BOARDS = Path("virtual-motors", "boards.json")
SETTINGS = {"min_off_ms": 2_000, "grid_delay_min_ms": 1_000, "grid_delay_max_ms": 3_000, "starts_per_hour": 60}
"""Nobody who looks at a demo waits half a minute for a motor that isn't there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotorCard:
    """A motor's controller: who it is at the broker."""

    tenant: str
    device: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sold:
    """Minutes that an owner has sold to a member."""

    tenant_id: UUID
    member_id: UUID
    owner_id: UUID
    minutes: int


async def add_pumps(tx: AsyncSession, cards: Iterable[MotorCard], sold: Iterable[Sold], at: datetime) -> None:
    """Adds the motors of devices that are there, and the members' wallets, as of a moment in the past."""
    for card in cards:
        await motors.ensure(tx, UUID(card.tenant), card.device, at)
    for each in sold:
        move = Move(uuid4(), TransferKind.RECHARGE, each.minutes * 60, each.owner_id, "")
        answer = await wallets.book(tx, each.tenant_id, each.member_id, move, at)
        if not isinstance(answer, Wallet):
            raise ValueError(f"{each} was not sold: {answer}")


def load_motors(data: Path) -> list[MotorCard]:
    """The motors of a demo that was made."""
    return [MotorCard(**card) for card in json.loads((data / MOTORS).read_text(encoding="utf-8"))]


def write_boards(data: Path, host: str, port: int) -> Path:
    """Writes the boards that tools.virtual_firmware plays, for the broker of this start; returns the file."""
    file = data / BOARDS
    file.parent.mkdir(mode=0o700, exist_ok=True)
    server = {"host": host, "port": port, "tls": False}
    boards = [
        {"flash": card.device, "identity": {"kind": "pump", **asdict(card)}, "server": server, "settings": SETTINGS}
        for card in load_motors(data)
    ]
    write_private(file, boards)
    return file
