"""That there is newer firmware for a device, and asking for it: a card only while there is something to say."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui.element import Element

from actions.firmware_updates import order_update
from actions.people import Seat
from domain.access import Intent
from domain.refusals import Refusal
from storage.firmware import ReleaseRow
from storage.queries import DeviceRow
from ui.components.dialog import confirm
from ui.components.pieces import Card, button
from ui.components.rows import row
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.owner.device_words import refusal_text
from ui.texts import _

Changed = Callable[[], Awaitable[None]]


class UpdateCard:
    """Drawn again only when what it says has changed, so that a question asked stays. `changed` is called after the
    device was asked.
    """

    def __init__(self, seat: Seat, changed: Changed) -> None:
        self._seat, self._changed = seat, changed
        self._place = Element("div")
        self._shown: object = None

    def show(self, device: DeviceRow, release: ReleaseRow | None) -> None:
        """`release`: what the device could be updated to; None: nothing."""
        said = (device.firmware, release and release.id)
        if said == self._shown:
            return
        self._shown = said
        self._place.clear()
        self._place.visible = release is not None
        if release is None:
            return
        with self._place, Card(_("Newer firmware")):
            title = _("Version {version}").format(version=release.version)
            runs = _("It runs {version}.").format(version=device.firmware or "–")
            with row("deployed_code", title, f"{runs} {release.note}".strip()):
                if self._seat.viewer.may(Intent.MANAGE_DEVICES):
                    button(_("Update"), lambda: self._update(device, release), kind="plain")

    async def _update(self, device: DeviceRow, release: ReleaseRow) -> None:
        question = _("Update {name} to {version}?").format(name=device.name, version=release.version)
        effect = _("It is away for a few minutes, tests itself, and goes back by itself if something is wrong.")
        if not await confirm(question, effect, _("Update"), danger=False):
            return
        seat = await permitted(Intent.MANAGE_DEVICES)
        if seat is None:
            return
        answer = await order_update(device.id, release.id, seat.viewer, datetime.now(UTC))
        if isinstance(answer, Refusal):
            toast("warn", refusal_text(answer))
        await self._changed()
