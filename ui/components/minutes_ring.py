"""Minutes as a big number inside 60 ticks; they go by themselves while the motor is measured ON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.views import Tone
from ui.components.words import live_words


@dataclass(frozen=True, slots=True)
class RingView:
    """`left_s` of `whole_s` seconds, as measured at `at_ms` (epoch)."""

    left_s: int
    whole_s: int
    tone: Tone
    caption: str
    """Below the number, translated: "left of 20 min"."""
    at_ms: int = 0
    is_counting: bool = False
    """The motor is ON: the rest shrinks with each second."""
    number: str = ""
    """Shown in the place of minutes and seconds: a balance."""


class MinutesRing(Element, component="minutes_ring.js", dependencies=["pitpilot.js"]):
    def __init__(self, view: RingView) -> None:
        super().__init__()
        self.props.update({"words": live_words(), "now_ms": now_ms()})
        self.show(view)

    def show(self, view: RingView) -> None:
        if self.props.get("view") != asdict(view):
            self.props["view"] = asdict(view)
            self.props["now_ms"] = now_ms()

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        view: Mapping[str, Any] = self.props["view"]
        return [view["number"] or clock_text(view["left_s"]), view["caption"]]


def clock_text(seconds: int) -> str:
    """11:52, or 1:11:52 from an hour on."""
    hours, rest = divmod(seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
