"""Notices to a customer about the own car: which there are, which move brings which, and how they are addressed."""

import re
from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from domain.jobs.words import Event
from domain.ways import Way, understand


class CustomerNews(StrEnum):
    RECEIVED = "received"
    STARTED = "started"
    CHECK = "check"
    READY = "ready"
    LATE = "late"
    DELIVERED = "delivered"


BY_EVENT: Mapping[Event, CustomerNews] = {
    Event.START: CustomerNews.STARTED,
    Event.SUBMIT: CustomerNews.CHECK,
    Event.PASS: CustomerNews.READY,
    Event.DELIVER: CustomerNews.DELIVERED,
}
USUAL = frozenset({CustomerNews.RECEIVED, CustomerNews.READY, CustomerNews.LATE})
"""What is told where the workshop has chosen nothing."""

GATEWAYS = (Way.SMS, Way.WHATSAPP, Way.WEBHOOK)
PLACE = "{phone}"
"""Where a gateway's address takes the customer's number."""
_SAMPLE = "919876543210"
PHONE_DIGITS_LEAST, PHONE_DIGITS_MOST = 8, 15  # E.164
NATIONAL_DIGITS_MOST = 11
COUNTRY_CODE = re.compile(r"[1-9][0-9]{0,2}")


def told_once(job_id: UUID, news: CustomerNews) -> str:
    """The key under which a customer is told something of a job no more than once."""
    return f"customer:{job_id}:{news}"


def gateway(way: Way, typed: str) -> str | None:
    """A gateway's address as it is stored, or None if it can't be one, or has no place for the number."""
    if way not in GATEWAYS or typed.count(PLACE) != 1:
        return None
    said = typed.strip()
    return said if understand(way, said.replace(PLACE, _SAMPLE)) is not None else None


def addressed(template: str, number: str) -> str:
    return template.replace(PLACE, number)


def dialled(phone: str, country_code: str) -> str | None:
    """A number as gateways want it: digits with the country's code; None if that can't be one.

    `98765 43210`, `098765 43210`, `+91 98765 43210` and `0091…` are the same in a country with the code 91.
    """
    digits = "".join(c for c in phone if c.isascii() and c.isdigit())
    if phone.strip().startswith("+"):
        whole = digits
    elif digits.startswith("00"):
        whole = digits[2:]
    else:
        national = digits.lstrip("0")
        is_national = len(digits) <= NATIONAL_DIGITS_MOST
        whole = country_code + national if is_national else digits
    return whole if PHONE_DIGITS_LEAST <= len(whole) <= PHONE_DIGITS_MOST else None
