"""What owners see and do on the pages of jobs, and the settings of the workshop."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from nicegui import ElementFilter, ui
from nicegui.element import Element
from nicegui.testing.user_interaction import UserInteraction

from actions.announce import hear
from actions.jobs import damage
from actions.jobs.create import Created, NewJob, create
from actions.jobs.photos import remove, take
from actions.jobs.trail import Deed
from domain.access import Viewer
from domain.jobs.words import Event, Stage, State
from storage import job_damage, job_papers, jobs, workshop
from storage.job_damage import MarkRow
from storage.jobs import JobRow
from storage.photos import PhotoRow
from storage.session import transaction
from tests.actions.test_job_desk import SIGNATURE, complete, roll_of
from tests.actions.test_jobs import NEW, ready
from tests.conftest import World
from tests.pictures import photo
from tests.ui.conftest import Visitor
from tests.ui.doors import PATIENCE, press, see, until
from tests.ui.test_tracking_pages import made, measured, moved
from ui.components.damage_map import DamageMap
from ui.components.job_board import JobBoard
from ui.components.pit_calendar import PitCalendar
from ui.components.pit_grid import PitGrid
from ui.components.signature import Signature
from ui.pages.owner.job_story import DEED_ICONS, deed_word
from ui.pages.owner.photo_choice import PhotoChoice
from ui.texts import speaking


async def made_now(by: Viewer, new: NewJob = NEW) -> UUID:
    answer = await create(new, by, datetime.now(UTC), key=uuid4())
    assert isinstance(answer, Created)
    return answer.job_id


async def row_of(by: Viewer, job_id: UUID) -> JobRow:
    async with transaction(by.tenant_id) as tx:
        row = await jobs.one(tx, by.tenant_id, job_id)
    assert row is not None
    return row


async def sees(visitor: Visitor, words: str) -> None:
    await visitor.user.should_see(words, retries=PATIENCE)


def only(visitor: Visitor, kind: type[Element]) -> Element:
    with visitor.user:
        [found] = ElementFilter(kind=kind)
    return found


def tell(visitor: Visitor, element: Element, event: str, said: object) -> None:
    """As a browser does."""
    UserInteraction(visitor.user, {element}, None).trigger(event, said)


def type_into(visitor: Visitor, label: str, text: str) -> None:
    """The newest field of this label: that of the open dialog."""
    with visitor.user:
        found = [e for e in visitor.user.find(kind=ui.input).elements if e.props.get("aria-label") == label]
    UserInteraction(visitor.user, {max(found, key=lambda e: e.id)}, label).clear().type(text)


@pytest.fixture
async def feeding(visitor: Visitor) -> AsyncIterator[None]:
    heard = asyncio.Event()
    tasks = [asyncio.create_task(hear(heard.set)), asyncio.create_task(visitor.feeds.jobs.run())]
    await heard.wait()
    yield
    for task in tasks:
        task.cancel()


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


async def test_what_somebody_writes_stays_while_others_work_on_the_job(
    visitor: Visitor, world: World, feeding: None
) -> None:
    by, job_id = world.here.owner, await made_now(world.here.owner)
    await visitor.sign_in_as(by)
    await visitor.user.open(f"/jobs/{job_id}")
    await press(visitor, "Note defect")
    await see(visitor, "Note a defect")
    assert isinstance(await damage.mark(job_id, 5, 5, "Dent", world.here.staff, datetime.now(UTC), key=uuid4()), UUID)
    await see(visitor, "Dent", "Note a defect")  # the card of the button was drawn anew meanwhile
    type_into(visitor, "What is wrong", "Bubble at the edge")
    with visitor.user:
        [verb] = [b for b in ElementFilter(kind=ui.button, content="Note defect") if in_dialog(b)]
    UserInteraction(visitor.user, {verb}, None).click()
    await see(visitor, "The defect is noted.")
    assert (await row_of(by, job_id)).defects == 1


async def test_a_jobs_page_shows_the_climate_of_its_work_so_far(visitor: Visitor, world: World) -> None:
    begun = datetime.now(UTC) - timedelta(hours=2)
    job = await made(world.here, at=begun)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job.job_id}")
    await see(visitor, "Damage at intake")
    await visitor.user.should_not_see("Climate during the work")
    await moved(world.here, job.job_id, Event.START, 0, begun)
    await measured(world.here, begun + timedelta(minutes=1), 60, 55.0)
    await measured(world.here, begun + timedelta(minutes=61), 40, 80.0)
    await visitor.user.open(f"/jobs/{job.job_id}")
    await see(visitor, "Climate during the work", "60.0\N{NO-BREAK SPACE}%", "1 time outside", "up to 80")


async def test_damage_is_marked_on_the_drawing(visitor: Visitor, world: World) -> None:
    job_id = await made_now(world.here.owner)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job_id}")
    tell(visitor, only(visitor, DamageMap), "point", {"x": "5", "y": 5})
    tell(visitor, only(visitor, DamageMap), "point", {"x": 205, "y": 500})
    await sees(visitor, "Damage: Bonnet")
    visitor.press("Mark it")
    await sees(visitor, "Say it in a few words.")
    type_into(visitor, "What is it", "Stone chip")
    visitor.press("Mark it")
    for _ in range(40):
        await asyncio.sleep(0.05)
        async with transaction(world.here.tenant_id) as tx:
            if (await jobs.timeline(tx, world.here.tenant_id, job_id))[-1].kind == "mark_damage":
                return
    raise AssertionError("no damage was marked")


async def test_a_mark_of_damage_has_the_photo_that_was_chosen_and_keeps_it_when_it_comes_back(
    visitor: Visitor, world: World
) -> None:
    job_id, other_id = [await made_now(world.here.owner) for _ in range(2)]
    [mine, _others] = [
        await take(id_, BytesIO(photo()), Stage.INSPECTION, world.here.staff, datetime.now(UTC), key=uuid4())
        for id_ in (job_id, other_id)
    ]
    assert isinstance(mine, PhotoRow)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job_id}")
    tell(visitor, only(visitor, DamageMap), "point", {"x": 205, "y": 500})
    await sees(visitor, "Photo of it")
    choice = only(visitor, PhotoChoice)
    assert offered(choice) == ["", str(mine.id)]
    tell(visitor, radios(choice)[1], "change", None)
    type_into(visitor, "What is it", "Stone chip")
    visitor.press("Mark it")
    assert await marked_photo(world, job_id) == mine.id
    await visitor.user.open(f"/jobs/{job_id}")
    assert f"/api/v1/photos/{mine.id}?size=thumb" in pictures(visitor)
    await press(visitor, "Take mark 1 off")
    await sees(visitor, "The mark is off.")
    assert await marks_of(world, job_id) == []
    visitor.press("Undo")
    assert await marked_photo(world, job_id) == mine.id
    assert await remove(mine.id, world.here.owner, datetime.now(UTC)) is None
    assert await marked_photo(world, job_id) is None  # the mark stays, without a picture that nobody has


def in_dialog(element: Element) -> bool:
    return any(isinstance(each, ui.dialog) for each in element.ancestors())


def radios(choice: Element) -> list[Element]:
    return [each for each in choice.descendants() if each.props.get("type") == "radio"]


def offered(choice: Element) -> list[object]:
    return [each.props["value"] for each in radios(choice)]


def pictures(visitor: Visitor) -> list[object]:
    with visitor.user:
        return [each.props["src"] for each in ElementFilter() if each.tag == "img"]


async def marks_of(world: World, job_id: UUID) -> list[MarkRow]:
    async with transaction(world.here.tenant_id) as tx:
        return await job_damage.marks(tx, world.here.tenant_id, job_id)


async def marked_photo(world: World, job_id: UUID) -> UUID | None:
    await until(lambda: has_marks(world, job_id))
    [mark] = await marks_of(world, job_id)
    return mark.photo_id


async def has_marks(world: World, job_id: UUID) -> bool:
    return bool(await marks_of(world, job_id))


async def test_a_car_goes_home_with_a_signature_and_its_warranty_is_printed(visitor: Visitor, world: World) -> None:
    job = await complete(world, roll=await roll_of(world, years=10))
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/jobs/{job.id}")
    visitor.press("Hand over")
    await sees(visitor, "Whoever takes the car signs that it was handed over.")
    visitor.press("Hand over")
    await sees(visitor, "The signature is missing.")
    tell(visitor, only(visitor, Signature), "drawn", SIGNATURE)
    visitor.press("Hand over")
    await sees(visitor, "Skoda Octavia is handed over.")
    async with transaction(world.here.tenant_id) as tx:
        assert await job_papers.hand_over_of(tx, world.here.tenant_id, job.id) is not None
    await visitor.user.open(f"/jobs/{job.id}/warranty")
    for words in ("Warranty of Workshop here", "ClearGuard Gloss", "B-7", "10 years", SIGNATURE):
        await sees(visitor, words)


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


@pytest.mark.parametrize("deed", sorted(set(Deed) - {Deed.MOVE, Deed.HAND_OVER}))  # these stand there by their event
def test_whatever_is_done_to_a_job_has_a_word_and_a_sign_in_its_story(deed: Deed) -> None:
    with speaking("hi"):
        assert deed_word(deed) not in ("", deed.replace("_", " "))
    assert deed in DEED_ICONS
