"""A workshop's cameras: how each is doing and what it costs; the way to add, find and change them."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import video
from actions.cameras.keeping import cameras_of, enable
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from domain.video import CameraStatus
from storage.cameras import CameraRow
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, link_button, tone_chip
from ui.components.player import CameraPlayer
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.pages.owner import camera_form
from ui.pages.owner.camera_discovery import discover_button
from ui.pages.owner.camera_words import cost_text, state_of, stream_text
from ui.texts import _, ngettext, number

REFRESH_S = 5.0


def install() -> None:
    camera_form.install()

    @page(shell.CAMERAS)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.MANAGE_CAMERAS)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.CAMERAS, title=_("Cameras")) as frame:
            cameras = _Cameras(seat, frame)
            await cameras.start()
            ui.timer(REFRESH_S, cameras.refresh, immediate=False)
        return None


class _Cameras:
    """Cards with stills; their words are read again every few seconds."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        with frame.actions:
            discover_button(seat)
            link_button(_("Add camera"), camera_form.new_href(), kind="primary", icon="add")
        self._place = Element("div")
        self._words: dict[UUID, Element] = {}

    async def start(self) -> None:
        rows, status = await self._read()
        self._place.clear()
        self._words = {}
        with self._place:
            if not rows:
                says = _("Add the first by its address, or search your network. Its picture appears in its pit.")
                empty("videocam", _("No cameras yet"), says)
            else:
                with Element("div").classes("wall"):
                    for row in rows:
                        self._card(row)
        self._say(rows, status)

    async def _read(self) -> tuple[list[CameraRow], dict[UUID, CameraStatus]]:
        found = await cameras_of(self._seat.viewer)
        rows = [] if isinstance(found, Refusal) else found
        return rows, dict(await video.gateway().status())

    async def refresh(self) -> None:
        rows, status = await self._read()
        if {row.id for row in rows} == set(self._words):
            self._say(rows, status)
        else:
            await self.start()

    def _card(self, row: CameraRow) -> None:
        said, href = row.settings, f"{shell.CAMERAS}/{row.id}"
        with Card() as card:
            card.classes("camera-card")
            if said.enabled:
                CameraPlayer(row.id, label=f"{said.name}, {row.pit}", zone=self._seat.zone, kind="tile")
            else:
                Text("p", _("Switched off")).classes("tile none")
            with Element("div").classes("inside stack"):
                self._words[row.id] = Element("div").classes("stack")
                with Element("footer").classes("cluster"):
                    link_button(_("Change"), href, icon="edit")
                    word = _("Switch off") if said.enabled else _("Switch on")
                    button(word, lambda r=row: self._switch(r, not r.settings.enabled), kind="plain")

    def _say(self, rows: list[CameraRow], status: dict[UUID, CameraStatus]) -> None:
        now = datetime.now(UTC)
        failing = sum(row.settings.enabled and row.failing_since is not None for row in rows)
        title = ngettext("{n} camera", "{n} cameras", len(rows)).format(n=number(len(rows)))
        if failing:
            title += ", " + _("{n} without a picture").format(n=number(failing))
        self._frame.set_title(title if rows else _("Cameras"))
        for row in rows:
            doing = status.get(row.id)
            state = state_of(row, doing, now)
            self._words[row.id].clear()
            with self._words[row.id]:
                with Element("div").classes("cluster spread"):
                    Text("h2", row.settings.name).classes("cut")
                    tone_chip(state.tone, state.word)
                Text("p", row.pit).classes("quiet")
                if state.line:
                    Text("p", state.line)
                elif doing is not None and doing.codec:
                    said = stream_text(doing.codec, doing.width, doing.height, doing.fps)
                    said += ", " + _("with sound") if doing.sound else ""
                    Text("p", said).classes("quiet")
                if doing is not None and doing.bit_rate:
                    Text("p", cost_text(doing)).classes("quiet num")

    async def _switch(self, row: CameraRow, on: bool) -> None:
        seat = await permitted(Intent.MANAGE_CAMERAS)
        if seat is None:
            return
        refusal = await enable(row.id, on, seat.viewer, datetime.now(UTC))
        if refusal is not None:
            toast("warn", refusal_text(refusal))
            return
        said = _("{name} is switched on.") if on else _("{name} is switched off. Nobody sees it.")
        with self._place:
            await self.start()
            toast("ok", said.format(name=row.settings.name))
