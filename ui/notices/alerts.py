"""Messages about alerts: what is the case, its limit, and where to look."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from actions.outbox.post import Letter
from domain.alerts import CAMERA, SILENT, WITHOUT_VALUE
from domain.limits import Level
from domain.notify import News
from domain.readings import FACTS, Metric
from ui import motor_alert_words
from ui.presenters import metric_name, value_text
from ui.texts import _, clock, duration, number


def raised(facts: Mapping[str, Any], zone: str) -> Letter:
    subject = f"{_level(facts)}: {_what(facts)}"
    if facts["flapping"]:
        subject = _("{subject} (it comes and goes)").format(subject=subject)
    return Letter(subject, _details(facts, zone))


def unacknowledged(facts: Mapping[str, Any], zone: str) -> Letter:
    subject = _("Nobody has acknowledged: {what}").format(what=_what(facts))
    since = clock(datetime.fromisoformat(facts["told_at"]), zone)
    told = _("It was told at {time}. Look yourself, or call somebody who is there.").format(time=since)
    return Letter(subject, f"{_details(facts, zone)}\n{told}")


def over(facts: Mapping[str, Any], zone: str) -> Letter:
    raised_at, resolved_at = (datetime.fromisoformat(facts[name]) for name in ("raised_at", "resolved_at"))
    lasted = duration((resolved_at - raised_at).total_seconds())
    text = _("From {begin} to {end}, {time} in all.").format(
        begin=clock(raised_at, zone), end=clock(resolved_at, zone), time=lasted
    )
    return Letter(_("Over: {what}").format(what=_thing(facts)), text)


WORDS: dict[str, Callable[[Mapping[str, Any], str], Letter]] = {
    News.RAISED: raised,
    News.WORSE: raised,
    News.UNACKNOWLEDGED: unacknowledged,
    News.OVER: over,
}


def _level(facts: Mapping[str, Any]) -> str:
    if facts["rule"] in WITHOUT_VALUE:
        return _("No data")
    return _("Critical") if facts["level"] == Level.CRITICAL else _("Warning")


def _what(facts: Mapping[str, Any]) -> str:
    """Pit 4: PM2.5 41.8 µg/m³."""
    if facts["rule"] in WITHOUT_VALUE or facts["rule"] in motor_alert_words.RULES:
        return _thing(facts)
    return f"{_thing(facts)} {value_text(facts['rule'], facts['value'])}"


def _thing(facts: Mapping[str, Any]) -> str:
    """Pit 4: PM2.5; Pit 6: PP-0421 is silent; Motor 1: ON though nobody started it."""
    if facts["rule"] in motor_alert_words.RULES:
        return f"{facts['device']}: {motor_alert_words.what(facts['rule'], facts['detail'])}"
    if facts["rule"] == CAMERA:
        what = _("no picture from {camera}").format(camera=facts["detail"] or _("the camera"))
    elif facts["rule"] == SILENT:
        what = _("{device} is silent").format(device=facts["device"])
    else:
        what = metric_name(facts["rule"])
    return f"{facts['pit']}: {what}" if facts["pit"] else what


def _details(facts: Mapping[str, Any], zone: str) -> str:
    since = _("Since {time}.").format(time=clock(datetime.fromisoformat(facts["raised_at"]), zone))
    limit = facts["limit"]
    if facts["rule"] in motor_alert_words.RULES:
        return f"{motor_alert_words.advice(facts['rule'])} {since}"
    if limit is None or facts["rule"] in WITHOUT_VALUE:
        return since
    digits = FACTS[Metric(facts["rule"])].digits if limit % 1 else 0
    return _("The limit is {limit}.").format(limit=number(limit, digits)) + " " + since
