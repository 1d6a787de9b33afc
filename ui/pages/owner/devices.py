"""The workshop's devices, and one device with what it lost, what was refused of it, and its way in."""

from dataclasses import replace
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.claims import Identity
from storage import queries
from storage.queries import DeviceRow, RejectionRow
from storage.session import transaction
from ui.components.device_row import DeviceView, device_row
from ui.components.pieces import Card, button, empty
from ui.components.plain_table import plain_table
from ui.frame import Frame
from ui.pages import shell
from ui.pages.owner.device_access import ICONS, access_card
from ui.pages.owner.device_claim import offer_claim
from ui.pages.owner.device_settings import register, settings_card
from ui.pages.owner.pit_devices import FRESH_S, device_card
from ui.presenters import device_view
from ui.texts import _, clock, day, ngettext, number

REFRESH_S = 10.0


def install() -> None:
    @ui.page(shell.DEVICES)
    async def devices(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        rows = await _read(seat)
        async with shell.framed(seat, current=shell.DEVICES, title=_title(rows, datetime.now(UTC))) as frame:
            await _Devices(seat, frame).start(rows)
        return None

    @ui.page(shell.DEVICES + "/{device_id}")
    async def device(request: Request, device_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        page = _Device(seat, device_id)
        row = await page.read()
        if row is None:
            await shell.no_such(
                seat, _("There is no such device"), _("It was removed, or the link is wrong."), shell.DEVICES
            )
            return None
        async with shell.framed(seat, current=shell.DEVICES, title=row.name, back=shell.DEVICES) as frame:
            await page.start(row, frame)
        return None


class _Devices:
    """The list, read again every few seconds."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._may = seat.viewer.may(Intent.MANAGE_DEVICES)
        self._place = Element("div")

    async def start(self, rows: list[DeviceRow]) -> None:
        if self._may:
            with self._frame.actions:
                button(_("Register device"), self._register, kind="primary", icon="add")
        self._show(rows)
        ui.timer(REFRESH_S, self._refresh, immediate=False)

    async def _refresh(self) -> None:
        rows = await _read(self._seat)
        self._frame.set_title(_title(rows, datetime.now(UTC)))
        self._show(rows)

    async def _register(self) -> None:
        device_id = await register(self._seat)
        if device_id is not None:
            await self._refresh()
            await offer_claim(device_id)
            await self._refresh()

    def _show(self, rows: list[DeviceRow]) -> None:
        now = datetime.now(UTC)
        self._place.clear()
        with self._place:
            if not rows:
                says = _("Register one: it gets a code with which it claims itself.")
                empty(
                    "router",
                    _("No devices yet"),
                    says if self._may else _("A node appears here once it is registered."),
                )
                return
            with Card():
                for row in sorted(rows, key=lambda r: (r.pit_name or "~", r.name)):
                    device_row(_view(row, now))


class _Device:
    """One device, drawn again after each change."""

    def __init__(self, seat: Seat, device_id: str) -> None:
        self._seat, self._id = seat, device_id
        self._counts: dict[str, int] = {}
        self._samples: list[RejectionRow] = []

    async def read(self) -> DeviceRow | None:
        now = datetime.now(UTC)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            row = await queries.device(tx, self._id, now)
            if row is not None:
                self._counts, self._samples = await queries.rejections(tx, self._id, now)
        return row

    async def start(self, row: DeviceRow, frame: Frame) -> None:
        self._frame = frame
        self._place = Element("div").classes("columns")
        self._show(row)

    async def _refresh(self) -> None:
        row = await self.read()
        if row is None:
            ui.navigate.to(shell.DEVICES)
            return
        self._frame.set_title(row.name)
        self._show(row)

    def _show(self, row: DeviceRow) -> None:
        """What it says first, then what is done with it; of a device that never spoke, the way in first."""
        spoke = row.heard_at is not None
        self._place.clear()
        with self._place:
            with Element("div").classes("two stack wide"):
                if spoke:
                    device_card(row, datetime.now(UTC))
                else:
                    access_card(self._seat, row, self._refresh)
                if spoke or self._counts:
                    _show_rejections(self._seat, self._counts, self._samples)
            with Element("div").classes("stack wide beside"):
                if spoke:
                    access_card(self._seat, row, self._refresh)
                if self._seat.viewer.may(Intent.MANAGE_DEVICES):
                    settings_card(row, self._refresh, lambda: ui.navigate.to(shell.DEVICES))


async def _read(seat: Seat) -> list[DeviceRow]:
    async with transaction(seat.viewer.tenant_id) as tx:
        return await queries.devices(tx, datetime.now(UTC))


def _title(rows: list[DeviceRow], now: datetime) -> str:
    heard = sum(row.heard_at is not None and (now - row.heard_at).total_seconds() <= FRESH_S for row in rows)
    text = ngettext("{n} device: {online} heard", "{n} devices: {online} heard", len(rows))
    return text.format(n=number(len(rows)), online=number(heard))


def _view(row: DeviceRow, now: datetime) -> DeviceView:
    """A device in one line; of one that is not in, that is the news."""
    view = device_view(row, now)
    if row.identity is Identity.CLAIMED or view.lost is not None:
        return view
    word = _("revoked") if row.identity is Identity.REVOKED else _("waiting")
    place = row.pit_name or _("In no pit")
    return replace(view, lost=None, word=word, place=place, icon_silent=ICONS[row.identity])


def _show_rejections(seat: Seat, counts: dict[str, int], samples: list[RejectionRow]) -> None:
    if not counts and not samples:
        empty("verified", _("Nothing was refused"), _("Messages that can't be stored appear here with the reason."))
        return
    with Card(_("Refused in the last 7 days")):
        plain_table(
            (_("Reason"), _("Messages or readings")),
            [(reason_text(reason), number(count)) for reason, count in counts.items()],
            right=(1,),
        )
    with Card(_("The last of them")):
        plain_table(
            (_("When"), _("Reason"), _("Detail"), _("Message")),
            [
                (_at(sample.at, seat.zone), reason_text(sample.reason), sample.detail, sample.payload)
                for sample in samples
            ],
        )


def _at(at: datetime, zone: str) -> str:
    return f"{day(at, zone)}, {clock(at, zone, seconds=True)}"


def reason_text(reason: str) -> str:
    """Why it was refused, and so what would be right."""
    texts = {
        "malformed": _("Not in the documented form"),
        "oversized": _("Longer than 8 KiB"),
        "unknown_version": _("Unknown protocol version"),
        "unknown_device": _("Unknown device"),
        "wrong_tenant": _("Names another tenant"),
        "disabled_device": _("Device is switched off"),
        "bad_boot_id": _("Boot number out of range"),
        "bad_seq": _("Reading number out of range"),
        "no_time": _("Neither clock nor uptime"),
        "duplicate_key": _("A field stands twice"),
        "no_value": _("No measured value"),
        "implausible": _("Outside the sensor's range"),
        "future": _("Stamped in the future"),
        "too_old": _("Older than 7 days"),
        "unstorable": _("The database refused it"),
        "retained": _("Retained, so of unknown age"),
    }
    return texts.get(reason, reason)
