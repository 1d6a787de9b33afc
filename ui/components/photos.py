"""Photos of a job: seen, taken, shown to the customer or not, removed. The component talks with the API itself."""

from typing import Any

from nicegui.element import Element

from domain.photos import BYTES_MAX, PhotoFault
from ui.texts import _, voice


class Photos(Element, component="photos.js", dependencies=["pitpilot.js"]):
    """A grid of small pictures; a tap shows one large. With `may_change` photos are taken by camera, chosen or dropped,
    released and removed. `zone` is the workshop's, `stages` the words of stages by their names.
    """

    def __init__(self, job_id: str, *, may_change: bool, zone: str, stages: dict[str, str]) -> None:
        super().__init__()
        self.props.update(
            {"job_id": job_id, "may_change": may_change, "only_look": False, "turn": 0, "zone": zone}
            | {"words": photo_words(stages)}
        )

    def refresh(self) -> None:
        """Reads the list again: after the job was announced as changed."""
        self.props["turn"] = int(self.props["turn"]) + 1

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [self.props["words"]["camera"]] if self.props["may_change"] else []


def photo_words(stages: dict[str, str]) -> dict[str, Any]:
    return {
        "locale": voice().locale_tag,
        "stages": stages,
        "camera": _("Take photo"),
        "choose": _("Choose photos"),
        "none": _("No photos yet."),
        "again": _("Try again"),
        "leave": _("Leave it"),
        "before": _("Photo before"),
        "after": _("Next photo"),
        "release": _("Show to customer"),
        "hide": _("Hide from customer"),
        "is_released": _("The customer sees it"),
        "released_n": _("The customer sees {n}"),
        "remove": _("Remove"),
        "really_remove": _("Remove for good"),
        "close": _("Close"),
        "no_connection": _("No connection"),
        "refused": _("This was refused."),
        "faults": fault_words(),
    }


def fault_words() -> dict[str, str]:
    """Why a file is not taken, and what to do."""
    return {
        PhotoFault.TOO_LARGE: _("More than {n} MB. Send a smaller one.").format(n=BYTES_MAX >> 20),
        PhotoFault.HEIC: _(
            "A HEIC photo. Send it as JPEG: in the camera's settings choose JPEG,"
            " on an iPhone Formats, Most Compatible."
        ),
        PhotoFault.NOT_A_PHOTO: _("Not a photo. Take JPEG, PNG or WebP."),
        PhotoFault.TOO_MANY_PIXELS: _("Too many pixels. Send a smaller one."),
        PhotoFault.DAMAGED: _("The photo is damaged. Take it again."),
        PhotoFault.TOO_MANY: _("This job has as many photos as it can hold. Remove some first."),
    }
