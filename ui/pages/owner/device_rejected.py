"""What was refused of a device, by reason, and the last of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from nicegui.element import Element

from storage.queries import RejectionRow
from ui.components.markup import raw
from ui.components.pieces import Card, empty, key_values
from ui.texts import _, clock, day, number


def rejected_cards(zone: str, counts: Mapping[str, int], samples: Sequence[RejectionRow]) -> None:
    if not counts and not samples:
        empty("verified", _("Nothing was refused"), _("Messages that can't be stored appear here with the reason."))
        return
    with Card(_("Refused in the last 7 days")) as card:
        with card.header:
            raw(escape(_("Messages or readings")), "span").classes("fine")
        with Element("div").classes("inside"):
            key_values([(reason_text(reason), number(count)) for reason, count in counts.items()])
    if samples:
        with Card(_("The last of them")):
            raw("".join(_told(sample, zone) for sample in samples))


def _told(sample: RejectionRow, zone: str) -> str:
    """What was wrong and when, and below it the message as it came."""
    return (
        f'<div class="told"><h3 class="cluster"><span class="cut">{escape(reason_text(sample.reason))}</span>'
        f'<span class="fine num">{escape(_at(sample.at, zone))}</span></h3>'
        f'<p>{escape(sample.detail)}</p><p class="payload">{escape(sample.payload)}</p></div>'
    )


def _at(at: datetime, zone: str) -> str:
    return f"{day(at, zone)}, {clock(at, zone, seconds=True)}"


def reason_text(reason: str) -> str:
    """Why it was refused, and so what would be right."""
    texts = {
        "malformed": _("Not in the documented form"),
        "oversized": _("Longer than 8 KiB"),
        "unknown_version": _("Unknown protocol version"),
        "unknown_device": _("Unknown device"),
        "wrong_tenant": _("Names another tenant"),
        "disabled_device": _("Device is switched off"),
        "bad_boot_id": _("Boot number out of range"),
        "bad_seq": _("Reading number out of range"),
        "no_time": _("Neither clock nor uptime"),
        "duplicate_key": _("A field stands twice"),
        "no_value": _("No measured value"),
        "implausible": _("Outside the sensor's range"),
        "future": _("Stamped in the future"),
        "too_old": _("Older than 7 days"),
        "unstorable": _("The database refused it"),
        "unknown_command": _("An answer to what it was never asked"),
        "stale_state": _("Older than a state that came before"),
        "on_time_fell": _("A running time that shrinks"),
        "not_a_pump": _("The state of a motor, but this is no pump"),
        "retained": _("Retained, so of unknown age"),
    }
    return texts.get(reason, reason)
