"""The workshop's devices, and one device with what it lost and what was refused of it."""

from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from domain.access import Intent
from storage import queries
from storage.queries import DeviceRow, RejectionRow
from storage.session import transaction
from ui.components.device_row import device_row
from ui.components.pieces import Card, empty
from ui.components.plain_table import plain_table
from ui.pages import shell
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
            place = Element("div")

            async def refresh() -> None:
                found = await _read(seat)
                frame.set_title(_title(found, datetime.now(UTC)))
                _show(place, found)

            _show(place, rows)
            ui.timer(REFRESH_S, refresh, immediate=False)
        return None

    @ui.page(shell.DEVICES + "/{device_id}")
    async def device(request: Request, device_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_DEVICES)
        if not isinstance(seat, Seat):
            return seat
        now = datetime.now(UTC)
        async with transaction(seat.viewer.tenant_id) as tx:
            row = await queries.device(tx, device_id, now)
            counts, samples = await queries.rejections(tx, device_id, now) if row else ({}, [])
        if row is None:
            await shell.no_such(
                seat, _("There is no such device"), _("It was removed, or the link is wrong."), shell.DEVICES
            )
            return None
        async with shell.framed(seat, current=shell.DEVICES, title=row.name, back=shell.DEVICES):
            with Element("div").classes("columns"):
                with Element("div").classes("two stack"):
                    _show_rejections(seat, counts, samples)
                with Element("div").classes("stack"):
                    device_card(row, now)
        return None


async def _read(seat: Seat) -> list[DeviceRow]:
    async with transaction(seat.viewer.tenant_id) as tx:
        return await queries.devices(tx, datetime.now(UTC))


def _title(rows: list[DeviceRow], now: datetime) -> str:
    heard = sum(row.heard_at is not None and (now - row.heard_at).total_seconds() <= FRESH_S for row in rows)
    text = ngettext("{n} device: {online} heard", "{n} devices: {online} heard", len(rows))
    return text.format(n=number(len(rows)), online=number(heard))


def _show(place: Element, rows: list[DeviceRow]) -> None:
    now = datetime.now(UTC)
    place.clear()
    with place:
        if not rows:
            empty("router", _("No devices yet"), _("A node appears here once it is registered."))
            return
        with Card():
            for row in sorted(rows, key=lambda r: (r.pit_name or "~", r.name)):
                device_row(device_view(row, now))


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
