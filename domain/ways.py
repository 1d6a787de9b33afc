"""The ways by which PitPilot reaches people outside of its pages, and how an address of each is written.

Only these schemes are taken. All but the webhook lead to a service's one well-known host; where a webhook leads is
looked at when it is called (actions/outbox/webhook.py).
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from domain.words import is_line

ADDRESS_CHARS_MAX = 500


class Way(StrEnum):
    MAIL = "mail"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    SMS = "sms"
    WEBHOOK = "webhook"


SCHEMES: Mapping[Way, frozenset[str]] = {
    Way.MAIL: frozenset(),
    Way.TELEGRAM: frozenset({"tgram"}),
    Way.WHATSAPP: frozenset({"whatsapp"}),
    Way.SMS: frozenset({"msg91", "twilio", "vonage", "clickatell"}),
    Way.WEBHOOK: frozenset({"https", "http"}),
}
"""As Apprise writes them: `tgram://bot token/chat`, `whatsapp://token@phone id/to`, `msg91://template@key/to` …"""

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_OPTIONS = re.compile(r"(?:lang|:[A-Za-z0-9_-]{1,30})=[A-Za-z0-9_-]{1,30}")
"""What a template of a gateway takes: its language, and which of its places gets the words (`:body=1`)."""
_LAST = 4  # characters that are shown of what is otherwise secret


def understand(way: Way, typed: str) -> str | None:
    """An address in the form in which it is stored, or None if it can't be one."""
    said = typed.strip()
    if not said or len(said) > ADDRESS_CHARS_MAX or not is_line(said) or any(map(str.isspace, said)):
        return None
    if way is Way.MAIL:
        return said if is_mail(said) else None
    try:
        parts = urlsplit(said)
        port = parts.port if way is Way.WEBHOOK else None
    except ValueError:
        return None
    if parts.scheme.lower() not in SCHEMES[way] or not parts.netloc or port == 0 or parts.fragment:
        return None
    if way is Way.WEBHOOK:
        return said if parts.hostname and parts.username is None else None
    # Other options, such as a proxy's address or a switched-off certificate check, are the server's business.
    options = parts.query.split("&") if parts.query else []
    return said if parts.path.strip("/") and all(map(_OPTIONS.fullmatch, options)) else None


def is_mail(said: str) -> bool:
    """Whether this is one mail address."""
    return _MAIL.fullmatch(said) is not None and ".." not in said


def shown(way: Way, address: str) -> str:
    """Enough of an address to know it again, without what is secret in it."""
    if way is Way.MAIL:
        name, _, domain = address.partition("@")
        return f"{name[:1]}…@{domain}"
    if address.isdigit():  # a number, which a gateway will take
        return f"…{address[-_LAST:]}"
    parts = urlsplit(address)
    if way is Way.WEBHOOK:
        return f"{parts.scheme}://{parts.hostname}/…"
    return f"{parts.scheme} …{address.partition('?')[0].rstrip('/')[-_LAST:]}"
