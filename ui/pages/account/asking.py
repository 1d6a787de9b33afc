"""What handlers of account pages do again and again: ask for the right, for a field, for an answer's words."""

from nicegui import ui

from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from ui import guard
from ui.components.toast import toast
from ui.pages.account.words import refusal_text, wait_text


async def permitted(intent: Intent) -> Seat | None:
    """The page's person, if still allowed; else that is said."""
    seat = await guard.still(intent)
    if seat is None:
        toast("warn", refusal_text(Refusal.NOT_ALLOWED))
    return seat


def address() -> str:
    """Where this page's browser is, for what is counted by address."""
    client = ui.context.client.request.client
    return client.host if client else ""


def said(answer: Refusal | TryLater) -> str:
    return wait_text(answer) if isinstance(answer, TryLater) else refusal_text(answer)
