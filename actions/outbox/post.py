"""Handing a message to the outside: mail and the well-known services by Apprise, webhooks by ourselves. Blocking, so it
runs in a thread.
"""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyBase, NotifyFormat, PersistentStoreMode
from apprise.exception import AppriseException

from actions.outbox.ways import MailServer, Offer
from actions.outbox.webhook import Undeliverable, call
from domain.ways import Way

__all__ = ["Letter", "Undeliverable", "deliver"]

ERROR_CHARS_MAX = 300
READ_WITHIN_S = 10.0
_MODES = {"tls": ("mailtos", "ssl"), "starttls": ("mailtos", "starttls"), "plain": ("mailto", "insecure")}
_LOGGER = logging.getLogger("apprise")
_FAULT = "Socket Exception: "
_STATUS = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words."""

    subject: str
    text: str


def deliver(way: Way, address: str, letter: Letter, message_id: str, offer: Offer) -> None:
    """Sends one message. Whoever may get it twice tells it by `message_id`: the header X-PitPilot-Message of a mail,
    Idempotency-Key and `id` of a webhook's call.

    Raises:
        Undeliverable: it was not taken.
    """
    if way is Way.WEBHOOK:
        body = {"id": message_id, "subject": letter.subject, "text": letter.text}
        call(address, body, private_hosts=offer.private_hosts)
        return
    service = _mail(offer.mail, address, message_id) if way is Way.MAIL else _service(address)
    with _heard() as said:
        is_taken = service.notify(body=letter.text, title=letter.subject, body_format=NotifyFormat.TEXT)
    if not is_taken:
        raise Undeliverable(_why(said, address))


def is_usable(address: str) -> bool:
    """Whether Apprise knows what to do with a service's address, and for one receiver."""
    with _heard():
        service = Apprise.instantiate(address, asset=_asset())
        return service is not None and len(service) == 1 and bool(getattr(service, "targets", None))


def _mail(server: MailServer | None, address: str, message_id: str) -> NotifyBase:
    if server is None:
        raise Undeliverable("mail is not set up here")
    schema, mode = _MODES[server.mode]
    return _made(
        {
            "schema": schema, "secure_mode": mode, "host": server.host, "smtp_host": server.host, "port": server.port,
            "user": server.user or None, "password": server.password or None,
            "from_addr": f"PitPilot <{server.sender}>", "targets": [address],
            "headers": {"X-PitPilot-Message": message_id, "Auto-Submitted": "auto-generated"},
        }
    )  # fmt: skip


def _service(address: str) -> NotifyBase:
    return _made(address)


def _made(address: str | dict[str, Any]) -> NotifyBase:
    try:
        service = Apprise.instantiate(address, asset=_asset(), suppress_exceptions=False)
    except (AppriseException, TypeError, ValueError) as error:
        raise Undeliverable("the address can't be used") from error
    if service is None:
        raise Undeliverable("the address can't be used")
    service.socket_read_timeout = READ_WITHIN_S
    return service


def _asset() -> AppriseAsset:
    """Nothing is written to disk, no redirect is followed, and no plug-in is loaded from elsewhere."""
    return AppriseAsset(
        app_id="PitPilot",
        app_desc="PitPilot",
        app_url="",
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
        plugin_paths=[],
    )


class _Ear(logging.Handler):
    """What Apprise says in one thread: it answers no more than yes or no."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[logging.LogRecord] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(record)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    ear = _Ear()
    _LOGGER.addHandler(ear)
    _LOGGER.setLevel(logging.DEBUG)
    _LOGGER.propagate = False  # its lines hold addresses and texts: none belongs into the log
    try:
        yield ear.said
    finally:
        _LOGGER.removeHandler(ear)


def _why(said: list[logging.LogRecord], address: str) -> str:
    """The reason out of what Apprise said: an error of the connection, the service's status, or its last warning."""
    lines = [record.getMessage() for record in said]
    faults = [line.partition(_FAULT)[2] for line in lines if _FAULT in line]
    if faults:
        return _clean(faults[-1], address)
    warnings = [record.getMessage() for record in said if record.levelno >= logging.WARNING]
    if not warnings:
        return "it was not taken"
    status = _STATUS.search(warnings[-1])
    return f"the service answered {status[1]}" if status else _clean(warnings[-1], address)


def _clean(text: str, address: str) -> str:
    """On one line, without any longer part of the address."""
    line = " ".join(text.split())
    for part in sorted(re.split(r"[/:@?&=,\s]+", address), key=len, reverse=True):
        line = line.replace(part, "…") if len(part) > 5 else line
    return line[:ERROR_CHARS_MAX]
