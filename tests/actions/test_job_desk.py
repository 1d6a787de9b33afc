"""What the desk does with a job: planned anew, film, damage, corrections, hand-over with a signature, warranty."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from actions.jobs import damage, details, notes, plan
from actions.jobs.hand_over import hand_over
from actions.workshop import films
from domain.access import Viewer
from domain.jobs.job import Job, Refused
from domain.jobs.words import Event, JobRefusal, State
from domain.refusals import Refusal
from storage import job_known, job_whole, jobs
from storage.job_whole import WholeJob
from storage.session import transaction
from tests.actions.accounts import trail
from tests.actions.test_jobs import CAR, CHECKED, NEW, NOW, STAGES, asks, made, moved, ready, start
from tests.api.doors import raise_alert
from tests.conftest import World

SIGNATURE = "M10 20L30 40M50 60L70 80"


async def whole(by: Viewer, job_id: UUID) -> WholeJob:
    async with transaction(by.tenant_id) as tx:
        found = await job_whole.read(tx, by.tenant_id, job_id)
    assert found is not None
    return found


async def complete(world: World, *, roll: UUID | None = None) -> Job:
    """A job whose car waits for its customer."""
    by, job_id = world.here.staff, (await made(world.here.owner, ready(world.here))).job_id
    if roll:
        assert await details.use_film(job_id, roll, by, NOW) is None
    job = await moved(job_id, start(), by)
    for stage in STAGES:
        job = await moved(job_id, asks(Event.FINISH_STAGE, job.version, stage=stage), by)
    job = await moved(job_id, asks(Event.SUBMIT, job.version), by)
    return await moved(job_id, asks(Event.PASS, job.version, checked=CHECKED), by)


async def roll_of(world: World, years: int) -> UUID:
    answer = await films.receive_roll("ClearGuard", "Gloss", "B-7", world.here.owner, NOW, key=uuid4())
    assert isinstance(answer, UUID)
    if years:
        assert await films.set_years("ClearGuard", "Gloss", years, world.here.owner) is None
    return answer


async def test_a_booking_moves_with_its_promise_until_somebody_begins(world: World) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner, ready(world.here))).job_id
    before = (await whole(by, job_id)).row
    later = NOW + timedelta(days=7)
    job = await plan.reschedule(job_id, 0, later, world.here.other_pit_id, by, NOW)
    assert isinstance(job, Job) and job.version == 1
    after = (await whole(by, job_id)).row
    assert (after.planned_at, after.pit_id) == (later, world.here.other_pit_id)
    assert after.promised_at and before.promised_at and after.promised_at > before.promised_at
    stale = await plan.reschedule(job_id, 0, NOW, None, by, NOW)
    assert isinstance(stale, Refused) and stale.why is JobRefusal.MOVED_MEANWHILE
    assert await plan.reschedule(job_id, 1, NOW, world.there.pit_id, by, NOW) is Refusal.NOT_FOUND
    assert await plan.reschedule(job_id, 1, NOW + timedelta(days=400), None, by, NOW) is Refusal.NOT_POSSIBLE_NOW
    await moved(job_id, start(1), by)
    begun = await plan.reschedule(job_id, 2, later, None, by, NOW)
    assert isinstance(begun, Refused) and begun.why is JobRefusal.NO_SUCH_MOVE
    assert await trail(world.here) == ["create_job", "reschedule_job", "move_job"]


async def test_damage_is_marked_once_and_taken_off_and_the_timeline_knows_both(world: World) -> None:
    by, key, job_id = world.here.staff, uuid4(), (await made(world.here.owner)).job_id
    for _ in range(2):
        assert await damage.mark(job_id, 100, 900, " Dent ", by, NOW, key=key) == key
    assert [(m.x, m.y, m.said) for m in (await whole(by, job_id)).marks] == [(100, 900, "Dent")]
    assert await damage.mark(job_id, 1_001, 0, "Dent", by, NOW, key=uuid4()) is Refusal.NOT_FOUND
    assert await damage.mark(job_id, 0, 0, " ", by, NOW, key=uuid4()) is Refusal.EMPTY
    assert await damage.mark(job_id, 0, 0, "x", by, NOW, key=uuid4(), photo_id=uuid4()) is Refusal.NOT_FOUND
    assert await damage.unmark(job_id, key, by, NOW) is None
    assert await damage.unmark(job_id, key, by, NOW) is Refusal.NOT_FOUND
    told = await whole(by, job_id)
    assert told.marks == []
    assert [each.kind for each in told.happenings] == ["create_job", "mark_damage", "unmark_damage"]


async def test_a_car_goes_home_with_a_signature_and_the_warranty_of_its_film(world: World) -> None:
    by, roll = world.here.staff, await roll_of(world, years=10)
    job = await complete(world, roll=roll)
    for name, path, refusal in (
        (" ", SIGNATURE, Refusal.EMPTY),
        ("Meera", "", Refusal.EMPTY),
        ("Meera", '"/><script>', Refusal.UNREADABLE),
        ("x" * 81, SIGNATURE, Refusal.TOO_LONG),
        ("Meera", "M1 1" + "L2 2" * 6_000, Refusal.TOO_LONG),
    ):
        assert await hand_over(job.id, job.version, name, path, by, NOW) is refusal
    answers = await asyncio.gather(*(hand_over(job.id, job.version, "Meera", SIGNATURE, by, NOW) for _ in range(2)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Job", "Refused"]
    seen = await whole(by, job.id)
    assert seen.row.state is State.DELIVERED
    assert seen.hand_over and (seen.hand_over.signed_by, seen.hand_over.signature) == ("Meera", SIGNATURE)
    assert seen.warranty and (seen.warranty.batch, seen.warranty.years) == ("B-7", 10)
    assert seen.warranty.until_day.year == seen.warranty.from_day.year + 10 or seen.warranty.from_day.month == 1
    assert (await trail(world.here))[-1] == "hand_over_car"
    assert await films.set_years("ClearGuard", "Gloss", 2, world.here.owner) is None
    assert (await whole(by, job.id)).warranty == seen.warranty  # what was promised stays


async def test_a_film_without_years_gives_no_warranty_and_an_ended_job_takes_no_other_film(world: World) -> None:
    by, roll = world.here.staff, await roll_of(world, years=0)
    job = await complete(world, roll=roll)
    await moved(job.id, asks(Event.DELIVER, job.version), by)
    seen = await whole(by, job.id)
    assert seen.warranty is None and seen.hand_over is None and seen.film and seen.film.id == roll
    assert await details.use_film(job.id, None, by, NOW) is Refusal.NOT_POSSIBLE_NOW


async def test_film_comes_from_a_roll_that_is_there(world: World) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner)).job_id
    roll = await roll_of(world, years=5)
    assert await details.use_film(job_id, uuid4(), by, NOW) is Refusal.NOT_FOUND
    assert await details.use_film(job_id, None, by, NOW) is Refusal.ALREADY_SO
    assert await details.use_film(job_id, roll, by, NOW) is None
    assert await details.use_film(job_id, roll, by, NOW) is Refusal.ALREADY_SO
    assert await details.use_film(job_id, None, by, NOW) is None
    assert await details.use_film(job_id, roll, world.there.staff, NOW) is Refusal.NOT_FOUND


async def test_corrections_say_what_was_before_and_hold_for_every_job_of_the_car(world: World) -> None:
    by = world.here.staff
    first, second = [(await made(by)).job_id for _ in range(2)]
    assert await details.change_vehicle(first, replace(CAR, colour="red", vin="vin12345"), by, NOW) is None
    assert await details.change_customer(first, replace(NEW.customer, agrees_to_notices=True), by, NOW) is None
    assert await details.change_job(first, "Matte film", True, by, NOW) is None
    seen = await whole(by, second)
    assert (seen.vehicle["colour"], seen.vehicle["vin"], seen.customer["agrees_to_notices"]) == (
        "red",
        "VIN12345",
        True,
    )
    assert seen.agreed == {"note": "", "video_allowed": False}
    assert (await whole(by, first)).agreed == {"note": "Matte film", "video_allowed": True}
    assert await details.change_customer(first, replace(NEW.customer, name=" "), by, NOW) is Refusal.EMPTY
    assert await details.change_vehicle(first, replace(CAR, plate="a\nb"), by, NOW) is Refusal.EMPTY
    assert await details.change_job(first, "x" * 2_001, True, by, NOW) is Refusal.TOO_LONG
    assert await details.change_job(first, "Matte film", True, by, NOW) is Refusal.ALREADY_SO
    assert (await trail(world.here))[2:] == ["change_vehicle", "agree_to_notices", "change_job"]


async def test_the_timeline_holds_the_alerts_of_the_pit_while_the_car_was_there(world: World) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner, ready(world.here))).job_id
    await raise_alert(world.here, at=NOW - timedelta(days=3), resolved_at=NOW - timedelta(days=2))
    await moved(job_id, start(), by)
    inside = await raise_alert(world.here, rule="rh_pct", at=NOW + timedelta(minutes=5))
    await raise_alert(world.there, at=NOW + timedelta(minutes=5))
    await notes.note(job_id, "Filter changed", by, NOW + timedelta(minutes=9))
    seen = await whole(by, job_id)
    assert [each.kind for each in seen.happenings] == ["create_job", "start", "rh_pct", "note_on_job"]
    assert seen.happenings[2].alert_id == inside


@pytest.mark.parametrize("words", ["mh-12 ab 1234", "9876543210", "+91 98765 43210"])
async def test_who_came_before_is_known_by_plate_or_telephone(world: World, words: str) -> None:
    await made(world.here.owner)
    for shop, is_known in ((world.here, True), (world.there, False)):
        async with transaction(shop.tenant_id) as tx:
            known = await job_known.find(tx, shop.tenant_id, words)
        assert (known is not None) is is_known
        assert known is None or (known.customer["name"], known.vehicle["model"]) == ("Meera Nair", "Octavia")


async def test_the_calendar_holds_what_is_planned_or_worked_on_then(world: World) -> None:
    by = world.here.owner
    this, next_week = await made(by), await made(by, replace(NEW, planned_at=NOW + timedelta(days=8)))
    await moved((await made(by)).job_id, asks(Event.CANCEL, 0, reason="sold"), by)
    async with transaction(by.tenant_id) as tx:
        found = await jobs.calendar(tx, by.tenant_id, NOW + timedelta(days=7), NOW + timedelta(days=14))
        assert [row.id for row in found] == [next_week.job_id]
        found = await jobs.calendar(tx, by.tenant_id, NOW - timedelta(hours=1), NOW + timedelta(days=1))
        assert [row.id for row in found] == [this.job_id]
