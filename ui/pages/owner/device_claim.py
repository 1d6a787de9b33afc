"""The dialog that brings a device in: its claim code to scan or to type, until the device has taken it."""

from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from nicegui import ui
from nicegui.element import Element

from actions.device_claims import ClaimCode, make_code
from actions.people import Seat
from domain.access import Intent
from domain.claims import payload
from domain.refusals import Refusal
from storage import queries
from storage.queries import DeviceRow
from storage.session import transaction
from ui import links
from ui.components.dialog import answer_of
from ui.components.markup import Text, icon, raw
from ui.components.pieces import button
from ui.components.qr import qr_svg
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.device_words import entrance_text, refusal_text
from ui.texts import _, duration

HERE_ONLY = frozenset({"localhost", "127.0.0.1", "::1"})
TICK_S, LOOK_TICKS = 1.0, 2  # the time left, and whether the device is in


async def offer_claim(device_id: str) -> None:
    """Makes a code and shows it until the person closes the dialog; says when the device has claimed itself."""
    seat = await permitted(Intent.MANAGE_DEVICES)
    if seat is None:
        return
    offered = await make_code(device_id, seat.viewer, datetime.now(UTC))
    if isinstance(offered, Refusal):
        toast("warn", refusal_text(offered))
        return
    row = await _read(seat, device_id)
    if row is not None:
        await _ClaimDialog(seat, row, offered).show()


class _ClaimDialog:
    """Shows a code and its time; then either a way to a new one, or that the device is in."""

    def __init__(self, seat: Seat, row: DeviceRow, offered: ClaimCode) -> None:
        self._seat, self._row, self._offered = seat, row, offered
        self._ticks = 0

    async def show(self) -> None:
        with ui.dialog() as self._dialog, Element("div").classes("dialog claim") as self._body:
            self._fill()
        with self._dialog:
            self._timer = ui.timer(TICK_S, self._tick)
        await answer_of(self._dialog)

    def _fill(self) -> None:
        code, server = self._offered.code, links.absolute("")
        self._body.clear()
        with self._body:
            title = Text("h2", _("Claim code for {name}").format(name=self._row.name))
            Text("p", _("Scan it on the device's set-up page, or type it there. It works once."))
            qr = raw(qr_svg(payload(server, code.replace("-", "")), _("Claim code as a QR code")))
            self._shown = (qr, raw(escape(code), "p").classes("code id"))
            self._left = Text("p", "").classes("left num")
            _say_where(server)
            with Element("footer"):
                self._again = button(_("New code"), self._renew, icon="refresh")
                button(_("Close"), self._dialog.close)
            self._show_time()
        self._dialog.props["aria-labelledby"] = title.html_id

    def _show_time(self) -> None:
        left_s = (self._offered.expires_at - datetime.now(UTC)).total_seconds()
        if left_s > 0:
            self._left.set_text(_("{time} left").format(time=duration(left_s, exact=True)))
        else:
            self._left.set_text(_("This code has expired. Make a new one."))
        for element in self._shown:
            element.visible = left_s > 0
        self._again.visible = left_s <= 0

    async def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % LOOK_TICKS == 0:
            row = await _read(self._seat, self._row.id)
            if row is not None and row.claimed_at != self._row.claimed_at:
                self._timer.cancel()
                self._say_it_is_in(row)
                return
        self._show_time()

    def _say_it_is_in(self, row: DeviceRow) -> None:
        self._body.clear()
        with self._body:
            raw(icon("check_circle", "huge")).classes("done").props["data-state"] = "ok"
            Text("h2", _("{name} is in").format(name=row.name))
            Text("p", entrance_text(row, self._seat.zone))
            with Element("footer"):
                button(_("Done"), self._dialog.close, kind="primary")

    async def _renew(self) -> None:
        seat = await permitted(Intent.MANAGE_DEVICES)
        if seat is None:
            return
        offered = await make_code(self._row.id, seat.viewer, datetime.now(UTC))
        if isinstance(offered, Refusal):
            toast("warn", refusal_text(offered))
            return
        self._offered = offered
        self._fill()


def _say_where(server: str) -> None:
    """The address that the code leads to, and whether a device can follow it."""
    if urlsplit(server).hostname not in HERE_ONLY:
        Text("p", _("The device must reach {address}.").format(address=server)).classes("fine")
        return
    says = _("Only this computer reaches PitPilot at {address}. Open it by an address that devices reach.")
    warning = raw(f"{icon('warning', 's')} {escape(says.format(address=server))}", "p").classes("fine")
    warning.props["data-state"] = "warn"


async def _read(seat: Seat, device_id: str) -> DeviceRow | None:
    async with transaction(seat.viewer.tenant_id) as tx:
        return await queries.device(tx, device_id, datetime.now(UTC))
