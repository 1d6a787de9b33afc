"""What was last heard on a topic, and what would be read from it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui.element import Element

from actions.foreign_sensors import Preview
from domain.foreign import Found, Unread
from domain.readings import FACTS, METRICS, Reject, judge
from ui.components.markup import Text
from ui.components.pieces import Card, button, empty, key_values, tone_chip
from ui.components.quantities import QUANTITIES
from ui.pages.owner.device_rejected import reason_text
from ui.texts import _, clock, day, number, with_unit

PAYLOAD_SHOWN_MAX = 600
NUMBERS_SHOWN_MAX = 20


def show_preview(preview: Preview, zone: str, take_suggested: Callable[[], Awaitable[None]]) -> None:
    if preview.message is None:
        says = _("As soon as the sensor speaks, its message appears here with what would be read.")
        empty("hearing", _("Nothing heard on this topic yet"), says)
        return
    with Card(_("What would be read")) as card:
        _show_read(card, preview, zone)
    if preview.suggested:
        with Card(_("Numbers in it")):
            with Element("div").classes("inside"):
                key_values([(path, number(value, 2)) for path, value in preview.numbers[:NUMBERS_SHOWN_MAX]])
            with Element("div").classes("note"):
                button(_("Fill in what fits"), take_suggested, icon="auto_fix_high")
    with Card(_("Last message, {time}").format(time=_at(preview.message.at, zone))):
        Text("p", preview.message.payload[:PAYLOAD_SHOWN_MAX] or _("It was empty.")).classes("note payload")


def _show_read(card: Card, preview: Preview, zone: str) -> None:
    match preview.read:
        case None:
            Text("p", _("Say beside where the values stand.")).classes("note")
        case Unread() as unread:
            with card.header:
                tone_chip("warn", _("Refused"))
            Text("p", f"{reason_text(unread.reason)}: {unread.detail}").classes("note")
        case Found() as found:
            reason = _judged(found)
            with card.header:
                tone_chip("ok", _("Readable")) if reason is None else tone_chip("warn", _("Refused"))
            values = [
                (_(QUANTITIES[metric].name), with_unit(value, FACTS[metric].unit, FACTS[metric].digits))
                for metric, value in zip(METRICS, found.values, strict=True)
                if value is not None
            ]
            if found.at_us is not None:
                values.append((_("Measured"), _at(datetime.fromtimestamp(found.at_us / 1e6, UTC), zone)))
            with Element("div").classes("inside"):
                key_values(values)
            if reason is not None:
                Text("p", reason_text(reason)).classes("note")


def _judged(found: Found) -> Reject | None:
    now_us = round(datetime.now(UTC).timestamp() * 1_000_000)
    return judge(1, now_us if found.at_us is None else found.at_us, found.values, now_us)


def _at(at: datetime, zone: str) -> str:
    return f"{day(at, zone)}, {clock(at, zone, seconds=True)}"
