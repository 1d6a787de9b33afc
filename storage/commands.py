"""Rows of commands to devices. Whoever changes one locks it first; of one device the settings' row, then commands."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.commands import Command, Kind, Stage
from storage.tables import DeviceCommand

COLUMNS = tuple(field.name for field in fields(Command))
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM device_command"


async def add(tx: AsyncSession, command: Command, key: str = "") -> None:
    """Adds a command that is due to be sent at once. `key`: see `of_key`; empty: it has none."""
    tx.add(
        DeviceCommand(
            id=command.id,
            tenant_id=command.tenant_id,
            device_id=command.device_id,
            kind=command.kind,
            body=dict(command.body),
            key=key,
            requested_at=command.requested_at,
            requested_by=command.requested_by,
            expires_at=command.expires_at,
            due_at=command.due_at,
            send_again_at=command.requested_at,
            stage=command.stage,
            closed_at=command.closed_at,
        )
    )
    await tx.flush()


async def of_key(tx: AsyncSession, device_id: str, key: str) -> Command | None:
    """The command that somebody asked for with this idempotency key before."""
    return await _one(tx, "WHERE device_id = :device_id AND key = :key AND key <> ''", device_id=device_id, key=key)


async def lock(tx: AsyncSession, device_id: str, command_id: UUID) -> Command | None:
    """A command of this very device, whatever its stage, locked until the transaction ends."""
    return await _one(tx, "WHERE id = :id AND device_id = :device_id FOR UPDATE", id=command_id, device_id=device_id)


async def lock_open(tx: AsyncSession, device_id: str) -> list[Command]:
    """The device's open commands in the order of their kinds, locked."""
    return await _many(
        tx, "WHERE device_id = :device_id AND closed_at IS NULL ORDER BY kind FOR UPDATE", device_id=device_id
    )


async def lock_due(tx: AsyncSession, now: datetime, limit: int) -> list[Command]:
    """Open commands whose time is over, of every tenant; those that somebody is busy with are left out."""
    return await _many(
        tx,
        "WHERE closed_at IS NULL AND due_at <= :now ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED",
        now=now,
        limit=limit,
    )


_CLAIM = f"""
    UPDATE device_command c SET tries = c.tries + 1, send_again_at = :again, boot_id = coalesce(c.boot_id, due.boot_now)
    FROM (
        SELECT k.id, p.boot_id AS boot_now FROM device_command k JOIN device d ON d.id = k.device_id
        LEFT JOIN device_presence p ON p.device_id = k.device_id
        WHERE k.closed_at IS NULL AND k.acknowledged_at IS NULL AND k.expires_at > :now
            AND CASE WHEN k.device_id = ANY(:back) AND k.kind <> 'restart' THEN true
                ELSE k.send_again_at <= :now AND coalesce(p.online, true) END
            AND NOT (k.kind = 'restart' AND k.tries > 0 AND p.boot_id > k.boot_id)
            AND d.enabled AND d.revoked_at IS NULL AND d.removed_at IS NULL
            AND CASE WHEN CAST(:asks AS text) IS NULL THEN d.link = 'mqtt' ELSE d.id = :asks AND d.link = 'http' END
        ORDER BY k.send_again_at LIMIT :limit FOR UPDATE OF k SKIP LOCKED) due
    WHERE c.id = due.id RETURNING {", ".join(f"c.{name}" for name in COLUMNS)}"""


async def claim(
    tx: AsyncSession, now: datetime, again: datetime, back: Iterable[str], limit: int, asks: str | None = None
) -> list[Command]:
    """Takes commands that are due to be sent, of every tenant, for this caller alone: nobody else gets them before
    `again`. What is meant for a device that is known to be away stays. Devices in `back` have just come back and get
    theirs at once; but a restart is never hurried: the device may be back because of it. What is meant for devices that
    speak HTTP is kept until one of them `asks`.
    """
    bound = {"now": now, "again": again, "back": list(back), "limit": limit, "asks": asks}
    return [command_of(row) for row in (await tx.execute(text(_CLAIM), bound)).all()]


async def give_back(tx: AsyncSession, ids: Iterable[UUID], now: datetime) -> None:
    """What was claimed and could not be sent is due again."""
    await tx.execute(
        text("UPDATE device_command SET send_again_at = :now WHERE id = ANY(:ids) AND closed_at IS NULL"),
        {"now": now, "ids": list(ids)},
    )


async def save(tx: AsyncSession, command: Command) -> None:
    """Writes what devices' words and time change in a locked command. Takes a transaction that sees every tenant."""
    await tx.execute(
        text(
            "UPDATE device_command SET stage = :stage, reason = :reason, due_at = :due_at, boot_id = :boot_id,"
            " sent_at = :sent_at, acknowledged_at = :acknowledged_at, closed_at = :closed_at WHERE id = :id"
        ),
        {
            "id": command.id, "stage": command.stage, "reason": command.reason, "due_at": command.due_at,
            "boot_id": command.boot_id, "sent_at": command.sent_at, "acknowledged_at": command.acknowledged_at,
            "closed_at": command.closed_at,
        },
    )  # fmt: skip


async def close(tx: AsyncSession, command: Command) -> None:
    """Writes the end of a locked command; the web may do no more."""
    await tx.execute(
        text("UPDATE device_command SET stage = :stage, reason = :reason, closed_at = :closed_at WHERE id = :id"),
        {"id": command.id, "stage": command.stage, "reason": command.reason, "closed_at": command.closed_at},
    )


async def waiting_devices(tx: AsyncSession) -> set[str]:
    """Devices with open commands, of every tenant."""
    return set((await tx.execute(text("SELECT device_id FROM device_command WHERE closed_at IS NULL"))).scalars())


async def was_heard(tx: AsyncSession, device_id: str) -> bool:
    found = await tx.execute(text("SELECT 1 FROM device_presence WHERE device_id = :id"), {"id": device_id})
    return found.first() is not None


def command_of(row: Sequence[Any]) -> Command:
    """A command out of a row of COLUMNS."""
    values = dict(zip(COLUMNS, row, strict=True))
    return Command(**{**values, "kind": Kind(values["kind"]), "stage": Stage(values["stage"])})


async def _one(tx: AsyncSession, where: str, **bound: Any) -> Command | None:
    row = (await tx.execute(text(f"{_SELECT} {where}"), bound)).first()
    return command_of(row) if row else None


async def _many(tx: AsyncSession, where: str, **bound: Any) -> list[Command]:
    return [command_of(row) for row in (await tx.execute(text(f"{_SELECT} {where}"), bound)).all()]
