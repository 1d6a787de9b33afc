"""A field that is signed by finger, pen or mouse."""

import re
from typing import Any

from nicegui.element import Element

from ui.texts import _

WIDTH, HEIGHT = 600, 200
PATH_CHARS_MAX = 20_000
_PATH = re.compile(r"M\d{1,3} \d{1,3}(?:[ML]\d{1,3} \d{1,3})+")


class Signature(Element, component="signature.js"):
    """`value` is the path of an SVG drawing of lines in a box of WIDTH by HEIGHT; empty until somebody signs."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self.value = ""
        self.props.update(
            {"label": label, "words": {"clear": _("Sign again"), "hint": _("Sign here with finger, pen or mouse.")}}
        )
        self.on("drawn", lambda event: self._drawn(event.args))

    def _drawn(self, path: Any) -> None:
        """A browser may send anything: only lines get through."""
        usable = isinstance(path, str) and len(path) <= PATH_CHARS_MAX and _PATH.fullmatch(path)
        self.value = path if usable else ""

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [self.props["label"]]


def signature_svg(path: str, label: str) -> str:
    """Markup of a drawn signature; `path` is one that this field gave, `label` is escaped already."""
    return (
        f'<svg class="signed" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'<path d="{path if _PATH.fullmatch(path) else ""}"/></svg>'
    )
