"""Reads of pits: which there are, and what says which limits hold in each."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.limits import Limits, Origin
from domain.readings import METRICS, Metric

_LIMIT_COLUMNS = "warning_low, warning_high, critical_low, critical_high, band, raise_after_s, clear_after_s"


@dataclass(frozen=True, slots=True)
class PitRow:
    id: UUID
    tenant_id: UUID
    name: str
    open_alerts: int
    film_profile: str | None


async def pits(tx: AsyncSession, pit_id: UUID | None = None) -> list[PitRow]:
    """The tenant's pits in their order, or the one that is named."""
    rows = await tx.execute(
        text(
            "SELECT p.id, p.tenant_id, p.name, (SELECT count(*) FROM alert a WHERE a.pit_id = p.id AND"
            " a.resolved_at IS NULL), f.name FROM pit p LEFT JOIN film_profile f ON f.id = p.film_profile_id"
            " WHERE p.archived_at IS NULL AND (CAST(:pit_id AS uuid) IS NULL OR p.id = :pit_id)"
            " ORDER BY p.position, p.name"
        ),
        {"pit_id": pit_id},
    )
    return [PitRow(*row) for row in rows.all()]


async def limits_said(tx: AsyncSession, tenants: set[UUID] | None) -> dict[UUID, dict[Metric, dict[Origin, Limits]]]:
    """Returns, for each pit and every metric, what pit, tenant and film profile say."""
    where = "WHERE (CAST(:tenants AS uuid[]) IS NULL OR {}tenant_id = ANY(:tenants))"
    bound = {"tenants": None if tenants is None else list(tenants)}
    rows = await tx.execute(
        text(f"SELECT origin, place_id, metric, {_LIMIT_COLUMNS} FROM limits {where.format('')}"),
        bound,
    )
    places: dict[tuple[str, UUID], dict[Metric, Limits]] = defaultdict(dict)
    for origin, place_id, metric, *numbers in rows.all():
        places[(origin, place_id)][Metric(metric)] = Limits(*numbers)
    pits = await tx.execute(
        text(f"SELECT p.id, p.tenant_id, p.film_profile_id FROM pit p {where.format('p.')}"),
        bound,
    )
    out: dict[UUID, dict[Metric, dict[Origin, Limits]]] = {}
    for pit_id, tenant_id, film_id in pits.all():
        of_pit = {Origin.PIT: pit_id, Origin.TENANT: tenant_id, Origin.FILM: film_id}
        out[pit_id] = {
            metric: {o: said[metric] for o, place in of_pit.items() if metric in (said := places[(o.value, place)])}
            for metric in METRICS
        }
    return out
