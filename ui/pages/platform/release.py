"""One firmware release: its facts, and its roll-outs with what became of each device, as it happens."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions import releases, rollouts
from actions.people import Seat
from domain.access import Intent, Viewer
from domain.firmware import Channel
from domain.refusals import Refusal
from storage.firmware import ReleaseRow
from storage.rollout_items import Member
from ui.components.dialog import confirm, is_asking
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, key_values, tone_chip
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.platform.release_words import channel_word, kind_word, refusal_text, release_title
from ui.pages.platform.rollout_card import MEMBERS_SHOWN_MAX, rollout_card
from ui.pages.platform.rollout_start import ask_rollout
from ui.texts import _, moment, ngettext, number

REFRESH_S = 3.0


def install() -> None:
    @page(shell.RELEASES + "/{release_id}")
    async def show(request: Request, release_id: str) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_RELEASES)
        if not isinstance(seat, Seat):
            return seat
        wanted = shell.parse_id(release_id)
        found = await releases.release(seat.viewer, wanted) if wanted else Refusal.NOT_FOUND
        if isinstance(found, Refusal):
            await shell.no_such(seat, _("There is no such release"), _("The link is wrong or old."), shell.RELEASES)
            return None
        title = release_title(found.kind, found.version)
        async with shell.framed(seat, current=shell.RELEASES, title=title, back=shell.RELEASES) as frame:
            await _Release(seat, found, frame).start()
        return None


class _Release:
    """Read again every few seconds; drawn again where something changed."""

    def __init__(self, seat: Seat, row: ReleaseRow, frame: Frame) -> None:
        self._seat, self._row, self._frame = seat, row, frame
        self._may = seat.viewer.may(Intent.MANAGE_RELEASES)
        with Element("div").classes("columns"):
            self._rollouts = Element("div").classes("two stack wide")
            self._beside = Element("div").classes("stack wide beside")
        self._shown: object = None

    async def start(self) -> None:
        self._show_facts()
        await self._refresh()
        ui.timer(REFRESH_S, self._refresh, immediate=False)

    async def _refresh(self) -> None:
        viewer = self._seat.viewer
        found = await rollouts.rollouts_of(viewer, self._row.id)
        rows = [] if isinstance(found, Refusal) else found
        whole = [await rollouts.rollout(viewer, each.id, MEMBERS_SHOWN_MAX) for each in rows]
        told = [(each[0], [_as_shown(one) for one in each[1]]) for each in whole if not isinstance(each, Refusal)]
        if told == self._shown or is_asking():
            return
        self._shown = told
        self._rollouts.clear()
        with self._rollouts:
            if not told:
                says = _("Begin with a few devices; widen the share when they are well.")
                empty("rocket_launch", _("Not rolled out yet"), says)
            for row, members in told:
                rollout_card(row, members, self._seat, self._refresh, may=self._may)

    def _show_facts(self) -> None:
        row = self._row
        for place in (self._beside, self._frame.beside_title, self._frame.actions):
            place.clear()
        with self._frame.beside_title:
            if row.withdrawn_at is not None:
                tone_chip("", _("Withdrawn"), "block")
            elif row.channel is Channel.BETA:
                tone_chip("brand", channel_word(row.channel), "science")
        if self._may and row.withdrawn_at is None:
            with self._frame.actions:
                button(_("Roll out"), self._roll_out, kind="primary", icon="rocket_launch")
        with self._beside:
            with Card(_("Facts")):
                with Element("div").classes("inside"):
                    key_values(self._facts())
                if row.note:
                    Text("p", row.note).classes("note")
                Text("p", f"SHA-256 {row.sha256}").classes("note fingerprint")
            if self._may:
                self._show_withdrawing()

    def _facts(self) -> list[tuple[str, str]]:
        row = self._row
        return [
            (_("Kind"), kind_word(row.kind)),
            (_("Version"), row.version),
            (_("Channel"), channel_word(row.channel)),
            (_("Size"), f"{number(row.size / 1000, 1)} kB"),
            (_("Files"), number(row.files)),
            (_("Devices that run it"), number(row.devices)),
            (_("Uploaded"), moment(row.uploaded_at, self._seat.zone, datetime.now(UTC))),
            (_("By"), row.uploaded_by or "–"),
        ]

    def _show_withdrawing(self) -> None:
        with Card(_("Use"), pad=True), Element("div").classes("stack"):
            if self._row.withdrawn_at is None:
                Text("p", _("Withdrawn, no device gets it any more. Those that run it go on.")).classes("quiet")
                button(_("Withdraw"), self._withdraw)
            else:
                Text("p", _("It was withdrawn: no device gets it.")).classes("quiet")
                button(_("Put back into use"), self._restore)

    async def _roll_out(self) -> None:
        started = await ask_rollout(self._row)
        if started is not None:
            await self._refresh()
            said = ngettext("The roll-out goes to {n} device.", "The roll-out goes to {n} devices.", started.devices)
            toast("ok", said.format(n=number(started.devices)))

    async def _withdraw(self) -> None:
        question = _("Withdraw {release}?").format(release=release_title(self._row.kind, self._row.version))
        effect = _("No device gets it any more, and downloads under way end. You can put it back into use.")
        if await confirm(question, effect, _("Withdraw")):
            await self._change(lambda by, id_: releases.withdraw(by, id_, datetime.now(UTC)), _("It is withdrawn."))

    async def _restore(self) -> None:
        await self._change(releases.restore, _("It is in use again."))

    async def _change(self, change: Callable[[Viewer, UUID], Awaitable[Refusal | None]], said: str) -> None:
        seat = await permitted(Intent.MANAGE_RELEASES)
        if seat is None:
            return
        refusal = await change(seat.viewer, self._row.id)
        found = await releases.release(seat.viewer, self._row.id)
        with self._rollouts:  # the pressed button is gone after showing anew
            if not isinstance(found, Refusal):
                self._row = found
                self._show_facts()
            if refusal is Refusal.NOT_POSSIBLE_NOW:
                toast("warn", _("A roll-out of it is not over. Cancel that first."))
            elif refusal is not None:
                toast("warn", refusal_text(refusal))
            else:
                toast("ok", said)


def _as_shown(member: Member) -> Member:
    """Without what is not shown and is new with every state: nothing is drawn again for that alone."""
    return replace(member, heard_at=None)
