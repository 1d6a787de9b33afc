"""Who looked at a camera: its owner sees it, as everybody who is seen should be able to ask."""

from datetime import UTC, datetime
from uuid import UUID

from nicegui.element import Element

from actions.people import Seat
from storage import video_views
from storage.session import transaction
from ui.components.markup import Text
from ui.components.pieces import Card
from ui.components.plain_table import plain_table
from ui.texts import _, duration, moment

SHOWN = 10


async def views_card(seat: Seat, camera_id: UUID, place: Element) -> None:
    async with transaction(seat.viewer.tenant_id) as tx:
        rows = await video_views.views(tx, camera_id)
    now = datetime.now(UTC)
    with place, Card(_("Who looked")):
        if not rows:
            with Element("div").classes("inside low"):
                Text("p", _("Nobody yet. Whoever looks stands here for 90 days.")).classes("quiet")
            return
        plain_table(
            (_("Who"), _("When"), _("How long")),
            [
                (
                    row.person or _("Customer, {car}").format(car=row.car or "–"),
                    moment(row.began_at, seat.zone, now),
                    duration((row.seen_until - row.began_at).total_seconds()),
                )
                for row in rows[:SHOWN]
            ],
        )
