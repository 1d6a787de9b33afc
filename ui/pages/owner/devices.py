"""The workshop's devices: how well each is heard, who waits to be let in, and registering a new one."""

from dataclasses import replace
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from domain.claims import Identity
from domain.foreign import KIND as FOREIGN
from storage import queries
from storage.queries import DeviceRow
from storage.session import transaction
from ui.components.device_row import DeviceView, device_row
from ui.components.pieces import Card, button, empty
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.owner.device_access import ICONS
from ui.pages.owner.device_claim import offer_claim
from ui.pages.owner.device_settings import register
from ui.pages.owner.pit_devices import FRESH_S
from ui.presenters import device_view
from ui.texts import _, ngettext, number

REFRESH_S = 10.0


def install() -> None:
    @page(shell.DEVICES)
    async def devices(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        rows = await _read(seat)
        async with shell.framed(seat, current=shell.DEVICES, title=_title(rows, datetime.now(UTC))) as frame:
            await _Devices(seat, frame).start(rows)
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
    if row.identity is Identity.CLAIMED or row.kind == FOREIGN or view.lost is not None:
        return view
    word = _("revoked") if row.identity is Identity.REVOKED else _("waiting")
    place = row.pit_name or _("In no pit")
    return replace(view, lost=None, word=word, place=place, icon_silent=ICONS[row.identity])
