"""Personal API keys for integrations: made with a reach and an end, shown once, revoked at once."""

from datetime import UTC, datetime, timedelta

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.people.api_keys import KeyRow, NewKey, keys_of, make_key, revoke_key
from domain.access import Intent, Scope
from domain.refusals import Refusal
from ui.components.copy_link import CopySecret
from ui.components.dialog import answer_of, confirm
from ui.components.field import Field, select_field, text_field
from ui.components.markup import Text, chip
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text, scope_word
from ui.texts import _, ago, day

NAME_CHARS_MAX = 80
OFFERED_SCOPES = (Scope.READ, Scope.OPERATE, Scope.MANAGE)
FOREVER = 0


class KeysCard:
    """Filled by `start`."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        with Card(_("API keys")) as card:
            self._list = Element("div")
        with card.header:
            button(_("New key"), self._make, kind="plain", icon="add")

    async def start(self) -> None:
        rows = [key for key in await keys_of(self._seat) if key.revoked_at is None]
        now = datetime.now(UTC)
        self._list.clear()
        with self._list:
            for key in rows:
                self._row(key, now)
            if not rows:
                Text("p", _("A key lets another program in as you, as far as you allow. You have none.")).classes(
                    "note"
                )

    def _row(self, key: KeyRow, now: datetime) -> None:
        over = key.expires_at is not None and key.expires_at <= now
        reach = ", ".join(scope_short(scope) for scope in OFFERED_SCOPES if scope in key.scopes)
        used = ago((now - key.used_at).total_seconds()) if key.used_at else _("never")
        ends = day(key.expires_at, self._seat.zone, year=True) if key.expires_at else _("no end")
        line = _("{start}… · {reach} · used {used} · until {ends}").format(
            start=key.start, reach=reach, used=used, ends=ends
        )
        with row("key", key.name, line, chip=chip("", _("Expired"), "event_busy") if over else "", faded=over):
            button(_("Revoke"), lambda: self._revoke(key), kind="plain").props["aria-label"] = _("Revoke {key}").format(
                key=key.name
            )

    async def _make(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog") as body:
            title = Text("h2", _("New API key"))
            Text("p", _("Give it only what the other program needs. You see the key once."))
            with Element("div").classes("stack wide fields"):
                name = text_field(
                    _("Name"), help=_("Which program uses it, for example “Accounting”."), check=_name_fault
                )
                name.input.props.update({"maxlength": NAME_CHARS_MAX, "autofocus": True})
                ticks = _scope_ticks()
                ends = select_field(_("Works for"), _ends(), 90)
            with Element("footer"):
                button(_("Cancel"), dialog.close)
                button(_("Make the key"), lambda: self._save(body, dialog, name, ticks, ends), kind="primary")
        dialog.props["aria-labelledby"] = title.html_id
        await answer_of(dialog)
        await self.start()

    async def _save(
        self, body: Element, dialog: ui.dialog, name: Field, ticks: dict[Scope, ui.checkbox], ends: Field
    ) -> None:
        scopes = frozenset(scope for scope, tick in ticks.items() if tick.value)
        if not name.is_right():
            return
        if not scopes:
            toast("warn", _("Choose what the key may do: at least one."))
            return
        seat = await permitted(Intent.MANAGE_OWN_KEYS)
        if seat is None:
            return
        lasts = timedelta(days=int(ends.value)) if ends.value else None
        answer = await make_key(seat, name.value.strip(), scopes, lasts, datetime.now(UTC))
        if isinstance(answer, Refusal):
            name.say(refusal_text(answer))
            return
        _show_once(body, dialog, answer)

    async def _revoke(self, key: KeyRow) -> None:
        effect = _("The program that uses it is refused from now on. A revoked key never works again.")
        if not await confirm(_("Revoke {key}?").format(key=key.name), effect, _("Revoke")):
            return
        seat = await permitted(Intent.MANAGE_OWN_KEYS)
        if seat is None:
            return
        answer = await revoke_key(seat, key.id, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("{key} is revoked.").format(key=key.name))
        await self.start()


def _show_once(body: Element, dialog: ui.dialog, made: NewKey) -> None:
    dialog.props["persistent"] = True  # a slip of the finger must not lose it
    body.clear()
    with body:
        Text("h2", _("Keep this key now"))
        Text("p", _("It is shown this once. Send it as “Authorization: Bearer …”."))
        CopySecret(made.key, _("API key"))
        with Element("footer"):
            button(_("I have kept it"), dialog.close, kind="primary")


def _scope_ticks() -> dict[Scope, ui.checkbox]:
    with Element("fieldset").classes("field"):
        Text("legend", _("It may"))
        return {scope: ui.checkbox(scope_word(scope), value=scope is Scope.READ) for scope in OFFERED_SCOPES}


def scope_short(scope: Scope) -> str:
    return {Scope.READ: _("read"), Scope.OPERATE: _("work"), Scope.MANAGE: _("manage"), Scope.ACCOUNT: ""}[scope]


def _ends() -> dict[int, str]:
    return {30: _("30 days"), 90: _("90 days"), 365: _("1 year"), FOREVER: _("Until it is revoked")}


def _name_fault(value: str) -> str | None:
    return None if (value or "").strip() else _("Enter a name by which you know it again.")
