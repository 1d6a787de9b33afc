"""What a tablet sends, once or again after a connection that broke: each entry counts once, and in its order."""

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest

from actions.jobs import notes, photos
from actions.jobs.assign import assign
from actions.jobs.move import move
from actions.jobs.ticks import UNDO_WITHIN, tick, undo_stage
from domain.jobs.job import Job, Refused
from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS
from domain.jobs.words import Event, JobRefusal, Stage, State, WorkType
from domain.refusals import Refusal
from storage import jobs, work
from storage.photos import PhotoRow
from storage.session import transaction
from storage.work import WorkRow
from tests.actions.accounts import trail
from tests.actions.senders import fetch
from tests.actions.test_jobs import NOW, STAGES, asks, made, moved, ready, start, why
from tests.conftest import World
from tests.pictures import photo

INSPECTION = STAGE_CHECKS[Stage.INSPECTION]


async def in_progress(world: World) -> UUID:
    job_id = (await made(world.here.owner, ready(world.here))).job_id
    await moved(job_id, start(), world.here.staff)
    return job_id


async def kinds_of(world: World, job_id: UUID) -> list[str]:
    async with transaction(world.here.tenant_id) as tx:
        return [event.kind for event in await jobs.timeline(tx, world.here.tenant_id, job_id)]


def finish(version: int, stage: Stage = Stage.INSPECTION) -> Any:
    return asks(Event.FINISH_STAGE, version, stage=stage)


def test_no_stage_shares_a_check_with_a_quality_check() -> None:
    of_stages = [item for items in STAGE_CHECKS.values() for item in items]
    of_ends = {item for items in CHECKLISTS.values() for item in items}
    assert len(of_stages) == len(set(of_stages)) and not of_ends & set(of_stages)


async def test_a_move_that_is_sent_again_with_its_key_moves_once(world: World) -> None:
    job_id, key, by = await in_progress(world), uuid4(), world.here.staff
    answers = await asyncio.gather(*(move(job_id, finish(1), by, NOW, key=key) for _ in range(3)))
    assert all(isinstance(answer, Job) and answer.version == 2 for answer in answers), answers
    later = await move(job_id, finish(1), by, NOW, key=key)  # after others moved on, it is still done
    assert isinstance(later, Job)
    assert (await kinds_of(world, job_id)).count("finish_stage") == 1
    assert await move(job_id, asks(Event.SUBMIT, 2), by, NOW, key=key) is Refusal.KEY_USED


async def test_notes_and_assignments_with_a_key_count_once(world: World) -> None:
    job_id, by = (await made(world.here.owner)).job_id, world.here.staff
    first, second = uuid4(), uuid4()
    for _ in range(2):
        assert await notes.note(job_id, "Call at six", by, NOW, key=first) is None
        staff = frozenset({by.person_id})
        answer = await assign(job_id, 0, world.here.pit_id, staff, by, NOW, key=second)
        assert isinstance(answer, Job) and answer.version == 1
    assert await kinds_of(world, job_id) == ["create_job", "note_on_job", "assign_job"]
    assert await notes.note(job_id, "Else", by, NOW, key=second) is Refusal.KEY_USED


async def test_ticks_are_a_set_and_bring_no_new_version(world: World) -> None:
    job_id, by = await in_progress(world), world.here.staff
    answers = await asyncio.gather(*(tick(job_id, item, True, by) for item in (*INSPECTION, *INSPECTION)))
    assert all(isinstance(answer, Job) for answer in answers)
    job = await tick(job_id, INSPECTION[0], False, by)
    assert isinstance(job, Job) and (job.checked, job.version) == (frozenset(INSPECTION[1:]), 1)
    assert await trail(world.here) == ["create_job", "move_job", *["tick_off"] * 3]  # twice the same is once
    assert why(await tick(job_id, "no_bubbles", True, by)) is JobRefusal.NO_SUCH_CHECK
    assert await tick(job_id, INSPECTION[0], True, world.there.staff) is Refusal.NOT_FOUND


