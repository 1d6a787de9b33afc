"""The workshop at a glance: what is wrong, every pit live, and whether the system itself is well."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from actions.live import hub
from actions.people import Seat
from domain.access import Intent
from domain.jobs.words import IN_PIT, State
from storage import queries
from storage.jobs import JobRow
from storage.session import transaction
from ui import live
from ui.alert_feed import AlertFeed
from ui.components.pieces import empty, link_button
from ui.components.pit_grid import PitGrid
from ui.components.views import CarInPit, PitCard
from ui.frame import Frame
from ui.job_feed import JobFeed, JobNews, open_jobs_of
from ui.page import page
from ui.pages import shell
from ui.pages.alert_strip import OpenAlerts
from ui.pages.job_words import standing
from ui.pages.owner import job_ways
from ui.pages.system import SystemStrip
from ui.presenters import counts_title, pit_card
from ui.texts import _


def install(feed: AlertFeed, job_feed: JobFeed) -> None:
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
            if seat.viewer.may(Intent.WORK_ON_JOBS):
                with frame.actions:
                    link_button(_("New job"), job_ways.NEW, kind="primary", icon="add")
            if cards:
                await _show(seat, cards, frame, feed, job_feed)
            else:
                empty("garage", _("No pits yet"), _("Pits appear here with their climate once they are set up."))
        return None


async def _show(seat: Seat, cards: list[PitCard], frame: Frame, feed: AlertFeed, job_feed: JobFeed) -> None:
    look = live.join_workshop(seat.viewer)
    grid = PitGrid(cards, on_visibility=look, on_counts=lambda counts: frame.set_title(counts_title(counts)))
    with grid:
        strip = OpenAlerts(seat, frame)
    await strip.start(feed)

    async def show_cars(news: JobNews) -> None:
        grid.show_cars(cars_in_pits(news.open_jobs, datetime.now(UTC)))

    tenant_id = seat.viewer.tenant_id
    grid.show_cars(cars_in_pits(await open_jobs_of(tenant_id), datetime.now(UTC)))
    job_feed.follow(tenant_id, show_cars)
    await SystemStrip(seat).start()


def cars_in_pits(rows: Sequence[JobRow], now: datetime) -> dict[str, CarInPit]:
    """By pit: the car that is worked on there, else the first that has come for it."""
    found: dict[str, CarInPit] = {}
    working = [row for row in rows if row.state in IN_PIT]
    here = [row for row in rows if row.state is State.RECEIVED and row.planned_at <= now]
    for row in working + here:
        if row.pit_id is not None:
            found.setdefault(str(row.pit_id), CarInPit(row.car, row.plate, standing(row.state, row.stage)))
    return found


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
