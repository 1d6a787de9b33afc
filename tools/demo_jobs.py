"""The demo's jobs: a month of finished ones, from which times are learned, and those of today in every state."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.jobs.links import give_link
from domain.jobs.calendar import WorkingCalendar
from domain.jobs.eta import Estimate, estimate
from domain.jobs.plans import CHECKLISTS, STAGES, WEIGHTS
from domain.jobs.tracking import AFTER_DELIVERY
from domain.jobs.words import ENDED, IN_PIT, Event, Stage, State, WorkType
from storage import job_links, job_papers
from tools.demo_cars import COLOURS, FILMS, MODELS, PEOPLE, TODAY, USUAL_MIN, WORKS, CarPart

PAST_DAYS = 45
PAST_EACH_DAY = 2
MORNING_HOUR = 9


class DemoJobs:
    """Writes one workshop's jobs as part of the caller's transaction, with the worker's rights."""

    def __init__(
        self, tx: AsyncSession, tenant_id: UUID, zone: str, pits: dict[str, UUID], staff: Sequence[UUID], now: datetime
    ) -> None:
        self._tx, self._tenant_id, self._zone, self._now = tx, tenant_id, ZoneInfo(zone), now
        self._pits, self._staff = pits, staff
        self._calendar = WorkingCalendar(self._zone)
        self._chance = random.Random(str(sorted(pits)))  # the same cars at every start
        self._rolls: list[UUID] = []
        self._finished: dict[tuple[str, str], list[int]] = {}

    async def write(self, tenant: str) -> None:
        await self._films()
        for days in range(PAST_DAYS, 1, -1):
            for n in range(PAST_EACH_DAY):
                await self._past_job(days, n)
        for part in TODAY.get(tenant, ()):
            await self._todays_job(part)

    async def _films(self) -> None:
        for n, (maker, film, batch, years) in enumerate(FILMS):
            id_ = uuid4()
            self._rolls.append(id_)
            received = self._now - timedelta(days=PAST_DAYS + 3 - 9 * n)
            await self._insert("film_roll", id=id_, maker=maker, film=film, batch=batch, received_at=received)
            await self._insert("film_warranty", maker=maker, film=film, years=years)

    async def _past_job(self, days: int, n: int) -> None:
        """A car that came in the morning, and went home when its work was done."""
        local = (self._now - timedelta(days=days)).astimezone(self._zone)
        came = local.replace(hour=MORNING_HOUR + n, minute=30, second=0, microsecond=0).astimezone(UTC)
        make, model, of = self._chance.choice(MODELS)
        work = WORKS[(days + n) % len(WORKS)]
        minutes = round(USUAL_MIN[work] * self._chance.uniform(0.85, 1.3))
        began = self._calendar.add(came, 10) or came
        done = self._calendar.add(began, minutes) or began
        gone = self._calendar.add(done, self._chance.randrange(20, 180)) or done
        if gone > self._now:
            return
        known = self._finished.setdefault((work, of), [])
        plan = estimate(work, known[::-1])
        known.append(minutes)
        plate = f"MH {self._chance.choice((12, 14))} {self._letters(2)} {self._chance.randrange(1000, 9999)}"
        vehicle_id = await self._vehicle(make, model, of, plate, self._chance.choice(PEOPLE), came)
        stages = STAGES[work]
        pit_id = list(self._pits.values())[(days + n) % len(self._pits)]
        job_id = await self._job(
            vehicle_id, work, of, State.DELIVERED, plan, pit_id, came, came, started_at=began, completed_at=done,
            ended_at=gone, worked_min=minutes, stages_done=[s.value for s in stages], checked=sorted(CHECKLISTS[work]),
            film_roll_id=None if work is WorkType.CERAMIC_COATING else self._rolls[days % len(self._rolls)],
        )  # fmt: skip
        by = self._staff[(days + n) % len(self._staff)]
        await self._insert("job_staff", job_id=job_id, person_id=by, received_at=came)
        await self._work_done(job_id, pit_id, work, began, minutes, len(stages), by)
        for at, kind, before, state in (
            (done, Event.SUBMIT, State.IN_PROGRESS, State.QUALITY_CHECK),
            (done, Event.PASS, State.QUALITY_CHECK, State.COMPLETE),
            (gone, Event.DELIVER, State.COMPLETE, State.DELIVERED),
        ):
            await self._event(job_id, at, kind, state, before, by)
        await job_papers.issue_warranty(self._tx, self._tenant_id, job_id, gone)

    async def _todays_job(self, part: CarPart) -> None:
        make, model, of = part.car
        received = self._now + timedelta(minutes=min(part.received_min, -5))
        planned = self._now + timedelta(minutes=part.received_min)
        vehicle_id = await self._vehicle(make, model, of, part.plate, part.owner, received)
        plan = estimate(part.work, self._finished.get((part.work, of), [])[::-1])
        pit_id, by = self._pits.get(part.pit), self._staff[part.staff % len(self._staff)]
        job_id = await self._job(
            vehicle_id, part.work, of, part.state, plan, pit_id, received, planned,
            promised_at=self._now + timedelta(minutes=part.promised_min), note=part.note,
            **self._so_far(part, received),
        )  # fmt: skip
        await self._insert("job_staff", job_id=job_id, person_id=by, received_at=received)
        if pit_id is not None and (part.state in IN_PIT or part.state is State.COMPLETE):
            began, minutes = received + timedelta(minutes=15), self._worked(part, received)
            held = part.state is State.ON_HOLD
            await self._work_done(job_id, pit_id, part.work, began, minutes, part.done, by, held=held)
        if part.state is not State.RECEIVED and part.state is not State.IN_PROGRESS:
            await self._event(job_id, self._now - timedelta(minutes=4), _last(part.state), part.state, None, by)
        for x, y, said in part.damage:
            more = {"x": x, "y": y, "said": said, "marked_at": received, "marked_by": by}
            await self._insert("damage_mark", id=uuid4(), job_id=job_id, **more)
        if part.defect:
            more = {"said": part.defect, "rework": 0, "noted_at": self._now - timedelta(minutes=50), "noted_by": by}
            await self._insert("defect", id=uuid4(), job_id=job_id, **more)

    def _so_far(self, part: CarPart, received: datetime) -> dict[str, Any]:
        """The columns that a job's state asks for."""
        stages = [stage.value for stage in STAGES[part.work][: part.done]]
        worked = self._worked(part, received)
        found: dict[str, Any] = {"stages_done": stages, "defects": int(bool(part.defect))}
        if part.state in (*IN_PIT, State.COMPLETE):
            found |= {"started_at": received + timedelta(minutes=15), "worked_min": worked}
            found |= {"film_roll_id": None if part.work is WorkType.CERAMIC_COATING else self._rolls[0]}
        if part.state in (State.IN_PROGRESS, State.QUALITY_CHECK):
            found |= {"working_since": self._now, "worked_min": worked}
        if part.state is State.ON_HOLD:
            found |= {"held_from": State.IN_PROGRESS, "hold_reason": part.hold}
        if part.state is State.COMPLETE:
            found |= {"completed_at": self._now - timedelta(minutes=20), "checked": sorted(CHECKLISTS[part.work])}
        if part.state in ENDED:
            found |= {"ended_at": self._now - timedelta(minutes=600)}
        return found

    def _worked(self, part: CarPart, received: datetime) -> int:
        return min(self._calendar.between(received, self._now), USUAL_MIN[part.work])

    async def _vehicle(self, make: str, model: str, of: str, plate: str, owner: str, at: datetime) -> UUID:
        customer_id, vehicle_id = uuid4(), uuid4()
        phone = f"+91 9{self._chance.randrange(100_000_000, 999_999_999)}"
        mail = f"{owner.split()[0].lower()}@example.org"
        await self._insert(
            "customer", id=customer_id, name=owner, phone=phone, mail=mail, language="en", notices_agreed_at=at,
            created_at=at,
        )  # fmt: skip
        await self._insert(
            "vehicle", id=vehicle_id, customer_id=customer_id, plate=plate, make=make, model=model,
            colour=self._chance.choice(COLOURS), **{"class": of}, created_at=at,
        )  # fmt: skip
        return vehicle_id

    async def _job(
        self, vehicle_id: UUID, work: WorkType, of: str, state: State, plan: Estimate, pit_id: UUID | None,
        received: datetime, planned: datetime, **more: Any,
    ) -> UUID:  # fmt: skip
        job_id = uuid4()
        promised = self._calendar.add(planned, plan.promised_min)
        row = {
            "vehicle_id": vehicle_id, "vehicle_class": of, "work_type": work, "state": state, "pit_id": pit_id,
            "median_min": plan.median_min, "promised_min": plan.promised_min, "learned_from": plan.learned_from,
            "received_at": received, "planned_at": planned, "promised_at": promised,
        }  # fmt: skip
        await self._insert("job", id=job_id, **(row | more))
        await give_link(self._tx, self._tenant_id, job_id, received)
        if ended_at := more.get("ended_at"):
            await job_links.shorten(self._tx, self._tenant_id, job_id, ended_at + AFTER_DELIVERY)
        await self._event(job_id, received, "create_job", State.RECEIVED, None, self._staff[0])
        return job_id

    async def _work_done(
        self, job_id: UUID, pit_id: UUID, work: WorkType, began: datetime, minutes: int, done: int, by: UUID, *,
        held: bool = False,
    ) -> None:  # fmt: skip
        """The spans in which its stages were worked on, and what was said of each."""
        stages = STAGES[work]
        total = sum(WEIGHTS[stage] for stage in stages)
        await self._event(job_id, began, Event.START, State.IN_PROGRESS, State.RECEIVED, by)
        at = began
        for n, stage in enumerate(stages[: done + 1]):
            span = timedelta(minutes=max(1, round(minutes * WEIGHTS[stage] / total)))
            until = min(at + span, self._now) if n < done or held else None
            await self._insert("job_stage", job_id=job_id, pit_id=pit_id, stage=stage, since=at, until=until)
            if until is not None and n < done:
                following = stages[n + 1] if n + 1 < len(stages) else None
                await self._event(job_id, until, Event.FINISH_STAGE, State.IN_PROGRESS, None, by, following)
                at = until

    async def _event(
        self, job_id: UUID, at: datetime, kind: str, state: State, before: State | None, by: UUID,
        stage: Stage | None = None,
    ) -> None:  # fmt: skip
        more = {"at": at, "kind": kind, "state": state, "before": before, "by": by, "stage": stage}
        await self._insert("job_event", job_id=job_id, **more)

    async def _insert(self, table: str, **row: Any) -> None:
        row["tenant_id"] = self._tenant_id
        places = ", ".join(f":{name}" for name in row)
        await self._tx.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"), row)

    def _letters(self, count: int) -> str:
        return "".join(self._chance.choice("ABCDEFGHJKLMNPRSTVW") for _ in range(count))


def _last(state: State) -> Event:
    return {
        State.QUALITY_CHECK: Event.SUBMIT,
        State.ON_HOLD: Event.HOLD,
        State.COMPLETE: Event.PASS,
        State.CANCELLED: Event.CANCEL,
    }[state]


async def add_jobs(tx: AsyncSession, staff: dict[UUID, list[UUID]], now: datetime) -> None:
    """Jobs of every workshop that has staff. Part of the caller's transaction."""
    for tenant_id, people in staff.items():
        found = await tx.execute(
            text("SELECT name, zone FROM tenant WHERE id = :id AND has_workshop"), {"id": tenant_id}
        )
        tenant = found.first()
        rows = await tx.execute(
            text("SELECT name, id FROM pit WHERE tenant_id = :id ORDER BY position"), {"id": tenant_id}
        )
        pits = {str(name): UUID(str(id_)) for name, id_ in rows.all()}
        if tenant is not None and pits and people:
            await DemoJobs(tx, tenant_id, tenant.zone, pits, people, now).write(tenant.name)
