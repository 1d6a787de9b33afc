"""What a job's customer has of it, a camera and photos to choose from, in the gallery, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from nicegui.element import Element

from actions.jobs.links import ShownLink
from actions.people import Seat
from domain.access import Role, Viewer
from domain.passport import Verdict
from storage.customers import CustomerRow
from storage.passports import PassportRow
from storage.photos import PhotoRow
from ui import texts
from ui.components.markup import Text
from ui.components.pieces import Card
from ui.components.player import CameraPlayer
from ui.pages.owner.job_link import CustomersSide, link_card, passport_card
from ui.pages.owner.photo_choice import PhotoChoice, thumbnail
from ui.texts import Language
from ui.theme import Theme, apply

ZONE = "Asia/Kolkata"
ID = UUID(int=1)


def customers_side_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    apply(theme, lang, own_digits=own_digits)
    seat = sample_seat()
    with Element("main").classes("page"), Element("div").classes("columns"):
        for side in (sample_side(), sample_side(is_over=True)):
            with Element("div").classes("stack wide"):
                link_card(side, seat, _nothing_changes)
                passport_card(side, seat, _nothing_changes)
        with Element("div").classes("stack wide"):
            CameraPlayer(ID, label="Pit 1, over the lift", zone=ZONE)
            CameraPlayer(ID, label="Pit 2, at the door", zone=ZONE, kind="tile")
            with Element("div").classes("dialog"):
                PhotoChoice([_photo(n) for n in range(3)])
            with Card("Damage"), Element("div").classes("listed marked"):
                Text("span", "1").classes("number num")
                Text("h3", "Stone chip")
                thumbnail(ID, "Stone chip")


def sample_seat() -> Seat:
    owner = Viewer(ID, "Asha", ID, Role.OWNER)
    return Seat(owner, ID, "Shine Works", ZONE, "en", "system", has_workshop=True, has_pump=False)


def sample_side(*, is_over: bool = False) -> CustomersSide:
    """With a link, a passport and a time-lapse; or with all of it ended."""
    now = datetime.now(UTC)
    link = None if is_over else ShownLink("sample", now, now + timedelta(days=90))
    agreed = None if is_over else now - timedelta(days=2)
    customer = CustomerRow(ID, "Meera Nair", "", "", "en", agreed)
    revoked, why = (now, "The plate was wrong.") if is_over else (None, None)
    passport = PassportRow(ID, ID, ID, {}, b"", b"", now - timedelta(days=1), revoked, why, None)
    films = () if is_over else (f"/timelapse/{ID}/{ID}.mp4",)
    verdict = Verdict.REVOKED if is_over else Verdict.GENUINE
    return CustomersSide(ID, link, customer, passport, verdict, films)


def _photo(n: int) -> PhotoRow:
    now = datetime.now(UTC)
    return PhotoRow(UUID(int=n), ID, ID, None, "image/jpeg", 1, 1_600, 1_200, b"", now, None, None, None, None)


async def _nothing_changes() -> None:
    """There is no database."""
