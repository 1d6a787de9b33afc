"""Pits as rows, time across, jobs as bars: opened by a click, put to another time or pit by dragging or by keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from ui.components.views import Tone
from ui.texts import _


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A stretch of the axis. Moments are minutes since the axis' begin."""

    word: str
    """ "Mon 30 Nov"."""
    from_min: int
    until_min: int
    opens_min: int
    """Which minute of its day the stretch begins with."""
    is_today: bool = False
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class CalendarTick:
    """An hour on the axis of a single day."""

    at_min: int
    word: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    key: str
    label: str


@dataclass(frozen=True, slots=True)
class CalendarBar:
    key: str
    row: str
    href: str
    from_min: int
    until_min: int
    car: str
    line: str
    """Plate and what is done."""
    says: str
    """All of it in words, for screen readers and as a hint: "Received, 09:30–15:00"."""
    tone: Tone
    moves: bool
    """Nobody began, so that it can still be put elsewhere."""
    late: bool = False


@dataclass(frozen=True, slots=True)
class CalendarView:
    whole_min: int
    """Length of the axis."""
    days: tuple[CalendarDay, ...]
    ticks: tuple[CalendarTick, ...]
    shut: tuple[tuple[int, int], ...]
    """Stretches in which the workshop is closed."""
    rows: tuple[CalendarRow, ...]
    bars: tuple[CalendarBar, ...]
    now_min: int | None
    """None: now is not on this axis."""
    step_min: int
    """What a key or a drag moves at least."""


class PitCalendar(Element, component="pit_calendar.js", dependencies=["dragging.js"]):
    """`on_put` gets a bar's key, its new begin in minutes of the axis, and the key of its new row; the bar stands there
    until `show` says better.
    """

    def __init__(self, view: CalendarView, on_put: Callable[[str, int, str], Any], *, label: str) -> None:
        super().__init__()
        self._on_put = on_put
        self.props.update({"round": 0, "label": label, "words": _words()})
        self.on("put", lambda event: self._put(event.args))
        self.show(view)

    def show(self, view: CalendarView) -> None:
        self.props.update({"view": view, "round": self.props["round"] + 1})

    def _put(self, said: Any) -> Any:
        """A browser may send anything: only what is shown and may move gets through."""
        if not isinstance(said, dict):
            return None
        view: CalendarView = self.props["view"]
        key, at, row = said.get("key"), said.get("at"), said.get("row")
        movable, rows = {bar.key for bar in view.bars if bar.moves}, {each.key for each in view.rows}
        if key not in movable or row not in rows or not isinstance(at, int) or not 0 <= at <= view.whole_min:
            return None
        return self._on_put(str(key), at, str(row))

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        view: CalendarView = self.props["view"]
        words = [day.word for day in view.days] + [row.label for row in view.rows]
        return words + [word for bar in view.bars for word in (bar.car, bar.line, bar.says)]


def _words() -> dict[str, str]:
    return {
        "help": _("Space picks a booking up, arrow keys move it in time and to another pit, Space puts it down."),
        "picked": _("{car} picked up."),
        "over": _("{car}: {row}, {time}"),
        "put": _("{car} is put to {row}, {time}."),
        "left": _("{car} stays where it was."),
        "now": _("Now"),
        "pits": _("Pits"),
    }
