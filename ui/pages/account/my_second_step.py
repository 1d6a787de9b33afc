"""The second step of signing in: turned on with a QR code, and recovery codes for the day the phone is lost."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.people.profile import Profile
from actions.people.second_factor import (
    Enrolment,
    begin_second_factor,
    confirm_second_factor,
    end_second_factor,
    new_recovery_codes,
)
from domain.access import Intent
from domain.refusals import Refusal, TryLater
from ui.components.copy_link import CopyLines, CopySecret
from ui.components.dialog import answer_of
from ui.components.field import Field, text_field
from ui.components.markup import Text, chip, raw
from ui.components.pieces import button
from ui.components.qr import qr_svg
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import address, permitted, said
from ui.texts import _, day, ngettext, number

CODES_FILE = "pitpilot-recovery-codes.txt"
CODES_FEW = 3

Change = Callable[[Seat, str, datetime], Awaitable[Refusal | TryLater | tuple[str, ...] | None]]


class SecondStepRow:
    """One row of the card about signing in; `on_changed` shows the card anew."""

    def __init__(self, seat: Seat, profile: Profile, on_changed: Callable[[], Awaitable[None]]) -> None:
        self._profile, self._on_changed = profile, on_changed
        if profile.second_factor_since is None:
            line = _("Off. With it, a stolen password alone opens nothing.")
            with row("phonelink_lock", _("Second step"), line):
                button(_("Turn on"), self._turn_on, kind="plain")
            return
        left = profile.recovery_codes_left
        since = day(profile.second_factor_since, seat.zone, year=True)
        with row("phonelink_lock", _("Second step"), _("On since {day}.").format(day=since)):
            button(_("Turn off"), self._turn_off, kind="plain")
        few = chip("warn", _("Few left")) if left <= CODES_FEW else ""
        codes = ngettext("{n} left; each works once.", "{n} left; each works once.", left).format(n=number(left))
        with row("password", _("Recovery codes"), codes, chip=few):
            button(_("Make new ones"), self._renew, kind="plain")

    async def _turn_on(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog") as body:
            Text("h2", _("Turn on the second step"))
            if self._profile.has_password:
                Text("p", _("First show that it is you."))
                password = text_field(_("Password"), kind="password", autocomplete="current-password")
            else:
                Text("p", _("You need an authenticator app on your phone."))
                password = None

            async def go_on() -> None:
                await self._begin(body, dialog, password)

            _foot(dialog, _("Go on"), go_on, password)
        await answer_of(dialog)
        await self._on_changed()

    async def _begin(self, body: Element, dialog: ui.dialog, password: Field | None) -> None:
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        typed = str(password.value or "") if password else ""
        answer = await begin_second_factor(seat, typed, address(), datetime.now(UTC))
        if not isinstance(answer, Enrolment):
            if password and answer is Refusal.WRONG_CREDENTIALS:
                password.say(_("This is not your password. Try again."))
            elif password:
                password.say(said(answer))
            else:
                toast("warn", said(answer))
            return
        self._show_secret(body, dialog, answer)

    def _show_secret(self, body: Element, dialog: ui.dialog, enrolment: Enrolment) -> None:
        body.clear()
        with body:
            Text("h2", _("Scan this with your authenticator app"))
            Text("p", _("Any app does that shows 6-digit codes. Then enter what it shows."))
            with Element("div").classes("stack wide fields"):
                raw(qr_svg(enrolment.uri, _("QR code of the secret")))
                CopySecret(enrolment.secret, _("Secret, to type it instead"))
                code = _code_field()

            async def check() -> None:
                await _change(body, dialog, code, confirm_second_factor)

            _foot(dialog, _("Turn on"), check, code)

    async def _turn_off(self) -> None:
        effect = _("Then the password alone opens your account. The recovery codes stop working.")
        await self._ask_code(_("Turn off the second step?"), effect, _("Turn off"), end_second_factor, danger=True)

    async def _renew(self) -> None:
        effect = _("The old recovery codes stop working.")
        await self._ask_code(_("Make new recovery codes?"), effect, _("Make new ones"), new_recovery_codes)

    async def _ask_code(self, title: str, effect: str, verb: str, change: Change, *, danger: bool = False) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog") as body:
            Text("h2", title)
            Text("p", effect)
            code = _code_field(_("The 6 digits of your app, or a recovery code."))

            async def save() -> None:
                await _change(body, dialog, code, change)

            _foot(dialog, verb, save, code, danger=danger)
        await answer_of(dialog)
        await self._on_changed()


async def _change(body: Element, dialog: ui.dialog, code: Field, change: Change) -> None:
    """Makes a change that needs a code; shows the recovery codes that it may bring."""
    seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
    if seat is None:
        return
    answer = await change(seat, str(code.value or ""), datetime.now(UTC))
    if isinstance(answer, (Refusal, TryLater)):
        code.say(said(answer))
    elif answer is None:
        dialog.close()
        toast("ok", _("The second step is off."))
    else:
        _show_codes(body, dialog, answer)


def _show_codes(body: Element, dialog: ui.dialog, codes: Sequence[str]) -> None:
    dialog.props["persistent"] = True  # a slip of the finger must not lose them
    body.clear()
    with body:
        Text("h2", _("Keep these recovery codes now"))
        Text(
            "p", _("Each opens your account once, if the phone is lost. They are shown this once: print or store them.")
        )
        CopyLines(codes, _("Recovery codes"), file_name=CODES_FILE)
        with Element("footer"):
            button(_("I have kept them"), dialog.close, kind="primary")


def _code_field(help: str = "") -> Field:
    return text_field(_("Code"), help=help, autocomplete="one-time-code", code=True)


def _foot(
    dialog: ui.dialog, verb: str, act: Callable[[], Awaitable[None]], last: Field | None, *, danger: bool = False
) -> None:
    with Element("footer"):
        button(_("Cancel"), dialog.close)
        button(verb, act, kind="danger" if danger else "primary")
    if last is not None:
        last.input.props["autofocus"] = True
        last.input.on("keydown.enter", act)
