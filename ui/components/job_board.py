"""Jobs as cards in lanes: by state or by pit. A card is carried by mouse or finger, moved by keys, or by its button."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nicegui.element import Element

from ui.components.views import Tone
from ui.texts import _

Segment = Literal["done", "now", ""]


@dataclass(frozen=True, slots=True)
class BoardLane:
    key: str
    label: str
    icon: str
    tone: Tone = ""
    empty: str = ""
    """Said where no card is."""


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One job. Words are translated."""

    key: str
    lane: str
    href: str
    car: str
    plate: str
    standing: str
    """The stage that is worked on, or the state."""
    segments: tuple[Segment, ...]
    """One a stage."""
    time: str
    """When it was promised; empty if nothing was."""
    late: str = ""
    """The chip's word, if it is."""
    who: str = ""
    note: str = ""
    """A line more: what it waits for, that it came back."""


class JobBoard(Element, component="job_board.js", dependencies=["dragging.js"]):
    """`on_move` gets a card's key and the lane that it was put into; the card stands there until `show` says better.
    `on_menu` gets the key of a card whose button was pressed.
    """

    def __init__(self, on_move: Callable[[str, str], Any], on_menu: Callable[[str], Any], *, label: str) -> None:
        super().__init__()
        self._on_move, self._on_menu = on_move, on_menu
        self.props.update({"lanes": [], "cards": [], "round": 0, "label": label, "words": _words()})
        self.on("move", lambda event: self._move(event.args))
        self.on("menu", lambda event: self._menu(event.args))

    def show(self, lanes: Sequence[BoardLane], cards: Sequence[BoardCard]) -> None:
        """What is true now; cards that were moved and are not there go back to where they are."""
        self.props.update({"lanes": list(lanes), "cards": list(cards), "round": self.props["round"] + 1})

    def _move(self, said: Any) -> Any:
        """A browser may send anything: only a card and a lane that are shown get through."""
        if not isinstance(said, dict):
            return None
        key, lane = said.get("key"), said.get("lane")
        cards, lanes = {card.key for card in self.props["cards"]}, {each.key for each in self.props["lanes"]}
        return self._on_move(str(key), str(lane)) if key in cards and lane in lanes else None

    def _menu(self, key: Any) -> Any:
        return self._on_menu(key) if key in {card.key for card in self.props["cards"]} else None

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        lanes = [lane.label for lane in self.props["lanes"]]
        return lanes + [
            word for c in self.props["cards"] for word in (c.car, c.plate, c.standing, c.time, c.late, c.who, c.note)
        ]


def _words() -> dict[str, str]:
    return {
        "help": _("Space picks a card up, arrow keys choose the lane, Space puts it down, Escape leaves it."),
        "picked": _("{car} picked up from {lane}."),
        "over": _("Over {lane}."),
        "moved": _("{car} moved to {lane}."),
        "left": _("{car} stays in {lane}."),
        "back": _("{car} is in {lane}."),
        "menu": _("What can be done with {car}"),
        "promised": _("promised"),
    }
