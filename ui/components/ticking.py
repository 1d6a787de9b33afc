"""A line of text with an age or a rest in it that goes by itself: "4.2 A, 1 s ago", "lease 12 s"."""

from typing import Any

from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.words import live_words
from ui.texts import ago, duration


class Ticking(Element, component="ticking.js", dependencies=["pitpilot.js"]):
    """`text` has `{time}` in it: how long `at_ms` (epoch) is ago, or with `down` how long it is still to come."""

    def __init__(self, text: str, at_ms: int = 0, *, down: bool = False) -> None:
        super().__init__()
        self.props.update({"words": live_words(), "now_ms": now_ms(), "down": down})
        self.show(text, at_ms)

    def show(self, text: str, at_ms: int = 0) -> None:
        if (self.props.get("text"), self.props.get("at_ms")) != (text, at_ms):
            self.props.update({"text": text, "at_ms": at_ms, "now_ms": now_ms()})

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        passed_s = (now_ms() - self.props["at_ms"]) / 1_000
        time = duration(-passed_s) if self.props["down"] else ago(max(0.0, passed_s))
        return [str(self.props["text"]).replace("{time}", time)]
