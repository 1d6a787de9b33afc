"""A roll-out as a card: how far it is, what a person may do about it, and its devices, the worst first."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from html import escape
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from actions.people import Seat
from actions.rollouts import steer, widen
from domain.access import Intent
from domain.refusals import Refusal
from domain.rollouts import FAILURES, MOVES, OPEN, RolloutState, Wish
from storage.rollout_items import Member
from storage.rollouts import Rollout
from ui.components.data_table import Cell, Column, DataTable, Row, TableRequest
from ui.components.dialog import answer_of, confirm
from ui.components.field import number_field
from ui.components.markup import Text, raw
from ui.components.pieces import Card, button, tone_chip
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.platform.release_words import (
    PROGRESS_LOOKS,
    STATE_LOOKS,
    count_text,
    progress_word,
    reason_text,
    refusal_text,
    state_word,
)
from ui.pages.platform.rollout_start import whole_number
from ui.texts import _, moment, ngettext, number

MEMBERS_SHOWN_MAX = 30
Changed = Callable[[], Awaitable[None]]


def rollout_card(row: Rollout, members: list[Member], seat: Seat, changed: Changed, *, may: bool) -> None:
    """`members` are the first MEMBERS_SHOWN_MAX devices; `changed` is called after each change."""
    with Card(_heading(row, seat.zone)) as card:
        with card.header:
            tone, icon = STATE_LOOKS[row.state]
            tone_chip(tone, state_word(row.state), icon)
        with Element("div").classes("rollout stack"):
            raw(_bar(row))
            Text("p", _rules(row)).classes("quiet")
            if row.state is RolloutState.STOPPED:
                Text("p", _("More failed than allowed. See why below, then resume or cancel.")).classes("quiet")
            if may and row.state in OPEN:
                with Element("div").classes("cluster"):
                    _ways(row, changed)
        _show_members(members, sum(row.counts.values()), seat.zone)


def _heading(row: Rollout, zone: str) -> str:
    begun = moment(row.created_at, zone, datetime.now(UTC))
    return _("{percent} % of the devices, since {time}").format(percent=number(row.percent), time=begun)


def _bar(row: Rollout) -> str:
    """Segments in proportion, and beside it each count in words."""
    total = max(1, sum(row.counts.values()))
    found = [(each, row.counts[each]) for each in PROGRESS_LOOKS if row.counts[each]]
    parts = "".join(
        f'<i data-state="{PROGRESS_LOOKS[each][0]}" class="{each}" style="width:{count / total:.2%}"></i>'
        for each, count in found
    )
    words = " · ".join(count_text(each, count) for each, count in found)
    return f'<div class="progress-bar" aria-hidden="true">{parts}</div><p class="num">{escape(words)}</p>'


def _rules(row: Rollout) -> str:
    who = _("All tenants") if row.tenants is None else _tenants(len(row.tenants))
    pace = ngettext("{n} at a time", "{n} at a time", row.pace).format(n=number(row.pace))
    limit = ngettext("stops after more than {n} failure", "stops after more than {n} failures", row.failures_max)
    return f"{who} · {pace} · {limit.format(n=number(row.failures_max))}"


def _tenants(count: int) -> str:
    return ngettext("{n} tenant", "{n} tenants", count).format(n=number(count))


def _ways(row: Rollout, changed: Changed) -> None:
    words = {Wish.PAUSE: _("Pause"), Wish.RESUME: _("Resume")}
    for wish, word in words.items():
        if (row.state, wish) in MOVES:
            button(word, lambda wish=wish: _steer(row.id, wish, changed))
    if row.percent < 100:
        button(_("Widen"), lambda: _widen(row, changed))
    button(_("Cancel roll-out"), lambda: _cancel(row, changed), kind="plain")


async def _cancel(row: Rollout, changed: Changed) -> None:
    effect = _("Devices that wait stay on what they run. Those that are being updated finish.")
    if await confirm(_("Cancel this roll-out?"), effect, _("Cancel roll-out"), keep=_("Go on")):
        await _steer(row.id, Wish.CANCEL, changed)


async def _steer(rollout_id: UUID, wish: Wish, changed: Changed) -> None:
    seat = await permitted(Intent.MANAGE_RELEASES)
    if seat is None:
        return
    refusal = await steer(seat.viewer, rollout_id, wish, datetime.now(UTC))
    if refusal is not None:
        toast("warn", refusal_text(refusal))
    await changed()


async def _widen(row: Rollout, changed: Changed) -> None:
    with ui.dialog() as dialog, Element("div").classes("dialog"):
        title = Text("h2", _("Widen the roll-out"))
        Text("p", _("Devices that are in stay in; more come behind them."))
        with Element("div").classes("stack wide fields"):
            check = whole_number(row.percent + 1, 100)
            percent = number_field(_("Share of their devices"), 100, unit="%", check=check)

        async def go() -> None:
            seat = await permitted(Intent.MANAGE_RELEASES) if percent.is_right() else None
            if seat is None:
                return
            answer = await widen(seat.viewer, row.id, int(percent.value), datetime.now(UTC))
            if isinstance(answer, Refusal):
                percent.say(refusal_text(answer))
            else:
                dialog.submit(True)

        with Element("footer"):
            button(_("Cancel"), dialog.close)
            button(_("Widen"), go, kind="primary")
    dialog.props["aria-labelledby"] = title.html_id
    if await answer_of(dialog):
        await changed()


def _show_members(members: list[Member], total: int, zone: str) -> None:
    columns = (
        Column("name", _("Device")),
        Column("state", _("State")),
        *((Column("why", _("Why")),) if any(member.reason for member in members) else ()),
        Column("tenant", _("Tenant")),
        Column("runs", _("Runs")),
        Column("since", _("Since"), align="right", wide_only=True),
    )
    shown = [_row(member, zone) for member in members]
    table = DataTable(columns, lambda _request: None, page_size=max(1, len(shown)))
    table.show(shown, len(shown), TableRequest(None, False, 1))
    if (more := total - len(members)) > 0:
        Text("p", ngettext("{n} more", "{n} more", more).format(n=number(more))).classes("note")


def _row(member: Member, zone: str) -> Row:
    """What is as it should be is a bare word; what went wrong is a chip."""
    word = progress_word(member.progress)
    tone, icon = PROGRESS_LOOKS[member.progress]
    return Row(
        member.device_id,
        {
            "name": Cell(member.name),
            "state": Cell(word, state=tone, icon=icon) if member.progress in FAILURES else Cell(word),
            "why": Cell(reason_text(member.reason) if member.reason else "–"),
            "tenant": Cell(member.tenant_name),
            "runs": Cell(member.firmware or "–"),
            "since": Cell(moment(member.changed_at, zone, datetime.now(UTC))),
        },
    )
