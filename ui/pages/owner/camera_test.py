"""Beside a camera's fields: what its last test found."""

import base64
from collections.abc import Callable
from html import escape

from nicegui.element import Element

from actions.cameras.keeping import Wrong
from actions.cameras.trying import Failed
from domain.refusals import TryLater
from domain.video import Probe
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, skeleton, tone_chip
from ui.pages.owner.camera_words import probe_text, wrong_text
from ui.texts import _


def show_nothing_yet() -> None:
    with Card(_("Test"), pad=True):
        Text("p", _("Press Test to see a picture before you save.")).classes("quiet")


def show_testing() -> None:
    skeleton(("100%", 180), ("60%", 20), label=_("Asking the camera for a picture"))


def show_picture(found: Probe) -> None:
    picture = base64.b64encode(found.jpeg).decode()
    with Card(_("Test")) as card:
        with card.header:
            tone_chip("ok", _("Picture received"))
        label = escape(_("What the camera sees now"))
        raw(f'<img class="camera-still" alt="{label}" src="data:image/jpeg;base64,{picture}">')
        with Element("div").classes("inside low"):
            Text("p", probe_text(found))


def show_wrong(said: Wrong | TryLater | Failed, take_path: Callable[[str], None] | None) -> None:
    with Card(_("Test"), pad=True) as card:
        with card.header:
            tone_chip("warn", _("No picture"))
        Text("p", wrong_text(said)).props["role"] = "status"
        if isinstance(said, Failed) and said.picture_at and take_path is not None:
            path, take = said.picture_at, take_path
            button(_("Use this path"), lambda: take(path))
