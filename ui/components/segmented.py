"""A choice of a few words side by side."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui.element import Element


class Segmented(Element, component="segmented.js"):
    """`options` is key to word; `label` names the group for screen readers; `on_choose` gets the key."""

    def __init__(
        self, label: str, options: Mapping[str, str], value: str, on_choose: Callable[[str], Any], *, wide: bool = False
    ) -> None:
        super().__init__()
        self._on_choose = on_choose
        self.props.update({"options": list(options.items()), "value": value, "label": label})
        if wide:
            self.classes("wide")
        self.on("choose", lambda event: self._choose(event.args))

    @property
    def value(self) -> str:
        return str(self.props["value"])

    def choose(self, key: str) -> None:
        """Press `key` from here, without calling `on_choose`."""
        self.props["value"] = key

    def _choose(self, key: Any) -> Any:
        if key not in [offered for offered, _ in self.props["options"]]:
            return None  # not one of ours: nobody pressed that
        self.props["value"] = key
        return self._on_choose(key)

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [word for _, word in self.props["options"]]
