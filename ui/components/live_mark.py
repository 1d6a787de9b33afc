"""Whether values arrive, and how old the newest is."""

from typing import Any

from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.words import live_words


class LiveMark(Element, component="live_mark.js", dependencies=["pitpilot.js"]):
    """Listens to the page's connection and to its `live` events; the server sends it nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.props.update({"now_ms": now_ms(), "words": live_words()})

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [self.props["words"]["live_now"]]
