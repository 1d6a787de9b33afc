"""One device: how it is, what it measures, what it is asked and set to, what was refused of it, and its way in.

What a person presses stays while the page is open, so that no question disappears under their hands; what is only read
is drawn again every few seconds, and at once when a command moves on.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.announce import Announcement, Topic, listen
from actions.devices import Kind
from actions.firmware_updates import update_for
from actions.people import Seat
from domain.access import Intent
from domain.foreign import KIND as FOREIGN
from storage import device_settings, queries
from storage.command_history import Boots, CommandRow, boots, command_history, latest_values
from storage.device_settings import SettingsRow
from storage.firmware import ReleaseRow
from storage.queries import DeviceRow, RejectionRow
from storage.session import transaction
from ui.components.dialog import is_asking
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.owner.device_access import access_card
from ui.pages.owner.device_commands import CommandsCard, history_card
from ui.pages.owner.device_live import Values, boots_card, values_card
from ui.pages.owner.device_own_settings import OwnSettingsCard, last_set
from ui.pages.owner.device_rejected import rejected_cards
from ui.pages.owner.device_settings import settings_card
from ui.pages.owner.device_update import UpdateCard
from ui.pages.owner.integrations import mapping_card
from ui.pages.owner.pit_devices import device_card
from ui.texts import _

REFRESH_S, LOOK_S, SETTLE_S = 5.0, 0.25, 2.0
HISTORY_ROWS, HISTORY_ROWS_MAX = 10, 200
VALUES_OF = timedelta(minutes=10)


def install() -> None:
    @page(shell.DEVICES + "/{device_id}")
    async def device(request: Request, device_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        shown = _Device(seat, device_id)
        found = await shown.read()
        if found is None:
            await shell.no_such(
                seat, _("There is no such device"), _("It was removed, or the link is wrong."), shell.DEVICES
            )
            return None
        async with shell.framed(seat, current=shell.DEVICES, title=found.row.name, back=shell.DEVICES) as frame:
            shown.start(found, frame)
        return None


@dataclass(frozen=True, slots=True)
class _Found:
    """All that the page shows, of one moment. `commands` has one row more than is shown if there are older ones."""

    now: datetime
    row: DeviceRow
    values: Values
    boots: Boots
    commands: list[CommandRow]
    settings: SettingsRow
    counts: dict[str, int]
    samples: list[RejectionRow]
    newer: ReleaseRow | None


class _Device:
    """The open page of one device."""

    def __init__(self, seat: Seat, device_id: str) -> None:
        self._seat, self._id = seat, device_id
        self._may = seat.viewer.may(Intent.MANAGE_DEVICES)
        self._history_rows = HISTORY_ROWS
        self._stale = False
        self._read_s = 0.0
        self._drawn: tuple[object, ...] | None = None
        self._differs_since_s: float | None = None
        self._story: object = None

    async def read(self) -> _Found | None:
        now = datetime.now(UTC)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            row = await queries.device(tx, self._id, now)
            if row is None:
                return None
            values = await latest_values(tx, self._id, now - VALUES_OF)
            began = await boots(tx, self._id, now)
            commands = await command_history(tx, self._id, self._history_rows + 1)
            settings = await device_settings.read(tx, self._id)
            counts, samples = await queries.rejections(tx, self._id, now)
        newer = await update_for(self._seat.viewer, self._id, now)
        return _Found(now, row, values, began, commands, settings, counts, samples, newer)

    def start(self, found: _Found, frame: Frame) -> None:
        """What is live, then what is done with the device, then what happened; on a desktop what is done stands beside
        the other two. Of a device that never spoke the way in comes first.
        """
        self._frame = frame
        with Element("div").classes("columns around") as self._root:
            with Element("div").classes("two stack wide"):
                self._first = Element("div")
                self._live = Element("div").classes("stack wide")
            with Element("div").classes("stack wide beside"):
                is_ours = found.row.kind != FOREIGN
                self._update = UpdateCard(self._seat, self._changed)
                self._commands = CommandsCard(self._seat, found.row, self._changed) if self._may and is_ours else None
                self._own = OwnSettingsCard(self._seat, found.row, self._changed) if is_ours else None
                self._ways = Element("div").classes("stack wide")
            self._told = Element("div").classes("two stack wide")
        self._show(found, at_once=True)
        ui.timer(LOOK_S, self._look, immediate=False)
        ui.context.client.on_delete(listen(self._on))

    def _on(self, announcement: Announcement) -> None:
        if announcement.topic in (Topic.COMMAND, Topic.DEVICE) and announcement.id == self._id:
            self._stale = True

    async def _look(self) -> None:
        """Reads again if something was announced, or enough time has passed."""
        now_s = asyncio.get_running_loop().time()
        if self._stale or now_s - self._read_s > REFRESH_S:
            await self._refresh(at_once=False)

    async def _changed(self) -> None:
        await self._refresh(at_once=True)

    async def _refresh(self, *, at_once: bool) -> None:
        """Whoever called may stand on what is drawn anew here, so all of it happens on what stays."""
        self._stale = False
        found = await self.read()
        with self._root:
            if found is None:
                ui.navigate.to(shell.DEVICES)
                return
            self._frame.set_title(found.row.name)
            self._show(found, at_once=at_once)

    def _show(self, found: _Found, *, at_once: bool) -> None:
        self._read_s = asyncio.get_running_loop().time()
        if not is_asking():
            self._show_ways(found.row, at_once)
        if found.row.heard_at is not None:
            self._show_live(found)
        if self._commands is not None:
            self._commands.show(found.row, found.commands)
        if self._own is not None:
            self._own.show(found.row, found.settings, last_set(found.commands))
        self._update.show(found.row, found.newer)
        self._show_told(found)

    def _show_live(self, found: _Found) -> None:
        self._live.clear()
        with self._live:
            if found.values or found.row.kind in (Kind.PIT, FOREIGN):
                values_card(found.values, found.now)
            device_card(found.row, found.now)

    def _show_told(self, found: _Found) -> None:
        """What happened, drawn again only when there is more of it: nothing in it ages."""
        spoke = found.row.heard_at is not None
        story = (found.commands, found.boots, found.counts, found.samples, spoke)
        if story == self._story:
            return
        self._story = story
        more = len(found.commands) > self._history_rows and self._history_rows < HISTORY_ROWS_MAX
        self._told.clear()
        with self._told:
            rows = found.commands[: self._history_rows]
            if found.row.kind != FOREIGN:
                history_card(self._seat, rows, found.now, self._show_older if more else None)
            if found.boots.last:
                boots_card(found.boots, self._seat.zone, found.now)
            if spoke or found.counts:
                rejected_cards(self._seat.zone, found.counts, found.samples)

    async def _show_older(self) -> None:
        self._history_rows = min(self._history_rows * 4, HISTORY_ROWS_MAX)
        await self._refresh(at_once=False)

    def _show_ways(self, row: DeviceRow, at_once: bool) -> None:
        """The way in, and name and place: drawn again only when they changed, as they have buttons that ask; and a
        while later if nobody here changed them, as somebody may be about to ask.
        """
        who = _who(row)
        if who == self._drawn:
            self._differs_since_s = None
            return
        if not at_once:
            self._differs_since_s = self._differs_since_s or self._read_s
            if self._read_s - self._differs_since_s < SETTLE_S:
                return
        self._drawn, self._differs_since_s = who, None
        for place in (self._first, self._ways):
            place.clear()
        with self._ways if row.heard_at is not None else self._first:
            if row.kind == FOREIGN:
                mapping_card(self._seat, row)
            else:
                access_card(self._seat, row, self._changed)
        if self._may:
            with self._ways:
                settings_card(row, self._changed, lambda: ui.navigate.to(shell.DEVICES))


def _who(row: DeviceRow) -> tuple[object, ...]:
    """What the cards with buttons show of a device."""
    return (
        row.name, row.pit_id, row.pit_name, row.enabled, row.credential, row.claimed_at, row.revoked_at,
        row.certificate_until, row.code_until, row.heard_at is None, row.link,
    )  # fmt: skip
