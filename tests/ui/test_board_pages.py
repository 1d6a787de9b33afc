"""What owners see and do with all jobs at once: board, list, bookings, and the settings of the workshop."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.testing.user_interaction import UserInteraction

from domain.jobs.words import State
from storage import workshop
from storage.session import transaction
from tests.actions.test_jobs import ready
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.doors import PATIENCE
from tests.ui.job_parts import feeding, made_now, only, row_of, sees, tell, type_into
from ui.components.job_board import JobBoard
from ui.components.pit_calendar import PitCalendar
from ui.components.pit_grid import PitGrid

__all__ = ["feeding"]


async def test_a_card_that_can_not_go_there_comes_back_with_the_reason_and_the_ways_out(
    visitor: Visitor, world: World
) -> None:
    job_id = await made_now(world.here.owner, ready(world.here))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs")
    tell(visitor, only(visitor, JobBoard), "move", {"key": str(job_id), "lane": State.COMPLETE.value})
    await sees(visitor, "can't go from Received to Complete")
    await sees(visitor, "Possible now: Start work, Cancel job.")
    tell(visitor, only(visitor, JobBoard), "move", {"key": str(job_id), "lane": "nowhere"})
    assert (await row_of(world.here.owner, job_id)).version == 0


async def test_a_dry_reason_lets_work_begin_and_every_open_board_follows(
    visitor: Visitor, world: World, feeding: None
) -> None:
    job_id = await made_now(world.here.owner, ready(world.here))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs")
    tell(visitor, only(visitor, JobBoard), "move", {"key": str(job_id), "lane": State.IN_PROGRESS.value})
    await sees(visitor, "Go on in spite of the climate?")
    visitor.press("Start work")
    await sees(visitor, "Say it in a few words.")
    type_into(visitor, "Reason", "no sensors yet")
    visitor.press("Start work")
    await sees(visitor, "Skoda Octavia: Inspection.")
    board = only(visitor, JobBoard)
    for _ in range(PATIENCE):
        if [card.lane for card in board.props["cards"]] == [State.IN_PROGRESS]:
            break
        await asyncio.sleep(0.05)
    assert [card.lane for card in board.props["cards"]] == [State.IN_PROGRESS]
    tell(visitor, board, "menu", str(job_id))
    await sees(visitor, "Put on hold")


async def test_a_job_without_pit_and_people_gets_them_on_the_way(visitor: Visitor, world: World) -> None:
    job_id = await made_now(world.here.owner)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs")
    tell(visitor, only(visitor, JobBoard), "move", {"key": str(job_id), "lane": State.IN_PROGRESS.value})
    await sees(visitor, "The job has no pit yet. Give it one.")


async def test_by_pit_a_card_is_given_another_pit(visitor: Visitor, world: World) -> None:
    job_id = await made_now(world.here.owner, ready(world.here))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs?by=pit")
    tell(visitor, only(visitor, JobBoard), "move", {"key": str(job_id), "lane": str(world.here.other_pit_id)})
    await sees(visitor, "Skoda Octavia is assigned.")
    row = await row_of(world.here.owner, job_id)
    assert (row.pit_id, row.staff) == (world.here.other_pit_id, (world.here.staff.person_id,))


async def test_the_list_finds_by_plate_and_says_when_nothing_fits(visitor: Visitor, world: World) -> None:
    await made_now(world.here.owner, ready(world.here))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs/list")
    for words in ("1 open job", "Skoda Octavia", "MH 12 AB 1234", "Meera Nair", "Export CSV"):
        await sees(visitor, words)
    type_into(visitor, "Plate, phone or VIN", "9999")
    await sees(visitor, "No job fits")
    type_into(visitor, "Plate, phone or VIN", "1234")
    await sees(visitor, "Skoda Octavia")


async def test_a_car_that_came_before_is_filled_in_and_shows_its_link_once(visitor: Visitor, world: World) -> None:
    await made_now(world.here.owner)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/jobs/new")
    await sees(visitor, "promised")
    visitor.press("Take the car in")
    await sees(visitor, "Something is missing. Look at the marked fields.")
    type_into(visitor, "Plate", "mh12ab1234")
    with visitor.user:
        [plate] = [e for e in visitor.user.find(kind=ui.input).elements if e.props.get("aria-label") == "Plate"]
    UserInteraction(visitor.user, {plate}, None).trigger("blur")
    await sees(visitor, "Known: Meera Nair, Skoda Octavia MH 12 AB 1234. Filled in.")
    visitor.press("Take the car in")
    for words in ("The job is made", "/t/", "Open the job"):
        await sees(visitor, words)


async def test_a_booking_is_put_to_another_time_and_pit_and_back(visitor: Visitor, world: World) -> None:
    by = world.here.owner
    job_id = await made_now(by, replace(ready(world.here), planned_at=datetime.now(UTC) + timedelta(days=1)))
    before = await row_of(by, job_id)
    await visitor.sign_in_as(by)
    day = before.planned_at.astimezone(ZoneInfo("Asia/Kolkata")).date().isoformat()
    await visitor.user.open(f"/jobs/calendar?by=week&day={day}")
    calendar = only(visitor, PitCalendar)
    put = {"key": str(job_id), "at": calendar.props["view"].whole_min - 60, "row": str(world.here.other_pit_id)}
    tell(visitor, calendar, "put", put | {"row": "nowhere"})
    tell(visitor, calendar, "put", put)
    await sees(visitor, "Skoda Octavia comes")
    after = await row_of(by, job_id)
    assert after.pit_id == world.here.other_pit_id and after.planned_at != before.planned_at
    visitor.press("Undo")
    for _ in range(40):
        await asyncio.sleep(0.05)
        if (await row_of(by, job_id)).planned_at == before.planned_at:
            break
    assert (await row_of(by, job_id)).pit_id == before.pit_id
    await visitor.user.open(f"/jobs/calendar?by=day&day={day}")
    await sees(visitor, "Pit 1 here")


async def test_the_overview_says_which_car_stands_in_which_pit(visitor: Visitor, world: World) -> None:
    await made_now(world.here.owner, ready(world.here))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/")
    assert only(visitor, PitGrid).props["cars"] == {
        str(world.here.pit_id): {"car": "Skoda Octavia", "plate": "MH 12 AB 1234", "stage": "Received"}
    }


async def test_hours_holidays_pits_and_films_are_settled_on_one_page(visitor: Visitor, world: World) -> None:
    tenant_id = world.here.tenant_id
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/workshop")
    type_into(visitor, "Monday", "nonsense")
    visitor.press("Save hours")
    await sees(visitor, "Enter hours like 9:30–13:00, 14:00–18:30.")
    type_into(visitor, "Monday", "9–13, 14–18")
    visitor.press("Save hours")
    await sees(visitor, "Saved.")
    visitor.press("Add pit")
    await sees(visitor, "Add a pit")
    type_into(visitor, "Name", "Booth")
    visitor.press("Save")
    await sees(visitor, "Booth")
    visitor.press("Add roll")
    await sees(visitor, "Add a roll")
    for label in ("Maker", "Film", "Batch"):
        type_into(visitor, label, f"{label} 1")
    visitor.press("Add roll")
    await sees(visitor, "Maker 1 Film 1")
    async with transaction(tenant_id) as tx:
        assert (await workshop.hours(tx, tenant_id))[0] == ((540, 780), (840, 1_080))
        assert [pit.name for pit in await workshop.pits(tx, tenant_id)][-1] == "Booth"
