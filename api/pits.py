"""Pits of a workshop and what they measure now."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from actions.limits import resolved_limits
from api.auth import viewer
from api.context import Context, Now, Wired
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from api.views import LimitValues, PitState, pit_state
from domain.access import Intent, Viewer
from domain.limits import Limits
from domain.readings import Metric
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction

router = routes(tag="pits")
PitViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_PITS))]


class Pit(PitState):
    """A pit with what it measures now and what is allowed there."""

    id: UUID
    name: str
    film_profile: str | None = Field(description="Name of the film maker's limits in use.")
    open_alerts: int
    limits: dict[Metric, LimitValues] = Field(description="After inheritance from tenant, film profile and defaults.")


class Pits(BaseModel):
    """The pits of a workshop in their order."""

    tenant_id: UUID
    pits: list[Pit]


class Latest(PitState):
    """What a pit's sensors said last."""

    pit_id: UUID


@router.get("/workshops/{tenant_id}/pits", responses=errors(401, 403, 404, 503))
async def list_pits(tenant_id: UUID, viewer: PitViewer, wired: Wired, now: Now) -> Pits:
    """All pits of the viewer's workshop, each with its state, open alerts, latest values and limits."""
    if tenant_id != viewer.tenant_id:
        raise refused(Refusal.NOT_FOUND, "There is no such workshop.")
    async with transaction(viewer.tenant_id) as tx:
        rows = await queries.pits(tx)
        limits = await resolved_limits(tx, {viewer.tenant_id})
    return Pits(tenant_id=tenant_id, pits=[_pit(row, limits[row.id], wired, now) for row in rows])


@router.get("/pits/{pit_id}/sensors/latest", responses=errors(401, 403, 404, 503))
async def read_latest(pit_id: UUID, viewer: PitViewer, wired: Wired, now: Now) -> Latest:
    """The latest value of each metric of a pit, with whether it is fresh."""
    async with transaction(viewer.tenant_id) as tx:
        await existing_pit(tx, pit_id)
    state = pit_state(wired.hub.pits.get(pit_id), now)
    return Latest(pit_id=pit_id, **dict(state))


async def existing_pit(tx: AsyncSession, pit_id: UUID) -> queries.PitRow:
    """The pit, if the transaction's tenant has it.

    Raises:
        HTTPException: 404; the answer is the same for a pit of somebody else.
    """
    rows = await queries.pits(tx, pit_id)
    if not rows:
        raise refused(Refusal.NOT_FOUND, "There is no such pit.")
    return rows[0]


def _pit(row: queries.PitRow, limits: dict[Metric, Limits], wired: Context, now: datetime) -> Pit:
    state = pit_state(wired.hub.pits.get(row.id), now)
    return Pit(
        id=row.id,
        name=row.name,
        film_profile=row.film_profile,
        open_alerts=row.open_alerts,
        limits={metric: LimitValues.of(of_metric) for metric, of_metric in limits.items()},
        **dict(state),
    )
