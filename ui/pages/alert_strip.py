"""Open alerts on top of a page, live: what is wrong comes first."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from nicegui import ui

from actions.people import Seat
from domain.access import Intent
from storage.queries import AlertRow
from ui.alert_feed import AlertFeed, open_alerts_of
from ui.components.alerts import AlertStrip
from ui.components.dialog import lasting
from ui.frame import Frame
from ui.pages import acknowledging, shell
from ui.presenters import alert_view
from ui.texts import _


class OpenAlerts:
    """Stands where it is made; `start` fills it and keeps it and the navigation's number up to date."""

    def __init__(self, seat: Seat, frame: Frame, belongs: Callable[[AlertRow], bool] = lambda row: True) -> None:
        """`belongs`: which of the tenant's alerts this page is about."""
        self._seat, self._frame, self._belongs = seat, frame, belongs
        self._may_acknowledge = seat.viewer.may(Intent.ACKNOWLEDGE_ALERT)
        self._rows: dict[str, AlertRow] = {}
        self._strip = AlertStrip((), lasting(self._act), label=_("Open alerts"), more_href=shell.ALERTS)

    async def start(self, feed: AlertFeed) -> None:
        await self._show(await open_alerts_of(self._seat.viewer.tenant_id))
        feed.follow(self._seat.viewer.tenant_id, self._show)

    async def _show(self, found: list[AlertRow]) -> None:
        shown = [row for row in found if self._belongs(row)][: acknowledging.STRIP_MAX]
        self._rows = {str(row.id): row for row in shown}
        now = datetime.now(UTC)
        self._strip.show([alert_view(row, self._seat.zone, now, self._may_acknowledge) for row in shown])
        self._frame.set_count(shell.ALERTS, sum(row.acknowledged_at is None for row in found))

    async def _act(self, alert_id: str) -> None:
        row = self._rows.get(alert_id)
        if row is not None and self._may_acknowledge and row.acknowledged_at is None:
            await acknowledging.acknowledge(UUID(alert_id))
        else:
            ui.navigate.to(f"{shell.ALERTS}/{alert_id}")
