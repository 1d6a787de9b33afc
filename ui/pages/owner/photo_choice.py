"""One of a job's photos, chosen in a dialog; and a small one that opens large."""

from collections.abc import Sequence
from uuid import UUID

from nicegui.element import Element

from domain.access import Intent
from storage import photos
from storage.photos import PhotoRow
from storage.session import transaction
from ui import guard
from ui.components.markup import Text
from ui.texts import _, number

NO_PHOTO = ""


async def photos_to_choose(job_id: UUID) -> list[PhotoRow]:
    """Those of the job; none for who may not work on it any more."""
    seat = await guard.still(Intent.WORK_ON_JOBS)
    if seat is None:
        return []
    async with transaction(seat.viewer.tenant_id) as tx:
        return list(await photos.of_job(tx, seat.viewer.tenant_id, job_id))


class PhotoChoice(Element):
    """Radio buttons as small pictures, the first for none; nothing where there are no photos."""

    def __init__(self, rows: Sequence[PhotoRow]) -> None:
        super().__init__("fieldset")
        self.classes("photo-choice")
        self.photo_id: UUID | None = None
        self.visible = bool(rows)
        self._rows = {str(row.id): row.id for row in rows}
        with self:
            Text("legend", _("Photo of it"))
            with Element("div").classes("cluster"):
                self._option(NO_PHOTO, _("None"))
                for n, key in enumerate(self._rows, start=1):
                    self._option(key, _("Photo {n}").format(n=number(n)))

    def choose(self, key: str) -> None:
        """A browser may send anything: what is no photo of these is none."""
        self.photo_id = self._rows.get(key)

    def _option(self, key: str, word: str) -> None:
        with Element("label"):
            radio = Element("input")
            radio.props.update({"type": "radio", "name": f"photo-{self.id}", "value": key, "aria-label": word})
            if key == NO_PHOTO:
                radio.props["checked"] = True
                Text("span", word)
            else:
                _picture(self._rows[key], "")
            radio.on("change", lambda: self.choose(key))


def thumbnail(photo_id: UUID, alt: str) -> None:
    """Opens the large one."""
    link = Element("a").classes("thumbnail")
    link.props.update({"href": f"/api/v1/photos/{photo_id}", "target": "_blank", "rel": "noopener"})
    with link:
        _picture(photo_id, alt)


def _picture(photo_id: UUID, alt: str) -> None:
    props = {"src": f"/api/v1/photos/{photo_id}?size=thumb", "alt": alt, "loading": "lazy"}
    Element("img").props.update(props | {"width": 56, "height": 56})
