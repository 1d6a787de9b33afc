"""A car's way through the workshop, and that two people never move it at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from actions.announce import Announcement, Topic
from actions.jobs import links, notes
from actions.jobs.assign import assign
from actions.jobs.create import Created, NewJob, create
from actions.jobs.move import move
from actions.jobs.plan import reschedule
from domain.access import Role, Viewer
from domain.jobs import tracking
from domain.jobs.job import Ask, Job, Refused
from domain.jobs.plans import CHECKLISTS
from domain.jobs.words import Event, HoldReason, JobRefusal, Stage, State, WorkType
from domain.refusals import Refusal
from storage import job_links, jobs
from storage.job_intake import NewCustomer, NewVehicle
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import trail
from tests.actions.senders import fetch
from tests.conftest import Workshop, World

NOW = datetime.now(UTC).replace(microsecond=0)
CAR = NewVehicle("MH 12 AB 1234", "Skoda", "Octavia", "blue")
NEW = NewJob(NewCustomer("Meera Nair", "+91 98765 43210"), CAR, WorkType.CERAMIC_COATING)
CHECKED = frozenset(CHECKLISTS[WorkType.CERAMIC_COATING])
STAGES = (Stage.INSPECTION, Stage.WASH, Stage.PREP, Stage.SECOND_WASH, Stage.FINISHING)


def ready(shop: Workshop, **more: Any) -> NewJob:
    """With pit and people."""
    return replace(NEW, pit_id=shop.pit_id, staff=frozenset({shop.staff.person_id}), **more)


async def made(by: Viewer, new: NewJob = NEW) -> Created:
    answer = await create(new, by, NOW, key=uuid4())
    assert isinstance(answer, Created), answer
    return answer


def asks(event: Event, version: int, **more: Any) -> Ask:
    return Ask(event, version, Role.MEMBER, **more)  # the viewer's role counts, whatever is said here


def start(version: int = 0) -> Ask:
    return asks(Event.START, version, overrides_climate=True, reason="no sensors yet")


async def moved(job_id: UUID, ask: Ask, by: Viewer, now: datetime = NOW) -> Job:
    answer = await move(job_id, ask, by, now)
    assert isinstance(answer, Job), answer
    return answer


def why(answer: Any) -> JobRefusal:
    assert isinstance(answer, Refused), answer
    return answer.why


async def measure(shop: Workshop, t_c: float, ago: timedelta) -> None:
    """Readings every minute from `ago` until now."""
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO reading (tenant_id, pit_id, device_id, boot_id, seq, at, t_c)"
                " SELECT :tenant, :pit, :device, 1, extract(epoch FROM at)::bigint, at, :t_c"
                " FROM generate_series(CAST(:since AS timestamptz), :now, interval '1 minute') at"
            ),
            {
                "tenant": shop.tenant_id, "pit": shop.pit_id, "device": shop.device_id, "t_c": t_c,
                "since": NOW - ago, "now": NOW - timedelta(seconds=1),
            },
        )  # fmt: skip


async def test_a_car_goes_from_arrival_to_hand_over_and_all_of_it_is_written_down(
    world: World, heard: list[Announcement]
) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner, ready(world.here))).job_id
    job = await moved(job_id, start(), by)
    for n, stage in enumerate(STAGES):
        job = await moved(
            job_id, asks(Event.FINISH_STAGE, job.version, stage=stage), by, NOW + timedelta(minutes=n + 1)
        )
    later = NOW + timedelta(minutes=9)
    job = await moved(job_id, asks(Event.SUBMIT, job.version), by, later)
    defect = await notes.defect(job_id, "A high spot on the bonnet", by, later, key=uuid4())
    assert isinstance(defect, Job)
    job = await moved(job_id, asks(Event.FAIL, defect.version), by, later)
    assert (job.state, job.rework, job.stage) == (State.IN_PROGRESS, 1, Stage.FINISHING)
    job = await moved(job_id, asks(Event.FINISH_STAGE, job.version, stage=Stage.FINISHING), by, later)
    job = await moved(job_id, asks(Event.SUBMIT, job.version), by, later)
    job = await moved(job_id, asks(Event.PASS, job.version, checked=CHECKED), by, later)
    job = await moved(job_id, asks(Event.DELIVER, job.version), by, later)
    assert job.state is State.DELIVERED
    async with transaction(by.tenant_id) as tx:
        kinds = [event.kind for event in await jobs.timeline(tx, by.tenant_id, job_id)]
    assert kinds == [
        "create_job", "start", *["finish_stage"] * 5, "submit", "note_defect", "fail", "finish_stage", "submit",
        "pass", "deliver",
    ]  # fmt: skip
    assert await trail(world.here) == ["create_job", *["move_job"] * 7, "note_defect", *["move_job"] * 5]
    spans = await fetch("SELECT stage, until IS NULL FROM job_stage WHERE job_id = :id ORDER BY id", id=job_id)
    assert [tuple(span) for span in spans] == [(s.value, False) for s in (*STAGES, Stage.FINISHING)]
    async with asyncio.timeout(60):
        while len(heard) < 14:
            await asyncio.sleep(0.01)
    assert {(a.topic, a.id) for a in heard} == {(Topic.JOB, str(job_id))}


async def test_two_people_move_the_same_job_at_once_and_one_of_them_is_told(world: World) -> None:
    job_id = (await made(world.here.owner, ready(world.here))).job_id
    answers = await asyncio.gather(*(move(job_id, start(), by, NOW) for by in (world.here.owner, world.here.staff)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Job", "Refused"]
    [told] = [answer for answer in answers if isinstance(answer, Refused)]
    assert told.why is JobRefusal.MOVED_MEANWHILE and Event.SUBMIT in told.allowed
    assert await trail(world.here) == ["create_job", "move_job"]


async def test_two_cars_never_stand_in_one_pit(world: World) -> None:
    by = world.here.owner
    first, second = [(await made(by, ready(world.here))).job_id for _ in range(2)]
    answers = await asyncio.gather(*(move(job_id, start(), by, NOW) for job_id in (first, second)))
    assert [answer.why for answer in answers if isinstance(answer, Refused)] == [JobRefusal.PIT_TAKEN]
    loser = second if isinstance(answers[0], Job) else first
    staff = frozenset({by.person_id})
    assert isinstance(await assign(loser, 0, world.here.other_pit_id, staff, by, NOW), Job)
    assert (await moved(loser, start(1), by)).state is State.IN_PROGRESS


@pytest.mark.parametrize(
    ("t_c", "ago", "refusal"),
    [
        (22.0, timedelta(minutes=2), None),
        (50.0, timedelta(minutes=2), JobRefusal.CLIMATE_OUT),
        (None, timedelta(0), JobRefusal.CLIMATE_UNKNOWN),
    ],
)
async def test_work_starts_in_a_climate_that_is_right(
    world: World, t_c: float | None, ago: timedelta, refusal: JobRefusal | None
) -> None:
    by, job_id = world.here.owner, (await made(world.here.owner, ready(world.here))).job_id
    if t_c is not None:
        await measure(world.here, t_c, ago)
    answer = await move(job_id, asks(Event.START, 0), by, NOW)
    assert (answer.why if isinstance(answer, Refused) else None) is refusal


@pytest.mark.parametrize(("minutes", "is_long_enough"), [(5, False), (12, True)])
async def test_held_work_goes_on_when_the_climate_was_right_for_a_while(
    world: World, minutes: int, is_long_enough: bool
) -> None:
    by, job_id = world.here.owner, (await made(world.here.owner, ready(world.here))).job_id
    await moved(job_id, start(), by)
    await moved(job_id, asks(Event.HOLD, 1, hold_reason=HoldReason.CLIMATE), by)
    await measure(world.here, 22.0, timedelta(minutes=minutes))
    answer = await move(job_id, asks(Event.RESUME, 2), by, NOW)
    assert isinstance(answer, Job) is is_long_enough


async def test_only_the_owner_cancels_and_nobody_else_is_let_near(world: World) -> None:
    job_id = (await made(world.here.owner)).job_id
    cancel = asks(Event.CANCEL, 0, reason="the car was sold")
    assert why(await move(job_id, cancel, world.here.staff, NOW)) is JobRefusal.ONLY_THE_OWNER
    member = replace(world.here.owner, role=Role.MEMBER)
    staff = frozenset({world.there.staff.person_id})
    for by, refusal in ((member, Refusal.NOT_ALLOWED), (world.there.owner, Refusal.NOT_FOUND)):
        assert await move(job_id, cancel, by, NOW) is refusal
        assert await assign(job_id, 0, None, frozenset(), by, NOW) is refusal
        assert await notes.note(job_id, "x", by, NOW) is refusal
        assert await notes.defect(job_id, "x", by, NOW, key=uuid4()) is refusal
        assert await links.rotate(job_id, by, NOW) is refusal
        assert await links.revoke(job_id, by, NOW) is refusal
    assert await assign(job_id, 0, world.there.pit_id, frozenset(), world.here.owner, NOW) is Refusal.NOT_FOUND
    assert await assign(job_id, 0, None, staff, world.here.owner, NOW) is Refusal.NOT_FOUND
    assert (await moved(job_id, cancel, world.here.owner)).state is State.CANCELLED
    assert await trail(world.here) == ["create_job", "move_job"]


async def test_a_job_is_made_once_and_with_things_that_are_there(world: World) -> None:
    by, key = world.here.owner, uuid4()
    answers = await asyncio.gather(*(create(NEW, by, NOW, key=key) for _ in range(3)))
    assert sorted(map(str, (a for a in answers if not isinstance(a, Created)))) == ["key_used", "key_used"]
    assert isinstance(await create(NEW, world.there.owner, NOW, key=key), Created)  # the key of another tenant
    for more, refusal in (
        ({"pit_id": world.there.pit_id}, Refusal.NOT_FOUND),
        ({"staff": frozenset({world.there.staff.person_id})}, Refusal.NOT_FOUND),
        ({"comeback_of": uuid4()}, Refusal.NOT_FOUND),
        ({"vehicle": replace(CAR, make=" ")}, Refusal.EMPTY),
        ({"vehicle": replace(CAR, plate="a\nb")}, Refusal.EMPTY),
        ({"note": "x" * 2_001}, Refusal.TOO_LONG),
    ):
        changed: Any = more
        assert await create(replace(NEW, **changed), by, NOW, key=uuid4()) is refusal
    assert (await made(by, replace(NEW, comeback_of=key))).promised_at is not None
    [(vehicles, customers)] = await fetch(
        "SELECT (SELECT count(*) FROM vehicle v WHERE v.tenant_id = :id), (SELECT count(*) FROM customer c"
        " WHERE c.tenant_id = :id)",
        id=by.tenant_id,
    )
    assert (vehicles, customers) == (1, 1)  # the car came before


async def found_by(token: str, now: datetime = NOW) -> UUID | None:
    async with transaction(EVERY_TENANT) as tx:
        found = await job_links.job_of(tx, tracking.hash_of(token), now)
    return found[1] if found else None


async def test_the_customers_link_works_until_it_is_replaced_ended_or_over(world: World) -> None:
    by, created = world.here.owner, await made(world.here.owner)
    assert await found_by(created.token) == created.job_id
    assert await found_by(created.token[:-1]) is None and await found_by("") is None
    assert await found_by(created.token, NOW + tracking.LASTS) is None
    fresh = await links.rotate(created.job_id, by, NOW)
    assert await found_by(created.token) is None and await found_by(fresh) == created.job_id
    await moved(created.job_id, asks(Event.CANCEL, 0, reason="sold"), by)
    assert await found_by(fresh, NOW + tracking.AFTER_DELIVERY - timedelta(minutes=1)) == created.job_id
    assert await found_by(fresh, NOW + tracking.AFTER_DELIVERY) is None
    assert await links.revoke(created.job_id, by, NOW) is None
    assert await found_by(fresh) is None
    assert await links.revoke(created.job_id, by, NOW) is Refusal.ALREADY_SO
    [(stored,)] = await fetch("SELECT string_agg(t::text, '') FROM tracking_link t")
    assert fresh not in stored and created.token not in stored


async def test_the_link_of_a_booking_lasts_for_its_day_however_far_that_is(world: World) -> None:
    by, far = world.here.owner, NOW + timedelta(days=200)
    job = await made(by, replace(NEW, planned_at=far))
    assert await found_by(job.token, far + timedelta(days=1)) == job.job_id
    later = far + timedelta(days=120)
    assert isinstance(await reschedule(job.job_id, 0, later, None, by, NOW), Job)
    assert await found_by(job.token, later + timedelta(days=1)) == job.job_id
    fresh = await links.rotate(job.job_id, by, NOW)
    assert await found_by(fresh, later + timedelta(days=1)) == job.job_id


async def test_a_defect_that_is_sent_twice_is_noted_once(world: World) -> None:
    by, key, job_id = world.here.staff, uuid4(), (await made(world.here.owner)).job_id
    for _ in range(2):
        job = await notes.defect(job_id, "A scratch", by, NOW, key=key)
        assert isinstance(job, Job) and (job.defects, job.version) == (1, 1)
    assert await notes.note(job_id, " ", by, NOW) is Refusal.EMPTY
    assert await notes.note(job_id, "x" * 2_001, by, NOW) is Refusal.TOO_LONG
    assert await notes.note(job_id, "The customer calls at six", by, NOW) is None
    assert await trail(world.here) == ["create_job", "note_defect", "note_on_job"]


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        ("mh12", True), ("1234", True), ("MH-12-AB-1234", True), ("43210", True), ("+91 98765 43210", True),
        ("TMBZZ", True), ("12", False), ("9999", False), ("%%%", False), ("B123", False), ("AB12", False),
    ],
)  # fmt: skip
async def test_a_job_is_found_by_plate_telephone_or_vin(world: World, words: str, is_found: bool) -> None:
    created = await made(world.here.owner, replace(NEW, vehicle=replace(CAR, vin="tmbzz1nx4pa123456")))
    for shop, expected in ((world.here, is_found), (world.there, False)):
        async with transaction(shop.tenant_id) as tx:
            found = await jobs.search(tx, shop.tenant_id, words)
        assert [row.id for row in found] == ([created.job_id] if expected else [])


async def test_the_list_comes_in_pages_and_the_board_holds_what_is_open(world: World) -> None:
    by = world.here.owner
    ids = [(await made(by, ready(world.here))).job_id for _ in range(5)]
    await moved(ids[0], asks(Event.CANCEL, 0, reason="sold"), by)
    seen: list[UUID] = []
    after: jobs.After | None = None
    async with transaction(by.tenant_id) as tx:
        while rows := await jobs.page(tx, by.tenant_id, after=after, most=2):
            seen += [row.id for row in rows]
            after = jobs.After(rows[-1].received_at, rows[-1].id)
        assert sorted(seen) == sorted(ids)
        assert {row.id for row in await jobs.board(tx, by.tenant_id)} == set(ids[1:])
        assert [row.id for row in await jobs.page(tx, by.tenant_id, state=State.CANCELLED)] == ids[:1]
        mine = await jobs.page(tx, by.tenant_id, staff=world.here.staff.person_id)
        assert len(mine) == 5 and mine[0].staff == (world.here.staff.person_id,)
        assert await jobs.page(tx, by.tenant_id, staff=by.person_id) == []
        row = await jobs.one(tx, by.tenant_id, ids[1])
        assert row is not None and (row.customer, row.plate, row.state) == ("Meera Nair", CAR.plate, State.RECEIVED)
        assert await jobs.one(tx, by.tenant_id, uuid4()) is None
