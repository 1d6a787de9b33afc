"""The line before a group's motors for who looks after it: who waits, for what, and moving or removing somebody."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from nicegui.element import Element

from domain.pump.words import WaitsFor
from storage.pump_views import GroupView, PlaceView
from ui.components.markup import Text, raw
from ui.components.pieces import Card, icon_button
from ui.pages.pump_words import minutes, waits_text
from ui.texts import _, clock, ngettext, number

Act = Callable[[PlaceView], Awaitable[None]]
ROUND_S = 60


class LineCard:
    """Made anew only when something in it changed, so that nobody presses what has just moved."""

    def __init__(self, zone: str, on_skip: Act | None, on_remove: Act | None) -> None:
        self._zone, self._on_skip, self._on_remove = zone, on_skip, on_remove
        self._shown: object = None
        with Card(_("The line")) as card, card.header:
            self._count = raw("", "span").classes("fine num")
        with card:
            self._place = Element("ol").classes("queue")

    def show(self, group: GroupView) -> None:
        now = datetime.now(UTC)
        seen = [(place, self._when(place, now)) for place in group.line]
        key = [(p.run_id, p.number, p.waits_for, p.amount_s, p.skips, when) for p, when in seen]
        if key == self._shown:
            return
        self._shown = key
        waiting = ngettext("{n} is waiting", "{n} are waiting", len(seen)).format(n=number(len(seen)))
        self._count.content = waiting if seen else ""
        self._place.clear()
        with self._place:
            if not seen:
                with Element("li"):
                    Text("p", _("Nobody is waiting")).classes("quiet")
            for place, when in seen:
                self._row(place, when)

    def _row(self, place: PlaceView, when: str) -> None:
        skipped = ngettext("moved to the end {n} time", "moved to the end {n} times", place.skips)
        why = waits_text(place.waits_for) if place.waits_for not in (WaitsFor.TURN, WaitsFor.SLOT) else when
        says = [why] + ([skipped.format(n=number(place.skips))] if place.skips else [])
        with Element("li"):
            Text("span", number(place.number)).classes("pos num")
            with Element("span").classes("grow"):
                Text("span", place.member_name).classes("cut")
                Text("p", ", ".join(text for text in says if text))
            Text("span", minutes(place.amount_s)).classes("num")
            if self._on_skip and self._on_remove:
                icon_button("low_priority", _("Move to the end"), self._acting(self._on_skip, place)).classes("plain")
                icon_button("close", _("Take out of the line"), self._acting(self._on_remove, place)).classes("plain")

    def _acting(self, act: Act, place: PlaceView) -> Callable[[], Awaitable[None]]:
        async def go() -> None:
            await act(place)

        return go

    def _when(self, place: PlaceView, now: datetime) -> str:
        """To the minute, so that the line stands still while nothing happens."""
        if place.wait_s is None:
            return ""
        at = now + timedelta(seconds=place.wait_s + ROUND_S // 2)
        return _("at about {time}").format(time=clock(at, self._zone))
