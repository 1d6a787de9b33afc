"""A pit's past: columns for charts, and every single reading as CSV."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from actions.people import Seat
from api.auth import seat
from api.context import NOT_KEPT, Now
from api.fields import Moment
from api.openapi import errors
from api.pits import PitViewer, existing_pit
from api.problems import invalid, refused
from api.routes import routes
from domain.access import Intent
from domain.readings import METRICS, Metric
from storage.export import csv_pages
from storage.history import BY_NAME, POINTS_MAX, RAW, RESOLUTIONS, Resolution, fitting, history, holds_more
from storage.session import transaction

router = routes("/pits/{pit_id}/sensors", tag="readings")
Exporter = Annotated[Seat, Depends(seat(Intent.EXPORT_READINGS))]

USUAL_WINDOW = timedelta(hours=24)
EXPORT_LONGEST = timedelta(days=366)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # a window may end "tonight"
READINGS_MAX = 5_000  # single readings in one answer: about 1 MB with all metrics


class ResolutionName(StrEnum):
    """`auto` takes the finest that a chart of the window can show."""

    AUTO = "auto"
    RAW = "raw"
    MINUTE = "1m"
    TEN_MINUTES = "10m"
    HOUR = "1h"
    DAY = "1d"


class Columns(BaseModel):
    """Points of one metric, oldest first, in parallel lists; `low` and `high` are the bucket's extremes."""

    at_ms: list[int] = Field(description="Milliseconds since 1970 UTC; of a bucket, its beginning.")
    mean: list[float]
    low: list[float]
    high: list[float]


class History(BaseModel):
    """A window of a pit's past. Buckets without a value are left out, metrics without a bucket too."""

    pit_id: UUID
    since: datetime
    until: datetime
    resolution: ResolutionName
    bucket_s: int = Field(description="Width of a bucket; 0 for single readings.")
    series: dict[Metric, Columns]


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (included) to `until` (not included)."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since


def window(
    now: Now,
    since: Annotated[Moment | None, Query(description="Beginning; a day before the end if missing.")] = None,
    until: Annotated[Moment | None, Query(description="End, not included; now if missing.")] = None,
) -> Window:
    """A dependency: the window that a request asks for."""
    until = until or now
    if not EARLIEST <= until <= now + AHEAD:
        raise invalid("until", f"must lie between {EARLIEST.date()} and a day from now")
    since = since or until - USUAL_WINDOW
    if not EARLIEST <= since < until:
        raise invalid("since", f"must lie before until, and not before {EARLIEST.date()}")
    return Window(since, until)


AskedWindow = Annotated[Window, Depends(window)]


def asked_metrics(
    metrics: Annotated[
        str | None, Query(description="Names with commas between; all if missing.", examples=["t_c,pm25"])
    ] = None,
) -> tuple[Metric, ...]:
    """A dependency: the metrics that a request asks for, in their usual order."""
    if metrics is None:
        return METRICS
    names = {name.strip() for name in metrics.split(",")}
    if unknown := sorted(names - set(METRICS)):
        raise invalid("metrics", f"unknown: {', '.join(unknown)[:100]}; there are {', '.join(METRICS)}")
    return tuple(metric for metric in METRICS if metric in names)


@router.get("/history", response_model=History, responses=errors(401, 403, 404, 503))
async def read_history(
    pit_id: UUID,
    viewer: PitViewer,
    window: AskedWindow,
    metrics: Annotated[tuple[Metric, ...], Depends(asked_metrics)],
    resolution: ResolutionName = ResolutionName.AUTO,
) -> Response:
    """Mean, least and greatest value of each bucket. A bucket that is still being filled, or whose readings arrived in
    the last minute, may be missing.

    Single readings (`raw`) are kept for as long as the tenant says, minutes 180 days, hours three years, days for ever.
    """
    async with transaction(viewer.tenant_id) as tx:
        await existing_pit(tx, pit_id)
        taken = await _resolution(tx, pit_id, window, resolution)
        series = await history(tx, pit_id, window.since, window.until, taken, metrics)
    body = {
        "pit_id": pit_id,
        "since": window.since,
        "until": window.until,
        "resolution": taken.name,
        "bucket_s": taken.bucket_s,
        "series": series,
    }
    return Response(msgspec.json.encode(body), media_type="application/json", headers=NOT_KEPT)


async def _resolution(tx: AsyncSession, pit_id: UUID, window: Window, asked: ResolutionName) -> Resolution:
    """The resolution that is used; one that is asked for must be able to show the whole window."""
    taken = fitting(window.length) if asked is ResolutionName.AUTO else BY_NAME[asked]
    if taken is RAW and await holds_more(tx, pit_id, window.since, window.until, READINGS_MAX):
        if asked is ResolutionName.AUTO:
            return RESOLUTIONS[1]
        raise refused("window_too_long", f"The window has more than {READINGS_MAX} readings; {_shorter('1m')}")
    if taken is not RAW and window.length > timedelta(seconds=taken.bucket_s * POINTS_MAX):
        coarser = next((r.name for r in RESOLUTIONS if window.length <= timedelta(seconds=r.bucket_s * POINTS_MAX)), "")
        raise refused("window_too_long", f"The window has more than {POINTS_MAX} points; {_shorter(coarser)}")
    return taken


def _shorter(resolution: str) -> str:
    return "ask for a shorter one" + (f" or for resolution={resolution}." if resolution else ".")


@router.get(
    "/export.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **errors(401, 403, 404, 503)},
)
async def export_readings(pit_id: UUID, seat: Exporter, window: AskedWindow) -> StreamingResponse:
    """Every single reading of a window of at most 366 days, oldest first; times in the tenant's zone."""
    if window.length > EXPORT_LONGEST:
        raise refused("window_too_long", f"An export covers at most {EXPORT_LONGEST.days} days.")
    tenant_id = seat.viewer.tenant_id
    async with transaction(tenant_id) as tx:
        pit = await existing_pit(tx, pit_id)
    name = re.sub(r"[^A-Za-z0-9]+", "-", pit.name).strip("-").lower() or str(pit_id)[:8]
    file = f"readings-{name}-{window.since:%Y-%m-%d}-{window.until:%Y-%m-%d}.csv"
    return StreamingResponse(
        csv_pages(tenant_id, pit_id, window.since, window.until, seat.zone),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file}"', **NOT_KEPT},
    )
