"""The ways by which somebody is reached outside of open pages, with what became of the last message of each."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from actions.outbox.channels import ChannelRow, channels_of, remove_channel, try_channel
from actions.people import Seat
from domain.access import Intent
from domain.outbox import OPEN
from ui.components.dialog import confirm
from ui.components.markup import Text, chip
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted, said
from ui.pages.account.channel_dialogs import add_way, enter_code, is_troubled
from ui.pages.account.channel_words import WAY_ICONS, last_line, way_word
from ui.texts import _

LOOK_EVERY_S = 2.0  # while a message is on its way


class ChannelsCard:
    """Filled by `start`; follows a message until it arrived."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._shown: list[ChannelRow] = []
        with Card(_("Ways to reach you")) as card:
            self._list = Element("div")
        with card.header:
            button(_("Add a way"), self._add, kind="plain", icon="add")
        self._timer = ui.timer(LOOK_EVERY_S, self._look, active=False)

    async def start(self) -> None:
        self._show(await channels_of(self._seat))

    async def _look(self) -> None:
        rows = await channels_of(self._seat)
        if rows != self._shown:
            self._show(rows)

    def _show(self, rows: list[ChannelRow]) -> None:
        self._shown = rows
        self._timer.active = any(channel.last_status in OPEN for channel in rows)
        self._list.clear()
        with self._list:
            for channel in rows:
                self._row(channel)
            if not rows:
                text = _("PitPilot can't reach you outside of its pages yet. Add a way, and alerts find you.")
                Text("p", text).classes("note")

    def _row(self, channel: ChannelRow) -> None:
        is_verified = channel.verified_at is not None
        zone, now = self._seat.zone, datetime.now(UTC)
        line = last_line(channel.last_status, channel.last_at, channel.last_error, zone, now)
        mark = "" if is_verified else chip("", _("Not verified"), "hourglass_top")
        if is_troubled(channel):
            mark = chip("warn", _("Not reached"), "warning")
        name = f"{way_word(channel.way)} {channel.shown}"
        with row(WAY_ICONS[channel.way], name, line, chip=mark, below=True):
            if is_verified:
                button(_("Send a test"), lambda: self._try(channel), kind="plain")
            else:
                button(_("Enter the code"), lambda: self._enter_code(channel), kind="plain")
            button(_("Remove"), lambda: self._remove(channel, name), kind="plain")

    async def _add(self) -> None:
        await add_way()
        await self.start()

    async def _enter_code(self, channel: ChannelRow) -> None:
        await enter_code(channel)
        await self.start()

    async def _try(self, channel: ChannelRow) -> None:
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await try_channel(seat, channel.id, datetime.now(UTC))
        if answer is not None:
            toast("warn", said(answer))
        await self.start()

    async def _remove(self, channel: ChannelRow, name: str) -> None:
        effect = _("Nothing goes there any more, and the address is forgotten.")
        if not await confirm(_("Remove {way}?").format(way=name), effect, _("Remove")):
            return
        seat = await permitted(Intent.CHANGE_OWN_ACCOUNT)
        if seat is None:
            return
        answer = await remove_channel(seat, channel.id, datetime.now(UTC))
        if answer is not None:
            toast("warn", said(answer))
        await self.start()
