"""The workshop at a glance: what is wrong, every pit live, and whether the system itself is well."""

import time

from starlette.requests import Request
from starlette.responses import Response

from actions.live import hub
from actions.people import Seat
from domain.access import Intent
from storage import queries
from storage.session import transaction
from ui import live
from ui.alert_feed import AlertFeed
from ui.components.pieces import empty
from ui.components.pit_grid import PitGrid
from ui.components.views import PitCard
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.alert_strip import OpenAlerts
from ui.pages.system import SystemStrip
from ui.presenters import counts_title, pit_card
from ui.texts import _


def install(feed: AlertFeed) -> None:
    @page(shell.OVERVIEW)
    async def overview(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PITS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_workshop:
            await _no_workshop(seat)
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
    look = live.join_workshop(seat.viewer)
    with PitGrid(cards, on_visibility=look, on_counts=lambda counts: frame.set_title(counts_title(counts))):
        strip = OpenAlerts(seat, frame)
    await strip.start(feed)
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


async def _no_workshop(seat: Seat) -> None:
    async with shell.framed(seat, current=shell.OVERVIEW, title=seat.tenant_name):
        empty("water_pump", _("No workshop here"), _("This tenant shares a pump. It has no pits to watch."))
