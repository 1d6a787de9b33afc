"""The live picture on a pit's page."""

from uuid import UUID

from nicegui.element import Element

from actions.cameras.keeping import cameras_of
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from ui.components.markup import Text
from ui.components.pieces import link_button
from ui.components.player import CameraPlayer
from ui.texts import _


async def pit_cameras(seat: Seat, pit_id: UUID) -> None:
    """One player for each camera that may be seen here; nothing where there is none, but for who may add one."""
    if not seat.viewer.may(Intent.SEE_VIDEO):
        return
    found = await cameras_of(seat.viewer, pit_id)
    rows = [] if isinstance(found, Refusal) else [row for row in found if row.settings.enabled]
    for row in rows:
        with Element("section").classes("stack"):
            CameraPlayer(row.id, label=f"{row.pit}, {row.settings.name}", zone=seat.zone)
            if len(rows) > 1:
                Text("p", row.settings.name).classes("quiet")
    if not rows and seat.viewer.may(Intent.MANAGE_CAMERAS):
        link_button(_("Add a camera"), f"/cameras/new?pit={pit_id}", icon="videocam")
