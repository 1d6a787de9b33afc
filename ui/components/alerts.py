"""What is wrong, on top of every page: rows sorted by severity, then age, each with one action."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from nicegui.element import Element

from ui.components import markup
from ui.components.pieces import button
from ui.components.views import State
from ui.texts import ngettext, number

SEVERITY: dict[State, int] = {"crit": 0, "warn": 1, "unknown": 2, "ok": 3}


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert. `title` is "what: value"; `why` is "limit, how long", or who has seen it and what they noted."""

    id: str
    state: State
    title: str
    why: str
    since_ms: int
    action: str
    """Word of its one action: "Acknowledge", "See device", "Open"."""
    seen: bool = False
    """Acknowledged: the ground is plain."""


def alert_row(view: AlertView, on_action: Callable[[str], Any], *, full: bool = False) -> Element:
    """`on_action` gets the alert's id. `full` lets the text wrap, as on a pit's own page."""
    row = Element("div").classes("alert" + (" seen" if view.seen else "") + (" full" if full else ""))
    row.props["data-state"] = view.state
    with row:
        markup.icon_element(markup.STATE_ICONS[view.state], "l")
        markup.raw(f"<h3>{escape(view.title)}</h3><p>{escape(view.why)}</p>").classes("says")
        button(view.action, lambda: on_action(view.id), kind="plain")
    return row


class AlertStrip(Element):
    """All open alerts side by side; takes no room when there are none.

    With `more_href` a phone shows the worst one and a link to the others.
    """

    def __init__(
        self, alerts: Sequence[AlertView], on_action: Callable[[str], Any], *, label: str, more_href: str = ""
    ) -> None:
        super().__init__("section")
        self.classes("alerts worst-on-phone" if more_href else "alerts")
        self.props["aria-label"] = label
        self._more_href = more_href
        self._on_action = on_action
        self._shown: tuple[AlertView, ...] = ()
        self.show(alerts)

    def show(self, alerts: Sequence[AlertView]) -> None:
        """Replace the rows; does nothing when they are the same."""
        ordered = tuple(sorted(alerts, key=lambda alert: (SEVERITY[alert.state], alert.since_ms)))
        if ordered == self._shown and self.default_slot.children:
            return
        self._shown = ordered
        self.clear()
        with self:
            for alert in ordered:
                alert_row(alert, self._on_action)
            if self._more_href and (more := len(ordered) - 1) > 0:
                words = ngettext("{n} more alert", "{n} more alerts", more).format(n=number(more))
                link = markup.raw(escape(words), "a").classes("more only-phone")
                link.props["href"] = self._more_href
        self.visible = bool(ordered)