async def test_a_quality_check_is_ticked_off_one_by_one_and_then_passes(world: World) -> None:
    job_id, by = await in_progress(world), world.here.staff
    await tick(job_id, INSPECTION[0], True, by)
    for n, stage in enumerate(STAGES):
        await moved(job_id, finish(n + 1, stage), by)
    job = await moved(job_id, asks(Event.SUBMIT, 6), by)
    assert job.checked == frozenset()
    for item in CHECKLISTS[WorkType.CERAMIC_COATING]:
        assert why(await move(job_id, asks(Event.PASS, 7), by, NOW)) is JobRefusal.CHECKLIST_OPEN
        await tick(job_id, item, True, by)
    assert (await moved(job_id, asks(Event.PASS, 7), by)).state is State.COMPLETE


async def test_a_stage_finished_by_a_mistaken_tap_is_taken_back(world: World) -> None:
    job_id, by, key = await in_progress(world), world.here.staff, uuid4()
    await moved(job_id, finish(1), by)
    for _ in range(2):
        job = await undo_stage(job_id, 2, by, NOW, key=key)
        assert isinstance(job, Job) and (job.stage, job.version) == (Stage.INSPECTION, 3)
    assert await kinds_of(world, job_id) == ["create_job", "start", "finish_stage", "undo_stage"]
    spans = await fetch("SELECT stage, until IS NULL FROM job_stage WHERE job_id = :id ORDER BY id", id=job_id)
    assert spans == [("inspection", False), ("wash", False), ("inspection", True)]
    assert why(await undo_stage(job_id, 3, by, NOW)) is JobRefusal.NO_SUCH_MOVE


@pytest.mark.parametrize("case", ["somebody else", "too late", "something came after", "moved meanwhile"])
async def test_nothing_else_is_taken_back(world: World, case: str) -> None:
    job_id, by = await in_progress(world), world.here.staff
    await moved(job_id, finish(1), by)
    if case == "something came after":
        await notes.note(job_id, "Ready for the wash", by, NOW)
    answer = await undo_stage(
        job_id,
        1 if case == "moved meanwhile" else 2,
        world.here.owner if case == "somebody else" else by,
        NOW + UNDO_WITHIN + timedelta(seconds=1) if case == "too late" else NOW,
    )
    assert isinstance(answer, Refused)


async def test_a_defect_shows_a_photo_of_its_own_job_only(world: World) -> None:
    job_id, other, by = await in_progress(world), (await made(world.here.owner)).job_id, world.here.staff
    taken = await photos.take(job_id, BytesIO(photo()), None, by, NOW, key=uuid4())
    assert isinstance(taken, PhotoRow)
    assert isinstance(await notes.defect(job_id, "Scratch", by, NOW, key=uuid4(), photo_id=taken.id), Job)
    assert await notes.defect(other, "Scratch", by, NOW, key=uuid4(), photo_id=taken.id) is Refusal.NOT_FOUND
    assert await notes.defect(job_id, "Scratch", by, NOW, key=uuid4(), photo_id=uuid4()) is Refusal.NOT_FOUND
    assert await fetch("SELECT photo_id FROM defect WHERE job_id = :id", id=job_id) == [(taken.id,)]


async def test_the_tablet_shows_cars_in_pits_and_those_of_today(world: World) -> None:
    job_id, tomorrow = await in_progress(world), NOW + timedelta(days=1)
    later = (await made(world.here.owner, ready(world.here, planned_at=NOW + timedelta(days=3)))).job_id

    async def shown() -> dict[UUID, WorkRow]:
        async with transaction(world.here.tenant_id) as tx:
            rows = await work.today(tx, world.here.tenant_id, world.here.staff.person_id, NOW, tomorrow)
        return {row.id: row for row in rows}

    row = (await shown())[job_id]
    assert (row.state, row.staff, row.other_person) == (
        State.IN_PROGRESS, (world.here.staff.person_id,), world.here.owner.name,
    )  # fmt: skip
    assert row.stage_since == NOW and later not in await shown()
