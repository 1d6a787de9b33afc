"""What a device measures now, and when it began anew."""

from collections.abc import Mapping
from datetime import datetime
from html import escape

from domain.readings import FACTS, METRICS, Metric
from storage.command_history import Boots
from ui.components import markup
from ui.components.markup import raw
from ui.components.pieces import Card, empty
from ui.components.quantities import QUANTITIES
from ui.pages.owner.pit_devices import FRESH_S
from ui.texts import UNKNOWN, _, ago, moment, ngettext, number

Values = Mapping[Metric, tuple[float, datetime]]


def values_card(values: Values, now: datetime) -> None:
    """The latest number of each metric; one that is older than a minute is unknown, and said small."""
    if not values:
        empty("sensors", _("Nothing measured lately"), _("Its values appear here with the next reading."))
        return
    newest = max(at for _value, at in values.values())
    with Card(_("Measured now")) as card:
        with card.header:
            raw(escape(ago(max(0.0, (now - newest).total_seconds()))), "span").classes("fine num")
        shown = (_value_html(metric, *values[metric], now) for metric in METRICS if metric in values)
        raw("".join(shown)).classes("inside values")


def _value_html(metric: Metric, value: float, at: datetime, now: datetime) -> str:
    facts = FACTS[metric]
    fresh = (now - at).total_seconds() <= FRESH_S
    text = number(value, facts.digits)
    small = facts.unit if fresh else _("was {value}").format(value=text)
    return (
        f'<div class="metric" data-state="{"ok" if fresh else "unknown"}"><div class="top">'
        f"<span>{escape(_(QUANTITIES[metric].short))}</span></div>"
        f'<div class="value num">{escape(text if fresh else UNKNOWN)}<small>{escape(small)}</small></div></div>'
    )


def boots_card(boots: Boots, zone: str, now: datetime) -> None:
    """The boots of a device: how many a week saw, and when the last ones began."""
    with Card(_("Restarts")) as card:
        with card.header:
            text = ngettext("{n} in 7 days", "{n} in 7 days", boots.in_a_week).format(n=number(boots.in_a_week))
            raw(escape(text), "span").classes("fine num")
        lines = (
            markup.key_value(_("Boot {n}").format(n=number(boot_id)), escape(moment(at, zone, now)))
            for boot_id, at in boots.last
        )
        raw("".join(lines)).classes("inside")
