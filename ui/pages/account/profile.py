"""A person's own account: who they are, how they sign in, where they are signed in, what they are told."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.people.oidc import identities_of, unlink_identity
from actions.people.profile import Profile, change_profile, profile, set_look
from domain.access import Intent
from domain.refusals import Refusal
from ui import passkeys
from ui.components.dialog import confirm
from ui.components.field import select_field, text_field
from ui.components.markup import Text
from ui.components.pieces import Card, button, link_button, tone_chip
from ui.components.rows import row
from ui.components.segmented import Segmented
from ui.components.toast import toast
from ui.page import page
from ui.pages import shell
from ui.pages.account import password
from ui.pages.account.asking import permitted
from ui.pages.account.linking import link
from ui.pages.account.my_channels import ChannelsCard
from ui.pages.account.my_keys import KeysCard
from ui.pages.account.my_notifications import NotificationsCard
from ui.pages.account.my_passkeys import PasskeyRows
from ui.pages.account.my_second_step import SecondStepRow
from ui.pages.account.my_sessions import SessionsCard
from ui.pages.account.words import refusal_text, role_word
from ui.texts import LANGUAGES, Language, _, day

NAME_CHARS_MAX, CONTACT_CHARS_MAX = 80, 120


def install(*, oidc_name: str = "") -> None:
    @page(shell.ACCOUNT)
    async def account(request: Request, done: str = "") -> Response | None:
        seat = await shell.admit(request, Intent.SEE_OWN_ACCOUNT)
        if not isinstance(seat, Seat):
            return seat
        passkeys.add_script()
        async with shell.framed(seat, current=shell.ACCOUNT, title=seat.viewer.name) as frame:
            with frame.beside_title:
                tone_chip("", role_word(seat.viewer.role), "badge")
            await _sections(seat, oidc_name)
        if done == "linked":
            toast("ok", _("{provider} is linked: you can sign in with it.").format(provider=oidc_name))
        elif done == "password":
            toast("ok", _("The password is changed. Your other devices are signed out."))
        elif done == Refusal.IDENTITY_TAKEN.value:
            toast("warn", refusal_text(Refusal.IDENTITY_TAKEN))
        return None


async def _sections(seat: Seat, oidc_name: str) -> None:
    mine = await profile(seat)
    with Element("div").classes("columns"):
        with Element("div").classes("stack wide"):
            _You(mine)
            _looks(seat)
        with Element("div").classes("stack wide"):
            sign_in = _SignIn(seat, oidc_name)
            sessions = SessionsCard(seat)
            keys = KeysCard(seat) if seat.viewer.may(Intent.MANAGE_OWN_KEYS) else None
        with Element("div").classes("stack wide"):
            NotificationsCard(seat, mine.notify)
            channels = ChannelsCard(seat)
    await sign_in.start()
    await channels.start()
    await sessions.start()
    if keys:
        await keys.start()


class _You:
    """Name and contact, saved together; the sign-in name stays."""

    def __init__(self, mine: Profile) -> None:
        self._saved = (mine.name, mine.contact)
        with Card(_("You"), pad=True), Element("div").classes("stack wide"):
            self._name = text_field(_("Name"), mine.name, autocomplete="name", check=_name_fault)
            self._name.input.props["maxlength"] = NAME_CHARS_MAX
            self._contact = text_field(
                _("Phone or mail"),
                mine.contact,
                help=_("The owners of your workshops and pumps see it."),
                autocomplete="tel",
            )
            self._contact.input.props["maxlength"] = CONTACT_CHARS_MAX
            text_field(_("Sign-in name"), mine.login, help=_("It can't be changed.")).input.props["readonly"] = True
            with Element("div").classes("cluster"):
                button(_("Save"), self._save)

    async def _save(self) -> None:
        if not self._name.is_right():
            return
        wanted = (str(self._name.value).strip(), str(self._contact.value or "").strip())
        before = self._saved
        if await self._store(wanted) and before != wanted:
            toast("ok", _("Saved."), _("Undo"), lambda: self._undo(before))

    async def _undo(self, before: tuple[str, str]) -> None:
        self._name.value, self._contact.value = before
        await self._store(before)

    async def _store(self, wanted: tuple[str, str]) -> bool:
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return False
        answer = await change_profile(seat, *wanted, datetime.now(UTC))
        if isinstance(answer, Refusal):
            self._name.say(refusal_text(answer))
            return False
        self._saved = wanted
        return True


def _looks(seat: Seat) -> None:
    with Card(_("Looks"), pad=True), Element("div").classes("stack wide"):
        language = select_field(_("Language"), LANGUAGES, seat.language)
        themes = {"system": _("System"), "light": _("Light"), "dark": _("Dark")}
        with Element("div").classes("field"):
            Text("label", _("Theme"))
            Segmented(_("Theme"), themes, seat.theme, lambda theme: _look(theme=theme))
        own = ui.checkbox(_("Numbers in the digits of my language (१२३, ১২৩)"), value=seat.own_digits)
    language.input.on_value_change(lambda event: _look(language=event.value))
    own.on_value_change(lambda event: _look(own_digits=bool(event.value)))


async def _look(*, theme: str | None = None, language: Language | None = None, own_digits: bool | None = None) -> None:
    seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
    if seat is not None:
        await set_look(seat.viewer, theme, language, own_digits)
        ui.navigate.reload()


class _SignIn:
    """How this person signs in: password, second step, an outer provider."""

    def __init__(self, seat: Seat, oidc_name: str) -> None:
        self._seat, self._oidc_name = seat, oidc_name
        with Card(_("Signing in")):
            self._list = Element("div")

    async def start(self) -> None:
        mine = await profile(self._seat)
        self._list.clear()
        with self._list:
            changed = mine.password_changed_at
            since = _("Changed {day}.").format(day=day(changed, self._seat.zone, year=True)) if changed else _("Set.")
            with row("lock", _("Password"), since if mine.has_password else _("None yet.")):
                link_button(_("Change") if mine.has_password else _("Set"), password.PATH, kind="plain")
            SecondStepRow(self._seat, mine, self.start)
            await PasskeyRows(self._seat, mine, self.start).start()
            if self._oidc_name:
                await self._identities(mine)

    async def _identities(self, mine: Profile) -> None:
        linked = await identities_of(self._seat)
        for identity in linked:
            since = _("Linked since {day}.").format(day=day(identity.created_at, self._seat.zone, year=True))
            with row("link", self._oidc_name, since):
                button(_("Unlink"), self._unlinking(identity.issuer, identity.subject), kind="plain")
        if not linked:
            with row("link_off", self._oidc_name, _("Link it to sign in without a password.")):
                button(_("Link"), lambda: link(self._oidc_name, asks_password=mine.has_password), kind="plain")

    def _unlinking(self, issuer: str, subject: str) -> Callable[[], Awaitable[None]]:
        async def unlink() -> None:
            effect = _("You can't sign in by {provider} any more until you link it again.")
            question = _("Unlink {provider}?").format(provider=self._oidc_name)
            if not await confirm(question, effect.format(provider=self._oidc_name), _("Unlink")):
                return
            seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
            if seat is None:
                return
            answer = await unlink_identity(seat, issuer, subject, datetime.now(UTC))
            if isinstance(answer, Refusal):
                toast("warn", refusal_text(answer))
            await self.start()

        return unlink


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter your name.")
