"""What an owner settles for the workshop: hours, holidays, pits, film; and that staff and others settle nothing."""

from datetime import date
from uuid import UUID, uuid4

import pytest

from actions.jobs.assign import assign
from actions.workshop import films, hours, pits
from domain.jobs.calendar import Span
from domain.jobs.job import Job
from domain.refusals import Refusal
from storage import job_detail, job_rows, workshop
from storage.session import transaction
from tests.actions.accounts import trail
from tests.actions.test_jobs import NOW, made
from tests.conftest import World
from ui.pages.owner.workshop_words import spans_of, spans_text

WEEK: dict[int, tuple[Span, ...]] = {0: ((540, 780), (840, 1_080)), 5: ((600, 720),)}
CHRISTMAS = date(2026, 12, 25)


async def test_hours_and_holidays_are_what_promises_are_reckoned_by(world: World) -> None:
    by = world.here.owner
    assert await hours.set_hours(WEEK, by) is None
    assert await hours.set_hours(WEEK, by) is Refusal.ALREADY_SO
    assert await hours.add_holiday(CHRISTMAS, "Christmas", by) is None
    assert await hours.add_holiday(CHRISTMAS, "Christmas", by) is Refusal.ALREADY_SO
    async with transaction(by.tenant_id) as tx:
        calendar = await job_rows.calendar(tx, by.tenant_id)
    assert dict(calendar.hours) == WEEK and set(calendar.holidays) == {CHRISTMAS}
    assert await hours.remove_holiday(CHRISTMAS, by) is None
    assert await hours.remove_holiday(CHRISTMAS, by) is Refusal.NOT_FOUND
    assert await trail(world.here) == ["set_working_hours", "add_holiday", "remove_holiday"]


@pytest.mark.parametrize("said", [{}, {0: ()}, {0: ((600, 600),)}, {0: ((600, 700), (650, 720))}, {7: ((1, 2),)}])
async def test_hours_that_nobody_can_keep_are_refused(world: World, said: dict[int, tuple[Span, ...]]) -> None:
    assert await hours.set_hours(said, world.here.owner) is Refusal.UNREADABLE


async def test_pits_are_added_named_ordered_and_closed_once_nothing_is_in_them(world: World) -> None:
    by, key = world.here.owner, uuid4()
    assert await pits.add_pit("Pit 3", by, NOW, key=key) == key
    assert await pits.add_pit("Pit 3", by, NOW, key=key) is Refusal.KEY_USED
    assert await pits.rename_pit(key, "Booth", by) is None
    order = [key, world.here.pit_id, world.here.other_pit_id]
    assert await pits.order_pits(order[:2], by) is Refusal.NOT_POSSIBLE_NOW
    assert await pits.order_pits(order, by) is None
    async with transaction(by.tenant_id) as tx:
        found = await workshop.pits(tx, by.tenant_id)
    assert [pit.id for pit in found] == order and found[0].name == "Booth"
    assert await pits.close_pit(world.here.pit_id, by, NOW) is Refusal.NOT_POSSIBLE_NOW  # a device hangs there
    job_id = (await made(by)).job_id
    assert isinstance(await assign(job_id, 0, key, frozenset(), by, NOW), Job)
    assert await pits.close_pit(key, by, NOW) is Refusal.NOT_POSSIBLE_NOW
    assert isinstance(await assign(job_id, 1, None, frozenset(), by, NOW), Job)
    assert await pits.close_pit(key, by, NOW) is None
    assert await pits.close_pit(key, by, NOW) is Refusal.NOT_FOUND
    assert isinstance(await pits.rename_pit(world.there.pit_id, "x", by), Refusal)


async def test_an_empty_roll_is_offered_no_more_and_comes_back_if_it_was_a_mistake(world: World) -> None:
    by = world.here.owner
    roll = await films.receive_roll("ClearGuard", "Gloss", "B-7", by, NOW, key=uuid4())
    assert isinstance(roll, UUID)
    assert await films.empty_roll(roll, True, by, NOW) is None
    assert await films.empty_roll(roll, True, by, NOW) is Refusal.ALREADY_SO
    async with transaction(by.tenant_id) as tx:
        assert await job_detail.rolls(tx, by.tenant_id, most=9) == []
        assert len(await job_detail.rolls(tx, by.tenant_id, most=9, with_empty=True)) == 1
    assert await films.empty_roll(roll, False, by, NOW) is None
    assert await films.set_years("ClearGuard", "Gloss", 31, by) is Refusal.UNREADABLE
    assert await films.receive_roll(" ", "Gloss", "B-7", by, NOW, key=uuid4()) is Refusal.EMPTY


async def test_staff_and_other_tenants_settle_nothing(world: World) -> None:
    staff, other = world.here.staff, world.there.owner
    assert await hours.set_hours(WEEK, staff) is Refusal.NOT_ALLOWED
    assert await hours.add_holiday(CHRISTMAS, "x", staff) is Refusal.NOT_ALLOWED
    assert await pits.add_pit("x", staff, NOW, key=uuid4()) is Refusal.NOT_ALLOWED
    assert await pits.close_pit(world.here.other_pit_id, staff, NOW) is Refusal.NOT_ALLOWED
    assert await films.receive_roll("a", "b", "c", staff, NOW, key=uuid4()) is Refusal.NOT_ALLOWED
    assert await pits.close_pit(world.here.other_pit_id, other, NOW) is Refusal.NOT_FOUND
    assert await trail(world.here) == []


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9:30–13:00, 14:00–18:30", ((570, 780), (840, 1_110))),
        ("9-17", ((540, 1_020),)),
        ("", ()),
        ("9:30", None),
        ("13:00–9:00", None),
        ("9–12, 11–13", None),
        ("9:75–12", None),
        ("20–25", None),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, spans: tuple[Span, ...] | None) -> None:
    assert spans_of(text) == spans
    assert not spans or spans_of(spans_text(spans)) == spans
