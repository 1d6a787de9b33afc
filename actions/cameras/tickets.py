"""Short-lived tickets to look at one camera: who looks and at what is signed into them, so that none serves for another
camera or another person. A ticket opens; whether its holder may still look is asked again all the time (viewing).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from actions.cameras.pace import Pace
from actions.jobs import tracked
from actions.people import signed
from actions.people.seats import Door, Seat, seat_by_id
from domain.cameras.watching import NoPicture, Watched, may_customer_look, may_hear, may_person_look
from domain.refusals import Refusal, TryLater
from storage import cameras, job_links
from storage.session import EVERY_TENANT, transaction

LASTS = timedelta(seconds=60)
TICKET_CHARS_MAX = 1_000
_pace = Pace(burst=30, every_s=1.0)
"""By who looks: a wall of cameras opens many at once."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looks at one camera: by a session or key, or by the link of a job."""

    tenant_id: UUID
    camera_id: UUID
    session_id: UUID | None = None
    by_key: bool = False
    job_id: UUID | None = None
    link: bytes = b""
    """The hash of the job's link; when the link ends, so does the looking."""

    @property
    def id(self) -> str:
        """The gateway's name for it."""
        return f"{self.session_id or self.link.hex()}:{self.camera_id}"


@dataclass(frozen=True, slots=True)
class Ticket:
    token: str
    expires_at: datetime
    hears: bool
    """Whether there may be sound."""


Denied = Refusal | TryLater | NoPicture


async def ticket_of_person(seat: Seat, camera_id: UUID, now: datetime) -> Denied | Ticket:
    """NOT_FOUND, NOT_ALLOWED."""
    by_key = seat.door is Door.KEY
    return await _issue(Looker(seat.viewer.tenant_id, camera_id, seat.session_id, by_key), now)


async def ticket_of_link(link: str, camera_id: UUID, address: str, now: datetime) -> Denied | Ticket:
    """By the link of a customer, who is kept from guessing as on the link's own page. LINK_UNKNOWN, NOT_FOUND."""
    found = await tracked.find(link, address, now)
    if not isinstance(found, tracked.Followed):
        return found
    return await _issue(Looker(found.tenant_id, camera_id, job_id=found.job_id, link=found.link), now)


async def cameras_of_link(link: str, address: str, now: datetime) -> Refusal | TryLater | list[UUID]:
    """The cameras that the holder of a link may look at, if not just now, by name. LINK_UNKNOWN."""
    found = await tracked.find(link, address, now)
    if not isinstance(found, tracked.Followed):
        return found
    return await cameras_of_job(found.tenant_id, found.job_id, now)


async def cameras_of_job(tenant_id: UUID, job_id: UUID, now: datetime) -> list[UUID]:
    """Those at which a customer may look by this job's link, if not just now."""
    async with transaction(tenant_id) as tx:
        job = await cameras.job_in_view(tx, job_id)
        if job is None or job[0] is None or not job[1]:
            return []
        rows = await cameras.cameras(tx, job[0])
    seen = ((row, _customers_verdict(row.watched, job, now)) for row in rows)
    return [row.id for row, verdict in seen if row.settings.enabled and not isinstance(verdict, Refusal)]


async def _issue(looker: Looker, now: datetime) -> Denied | Ticket:
    if later := _pace.ask(looker.id):
        return later
    denied, hears = await judge(looker, now)
    if denied is not None:
        return denied
    claims = {"sub": looker.id, "tid": str(looker.tenant_id), "cam": str(looker.camera_id)}
    who = "jid" if looker.job_id else "kid" if looker.by_key else "sid"
    claims[who] = str(looker.job_id or looker.session_id)
    if looker.job_id:
        claims["link"] = looker.link.hex()
    return Ticket(signed.sign(signed.VIDEO, claims, LASTS, now), now + LASTS, hears)


def holder_of(token: str, camera_id: UUID, now: datetime) -> Looker | None:
    """Who a ticket for this camera was made for; None: it is none, is over, or is for another camera."""
    if len(token) > TICKET_CHARS_MAX:
        return None
    claims = signed.read(signed.VIDEO, token, now, "sub", "tid", "cam")
    if claims is None or claims["cam"] != str(camera_id):
        return None
    tenant_id = UUID(claims["tid"])
    if "jid" in claims:
        return Looker(tenant_id, camera_id, job_id=UUID(claims["jid"]), link=bytes.fromhex(claims["link"]))
    return Looker(tenant_id, camera_id, UUID(claims.get("kid") or claims["sid"]), by_key="kid" in claims)


async def judge(looker: Looker, now: datetime) -> tuple[Refusal | NoPicture | None, bool]:
    """Whether somebody may look at this moment, from the database; None: yes. And whether they may hear too."""
    seat = None
    if looker.session_id is not None:
        seat = await seat_by_id(looker.session_id, looker.tenant_id, now, by_key=looker.by_key)
        if seat is None:
            return Refusal.NOT_FOUND, False
    elif not await _link_works(looker, now):
        return Refusal.NOT_FOUND, False
    async with transaction(looker.tenant_id) as tx:
        row = await cameras.camera(tx, looker.camera_id)
        job = await cameras.job_in_view(tx, looker.job_id) if looker.job_id else None
    if row is None:
        return Refusal.NOT_FOUND, False
    hears = may_hear(row.watched, works_there=seat is not None and not seat.is_support)
    if seat is not None:
        return may_person_look(row.watched, seat.viewer, now), hears
    return _customers_verdict(row.watched, job, now), hears


async def _link_works(looker: Looker, now: datetime) -> bool:
    async with transaction(EVERY_TENANT) as tx:
        return await job_links.job_of(tx, looker.link, now) == (looker.tenant_id, looker.job_id)


def _customers_verdict(
    camera: Watched, job: tuple[UUID | None, bool, bool] | None, now: datetime
) -> Refusal | NoPicture | None:
    if job is None:
        return Refusal.NOT_FOUND
    pit_id, video_allowed, car_is_there = job
    return may_customer_look(camera, pit_id, now, video_allowed=video_allowed, car_is_there=car_is_there)
