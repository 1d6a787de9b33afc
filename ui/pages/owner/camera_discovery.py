"""The dialog that searches the LAN for ONVIF cameras. What answers is only shown: the owner chooses."""

from urllib.parse import urlencode

from nicegui import ui
from nicegui.element import Element

from actions.cameras.discovery import LISTEN_S, discover
from actions.people import Seat
from domain.access import Intent
from domain.cameras.onvif import Discovered
from domain.refusals import Refusal
from ui.components.dialog import answer_of
from ui.components.markup import Text
from ui.components.pieces import button, link_button, skeleton
from ui.components.rows import row
from ui.pages.account.asking import permitted
from ui.pages.owner.camera_form import new_href
from ui.pages.owner.camera_words import make_words, wrong_text
from ui.texts import _, number


def discover_button(seat: Seat) -> None:
    button(_("Search the network"), lambda: _search(seat), icon="travel_explore")


async def _search(seat: Seat) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Cameras in your network"))
        Text("p", _("Devices that say of themselves that they are cameras. Choose only one that you know."))
        body = Element("div").classes("stack")
        with Element("footer"):
            again = button(_("Search again"), lambda: _fill(body, again), icon="refresh")
            button(_("Close"), dialog.close)
    dialog.props["aria-labelledby"] = title.html_id
    with dialog:
        ui.timer(0.05, lambda: _fill(body, again), once=True)
    await answer_of(dialog)


async def _fill(body: Element, again: ui.button) -> None:
    seat = await permitted(Intent.MANAGE_CAMERAS)
    if seat is None:
        return
    again.disable()
    body.clear()
    with body:
        skeleton(("60%", 20), ("40%", 16), label=_("Searching for {n} s").format(n=number(LISTEN_S)))
    found = await discover(seat.viewer)
    body.clear()
    again.enable()
    with body:
        if isinstance(found, Refusal):
            Text("p", wrong_text(found))
        elif not found:
            Text("p", _("Nobody answered. Switch ONVIF on at the camera, or enter its address yourself."))
        else:
            for device in found:
                _offer(device)


def _offer(device: Discovered) -> None:
    line = " · ".join(part for part in (make_words()[device.make], device.hardware) if part)
    with row("videocam", device.name or device.host, f"{device.host} · {line}"):
        link_button(_("Add"), new_href() + "?" + urlencode({"host": device.host, "make": device.make}), kind="plain")
