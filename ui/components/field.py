"""Form fields: the label above, help or what is wrong below, checked on leaving the field."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Literal

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.value_element import ValueElement

from ui.components import markup
from ui.components.markup import Text

Check = Callable[[Any], str | None]
"""Says what to enter instead, or None."""


class Field(Element):
    """A labelled input. `check` runs when the field is left, and by `is_right()` before saving."""

    def __init__(
        self, label: str, make: Callable[[], ValueElement[Any]], *, help: str = "", check: Check | None = None
    ) -> None:
        super().__init__("div")
        self.classes("field")
        self._help, self._check = help, check
        with self:
            title = Text("label", label)
            self.input = make()
            self._below = markup.raw("", "p")
        name = f"f{self.input.id}"
        title.props["for"] = name
        self.input.props["for"] = name
        self.input.props["aria-label"] = label
        self.input.props["aria-describedby"] = self._below.html_id
        if check:
            self.input.on("blur", self.is_right)
        self.say(None)

    @property
    def value(self) -> Any:
        return self.input.value

    @value.setter
    def value(self, value: Any) -> None:
        self.input.value = value

    def is_right(self) -> bool:
        """Check now, and say what is wrong."""
        wrong = self._check(self.value) if self._check else None
        self.say(wrong)
        return wrong is None

    def focus(self) -> None:
        """Puts the cursor here, and with it brings the field into sight."""
        self.input.run_method("focus")

    def say(self, wrong: str | None) -> None:
        """Show what to enter instead; None shows the help again."""
        if wrong is None:
            self.props.pop("data-state", None)
            self.input.props.pop("aria-invalid", None)
        else:
            self.props["data-state"] = "crit"
            self.input.props["aria-invalid"] = "true"
        self._below.content = _below(wrong, self._help)


def text_field(
    label: str,
    value: str = "",
    *,
    help: str = "",
    check: Check | None = None,
    kind: Literal["text", "password", "email", "tel", "search"] = "text",
    autocomplete: str = "off",
    code: bool = False,
) -> Field:
    """`code` tells 0 and O, 1 and l apart: plates, serials."""
    field = Field(label, lambda: ui.input(value=value), help=help, check=check)
    field.input.props.update({"type": kind, "autocomplete": autocomplete})
    if code:
        field.input.classes("id")
    return field


def number_field(
    label: str, value: float | None = None, *, unit: str = "", help: str = "", check: Check | None = None
) -> Field:
    """A number; empty is None."""
    return Field(label, lambda: ui.number(value=value, suffix=unit or None), help=help, check=check)


def select_field(
    label: str, options: Mapping[Any, str], value: Any = None, *, help: str = "", check: Check | None = None
) -> Field:
    """One of `options`: key to word."""
    return Field(label, lambda: ui.select(dict(options), value=value), help=help, check=check)


def _below(wrong: str | None, help: str) -> str:
    return escape(help) if wrong is None else f"{markup.icon('error', 's')}<span>{escape(wrong)}</span>"
