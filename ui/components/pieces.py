"""Still components: chips, buttons, cards, and what stands where there is nothing to show yet."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Literal

from nicegui import ui
from nicegui.element import Element

from ui.components import markup
from ui.components.markup import Text, raw
from ui.components.views import State, Tone
from ui.texts import _

Kind = Literal["primary", "secondary", "plain", "danger"]


def state_chip(state: State, word: str | None = None) -> ui.html:
    """The chip of a measured state, by its own word or another: "No data 23 min"."""
    return tone_chip(state, word or markup.state_word(state))


def tone_chip(tone: Tone, word: str, mark: str | None = None, *, big: bool = False) -> ui.html:
    """The chip of anything else: "Online", "RUNNING", "Late"."""
    return raw(markup.chip(tone, word, mark, big=big), "span").classes("cluster")


def button(
    text: str,
    on_click: Callable[..., Any] | None = None,
    *,
    kind: Kind = "secondary",
    icon: str | None = None,
    size: Literal["", "glove", "motor"] = "",
) -> ui.button:
    """A button that says a verb with its object. One primary on a page."""
    made = ui.button(text, on_click=on_click, icon=icon and f"sym_r_{icon}", color=None)
    return made.classes(f"btn {kind} {size}".strip())


def icon_button(icon: str, label: str, on_click: Callable[..., Any] | None = None) -> ui.button:
    """A square button without a word; `label` is what screen readers say."""
    made = ui.button(on_click=on_click, icon=f"sym_r_{icon}", color=None).classes("btn square")
    made.props["aria-label"] = label
    return made


def link_button(text: str, href: str, *, kind: Kind = "secondary", icon: str | None = None) -> ui.html:
    """Looks like a button, leads elsewhere."""
    mark = markup.icon(icon) if icon else ""
    return raw(f'<a class="btn {kind}" href="{escape(href)}">{mark}{escape(text)}</a>', "span")


class Card(Element):
    """A titled card: what is made inside goes below the header; `card.header` takes a chip or a button."""

    def __init__(self, title: str = "", *, pad: bool = False, tall: bool = False) -> None:
        super().__init__("section")
        self.classes("card pad" if pad else "card clip")
        if title:
            with self:
                self.header = Element("header").classes("tall" if tall else "")
            with self.header:
                Text("h2", title).classes("grow")


def empty(
    icon: str, title: str, text: str, action: str | None = None, on_action: Callable[..., Any] | None = None
) -> Element:
    """Nothing here: what is the case, what will appear, one thing to do."""
    block = _blank(icon, title, text)
    if action:
        with block:
            button(action, on_action, kind="primary")
    return block


def failure(
    title: str,
    text: str,
    on_retry: Callable[..., Any] | None = None,
    *,
    icon: str = "cloud_off",
    data_missing: bool = False,
) -> Element:
    """Something failed: what, what still works, Try again. Hatched only if data is missing."""
    block = _blank(icon, title, text)
    if data_missing:
        block.props["data-state"] = "unknown"
    if on_retry:
        with block:
            button(_("Try again"), on_retry, icon="refresh")
    return block


def _blank(icon: str, title: str, text: str) -> Element:
    block = Element("div").classes("card blank")
    with block:
        markup.icon_element(icon, "huge")
        Text("h2", title)
        Text("p", text)
    return block


def skeleton(*bars: tuple[str, int], label: str = "") -> ui.html:
    """The shape of what comes, as bars of (width, height in px): `skeleton(("40%", 20), ("100%", 32))`."""
    shapes = "".join(f'<i style="width:{escape(width)};height:{height}px"></i>' for width, height in bars)
    block = raw(shapes).classes("card pad skeleton stack")
    block.props["aria-busy"] = "true"
    block.props["aria-label"] = label or _("Loading")
    return block


def key_values(rows: Sequence[tuple[str, str]]) -> ui.html:
    """Rows of a text and its value, as texts."""
    return raw("".join(markup.key_value(key, escape(value)) for key, value in rows))
