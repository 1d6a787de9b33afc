"""Asking before what can not be undone. All else is done at once and offers Undo in its toast."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

from nicegui import ui
from nicegui.element import Element

from ui.components.markup import Text
from ui.components.pieces import button
from ui.texts import _


async def answer_of(dialog: ui.dialog) -> Any:
    """Opens a dialog, waits for its answer and takes it off the page; None if it was closed without one.

    Raises:
        asyncio.CancelledError: the page was closed meanwhile, so there is nobody to go on for.
    """
    answer = await dialog
    if dialog.is_deleted:
        raise asyncio.CancelledError
    dialog.delete()
    return answer


def lasting(act: Callable[..., Any]) -> Callable[..., Awaitable[None]]:
    """What is done from a part of the page that is drawn anew whenever somebody else changed something: it goes on, and
    its dialog stays open with what was written in it, whatever becomes of the button.
    """
    layout = ui.context.client.layout

    async def go_on(*said: Any) -> None:
        with layout:
            answer = act(*said)
            if isawaitable(answer):
                await answer

    return go_on


async def confirm(question: str, effect: str, verb: str, *, keep: str | None = None, danger: bool = True) -> bool:
    """Ask; True if the person pressed `verb`. `keep` is the other button's word ("Keep running"), else Cancel."""
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", question)
        Text("p", effect)
        with Element("footer"):
            button(keep or _("Cancel"), lambda: dialog.submit(False)).props("autofocus")
            button(verb, lambda: dialog.submit(True), kind="danger" if danger else "primary")
    dialog.props["aria-labelledby"] = title.html_id
    return bool(await answer_of(dialog))


def is_asking() -> bool:
    """Whether a dialog is open on this page: it goes with what it was opened from, so that must not be drawn anew."""
    return any(isinstance(each, ui.dialog) and each.value for each in ui.context.client.layout.descendants())
