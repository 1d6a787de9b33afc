"""The workshop at a glance: what is wrong, every pit live, and whether the system itself is well."""

import time
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from actions.live import hub
from actions.people import Seat
from domain.access import Intent
from storage import queries
from storage.queries import AlertRow
from storage.session import transaction
from ui import live
from ui.alert_feed import AlertFeed, open_alerts_of
from ui.components.alerts import AlertStrip
from ui.components.pieces import empty
from ui.components.pit_grid import PitGrid
from ui.components.views import PitCard
from ui.frame import Frame
from ui.page import page
from ui.pages import acknowledging, shell
from ui.pages.system import SystemStrip
from ui.presenters import alert_view, counts_title, pit_card
from ui.texts import _


def install(feed: AlertFeed) -> None:
    @page(shell.OVERVIEW)
    async def overview(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PITS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_workshop:
            await shell.no_workshop(seat, shell.OVERVIEW)
            return None
        cards = await read_cards(seat)
        counts = count_states(cards)
        async with shell.framed(
            seat, current=shell.OVERVIEW, title=counts_title(counts), live=bool(cards), title_on_phone=False
        ) as frame:
            if cards:
                await _show(seat, cards, frame, feed)
            else:
                empty("garage", _("No pits yet"), _("Pits appear here with their climate once they are set up."))
        return None


async def _show(seat: Seat, cards: list[PitCard], frame: Frame, feed: AlertFeed) -> None:
    may_acknowledge = seat.viewer.may(Intent.ACKNOWLEDGE_ALERT)
    look = live.join_workshop(seat.viewer)
    rows: dict[str, AlertRow] = {}

    async def act(alert_id: str) -> None:
        row = rows.get(alert_id)
        if row is not None and may_acknowledge and row.acknowledged_at is None:
            await acknowledging.acknowledge(UUID(alert_id))
        else:
            ui.navigate.to(f"{shell.ALERTS}/{alert_id}")

    with PitGrid(cards, on_visibility=look, on_counts=lambda counts: frame.set_title(counts_title(counts))):
        strip = AlertStrip((), act, label=_("Open alerts"), more_href=shell.ALERTS)

    async def show_alerts(found: list[AlertRow]) -> None:
        rows.clear()
        rows.update({str(row.id): row for row in found})
        now = datetime.now(UTC)
        strip.show([alert_view(row, seat.zone, now, may_acknowledge) for row in found[: acknowledging.STRIP_MAX]])
        frame.set_count(shell.ALERTS, sum(row.acknowledged_at is None for row in found))

    await show_alerts(await open_alerts_of(seat.viewer.tenant_id))
    feed.follow(seat.viewer.tenant_id, show_alerts)
    await SystemStrip(seat).start()


async def read_cards(seat: Seat) -> list[PitCard]:
    """All pits of the tenant as they are now."""
    async with transaction(seat.viewer.tenant_id) as tx:
        rows = await queries.pits(tx)
        said = await queries.limits_said(tx, {seat.viewer.tenant_id})
    now_us = time.time_ns() // 1_000
    return [pit_card(row, hub.pits.get(row.id), said[row.id], now_us) for row in rows]


def count_states(cards: list[PitCard]) -> dict[str, int]:
    counts = dict.fromkeys(("ok", "warn", "crit", "unknown"), 0)
    for card in cards:
        counts[card.state] += 1
    return counts
