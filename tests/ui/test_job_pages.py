"""What owners see and do on the page of one job."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from nicegui import ElementFilter, ui
from nicegui.element import Element
from nicegui.testing.user_interaction import UserInteraction

from actions.jobs import damage
from actions.jobs.photos import remove, take
from actions.jobs.trail import Deed
from domain.jobs.words import Event, Stage
from storage import job_damage, job_papers, jobs
from storage.job_damage import MarkRow
from storage.photos import PhotoRow
from storage.session import transaction
from tests.actions.test_job_desk import SIGNATURE, complete, roll_of
from tests.conftest import World
from tests.pictures import photo
from tests.ui.conftest import Visitor
from tests.ui.doors import press, see, until
from tests.ui.job_parts import feeding, made_now, only, row_of, sees, tell, type_into
from tests.ui.test_tracking_pages import made, measured, moved
from ui.components.damage_map import DamageMap
from ui.components.signature import Signature
from ui.pages.owner.job_story import DEED_ICONS, deed_word
from ui.pages.owner.photo_choice import PhotoChoice
from ui.texts import speaking

__all__ = ["feeding"]


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


@pytest.mark.parametrize("deed", sorted(set(Deed) - {Deed.MOVE, Deed.HAND_OVER}))  # these stand there by their event
def test_whatever_is_done_to_a_job_has_a_word_and_a_sign_in_its_story(deed: Deed) -> None:
    with speaking("hi"):
        assert deed_word(deed) not in ("", deed.replace("_", " "))
    assert deed in DEED_ICONS
