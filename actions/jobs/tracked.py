"""What the holder of a customer's link sees of a job: nothing of people, telephone numbers, ids or other jobs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from actions.jobs.job_climate import SpanClimate, climate_of_job
from actions.people import throttle
from domain.jobs.calendar import WorkingCalendar
from domain.jobs.climate import MINUTE, share_of
from domain.jobs.eta import Forecast, forecast, goes_on_at
from domain.jobs.phases import At, Phase, Step, phase_now, steps
from domain.jobs.tracking import hash_of, masked_plate
from domain.jobs.words import HoldReason, Stage, State, WorkType
from domain.limits import Level
from domain.readings import Metric
from domain.refusals import Refusal, TryLater
from domain.throttling import ADDRESS
from storage import job_links, job_rows, job_seen, timelapses
from storage.job_rows import LockedJob
from storage.job_seen import SeenRow
from storage.session import EVERY_TENANT, transaction

AIR_POINTS = 96
"""Of the small plot: more can't be told apart on a telephone."""
MARK_CHARS = 16
ROUNDED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Followed:
    """The job that a link leads to; never shown."""

    tenant_id: UUID
    job_id: UUID
    link: bytes
    """The hash by which the link is known."""


@dataclass(frozen=True, slots=True)
class Air:
    """Relative humidity in per cent during the work, thinned out; None where nobody measured or nobody worked."""

    since: datetime
    until: datetime
    values: tuple[float | None, ...]
    low: float | None
    high: float | None
    """What the pit allows."""


@dataclass(frozen=True, slots=True)
class Photo:
    key: str
    """Says which one it is, for this link only."""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Tracked:
    state: State
    stage: Stage | None
    """What is being worked on; None before the work, in its check and after it."""
    phase: Phase
    hold_reason: HoldReason | None
    work_type: WorkType
    make: str
    model: str
    colour: str
    plate: str
    """Masked."""
    workshop: str
    contact_phone: str
    """The workshop's."""
    zone: str
    language: str
    planned_at: datetime
    steps: tuple[Step, ...]
    climate_share: float | None
    """0 to 1, of the minutes of work that were measured; None: none was."""
    air: Air | None
    photos: tuple[Photo, ...]
    video_allowed: bool
    films: tuple[str, ...]
    """Keys of the time-lapses, if the customer may see them."""
    agrees_to_notices: bool
    passport_id: UUID | None
    """Public, as the passport is."""
    link_ends_at: datetime | None
    forecast: Forecast

    @property
    def mark(self) -> str:
        """Another one whenever a page should be shown anew."""
        seen = replace(self, air=None, forecast=replace(self.forecast, progress=round(self.forecast.progress, 2)))
        share = None if self.climate_share is None else round(self.climate_share, 2)
        return hashlib.sha256(repr(replace(seen, climate_share=share)).encode()).hexdigest()[:MARK_CHARS]


async def track(token: str, address: str, now: datetime) -> Refusal | TryLater | Tracked:
    """LINK_UNKNOWN: there is no such link, or it is over, or was ended: the answer is the same."""
    found = await find(token, address, now)
    if not isinstance(found, Followed):
        return found
    return await seen(found, now) or Refusal.LINK_UNKNOWN


async def find(token: str, address: str, now: datetime) -> Refusal | TryLater | Followed:
    """The job of a link. Whoever guesses has to wait longer and longer, by network address; but a token that is right
    is 256 bits that nobody guesses, so its holder gets through whatever others behind the same address do.
    """
    link = hash_of(token)
    async with transaction(EVERY_TENANT) as tx:
        known = await job_links.job_of(tx, link, now)
    if known is not None:
        return Followed(*known, link)
    guess = await throttle.attempt({throttle.key_of("track", throttle.network_of(address)): ADDRESS}, now)
    return guess if isinstance(guess, TryLater) else Refusal.LINK_UNKNOWN


