"""A tenant's own login at the broker, in a row: made, shown once, replaced, ended."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.broker_logins import Made, Use, end_login, make_login
from domain.access import Intent
from domain.refusals import Refusal
from storage.integrations import BrokerLogin
from ui.components.copy_link import CopySecret
from ui.components.dialog import answer_of, confirm
from ui.components.markup import Text
from ui.components.pieces import button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _, day

Changed = Callable[[], Awaitable[None]]


def login_row(use: Use, login: BrokerLogin | None, zone: str, changed: Changed) -> None:
    """`changed` is called after each change."""
    if login is None:
        says = {
            Use.READING: _("With it a program reads your devices, and nothing else."),
            Use.SENSORS: _("With it your own sensors speak, and read nothing of yours."),
        }[use]
        with row("key", _("No login at the broker"), says):
            button(_("Make login"), lambda: _make(use, changed), kind="plain")
        return
    since = _("Since {day}").format(day=day(login.created_at, zone, year=True))
    with row("key", login.username, since, below=True):
        button(_("Replace"), lambda: _replace(use, changed), kind="plain")
        button(_("End login"), lambda: _end(use, changed), kind="plain")


async def _make(use: Use, changed: Changed) -> None:
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    answer = await make_login(seat.viewer, use, datetime.now(UTC))
    if isinstance(answer, Refusal):
        toast("warn", refusal_text(answer))
    else:
        await _show_once(answer)
    await changed()


async def _replace(use: Use, changed: Changed) -> None:
    effect = _("Programs that use the old one are cut off until they get the new one.")
    if await confirm(_("Replace this login?"), effect, _("Replace")):
        await _make(use, changed)


async def _end(use: Use, changed: Changed) -> None:
    effect = _("Programs that use it are cut off within seconds.")
    if not await confirm(_("End this login?"), effect, _("End login")):
        return
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    refusal = await end_login(seat.viewer, use)
    if refusal is not None:
        toast("warn", refusal_text(refusal))
    await changed()


async def _show_once(made: Made) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Keep these now"))
        Text("p", _("They are shown this once. Type them into your program."))
        with Element("div").classes("stack wide fields"):
            for word, secret in (
                (_("User name at the broker"), made.username),
                (_("Password at the broker"), made.password),
            ):
                with Element("div").classes("field"):
                    Text("label", word)
                    CopySecret(secret, word)
        with Element("footer"):
            button(_("I have kept them"), dialog.close, kind="primary")
    dialog.props.update({"persistent": True, "aria-labelledby": title.html_id})  # a slip must not lose them
    await answer_of(dialog)
