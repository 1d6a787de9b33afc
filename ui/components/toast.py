"""One sentence about what just happened, and one action. Alerts are never toasts."""

from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

from nicegui import Client, ui
from nicegui.element import Element

from ui.components import markup
from ui.components.pieces import button, icon_button
from ui.texts import _

ToastKind = Literal["ok", "warn", "crit", "unknown"]

SHOWN_S = 6.0
TOAST_ICONS: dict[ToastKind, str] = {"ok": "check_circle", "warn": "warning", "crit": "error", "unknown": "wifi_off"}

_corners: WeakKeyDictionary[Client, Element] = WeakKeyDictionary()


def toast(kind: ToastKind, text: str, action: str | None = None, on_action: Callable[[], Any] | None = None) -> Element:
    """Done is "ok" and goes after six seconds; refused ("warn", "crit") stays until closed."""
    stays = kind in ("warn", "crit")
    with _corner():
        note = Element("div").classes("toast")
    note.props["data-state"] = kind
    note.props["role"] = "alert" if stays else "status"

    def act() -> Any:
        note.delete()
        return on_action() if on_action else None

    with note:
        markup.icon_element(TOAST_ICONS[kind], "l")
        markup.Text("p", text)
        if action:
            button(action, act, kind="plain")
        if stays:
            icon_button("close", _("Close"), note.delete).classes("plain")
        else:
            ui.timer(SHOWN_S, note.delete, once=True)
    return note


def _corner() -> Element:
    """Where this page's toasts pile up."""
    client = ui.context.client
    corner = _corners.get(client)
    if corner is None or corner.is_deleted:
        with client.layout:
            corner = _corners[client] = Element("div").classes("toasts")
    return corner
