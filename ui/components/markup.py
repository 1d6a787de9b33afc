"""HTML of the smallest parts, as escaped strings, so that a whole row costs a page one element."""

from html import escape

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from ui.components.views import State, Tone
from ui.texts import _

STATE_ICONS: dict[Tone, str] = {
    "ok": "check_circle",
    "warn": "warning",
    "crit": "error",
    "unknown": "help",
    "hold": "pause_circle",
    "brand": "play_circle",
    "": "power_off",
}


class Text(TextElement):
    """A heading or paragraph: `Text("h1", "6 pits: 6 in spec")`."""

    def __init__(self, tag: str, text: str) -> None:
        super().__init__(tag=tag, text=text)


def raw(content: str, tag: str = "div") -> ui.html:
    """An element of trusted markup; every foreign text in it went through `escape`."""
    return ui.html(content, sanitize=False, tag=tag)


def icon(name: str, size: str = "") -> str:
    """A Material Symbol: "s" 16 px, "" 20 px, "l" 24 px, "huge" 32 px."""
    return f'<i class="icon {size}" aria-hidden="true">{escape(name)}</i>'


def icon_element(name: str, size: str = "") -> ui.html:
    made = raw(escape(name), "i").classes(f"icon {size}".strip())
    made.props["aria-hidden"] = "true"
    return made


def state_word(state: State) -> str:
    return {"ok": _("In spec"), "warn": _("Warning"), "crit": _("Critical"), "unknown": _("Unknown")}[state]


def chip(state: Tone, word: str, mark: str | None = None, *, big: bool = False) -> str:
    """A state chip: icon and word, heavier with severity."""
    size = " big" if big else ""
    return f'<span class="chip{size}" data-state="{state}">{icon(mark or STATE_ICONS[state], "s")}{escape(word)}</span>'


def meter(share: float) -> str:
    """A bar filled to `share` (0…1, cut there) in the colour of the state around it."""
    return f'<span class="meter"><i style="width:{min(1.0, max(0.0, share)):.0%}"></i></span>'


def key_value(key: str, value: str) -> str:
    """A row of two: `key` is a text, `value` is markup (escape a foreign text, or put a meter before it)."""
    return f'<div class="kv"><span>{escape(key)}</span><span class="num cluster">{value}</span></div>'
