"""Messages to a workshop's customers: what became of the car, and where to follow it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from actions.customers.news import LINK, reason_of
from actions.outbox.post import Letter
from domain.customer_news import CustomerNews
from ui.texts import _, clock, day


def received(facts: Mapping[str, Any], zone: str) -> Letter:
    if facts.get("booked_for"):
        begin = datetime.fromisoformat(facts["booked_for"])
        text = _("Your {car} is booked in for {time} on {day}.")
        return _letter(facts, text.format(car=_car(facts), time=clock(begin, zone), day=day(begin, zone)), follows=True)
    text = _("We have your {car}.").format(car=_car(facts))
    if facts.get("promised_at"):
        at = datetime.fromisoformat(facts["promised_at"])
        text += " " + _("It will be ready by {time} on {day}.").format(time=clock(at, zone), day=day(at, zone))
    return _letter(facts, text, follows=True)


def started(facts: Mapping[str, Any], zone: str) -> Letter:
    return _letter(facts, _("Work on your {car} has begun.").format(car=_car(facts)), follows=True)


def check(facts: Mapping[str, Any], zone: str) -> Letter:
    return _letter(facts, _("The work on your {car} is done and is now being checked.").format(car=_car(facts)))


def ready(facts: Mapping[str, Any], zone: str) -> Letter:
    return _letter(facts, _("Your {car} is ready. You can come for it.").format(car=_car(facts)))


def late(facts: Mapping[str, Any], zone: str) -> Letter:
    text = _("Your {car} takes longer than we promised.").format(car=_car(facts))
    return _letter(facts, text, follows=True)


def delivered(facts: Mapping[str, Any], zone: str) -> Letter:
    return _letter(facts, _("Thank you. Your {car} has gone home with you.").format(car=_car(facts)))


def link(facts: Mapping[str, Any], zone: str) -> Letter:
    return _letter(facts, _("Here you see how your {car} gets on.").format(car=_car(facts)))


UNASKED: Mapping[str, Callable[[Mapping[str, Any], str], Letter]] = {
    reason_of(CustomerNews.RECEIVED): received,
    reason_of(CustomerNews.STARTED): started,
    reason_of(CustomerNews.CHECK): check,
    reason_of(CustomerNews.READY): ready,
    reason_of(CustomerNews.LATE): late,
    reason_of(CustomerNews.DELIVERED): delivered,
}
"""Those that come by themselves."""
WORDS = {**UNASKED, LINK: link}


def _car(facts: Mapping[str, Any]) -> str:
    return f"{facts['make']} {facts['model']}"


def _letter(facts: Mapping[str, Any], text: str, *, follows: bool = False) -> Letter:
    if follows and facts.get("link"):
        text += " " + _("Follow it here:")
    return Letter(f"{facts['workshop']}: {_car(facts)}", text)
