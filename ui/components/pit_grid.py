"""All pits of a workshop in one element that lives on the socket event `live`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from nicegui.element import Element

from ui.components.clock import now_ms
from ui.components.views import CarInPit, PitCard, State
from ui.components.words import live_words


class PitGrid(Element, component="pit_grid.js", dependencies=["pitpilot.js", "pitpilot_pits.js"]):
    """Cards, or below 768 px the counts and a list. What is made inside it (the alert strip) stands above the pits.

    It takes `LivePits` messages from NiceGUI's socket itself. `on_visibility` gets True when the page is shown and on
    every new connection (join the room), False when it is hidden (leave it). `on_counts` gets how many pits are in
    each state whenever that changes, by messages or by age.
    """

    def __init__(
        self,
        pits: Sequence[PitCard],
        *,
        on_visibility: Callable[[bool], Any] | None = None,
        on_counts: Callable[[dict[str, int]], Any] | None = None,
    ) -> None:
        super().__init__()
        self.props["words"] = live_words()
        self.show(pits)
        if on_visibility:
            self.on("visibility", lambda event: on_visibility(bool(event.args)))
        if on_counts:
            self.on("counts", lambda event: on_counts(_counts(event.args)))

    def show(self, pits: Sequence[PitCard]) -> None:
        """Replace all cards: after a pit was added, renamed or got another car."""
        self.props.update({"pits": list(pits), "now_ms": now_ms()})

    def show_cars(self, cars: Mapping[str, CarInPit]) -> None:
        """Which car stands in which pit now, by the pit's id; all others are free."""
        self.props["cars"] = {key: asdict(car) for key, car in cars.items()}

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        pits: list[PitCard] = self.props["pits"]
        cars = [word for car in (self.props.get("cars") or {}).values() for word in car.values()]
        return cars + [text for pit in pits for text in (pit.name, pit.car, pit.plate, pit.stage, pit.word)]


def _counts(told: Any) -> dict[str, int]:
    """Pits by state, whatever a browser sent."""
    known = told if isinstance(told, dict) else {}
    return {state: int(known[state]) if isinstance(known.get(state), int) else 0 for state in get_args(State)}
