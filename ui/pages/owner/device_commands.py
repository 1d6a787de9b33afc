"""What a device can be asked to do, and what became of what was asked: told as it happens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from uuid import uuid4

from nicegui.element import Element

from actions import device_commands
from actions.people import Seat
from domain.access import Intent
from domain.claims import Identity
from domain.commands import Command, Kind
from domain.refusals import Refusal
from storage.command_history import CommandRow
from storage.queries import DeviceRow
from ui.components import markup
from ui.components.dialog import confirm
from ui.components.markup import raw
from ui.components.pieces import Card, button, empty
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner import device_command_words as words
from ui.pages.owner.device_words import refusal_text
from ui.texts import _

Changed = Callable[[], Awaitable[None]]


class CommandsCard:
    """The commands that a person may give. It stays while the page is open, so that a question asked stays too."""

    def __init__(self, seat: Seat, device: DeviceRow, changed: Changed) -> None:
        self._seat, self._device, self._changed = seat, device, changed
        with Card(_("Commands")), Element("div"):
            self._rows: Mapping[Kind, _Row] = {
                Kind.RESTART: _Row("restart_alt", _("Restart"), self._restart),
                Kind.IDENTIFY: _Row("lightbulb", _("Identify"), self._identify),
            }

    def show(self, device: DeviceRow, rows: Sequence[CommandRow]) -> None:
        """What is under way, and what could be asked."""
        self._device = device
        now, zone = datetime.now(UTC), self._seat.zone
        blocked = _blocked(device)
        helps = {
            Kind.RESTART: _("It is away for about half a minute."),
            Kind.IDENTIFY: _("Its lamp blinks, so that you find it."),
        }
        for kind, row in self._rows.items():
            open_ = next((each.command for each in rows if each.command.kind is kind and each.command.is_open), None)
            row.show(open_, words.under_way(open_, zone, now) if open_ else blocked or helps[kind], bool(blocked))

    async def _restart(self) -> None:
        question = _("Restart {name}?").format(name=self._device.name)
        effect = _("It measures nothing for about half a minute. A pump controller refuses while its motor runs.")
        if await confirm(question, effect, _("Restart")):
            await self._ask(Kind.RESTART)

    async def _identify(self) -> None:
        await self._ask(Kind.IDENTIFY)

    async def _ask(self, kind: Kind) -> None:
        seat = await permitted(Intent.MANAGE_DEVICES)
        if seat is None:
            return
        answer = await device_commands.request(self._device.id, kind, seat.viewer, datetime.now(UTC), key=uuid4().hex)
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        await self._changed()


def _blocked(device: DeviceRow) -> str:
    """Why the device can't be asked for anything, if so."""
    if device.identity is Identity.REVOKED or (device.identity is Identity.WAITING and device.heard_at is None):
        return refusal_text(Refusal.NOT_CLAIMED)
    return "" if device.enabled else refusal_text(Refusal.DEVICE_OFF)


class _Row:
    """One command: what it does, or how far it is, and its button."""

    def __init__(self, icon: str, verb: str, ask: Callable[[], Awaitable[None]]) -> None:
        self._verb = verb
        with Element("div").classes("listed"):
            raw(markup.icon(icon, "l"), "span")
            self._says = raw("").classes("says")
            with Element("div").classes("cluster"):
                self._button = button(verb, ask, kind="plain")
        self._says.props["aria-live"] = "polite"

    def show(self, open_: Command | None, line: str, blocked: bool) -> None:
        chip = markup.chip(*words.stage_chip(open_)) if open_ else ""
        self._says.content = f'<h3 class="cluster"><span>{escape(self._verb)}</span>{chip}</h3><p>{escape(line)}</p>'
        self._button.set_enabled(open_ is None and not blocked)


def history_card(
    seat: Seat, rows: Sequence[CommandRow], now: datetime, older: Callable[[], Awaitable[None]] | None
) -> None:
    """What was asked so far, the newest first; `older` shows more of it, None: this is all."""
    if not rows:
        empty("terminal", _("Nothing was asked of it yet"), _("Commands appear here with all that became of them."))
        return
    with Card(_("What was asked of it")), Element("div"):
        raw("".join(_told(row, seat.zone, now) for row in rows))
        if older is not None:
            with Element("div").classes("note"):
                button(_("Show older"), older, kind="plain")


def _told(row: CommandRow, zone: str, now: datetime) -> str:
    command = row.command
    why = words.why(command)
    said = words.truth(row, zone, now) + (f" {why}" if why else "")
    return (
        f'<div class="told"><h3 class="cluster"><span class="cut">{escape(words.title(command))}</span>'
        f'{markup.chip(*words.stage_chip(command))}</h3><p class="num">{escape(said)}</p></div>'
    )
