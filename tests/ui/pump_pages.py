"""What tests of pump pages share: a hall that lives now, the feed that the wiring keeps running, the large button."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from nicegui import ElementFilter
from nicegui.testing.user_interaction import UserInteraction

from actions.announce import hear
from domain.access import Viewer
from tests.pump_parts import Coop, Hall
from tests.ui.conftest import Visitor
from ui.components.start_stop import StartStop

STEADY_S = 40


class LiveHall(Hall):
    """A hall whose time began now, for pages that ask the clock themselves."""

    began = datetime.now(UTC)

    @property
    def now(self) -> datetime:
        return self.began + timedelta(milliseconds=self.now_ms)


@asynccontextmanager
async def open_hall(coop: Coop) -> AsyncIterator[Hall]:
    """Somebody leads, the motor's controller reports, and power has been steady."""
    place = LiveHall()
    place.began = datetime.now(UTC)
    await place.open()
    place.controller(coop)
    await place.run_for(STEADY_S)
    yield place
    place.close()


@asynccontextmanager
async def feeding_pages(visitor: Visitor) -> AsyncIterator[None]:
    """Announcements arrive, and pump pages and alerts are fed by them."""
    heard, feeds = asyncio.Event(), visitor.feeds
    tasks = [asyncio.create_task(work) for work in (hear(heard.set), feeds.pumps.run(), feeds.alerts.run())]
    await heard.wait()
    yield
    for task in tasks:
        task.cancel()


async def opened(visitor: Visitor, who: Viewer, path: str) -> None:
    await visitor.sign_in_as(who)
    await visitor.user.open(path)


def button_of(visitor: Visitor) -> StartStop:
    with visitor.user:
        [button] = ElementFilter(kind=StartStop)
    return button


def press_the_button(visitor: Visitor, key: str = "") -> None:
    """As a browser does: with what the button shows, or with what an old page still shows."""
    button = button_of(visitor)
    UserInteraction(visitor.user, {button}, None).trigger("press", key or button.props["press"]["key"])
