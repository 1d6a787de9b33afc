"""The live picture of a pit: on its own page, and wherever the pit that is looked at changes."""

from uuid import UUID

from nicegui.element import Element

from actions.cameras.keeping import cameras_of
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from storage.cameras import CameraRow
from ui import guard
from ui.components.markup import Text
from ui.components.pieces import link_button
from ui.components.player import CameraPlayer
from ui.texts import _


async def pit_cameras(seat: Seat, pit_id: UUID) -> None:
    """One player for each camera that may be seen here; nothing where there is none, but for who may add one."""
    if not seat.viewer.may(Intent.SEE_VIDEO):
        return
    rows = await _cameras(seat, pit_id)
    _players(seat, rows)
    if not rows and seat.viewer.may(Intent.MANAGE_CAMERAS):
        link_button(_("Add a camera"), f"/cameras/new?pit={pit_id}", icon="videocam")


class PitPicture:
    """The place of one pit's picture at a time. It is made anew only if the pit or its cameras are others, so that a
    picture that plays goes on.
    """

    def __init__(self) -> None:
        self._pit_id: UUID | None = None
        self._shown: list[tuple[UUID, str]] = []

    def stand(self) -> None:
        """Takes its place in what is being made."""
        self._place = Element("div").classes("stack wide")
        self._place.visible = False

    async def show(self, pit_id: UUID | None) -> None:
        """The pit that is looked at now; None: none."""
        self._pit_id = pit_id
        seat = await guard.still(Intent.SEE_VIDEO)
        rows = await _cameras(seat, pit_id) if seat and pit_id else []
        if pit_id != self._pit_id:  # another pit was chosen meanwhile
            return
        wanted = [(row.id, row.settings.name) for row in rows]
        if wanted == self._shown:
            return
        self._shown = wanted
        self._place.clear()
        self._place.visible = bool(rows)
        if seat:
            with self._place:
                _players(seat, rows)


async def _cameras(seat: Seat, pit_id: UUID) -> list[CameraRow]:
    found = await cameras_of(seat.viewer, pit_id)
    return [] if isinstance(found, Refusal) else [row for row in found if row.settings.enabled]


def _players(seat: Seat, rows: list[CameraRow]) -> None:
    for row in rows:
        with Element("section").classes("stack"):
            CameraPlayer(row.id, label=f"{row.pit}, {row.settings.name}", zone=seat.zone)
            if len(rows) > 1:
                Text("p", row.settings.name).classes("quiet")
