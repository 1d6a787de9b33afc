"""The record of an environment passport: what is said in it of the car, the work, the climate and the photos."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.job_climate import SpanClimate, climate_of_job
from domain.access import Intent, Viewer
from domain.jobs.climate import Excursion, excursions, share_of
from domain.jobs.tracking import masked_plate
from domain.passport import FORMAT, Measured, excursion_record, initials, plot_record, stage_record, vin_end
from domain.readings import Metric
from domain.refusals import Refusal
from storage import job_rows, job_seen
from storage.session import transaction

PLOTTED = (Metric.T_C, Metric.RH_PCT, Metric.PM25)
EXCURSIONS_MAX = 100
"""Of a job of many days; how many there were in all is said beside them."""

_FACTS = """
    SELECT t.name, t.zone, v.make, v.model, v.colour, v.plate, v.vin, j.work_type, j.received_at, j.started_at,
        j.completed_at, j.rework, r.maker, r.film, r.batch, c.language
    FROM job j JOIN tenant t ON t.id = j.tenant_id
    JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    JOIN customer c ON c.tenant_id = v.tenant_id AND c.id = v.customer_id
    LEFT JOIN film_roll r ON r.tenant_id = j.tenant_id AND r.id = j.film_roll_id
    WHERE j.tenant_id = :tenant AND j.id = :id AND j.completed_at IS NOT NULL"""
_STAFF = """
    SELECT p.name FROM job_staff s JOIN person p ON p.id = s.person_id
    WHERE s.tenant_id = :tenant AND s.job_id = :id ORDER BY p.name"""


async def record_of(tx: AsyncSession, tenant_id: UUID, job_id: UUID, now: datetime) -> dict[str, Any] | None:
    """None: there is no such job, or it is not complete. Times are UTC."""
    bound = {"tenant": tenant_id, "id": job_id}
    row = (await tx.execute(text(_FACTS), bound)).first()
    if row is None:
        return None
    staff = (await tx.execute(text(_STAFF), bound)).scalars()
    climate = await climate_of_job(tx, tenant_id, job_id, row.completed_at)
    photos = await job_seen.released_photos(tx, tenant_id, job_id)
    return {
        "format": FORMAT,
        "issued_at": _time(now),
        "workshop": row.name,
        "zone": row.zone,
        "language": row.language,
        "vehicle": {
            "make": row.make, "model": row.model, "colour": row.colour, "plate": masked_plate(row.plate),
            "vin_end": vin_end(row.vin),
        },
        "work": {
            "type": row.work_type, "received_at": _time(row.received_at), "started_at": _time(row.started_at),
            "completed_at": _time(row.completed_at), "rework": row.rework,
        },
        "film": {"maker": row.maker, "film": row.film, "batch": row.batch} if row.film else None,
        "staff": sorted({initials(name) for name in staff} - {""}),
        "photos": [photo.digest.hex() for photo in photos],
        **climate_record(climate),
    }  # fmt: skip


async def air_so_far(job_id: UUID, by: Viewer, now: datetime) -> Refusal | dict[str, Any]:
    """What a passport would say of the air, as far as the work has come; without stages before it began. NOT_FOUND."""
    if not by.may(Intent.SEE_JOBS):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        if await job_rows.read(tx, by.tenant_id, job_id) is None:
            return Refusal.NOT_FOUND
        return climate_record(await climate_of_job(tx, by.tenant_id, job_id, now))


def climate_record(climate: Sequence[SpanClimate]) -> dict[str, Any]:
    measured = [Measured(each.span, each.judged, each.limits, each.minutes, each.extremes) for each in climate]
    found = _excursions(climate)
    share = share_of(each.judged for each in measured)
    return {
        "stages": [stage_record(each) for each in measured],
        "minutes": sum(each.judged.whole_min for each in measured),
        "minutes_measured": sum(each.judged.known_min for each in measured),
        "in_spec_permille": None if share is None else int(1_000 * share),
        "excursions": [excursion_record(each) for each in found[:EXCURSIONS_MAX]],
        "excursions_in_all": len(found),
        "plot": plot_record(measured, PLOTTED),
    }


def _excursions(climate: Sequence[SpanClimate]) -> list[Excursion]:
    """Stage by stage, each by the limits of its pit."""
    found: list[Excursion] = []
    for each in climate:
        inside = [minute for minute in each.minutes if each.span.since <= minute.at < each.span.until]
        found += excursions(inside, each.limits)
    return found


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
