"""The devices on which somebody is signed in: each can be signed out, or all others at once."""

from datetime import UTC, datetime

from nicegui.element import Element

from actions.people import Seat
from actions.people.sessions import SessionRow, end_session, end_sessions, sessions_of
from domain.access import Intent
from domain.refusals import Refusal
from ui.components.dialog import confirm
from ui.components.markup import chip
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.agents import agent_icon, agent_words
from ui.pages.account.asking import permitted
from ui.pages.account.words import refusal_text
from ui.texts import _, ago, moment, ngettext, number

NOW_S = 120  # a last use is written once a minute


class SessionsCard:
    """Filled by `start`."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        with Card(_("Your devices")) as card:
            self._list = Element("div")
        with card.header:
            self._actions = Element("div")

    async def start(self) -> None:
        now = datetime.now(UTC)
        rows = await sessions_of(self._seat, now)
        self._actions.clear()
        self._list.clear()
        with self._list:
            for session in rows:
                self._row(session, now)
        if any(not session.is_this for session in rows):
            with self._actions:
                button(_("Sign out all others"), self._end_others, kind="plain")

    def _row(self, session: SessionRow, now: datetime) -> None:
        used = _("now") if session.is_this else _used(session, now)
        since = moment(session.created_at, self._seat.zone, now)
        line = _("{tenant} · used {used} · since {since} · {address}").format(
            tenant=session.tenant_name, address=session.address or "–", used=used, since=since
        )
        mark = chip("brand", _("This one"), "check") if session.is_this else ""
        name = agent_words(session.agent, session.door)
        with row(agent_icon(session.agent, session.door), name, line, chip=mark):
            if not session.is_this:
                button(_("Sign out"), lambda: self._end(session, name), kind="plain").props["aria-label"] = _(
                    "Sign out {device}"
                ).format(device=name)

    async def _end(self, session: SessionRow, name: str) -> None:
        effect = _("Its open pages show the sign-in within a second. Whoever uses it has to sign in again.")
        if not await confirm(_("Sign out {device}?").format(device=name), effect, _("Sign out")):
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await end_session(seat, session.id, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        else:
            toast("ok", _("{device} is signed out.").format(device=name))
        await self.start()

    async def _end_others(self) -> None:
        effect = _("Every other browser and phone shows the sign-in within a second. You stay signed in here.")
        if not await confirm(_("Sign out all other devices?"), effect, _("Sign out all others")):
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        ended = await end_sessions(seat, datetime.now(UTC))
        toast("ok", ngettext("{n} device is signed out.", "{n} devices are signed out.", ended).format(n=number(ended)))
        await self.start()


def _used(session: SessionRow, now: datetime) -> str:
    since_s = (now - session.used_at).total_seconds()
    return _("now") if since_s < NOW_S else ago(since_s)
