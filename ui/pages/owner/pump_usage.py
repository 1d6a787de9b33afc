"""Which minutes were used: by day as bars, and by those who used most."""

from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from nicegui.element import Element

from actions.people import Seat
from storage import pump_history
from storage.session import transaction
from storage.wallet_views import Usage
from ui.components.markup import key_value, meter, raw
from ui.components.pieces import Card
from ui.components.segmented import Segmented
from ui.pages.pump_words import minutes
from ui.texts import _, day, number

SPANS_DAYS = (7, 30, 90)
MEMBERS_SHOWN = 5
EXPORT = "/api/v1/pumps/export.csv"


class UsageCard:
    def __init__(self, seat: Seat) -> None:
        self._seat, self._days = seat, 30
        with Card(_("Minutes used"), tall=True) as card:
            with card.header:
                words = {str(days): _("{n} days").format(n=number(days)) for days in SPANS_DAYS}
                Segmented(_("Days"), words, str(self._days), self._choose)
            self._place = Element("div").classes("inside usage")

    async def show(self) -> None:
        last = datetime.now(UTC).astimezone(ZoneInfo(self._seat.zone)).date()
        first = last - timedelta(days=self._days - 1)
        async with transaction(self._seat.viewer.tenant_id) as tx:
            used = await pump_history.usage(tx, first, last, MEMBERS_SHOWN)
        self._place.clear()
        with self._place:
            raw(bars(used, self._seat.zone))
            most_s = used.members[0].seconds if used.members else 1
            raw(
                "".join(
                    key_value(each.name, f"{meter(each.seconds / most_s)}{escape(minutes(each.seconds))}")
                    for each in used.members
                )
            )

    async def _choose(self, days: str) -> None:
        self._days = int(days)
        await self.show()


def bars(used: Usage, zone: str) -> str:
    """One bar a day, the highest named; read as a sentence by screen readers."""
    most_s = max((each.seconds for each in used.days), default=0)
    total_s = sum(each.seconds for each in used.days)
    width = 100 / max(1, len(used.days))
    shapes = "".join(
        f'<rect x="{n * width + width * 0.15:.2f}" width="{width * 0.7:.2f}" y="{40 - 40 * each.seconds / most_s:.2f}"'
        f' height="{40 * each.seconds / most_s:.2f}"><title>{escape(minutes(each.seconds))}</title></rect>'
        for n, each in enumerate(used.days)
        if most_s and each.seconds
    )
    ends = [datetime.combine(at.day, datetime.min.time(), ZoneInfo(zone)) for at in (used.days[0], used.days[-1])]
    said = _("{time} in all, at most {most} a day").format(time=minutes(total_s), most=minutes(most_s))
    return (
        f'<figure class="bars"><svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">{shapes}</svg>'
        f'<p class="fine num"><span>{escape(day(ends[0], zone))}</span><span>{escape(day(ends[1], zone))}</span></p>'
        f"<figcaption>{escape(said)}</figcaption></figure>"
    )
