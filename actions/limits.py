"""Limits of a pit: read with inheritance, changed by the owner."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain.access import Intent, Viewer
from domain.limits import DEFAULTS, Limits, LimitsFault, Origin, check, resolve
from domain.readings import Metric
from domain.refusals import Refusal
from storage.queries import limits_said
from storage.session import transaction
from storage.tables import LimitsRow, Pit


async def resolved_limits(tx: AsyncSession, tenants: set[UUID] | None) -> dict[UUID, dict[Metric, Limits]]:
    """Returns every pit's limits (of these tenants, or of all) as they are after inheritance."""
    out: dict[UUID, dict[Metric, Limits]] = {}
    for pit_id, said in (await limits_said(tx, tenants)).items():
        out[pit_id] = {
            metric: resolve({**places, Origin.DEFAULT: DEFAULTS.get(metric, Limits())})[0]
            for metric, places in said.items()
        }
    return out


async def change_limits(
    pit_id: UUID, metric: Metric, own: Limits, by: Viewer, now: datetime
) -> Refusal | LimitsFault | Limits:
    """Sets what the pit itself says of a metric; None in a field inherits. Returns the limits that follow from it.

    Locks the pit's row.
    """
    if not by.may(Intent.CHANGE_LIMITS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        pit = await tx.get(Pit, pit_id, with_for_update=True)
        if pit is None or pit.archived_at is not None:
            return Refusal.NOT_FOUND
        said: Mapping[Origin, Limits] = (await limits_said(tx, {by.tenant_id}))[pit_id].get(metric, {})
        resolved, _ = resolve({**said, Origin.PIT: own, Origin.DEFAULT: DEFAULTS.get(metric, Limits())})
        if fault := check(resolved):
            return fault
        await tx.execute(
            delete(LimitsRow).where(
                col(LimitsRow.origin) == Origin.PIT, col(LimitsRow.place_id) == pit_id, col(LimitsRow.metric) == metric
            )
        )
        if own != Limits():
            tx.add(
                LimitsRow(
                    id=uuid4(),
                    tenant_id=by.tenant_id,
                    origin=Origin.PIT,
                    place_id=pit_id,
                    metric=metric,
                    warning_low=own.warning_low,
                    warning_high=own.warning_high,
                    critical_low=own.critical_low,
                    critical_high=own.critical_high,
                    band=own.band,
                    raise_after_s=own.raise_after_s,
                    clear_after_s=own.clear_after_s,
                )
            )
        await announce(tx, Announcement(Topic.LIMITS, by.tenant_id, pit_id, metric))
        await _record(tx, by, pit, metric, said.get(Origin.PIT, Limits()), own)
        return resolved


async def _record(tx: AsyncSession, by: Viewer, pit: Pit, metric: Metric, before: Limits, after: Limits) -> None:
    """Writes the fields that change into the audit trail; None inherits."""
    was, is_ = asdict(before), asdict(after)
    names = [name for name in was if was[name] != is_[name]]
    if not names:
        return
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=Intent.CHANGE_LIMITS,
        kind="limits",
        object_id=f"{pit.id}/{metric}",
        object_name=f"{pit.name}: {metric}",
        before={name: was[name] for name in names},
        after={name: is_[name] for name in names},
    )
