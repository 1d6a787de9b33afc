"""Which ways out this installation offers: known once, at the start."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from domain.ways import Way, is_mail


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `mode` is tls (from the first byte), starttls, or plain."""

    host: str
    port: int
    mode: str
    sender: str
    """The address that mails come from."""
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str, sender: str) -> "MailServer":
        """From `smtps://user:password@host:465`, `smtp://user:password@host:587` (STARTTLS) or, without encryption,
        `smtp://host:25?tls=off`.

        Raises:
            ValueError: it is none of these, or the sender is no mail address; the text holds nothing secret.
        """
        fault = "must look like smtps://user:password@mail.example.com:465 or smtp://…:587, with ?tls=off if need be"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may hold a part of the password
            raise ValueError(fault) from None
        is_right = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.path in ("", "/") and port != 0
        if not is_right or parts.query not in ("", "tls=off") or (parts.query and parts.scheme == "smtps"):
            raise ValueError(fault)
        if not is_mail(sender):
            raise ValueError("needs the address that mails come from, in PITPILOT_MAIL_FROM")
        mode = "tls" if parts.scheme == "smtps" else "plain" if parts.query else "starttls"
        usual = {"tls": 465, "starttls": 587, "plain": 25}[mode]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(str(parts.hostname), port or usual, mode, sender, user, password)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the operator settled."""

    mail: MailServer | None = None
    base: str = ""
    """PitPilot's own address, for links in messages; empty: messages hold no links."""
    private_hosts: bool = False
    """Webhooks may call hosts of private networks."""


class _Opened:
    offer = Offer()


_opened = _Opened()


def open(offer: Offer) -> None:  # read as ways.open
    """Called once at the start; before that, and without it, there is no mail."""
    _opened.offer = offer


def offer() -> Offer:
    return _opened.offer


def offered() -> tuple[Way, ...]:
    """The ways that somebody may choose."""
    return tuple(way for way in Way if way is not Way.MAIL or _opened.offer.mail is not None)


def mailable(contact: str) -> str | None:
    """The mail address that a contact is, if mail goes out from here."""
    said = contact.strip()
    return said if _opened.offer.mail is not None and is_mail(said) else None
