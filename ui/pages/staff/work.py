"""The tablet beside the car: my jobs today, one next thing to do, the pit's climate. See docs/decisions for how it goes
on without a connection.
"""

from uuid import UUID

from nicegui import ui
from starlette.requests import Request
from starlette.responses import Response

from actions.announce import Announcement, Topic, listen
from actions.people import Seat
from domain.access import Intent
from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS
from storage.queries import AlertRow
from ui import live
from ui.alert_feed import AlertFeed, open_alerts_of
from ui.components.work_tablet import Worker, WorkTablet
from ui.page import page
from ui.pages import shell
from ui.pages.owner.overview import read_cards
from ui.pages.owner.pit_camera import PitPicture
from ui.pages.staff.work_alerts import warnings
from ui.pages.staff.work_words import work_words
from ui.texts import _
from ui.theme import DARK

KEPT_S = 180.0
"""A page that is away for so long is the same when it comes back: a sheet that is open stays open."""


def install(feed: AlertFeed) -> None:
    @page(shell.WORK, kept_s=KEPT_S)
    async def work(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.WORK_ON_JOBS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_workshop:
            await shell.no_workshop(seat, shell.WORK)
            return None
        cards = await read_cards(seat)
        async with shell.framed(seat, current=shell.WORK, title=_("My work"), title_on_phone=False) as frame:
            if seat.theme == "system":
                ui.context.client.page.dark = DARK["light"]  # workshop lamps
            viewer, picture = seat.viewer, PitPicture()
            tablet = WorkTablet(
                cards,
                by=Worker(str(viewer.person_id), str(viewer.tenant_id), viewer.name),
                zone=seat.zone,
                facts={"stage_checks": STAGE_CHECKS, "checklists": CHECKLISTS},
                words=work_words(),
                on_visibility=live.join_workshop(viewer),
                on_pit=lambda pit: picture.show(shell.parse_id(pit)),
            )
            with tablet:
                picture.stand()

        async def warn(rows: list[AlertRow]) -> None:
            tablet.warn(warnings(rows))
            frame.set_count(shell.ALERTS, sum(row.acknowledged_at is None for row in rows))

        await warn(await open_alerts_of(viewer.tenant_id))
        feed.follow(viewer.tenant_id, warn)
        _refresh_with_jobs(tablet, viewer.tenant_id)
        return None


def _refresh_with_jobs(tablet: WorkTablet, tenant_id: UUID) -> None:
    """The tablet reads its jobs itself, whenever one of the workshop's changed."""

    def heard(news: Announcement) -> None:
        if news.topic is Topic.JOB and news.tenant_id == tenant_id:
            tablet.refresh()

    ui.context.client.on_delete(listen(heard))