async def seen(followed: Followed, now: datetime) -> Tracked | None:
    """None: the job is gone."""
    tenant_id, job_id = followed.tenant_id, followed.job_id
    async with transaction(tenant_id) as tx:
        locked, row = await job_rows.read(tx, tenant_id, job_id), await job_seen.seen(tx, tenant_id, job_id)
        if locked is None or row is None:
            return None
        calendar = await job_rows.calendar(tx, tenant_id)
        climate = await climate_of_job(tx, tenant_id, job_id, now)
        photos = await job_seen.released_photos(tx, tenant_id, job_id)
        films = await timelapses.for_customer(tx, tenant_id, job_id)
    job, expected = locked.job, _forecast(locked, row, calendar, now)
    return Tracked(
        state=job.state,
        stage=job.stage if job.state is State.IN_PROGRESS else None,
        phase=phase_now(job),
        hold_reason=job.hold_reason,
        work_type=job.work_type,
        make=row.make,
        model=row.model,
        colour=row.colour,
        plate=masked_plate(row.plate),
        workshop=row.workshop,
        contact_phone=row.contact_phone,
        zone=row.zone,
        language=row.language,
        planned_at=row.planned_at,
        steps=_steps(locked, row, climate, expected, calendar, now),
        climate_share=share_of(span.judged for span in climate),
        air=air_of(climate),
        photos=tuple(Photo(key_of_content(p.digest), p.width, p.height) for p in photos),
        video_allowed=row.video_allowed and job.state in (State.IN_PROGRESS, State.QUALITY_CHECK),
        films=tuple(key_of_content(digest) for digest in films),
        agrees_to_notices=row.agreed_at is not None,
        passport_id=row.passport_id,
        link_ends_at=row.link_ends_at,
        forecast=expected,
    )


def key_of_content(digest: bytes) -> str:
    return digest.hex()[:MARK_CHARS]


async def photo_of(followed: Followed, key: str) -> bytes | None:
    """The hash of a released photo's content."""
    async with transaction(followed.tenant_id) as tx:
        photos = await job_seen.released_photos(tx, followed.tenant_id, followed.job_id)
    return next((photo.digest for photo in photos if key_of_content(photo.digest) == key), None)


async def film_of(followed: Followed, key: str) -> bytes | None:
    """The hash of a time-lapse that the customer may see now."""
    async with transaction(followed.tenant_id) as tx:
        films = await timelapses.for_customer(tx, followed.tenant_id, followed.job_id)
    return next((digest for digest in films if key_of_content(digest) == key), None)


def _forecast(locked: LockedJob, row: SeenRow, calendar: WorkingCalendar, now: datetime) -> Forecast:
    worked = locked.worked_min + (calendar.between(locked.working_since, now) if locked.working_since else 0)
    expected = forecast(locked.job, locked.plan, worked, row.promised_at, calendar, now, planned_at=row.planned_at)
    if locked.job.completed_at is not None:
        return expected
    return replace(expected, ready_at=_told(expected.ready_at, expected.promised_at))


def _told(ready_at: datetime | None, promised_at: datetime | None) -> datetime | None:
    """As people say it, to five minutes; what keeps the promise is not rounded past it."""
    if ready_at is None:
        return None
    told = rounded(ready_at)
    return promised_at if promised_at is not None and ready_at <= promised_at < told else told


def rounded(at: datetime) -> datetime:
    """Up to the next of ROUNDED: an expectation is no more exact than that, and stands still for a while."""
    over = at.timestamp() % ROUNDED.total_seconds()
    return at + ROUNDED - timedelta(seconds=over) if over else at


def _steps(
    locked: LockedJob,
    row: SeenRow,
    climate: Sequence[SpanClimate],
    expected: Forecast,
    calendar: WorkingCalendar,
    now: datetime,
) -> tuple[Step, ...]:
    begin = goes_on_at(locked.job, row.planned_at, now)
    found = steps(
        locked.job, [each.span for each in climate], received_at=row.received_at, checked_since=row.checked_since,
        ready_at=expected.ready_at, calendar=calendar, now=begin,
    )  # fmt: skip
    return tuple(
        replace(step, when=rounded(step.when)) if step.at is At.LATER and step.when else step for step in found
    )


def air_of(climate: Sequence[SpanClimate]) -> Air | None:
    """None: humidity was never measured during the work."""
    points = [(m.at, m.values[Metric.RH_PCT]) for each in climate for m in each.minutes if Metric.RH_PCT in m.values]
    if not points:
        return None
    since, until = climate[0].span.since, climate[-1].span.until
    count = min(AIR_POINTS, max(1, (until - since) // MINUTE))  # a bucket below a minute would be empty now and then
    step = max((until - since) / count, MINUTE / 60)
    sums: list[list[float]] = [[] for _ in range(count)]
    for at, value in points:
        sums[min(max(0, int((at - since) / step)), count - 1)].append(value)
    values = tuple(round(sum(found) / len(found), 1) if found else None for found in sums)
    limits = climate[-1].limits.get(Metric.RH_PCT)
    low, high = limits.range_of(Level.WARNING) if limits else (None, None)
    return Air(since, until, values, low, high)
