"""A drawing of a car, from both sides and from above, on which damage is marked by a tap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from ui.texts import N_, _

EDGE = 1_000  # a point is said in thousandths of the drawing's width and height

AREAS: dict[str, tuple[str, int, int]] = {
    "bonnet": (N_("Bonnet"), 205, 500),
    "windscreen": (N_("Windscreen"), 375, 500),
    "roof": (N_("Roof"), 530, 500),
    "boot": (N_("Boot"), 845, 500),
    "front": (N_("Front bumper"), 85, 500),
    "rear": (N_("Rear bumper"), 930, 500),
    "left_front_wing": (N_("Left front wing"), 190, 185),
    "left_front_door": (N_("Left front door"), 425, 190),
    "left_rear_door": (N_("Left rear door"), 605, 190),
    "left_rear_wing": (N_("Left rear wing"), 830, 175),
    "right_front_wing": (N_("Right front wing"), 190, 815),
    "right_front_door": (N_("Right front door"), 425, 810),
    "right_rear_door": (N_("Right rear door"), 605, 810),
    "right_rear_wing": (N_("Right rear wing"), 830, 825),
}
"""Parts of the car with their word and their point on the drawing, for those who don't tap."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One damage, numbered as in the list beside the drawing."""

    key: str
    x: int
    y: int
    said: str


class DamageMap(Element, component="damage_map.js"):
    """`on_point` gets x and y of a tap; without it the drawing only shows."""

    def __init__(self, marks: Sequence[Mark], on_point: Callable[[int, int], Any] | None = None) -> None:
        super().__init__()
        self._on_point = on_point
        self.props.update({"marks": list(marks), "takes": on_point is not None, "words": _words()})
        self.on("point", lambda event: self._point(event.args))

    def show(self, marks: Sequence[Mark]) -> None:
        self.props["marks"] = list(marks)

    def _point(self, said: Any) -> Any:
        """A browser may send anything: only two whole numbers on the drawing get through."""
        if self._on_point is None or not isinstance(said, dict):
            return None
        x, y = said.get("x"), said.get("y")
        if not (isinstance(x, int) and isinstance(y, int) and 0 <= x <= EDGE and 0 <= y <= EDGE):
            return None
        return self._on_point(x, y)

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [mark.said for mark in self.props["marks"]]


def area_of(x: int, y: int) -> str:
    """The word of the part that is nearest to a point."""
    nearest = min(AREAS.values(), key=lambda area: (area[1] - x) ** 2 + (area[2] - y) ** 2)
    return _(nearest[0])


def _words() -> dict[str, str]:
    return {
        "label": _("Drawing of the car: left side, from above, right side"),
        "left": _("Left"),
        "top": _("Above"),
        "right": _("Right"),
    }
