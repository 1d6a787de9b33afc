"""A choice of kinds of work, each a tile with its usual time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element


@dataclass(frozen=True, slots=True)
class Tile:
    key: str
    word: str
    line: str
    """Its usual time."""


class WorkTiles(Element, component="work_tiles.js"):
    """`label` names the group for screen readers; `on_choose` gets the key."""

    def __init__(self, label: str, tiles: Sequence[Tile], value: str, on_choose: Callable[[str], Any]) -> None:
        super().__init__()
        self._on_choose = on_choose
        self.props.update({"tiles": list(tiles), "value": value, "label": label})
        self.on("choose", lambda event: self._choose(event.args))

    def _choose(self, key: Any) -> Any:
        if key not in [tile.key for tile in self.props["tiles"]]:
            return None  # not one of ours: nobody pressed that
        self.props["value"] = key
        return self._on_choose(key)

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [word for tile in self.props["tiles"] for word in (tile.word, tile.line)]
