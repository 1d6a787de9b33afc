"""Rows of the devices in a roll-out: who could be in it, who is, and what each last said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.commands import Stage
from domain.firmware import NodeKind
from domain.rollouts import Heard, Item, Progress


@dataclass(frozen=True, slots=True)
class Member:
    """A device in a roll-out, for its page."""

    device_id: str
    name: str
    tenant_name: str
    progress: Progress
    from_version: str | None
    firmware: str | None
    reason: str
    changed_at: datetime
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that could take part."""

    device_id: str
    tenant_id: UUID
    firmware: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A device in a roll-out, with what became of the command that it was last sent."""

    item: Item
    tenant_id: UUID
    stage: Stage | None
    why: str
    """The device's own reason."""
    was_taken: bool


_IS_IN = "d.enabled AND d.removed_at IS NULL AND d.revoked_at IS NULL"


async def candidates(tx: AsyncSession, kind: NodeKind, version: str, tenants: Sequence[UUID] | None) -> list[Candidate]:
    """Devices of a kind that were ever heard, of these tenants or all, that don't run the version and take part in no
    other roll-out.
    """
    rows = await tx.execute(
        text(
            "SELECT d.id, d.tenant_id, s.firmware FROM device d JOIN device_presence s ON s.device_id = d.id"
            f" WHERE d.kind = :kind AND {_IS_IN} AND s.firmware IS DISTINCT FROM :version"
            " AND (CAST(:tenants AS uuid[]) IS NULL OR d.tenant_id = ANY(:tenants)) AND NOT EXISTS"
            " (SELECT 1 FROM rollout_device i WHERE i.device_id = d.id AND i.progress IN ('waiting', 'sent'))"
            " ORDER BY d.id"
        ),
        {"kind": kind, "version": version, "tenants": None if tenants is None else list(tenants)},
    )
    return [Candidate(*row) for row in rows.all()]


async def enter(
    tx: AsyncSession, rollout_id: UUID, chosen: Iterable[tuple[Candidate, int]], now: datetime
) -> list[str]:
    """Adds devices with their places, but none twice; returns those that were added."""
    rows = [(c.device_id, c.tenant_id, c.firmware, place) for c, place in chosen]
    if not rows:
        return []
    ids, tenants, versions, places = zip(*rows, strict=True)
    added = await tx.execute(
        text(
            "INSERT INTO rollout_device (rollout_id, device_id, tenant_id, place, progress, from_version, changed_at)"
            " SELECT :rollout, x.id, x.tenant, x.place, 'waiting', x.version, :now FROM unnest(CAST(:ids AS text[]),"
            " CAST(:tenants AS uuid[]), CAST(:places AS bigint[]), CAST(:versions AS text[]))"
            " AS x(id, tenant, place, version) ON CONFLICT DO NOTHING RETURNING device_id"
        ),
        {
            "rollout": rollout_id, "ids": list(ids), "tenants": list(tenants), "places": list(places),
            "versions": list(versions), "now": now,
        },
    )  # fmt: skip
    return list(added.scalars())


async def lock_items(tx: AsyncSession, rollout_id: UUID) -> list[Placed]:
    """Every device of a roll-out, locked, in the order of their ids."""
    rows = await tx.execute(
        text(
            "SELECT i.device_id, i.place, i.progress, i.attempts, i.sent_at, i.boot_before, i.new_since, i.reason,"
            " i.tenant_id, c.stage, c.reason, c.acknowledged_at IS NOT NULL FROM rollout_device i"
            " LEFT JOIN device_command c ON c.id = i.command_id WHERE i.rollout_id = :id ORDER BY i.device_id"
            " FOR UPDATE OF i"
        ),
        {"id": rollout_id},
    )
    return [
        Placed(Item(id_, place, Progress(progress), *rest), tenant, Stage(stage) if stage else None, why or "", taken)
        for id_, place, progress, *rest, tenant, stage, why, taken in rows.all()
    ]


async def keep(tx: AsyncSession, rollout_id: UUID, item: Item, now: datetime, command_id: UUID | None = None) -> None:
    """Writes what became of one device; a `command_id` takes the place of the one before."""
    await tx.execute(
        text(
            "UPDATE rollout_device SET progress = :progress, attempts = :attempts, sent_at = :sent_at,"
            " boot_before = :boot, new_since = :new_since, reason = :reason, changed_at = :now,"
            " command_id = coalesce(:command, command_id) WHERE rollout_id = :rollout AND device_id = :device"
        ),
        {
            "progress": item.progress, "attempts": item.attempts, "sent_at": item.sent_at, "boot": item.boot_before,
            "new_since": item.new_since, "reason": item.reason[:200], "now": now, "command": command_id,
            "rollout": rollout_id, "device": item.device_id,
        },
    )  # fmt: skip


async def leave_out_waiting(tx: AsyncSession, rollout_id: UUID, now: datetime) -> None:
    """Those that were sent nothing yet."""
    await tx.execute(
        text(
            "UPDATE rollout_device SET progress = 'left_out', changed_at = :now"
            " WHERE rollout_id = :id AND progress = 'waiting'"
        ),
        {"now": now, "id": rollout_id},
    )


async def heard(tx: AsyncSession, device_ids: Sequence[str]) -> dict[str, Heard]:
    """What these devices last said, without what became of their commands."""
    rows = await tx.execute(
        text(
            f"SELECT d.id, s.firmware, s.boot_id, s.heard_at, {_IS_IN} FROM device d"
            " LEFT JOIN device_presence s ON s.device_id = d.id WHERE d.id = ANY(:ids)"
        ),
        {"ids": list(device_ids)},
    )
    return {id_: Heard(*rest) for id_, *rest in rows.all()}


async def members(tx: AsyncSession, rollout_id: UUID, most: int | None = None) -> list[Member]:
    """The devices of a roll-out, or the first so many: what went wrong first, what is under way, what is done last."""
    rows = await tx.execute(
        text(
            "SELECT i.device_id, d.name, t.name, i.progress, i.from_version, s.firmware, i.reason, i.changed_at,"
            " s.heard_at FROM rollout_device i JOIN device d ON d.id = i.device_id JOIN tenant t ON t.id = i.tenant_id"
            " LEFT JOIN device_presence s ON s.device_id = i.device_id WHERE i.rollout_id = :id"
            " ORDER BY array_position(ARRAY['rolled_back', 'failed', 'sent', 'waiting', 'updated', 'left_out'],"
            " i.progress), i.place, i.device_id LIMIT :most"
        ),
        {"id": rollout_id, "most": most},
    )
    return [Member(id_, name, tenant, Progress(progress), *rest) for id_, name, tenant, progress, *rest in rows.all()]
