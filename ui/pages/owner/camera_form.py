"""Adding and changing a camera: where it is, who may look and when, what is kept; tested before it is saved."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.cameras import keeping
from actions.cameras.keeping import camera_of
from actions.cameras.trying import Failed, try_camera
from actions.people import Seat
from domain.access import Intent
from domain.cameras.address import ADDRESS_CHARS_MAX, HOST_CHARS_MAX, AddressFault, CameraAddress
from domain.cameras.makes import Make
from domain.cameras.privacy import HoursFault
from domain.cameras.words import CameraRefusal
from domain.refusals import Refusal
from domain.video import Probe
from storage import queries
from storage.cameras import CameraRow, CameraSettings
from storage.session import transaction
from ui.components.dialog import confirm
from ui.components.field import select_field, text_field
from ui.components.pieces import Card, button
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.owner.camera_fields import DoorFields, RuleFields, name_fault
from ui.pages.owner.camera_test import show_nothing_yet, show_picture, show_testing, show_wrong
from ui.pages.owner.camera_views import views_card
from ui.pages.owner.camera_words import wrong_text
from ui.texts import _

NEW = shell.CAMERAS + "/new"


def new_href() -> str:
    return NEW


def install() -> None:
    @page(NEW)
    async def add(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_CAMERAS)
        if not isinstance(seat, Seat):
            return seat
        asked = request.query_params
        make = Make(asked["make"]) if asked.get("make") in list(Make) else Make.HIKVISION
        await _show(seat, None, asked.get("host", "")[:HOST_CHARS_MAX], make, shell.parse_id(asked.get("pit", "")))
        return None

    @page(shell.CAMERAS + "/{camera_id}")
    async def change(request: Request, camera_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_CAMERAS)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(camera_id)
        row = await camera_of(seat.viewer, wanted) if wanted else Refusal.NOT_FOUND
        if isinstance(row, Refusal):
            says = _("It was removed, or the link is wrong.")
            await shell.no_such(seat, _("There is no such camera"), says, shell.CAMERAS)
            return None
        await _show(seat, row, row.settings.address.shown[:ADDRESS_CHARS_MAX], row.settings.make, None)
        return None


async def _show(seat: Seat, row: CameraRow | None, address: str, make: Make, pit_id: UUID | None) -> None:
    async with transaction(seat.viewer.tenant_id) as tx:
        pits = {str(pit.id): pit.name for pit in await queries.pits(tx)}
    title = row.settings.name if row else _("Add a camera")
    async with shell.framed(seat, current=shell.CAMERAS, title=title, back=shell.CAMERAS):
        form = _Form(seat, row, pits, address, make, pit_id)
        if row is not None:
            await views_card(seat, row.id, form.beside)


class _Form:
    """The fields, and beside them what the last test found."""

    def __init__(
        self, seat: Seat, row: CameraRow | None, pits: dict[str, str], address: str, make: Make, pit_id: UUID | None
    ) -> None:
        self._row = row
        said = row.settings if row else None
        with Element("div").classes("columns camera-form"):
            with Element("div").classes("two stack wide"):
                with Card(_("Where it is"), pad=True), Element("div").classes("form-grid"):
                    self._name = text_field(
                        _("Name"), said.name if said else "", help=_("By which people know it."), check=name_fault
                    )
                    chosen = str(said.pit_id if said else pit_id or next(iter(pits), ""))
                    self._pit = select_field(_("Pit"), pits, chosen if chosen in pits else None, check=_pit_fault)
                    self._door = DoorFields(said, address, make)
                self._rules = RuleFields(said, seat.zone)
                with Element("div").classes("cluster wraps"):
                    button(_("Save"), self._save, kind="primary", icon="check")
                    button(_("Test"), self._test, icon="photo_camera")
                    if row is not None:
                        button(_("Remove camera"), lambda: self._remove(row), kind="danger", icon="delete")
            self.beside = Element("div").classes("stack wide beside")
            with self.beside:
                self._found = Element("div")
            with self._found:
                show_nothing_yet()

    def _settings(self) -> CameraSettings | AddressFault | HoursFault:
        """What stands in the fields."""
        address = self._door.address()
        hours = self._rules.hours()
        if not isinstance(address, CameraAddress):
            return address
        if isinstance(hours, HoursFault):
            return hours
        name = str(self._name.value or "") or _("Camera")
        pit_id = UUID(self._pit.value) if self._pit.value else UUID(int=0)
        return self._rules.settings(pit_id, name, self._door.make, address, hours)

    async def _test(self) -> None:
        seat = await permitted(Intent.MANAGE_CAMERAS)
        said = self._settings()
        if seat is None or not isinstance(said, CameraSettings):
            self._say_wrong(said)
            return
        self._found.clear()
        with self._found:
            show_testing()
        keep = self._row is not None and not self._door.password
        answer = await try_camera(said, seat.viewer, self._row.id if self._row else None, keep_password=keep)
        self._found.clear()
        with self._found:
            if isinstance(answer, Probe):
                show_picture(answer)
            elif isinstance(answer, Failed):
                show_wrong(answer, self._door.take_path)
            else:
                show_wrong(answer, None)
                self._say_wrong(answer)

    async def _save(self) -> None:
        fields_right = [field.is_right() for field in (self._name, self._pit, *self._door.checked)]
        said = self._settings()
        if not all(fields_right) or not isinstance(said, CameraSettings):
            self._say_wrong(said)
            return
        seat = await permitted(Intent.MANAGE_CAMERAS)
        if seat is None:
            return
        now = datetime.now(UTC)
        if self._row is None:
            added = await keeping.add(said, seat.viewer, now)
            wrong = None if isinstance(added, UUID) else added
        else:
            keep = not self._door.password
            wrong = await keeping.change(self._row.id, said, seat.viewer, now, keep_password=keep)
        if wrong is not None:
            self._say_wrong(wrong)
            toast("warn", wrong_text(wrong))
            return
        toast("ok", _("Saved. Its picture comes within seconds."))
        ui.navigate.to(shell.CAMERAS)

    def _say_wrong(self, wrong: object) -> None:
        """Below the field that it is about."""
        if isinstance(wrong, AddressFault):
            self._door.say(wrong_text(wrong))
        elif isinstance(wrong, HoursFault):
            self._rules.say(wrong_text(wrong))
        elif wrong in (CameraRefusal.PASSWORD_AGAIN, CameraRefusal.LOGIN_TOO_LONG):
            self._door.say_password(wrong_text(CameraRefusal(str(wrong))))

    async def _remove(self, row: CameraRow) -> None:
        question = _("Remove {name}?").format(name=row.settings.name)
        effect = _("Its address and password are forgotten at once; its stills go after their days.")
        if not await confirm(question, effect, _("Remove camera")):
            return
        seat = await permitted(Intent.MANAGE_CAMERAS)
        if seat is not None:
            await keeping.remove(row.id, seat.viewer, datetime.now(UTC))
            ui.navigate.to(shell.CAMERAS)


def _pit_fault(value: object) -> str | None:
    return None if value else _("Choose the pit that it looks at.")
