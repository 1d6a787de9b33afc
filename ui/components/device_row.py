"""A device in one line: what it is, where, how old its news is, and how many of its readings were lost."""

from dataclasses import dataclass
from html import escape

from nicegui import ui

from ui.components import markup
from ui.components.views import State
from ui.texts import _, number

LOSS_FULL = 0.20
"""Share of lost readings at which the meter is full."""
LOSS_WARN = 0.05


@dataclass(frozen=True, slots=True)
class DeviceView:
    name: str
    """"Node PP-0417"."""
    place: str
    """"Pit 4, 1 s ago"."""
    lost: float | None
    """Share of its readings that never came, 0…1; None when it is silent."""
    href: str = ""
    icon: str = "sensors"
    icon_silent: str = "sensors_off"
    word: str = ""
    """Stands in the place of the loss: "waiting"."""

    @property
    def state(self) -> State:
        if self.lost is None:
            return "unknown"
        return "warn" if self.lost >= LOSS_WARN else "ok"


def device_row(view: DeviceView) -> ui.html:
    """Put rows into a card without padding."""
    silent = view.lost is None
    word = view.word or (_("no data") if silent else loss_words(view.lost or 0))
    row = markup.raw(
        f"{markup.icon(view.icon_silent if silent else view.icon, 'l')}"
        f'<div><h3 class="id cut">{escape(view.name)}</h3><p class="cut">{escape(view.place)}</p></div>'
        f"{markup.meter((view.lost or 0) / LOSS_FULL)}"
        f'<span class="num right lost">{escape(word)}</span>',
        "a" if view.href else "div",
    )
    row.classes("device").props["data-state"] = view.state
    if view.href:
        row.props["href"] = view.href
    return row


def loss_words(lost: float) -> str:
    """0.4 % lost."""
    return _("{share} % lost").format(share=number(lost * 100, 1))
