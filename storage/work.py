"""What the staff's tablet shows: the cars that stand in pits, and those of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.jobs.words import HoldReason, Stage, State, WorkType

SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class WorkRow:
    id: UUID
    state: State
    version: int
    work_type: WorkType
    pit_id: UUID | None
    make: str
    model: str
    colour: str
    plate: str
    stages_done: tuple[Stage, ...]
    checked: tuple[str, ...]
    defects: int
    rework: int
    held_from: State | None
    hold_reason: HoldReason | None
    planned_at: datetime
    promised_at: datetime | None
    median_min: int
    note: str
    stage_since: datetime | None
    """Since when the stage is worked on."""
    staff: tuple[UUID, ...]
    staff_names: tuple[str, ...]
    photos: int
    other_person: str | None
    """Who else did something with it last."""
    other_kind: str | None


# The last row of somebody else says who was faster.
_SHOWN = """
    SELECT j.id, j.state, j.version, j.work_type, j.pit_id, v.make, v.model, v.colour, v.plate, j.stages_done,
        j.checked, j.defects, j.rework, j.held_from, j.hold_reason, j.planned_at, j.promised_at, j.median_min, j.note,
        (SELECT s.since FROM job_stage s WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id AND s.until IS NULL),
        c.ids, c.names,
        (SELECT count(*) FROM photo f WHERE f.tenant_id = j.tenant_id AND f.job_id = j.id AND f.removed_at IS NULL),
        o.name, o.kind
    FROM job j JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    CROSS JOIN LATERAL (SELECT array_agg(p.id ORDER BY p.name) AS ids, array_agg(p.name ORDER BY p.name) AS names
        FROM job_staff s JOIN person p ON p.id = s.person_id WHERE s.tenant_id = j.tenant_id AND s.job_id = j.id) c
    LEFT JOIN LATERAL (SELECT p.name, e.kind FROM job_event e JOIN person p ON p.id = e.by
        WHERE e.tenant_id = j.tenant_id AND e.job_id = j.id AND e.by <> :viewer ORDER BY e.id DESC LIMIT 1) o ON true
    WHERE j.tenant_id = :tenant AND j.ended_at IS NULL AND (j.state IN ('in_progress', 'quality_check', 'on_hold')
        OR j.state = 'received' AND j.planned_at < :until OR j.state = 'complete' AND j.completed_at >= :since)
    ORDER BY j.planned_at, j.id LIMIT :most"""


async def today(tx: AsyncSession, tenant_id: UUID, viewer: UUID, since: datetime, until: datetime) -> Sequence[WorkRow]:
    """Every car in a pit, those that are planned before `until`, and those that were completed from `since` on; in the
    order in which they are planned.
    """
    bound = {"tenant": tenant_id, "viewer": viewer, "since": since, "until": until, "most": SHOWN_MAX}
    found = []
    for row in (await tx.execute(text(_SHOWN), bound)).all():
        values = list(row)
        values[1], values[3] = State(values[1]), WorkType(values[3])
        values[9], values[10] = tuple(Stage(stage) for stage in values[9]), tuple(values[10])
        values[13], values[14] = values[13] and State(values[13]), values[14] and HoldReason(values[14])
        values[20], values[21] = tuple(values[20] or ()), tuple(values[21] or ())
        found.append(WorkRow(*values))
    return found
