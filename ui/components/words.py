"""The words that JavaScript components get as a prop: JavaScript itself says nothing."""

from ui.texts import UNKNOWN, _, ngettext, voice


def live_words() -> dict[str, str]:
    """Words of the live components in the page's language, with the locale that writes their numbers."""
    return {
        "locale": voice().locale_tag,
        "unknown_number": UNKNOWN,
        "ok": _("In spec"),
        "warn": _("Warning"),
        "crit": _("Critical"),
        "unknown": _("Unknown"),
        "no_data": _("No data {time}"),
        "never": _("No data yet"),
        "silent": _("{time} silent"),
        "was": _("was {value}"),
        "no_car": _("No car"),
        "free": _("Free"),
        "worst_first": _("Worst first"),
        "pits_by_state": _("Pits by state"),
        "pits": _("Pits"),
        "alerts": _("{n} open"),
        "changed": _("{pit}: {state}"),
        "s": _("{n} s"),
        "min": _("{n} min"),
        "h": _("{n} h"),
        "day": ngettext("{n} day", "{n} days", 1),
        "days": ngettext("{n} day", "{n} days", 2),
        "ago": _("{time} ago"),
        "live": _("Live, {time}"),
        "live_now": _("Live"),
        "waiting": _("Waiting for values"),
        "reconnecting": _("Connecting again"),
        "no_connection": _("No connection"),
        "critical_limit": _("Critical"),
        "chart_summary": _("{metric}: now {value}, {least} to {most} in this window"),
        "chart_empty": _("No values in this window"),
    }
