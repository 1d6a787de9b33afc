"""A member's last turns: when, how long, why each ended, and what it cost."""

from datetime import UTC, datetime
from html import escape
from uuid import UUID

from actions.people import Seat
from domain.pump.words import RunState
from storage import pump_history
from storage.pump_views import RunView
from storage.session import transaction
from ui.components.markup import icon, raw
from ui.components.pieces import Card
from ui.pages.pump_words import end_word, minutes, reason_text
from ui.texts import _, moment

SHOWN_MAX = 10
ICONS = {
    RunState.COMPLETED: "check_circle",
    RunState.FAILED: "error",
    RunState.CANCELLED: "undo",
    RunState.EXPIRED: "timer_off",
}


async def turns_card(seat: Seat, member_id: UUID) -> None:
    """Whoever shows it has checked the right to see it. Nothing where there was no turn yet."""
    async with transaction(seat.viewer.tenant_id) as tx:
        found = await pump_history.runs(tx, member_id, None, 0, SHOWN_MAX)
    if not found.rows:
        return
    now = datetime.now(UTC)
    with Card(_("Last turns")):
        raw("".join(_row(run, seat.zone, now) for run in found.rows))


def _row(run: RunView, zone: str, now: datetime) -> str:
    says = [moment(run.started_at or run.asked_at, zone, now), run.motor_name]
    if run.end_reason is not None and run.ended_at is not None:
        says.append(reason_text(run.end_reason))
    cost = run.used_s if run.captured_s is None else run.captured_s
    asked = _("of {time}").format(time=minutes(run.amount_s))
    return (
        f'<div class="ledger-row">{icon(ICONS.get(run.state, "timer"), "l")}'
        f"<div><h3>{escape(end_word(run.state))}</h3><p>{escape(', '.join(says))}</p></div>"
        f'<div class="sum num"><b>{escape(minutes(cost))}</b><p>{escape(asked)}</p></div></div>'
    )
