"""The wall: a still of every pit's cameras; live under the pointer or after a tap, a few at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from uuid import UUID

from nicegui import background_tasks, ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import video
from actions.announce import Announcement, Topic, listen
from actions.cameras.keeping import cameras_of
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from domain.video import CameraStatus
from storage.cameras import CameraRow
from ui.components.markup import raw
from ui.components.pieces import empty, link_button, tone_chip
from ui.components.player import CameraPlayer
from ui.page import page
from ui.pages import shell
from ui.pages.owner.camera_words import state_of
from ui.texts import _, ago, ngettext, number

STATES_EVERY_S = 10.0


def install() -> None:
    @page(shell.WALL)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_VIDEO)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.WALL, title=_("Camera wall")) as frame:
            rows = await _read(seat)
            frame.set_title(ngettext("{n} camera", "{n} cameras", len(rows)).format(n=number(len(rows))))
            await _Wall(seat).show(rows, await video.gateway().status())
        return None


async def _read(seat: Seat) -> list[CameraRow]:
    found = await cameras_of(seat.viewer)
    return [] if isinstance(found, Refusal) else [row for row in found if row.settings.enabled]


class _Wall:
    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._tiles: dict[str, CameraPlayer] = {}
        self._words: dict[str, Element] = {}

    async def show(self, rows: list[CameraRow], status: Mapping[UUID, CameraStatus]) -> None:
        if not rows:
            empty("videocam", _("No cameras to see"), _("The owner adds cameras and chooses who may look."))
            if self._seat.viewer.may(Intent.MANAGE_CAMERAS):
                link_button(_("Add camera"), f"{shell.CAMERAS}/new", kind="primary", icon="add")
            return
        with Element("div").classes("wall"):
            for row in rows:
                self._tile(row)
        self._say(rows, status)
        ui.timer(STATES_EVERY_S, self._refresh, immediate=False)
        end = listen(self._on)
        ui.context.client.on_delete(end)

    def _tile(self, row: CameraRow) -> None:
        with Element("figure"):
            label = f"{row.pit}, {row.settings.name}"
            self._tiles[str(row.id)] = CameraPlayer(row.id, label=label, zone=self._seat.zone, kind="tile")
            with Element("figcaption"):
                raw(f'<a href="/pits/{row.settings.pit_id}">{escape(row.pit)}</a>', "span")
                raw(escape(row.settings.name), "span").classes("quiet cut grow")
                self._words[str(row.id)] = Element("span").classes("cluster")

    def _say(self, rows: list[CameraRow], status: Mapping[UUID, CameraStatus]) -> None:
        now = datetime.now(UTC)
        for row in rows:
            place = self._words.get(str(row.id))
            if place is None:
                continue
            state = state_of(row, status.get(row.id), now)
            place.clear()
            with place:
                if row.still_at is not None:
                    raw(escape(ago((now - row.still_at).total_seconds())), "span").classes("quiet num")
                if state.tone != "ok":
                    tone_chip(state.tone, state.word)

    async def _refresh(self) -> None:
        self._say(await _read(self._seat), await video.gateway().status())

    def _on(self, heard: Announcement) -> None:
        tile = self._tiles.get(heard.id) if heard.topic is Topic.STILL else None
        if tile is not None and not tile.is_deleted:
            background_tasks.create(_refresh(tile), name="newer still")


async def _refresh(tile: CameraPlayer) -> None:
    with tile:
        tile.refresh()
