"""Linking an account of an outer provider: the own password first, then to the provider and back."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.people.oidc import LinkTicket, link_ticket
from domain.access import Intent
from domain.refusals import Refusal
from ui.components.dialog import answer_of
from ui.components.field import Field, text_field
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.toast import toast
from ui.pages.account import entry
from ui.pages.account.asking import address, permitted, said
from ui.texts import _


async def link(provider: str, *, asks_password: bool) -> None:
    """Leads to the provider, after the own password if there is one."""
    if not asks_password:
        await _leave(None)
        return
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Link {provider}?").format(provider=provider))
        Text("p", _("Your account there opens this one from then on."))
        password = text_field(
            _("Password"), help=_("To show that it is you."), kind="password", autocomplete="current-password"
        )
        password.input.props["autofocus"] = True
        password.input.on("keydown.enter", lambda: _leave(password))
        with Element("footer"):
            button(_("Cancel"), dialog.close)
            button(_("Link"), lambda: _leave(password), kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    await answer_of(dialog)


async def _leave(password: Field | None) -> None:
    seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
    if seat is None:
        return
    typed = str(password.value or "") if password else ""
    answer = await link_ticket(seat, typed, address(), datetime.now(UTC))
    if isinstance(answer, LinkTicket):
        ui.navigate.to(entry.with_query(entry.OIDC, link=answer.token))
    elif password is None:
        toast("warn", said(answer))
    else:
        wrong = answer is Refusal.WRONG_CREDENTIALS
        password.say(_("This is not your password. Try again.") if wrong else said(answer))
