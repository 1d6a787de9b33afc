"""Rows of roll-outs. They are the platform's, so every function takes a transaction that sees every tenant.

Whoever changes a roll-out locks its row first, then the devices in it (storage/rollout_items.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.firmware import NodeKind
from domain.rollouts import Plan, Progress, RolloutState


@dataclass(frozen=True, slots=True)
class Rollout:
    """A roll-out as it stands. `tenants` None: all of them. `counts` has every progress that there is."""

    id: UUID
    tenant_id: UUID
    release_id: UUID
    kind: NodeKind
    version: str
    tenants: tuple[UUID, ...] | None
    percent: int
    pace: int
    failures_max: int
    forgiven: int
    state: RolloutState
    created_by: str | None
    created_at: datetime
    changed_at: datetime
    counts: dict[Progress, int]

    @property
    def plan(self) -> Plan:
        return Plan(self.version, self.pace, self.failures_max, self.forgiven)

    @property
    def name(self) -> str:
        return f"{self.kind} {self.version}"


_ROLLOUTS = """
    SELECT o.id, o.tenant_id, o.release_id, r.kind, r.version, o.tenants, o.percent, o.pace, o.failures_max, o.forgiven,
        o.state, p.name, o.created_at, o.changed_at,
        (SELECT jsonb_object_agg(progress, n) FROM (SELECT progress, count(*) AS n FROM rollout_device i
            WHERE i.rollout_id = o.id GROUP BY progress) c)
    FROM rollout o JOIN firmware_release r ON r.id = o.release_id LEFT JOIN person p ON p.id = o.created_by"""


async def rollouts(tx: AsyncSession, release_id: UUID | None = None) -> list[Rollout]:
    """Those of one release, or all; the newest first."""
    rows = await tx.execute(
        text(
            f"{_ROLLOUTS} WHERE CAST(:id AS uuid) IS NULL OR o.release_id = :id ORDER BY o.created_at DESC, o.id"
            " LIMIT 200"
        ),
        {"id": release_id},
    )
    return [_rollout(row) for row in rows.all()]


async def rollout(tx: AsyncSession, rollout_id: UUID, *, lock: bool = False) -> Rollout | None:
    if lock:
        await tx.execute(text("SELECT 1 FROM rollout WHERE id = :id FOR UPDATE"), {"id": rollout_id})
    row = (await tx.execute(text(f"{_ROLLOUTS} WHERE o.id = :id"), {"id": rollout_id})).first()
    return _rollout(row) if row else None


async def unfinished(tx: AsyncSession) -> list[UUID]:
    """Roll-outs in which something may still happen, the oldest first."""
    rows = await tx.execute(
        text(
            "SELECT id FROM rollout o WHERE state IN ('running', 'paused') OR state IN ('stopped', 'cancelled') AND"
            " EXISTS (SELECT 1 FROM rollout_device i WHERE i.rollout_id = o.id AND i.progress = 'sent')"
            " ORDER BY created_at, id"
        )
    )
    return list(rows.scalars())


async def has_open(tx: AsyncSession, release_id: UUID) -> bool:
    found = await tx.execute(
        text(
            "SELECT EXISTS (SELECT 1 FROM rollout WHERE release_id = :id AND state IN ('running', 'paused', 'stopped'))"
        ),
        {"id": release_id},
    )
    return bool(found.scalar_one())


async def add(
    tx: AsyncSession,
    rollout_id: UUID,
    tenant_id: UUID,
    release_id: UUID,
    tenants: Sequence[UUID] | None,
    percent: int,
    plan: Plan,
    by: UUID,
    now: datetime,
) -> None:
    await tx.execute(
        text(
            "INSERT INTO rollout (id, tenant_id, release_id, tenants, percent, pace, failures_max, state, created_by,"
            " created_at, changed_at) VALUES (:id, :tenant_id, :release_id, CAST(:tenants AS uuid[]), :percent, :pace,"
            " :failures_max, 'running', :by, :now, :now)"
        ),
        {
            "id": rollout_id, "tenant_id": tenant_id, "release_id": release_id,
            "tenants": None if tenants is None else list(tenants), "percent": percent, "pace": plan.pace,
            "failures_max": plan.failures_max, "by": by, "now": now,
        },
    )  # fmt: skip


async def change(tx: AsyncSession, rollout_id: UUID, now: datetime, **columns: Any) -> None:
    """Sets columns of a locked roll-out."""
    settings = ", ".join(f"{name} = :{name}" for name in columns)
    await tx.execute(
        text(f"UPDATE rollout SET {settings}, changed_at = :now WHERE id = :rollout_id"),
        {**columns, "rollout_id": rollout_id, "now": now},
    )


def _rollout(row: Any) -> Rollout:
    id_, tenant, release, kind, version, tenants, percent, pace, most, forgiven, state, by, at, changed, counts = row
    found = {Progress(name): n for name, n in (counts or {}).items()}
    return Rollout(
        id_, tenant, release, NodeKind(kind), version, None if tenants is None else tuple(tenants), percent, pace, most,
        forgiven, RolloutState(state), by, at, changed, {each: found.get(each, 0) for each in Progress},
    )  # fmt: skip
