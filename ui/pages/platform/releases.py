"""Firmware for whoever runs the platform: who runs what, the releases, and taking in a new one."""

from datetime import UTC, datetime
from html import escape

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import releases
from actions.people import Seat
from actions.releases import NOTE_CHARS_MAX, Fleet
from domain.access import Intent
from domain.firmware import BUNDLE_BYTES_MAX, BundleFault, Channel
from domain.refusals import Refusal
from storage.firmware import ReleaseRow, VersionCount
from ui.components import markup
from ui.components.data_table import Cell, Column, DataTable, Row, TableRequest
from ui.components.dialog import answer_of
from ui.components.field import text_field
from ui.components.file_drop import FileDrop
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, failure
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.platform import release
from ui.pages.platform.release_words import channel_word, fault_text, kind_word, refusal_text, release_title
from ui.texts import _, moment, ngettext, number

SUFFIX = ".bundle"


def install() -> None:
    release.install()

    @page(shell.RELEASES)
    async def show(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_RELEASES)
        if not isinstance(seat, Seat):
            return seat
        async with shell.framed(seat, current=shell.RELEASES, title=_("Firmware")) as frame:
            await _Releases(seat, frame).start()
        return None


class _Releases:
    """Drawn again after each upload."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        if seat.viewer.may(Intent.MANAGE_RELEASES):
            with frame.actions:
                button(_("Upload release"), self._upload, kind="primary", icon="upload_file")
        self._place = Element("div").classes("columns")

    async def start(self) -> None:
        seat = await permitted(Intent.SEE_RELEASES)
        if seat is None:
            return
        found = await releases.fleet(seat.viewer, datetime.now(UTC))
        self._place.clear()
        with self._place:
            if isinstance(found, Refusal):
                failure(_("The list did not load"), refusal_text(found), self.start)
                return
            self._frame.set_title(_title(found))
            with Element("div").classes("two stack wide"):
                self._show_releases(found.releases)
            with Card(_("Who runs what")):
                _show_versions(found.versions)

    def _show_releases(self, rows: list[ReleaseRow]) -> None:
        if not rows:
            says = _("Upload the signed bundle that `make firmware` made. Nothing is sent until you roll it out.")
            empty("deployed_code", _("No release yet"), says)
            return
        columns = (
            Column("version", _("Release")),
            Column("channel", _("Channel")),
            Column("devices", _("Devices"), align="right"),
            Column("uploaded", _("Uploaded"), align="right"),
            Column("by", _("By"), wide_only=True),
        )
        with Card(_("Releases")):
            table = DataTable(columns, lambda _request: None, page_size=max(1, len(rows)))
            table.show([self._row(row) for row in rows], len(rows), TableRequest(None, False, 1))

    def _row(self, row: ReleaseRow) -> Row:
        channel = Cell(channel_word(row.channel))
        if row.withdrawn_at is not None:
            channel = Cell(_("Withdrawn"), state="", icon="block")
        elif row.channel is Channel.BETA:
            channel = Cell(channel_word(row.channel), state="brand", icon="science")
        return Row(
            str(row.id),
            {
                "version": Cell(release_title(row.kind, row.version), href=f"{shell.RELEASES}/{row.id}"),
                "channel": channel,
                "devices": Cell(number(row.devices)),
                "uploaded": Cell(moment(row.uploaded_at, self._seat.zone, datetime.now(UTC))),
                "by": Cell(row.uploaded_by or "–"),
            },
        )

    async def _upload(self) -> None:
        with ui.dialog() as dialog, Element("div").classes("dialog broad"):
            title = Text("h2", _("Upload a release"))
            Text("p", _("Its signature is checked at once. No device gets it before you roll it out."))
            with Element("div").classes("stack wide fields"):
                note = text_field(_("What is new"), help=_("It stands on the release's page."))
                note.input.props["maxlength"] = NOTE_CHARS_MAX
                wrong = Element("div")

                def refuse(fault: BundleFault) -> None:
                    wrong.clear()
                    with wrong:
                        failure(_("This file was not taken"), fault_text(fault), icon="error")

                async def take(_name: str, data: bytes) -> None:
                    seat = await permitted(Intent.MANAGE_RELEASES)
                    if seat is None:
                        return
                    answer = await releases.upload(seat.viewer, data, str(note.value or ""), datetime.now(UTC))
                    if isinstance(answer, BundleFault):
                        refuse(answer)
                    elif isinstance(answer, Refusal):
                        note.say(refusal_text(answer))
                    else:
                        dialog.submit(answer)

                FileDrop(
                    _("The signed bundle, a {suffix} file of at most 900 kB.").format(suffix=SUFFIX),
                    suffix=SUFFIX,
                    bytes_max=BUNDLE_BYTES_MAX,
                    take=take,
                    refuse=lambda: refuse(BundleFault.NOT_A_BUNDLE),
                )
            with Element("footer"):
                button(_("Cancel"), dialog.close)
        dialog.props["aria-labelledby"] = title.html_id
        if await answer_of(dialog) is not None:
            await self.start()
            toast("ok", _("The release was taken. Roll it out from its page."))


def _title(found: Fleet) -> str:
    devices = sum(each.devices for each in found.versions)
    versions = sum(each.version is not None for each in found.versions)
    runs = ngettext("{n} device", "{n} devices", devices).format(n=number(devices))
    different = ngettext("{n} version", "{n} versions", versions).format(n=number(versions))
    return f"{runs}: {different}"


def _show_versions(versions: list[VersionCount]) -> None:
    """One line a version, with a bar of its share among its kind."""
    if not versions:
        Text("p", _("No device is registered yet.")).classes("note")
        return
    totals = {kind: sum(v.devices for v in versions if v.kind is kind) for kind in {v.kind for v in versions}}
    lines = []
    for each in versions:
        kind = kind_word(each.kind)
        name = f"{kind} {each.version}" if each.version else _("{kind}, not said yet").format(kind=kind)
        bar = markup.meter(each.devices / totals[each.kind])
        heard = _("{n} heard").format(n=number(each.heard))
        count = ngettext("{n} device", "{n} devices", each.devices).format(n=number(each.devices))
        lines.append(
            f'<div class="runs" data-state="brand"><h3>{escape(name)}</h3>'
            f'<span class="num">{escape(count)}</span>{bar}<span class="quiet">{escape(heard)}</span></div>'
        )
    markup.raw("".join(lines))
