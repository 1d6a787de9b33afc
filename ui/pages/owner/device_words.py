"""What pages say about devices' identity: kinds, states, how a device comes in, why something is refused."""

from datetime import datetime

from actions.device_credentials import KEY
from actions.devices import NAME_CHARS_MAX, Kind
from domain.claims import Identity
from domain.foreign import KIND as FOREIGN
from domain.refusals import Refusal
from storage.queries import DeviceRow
from ui.pages.account.words import refusal_text as common_text
from ui.pages.pump_refusals import AnyRefusal
from ui.pages.pump_refusals import refusal_text as pump_text
from ui.texts import _, day, moment, number


def kind_word(kind: str) -> str:
    if kind == FOREIGN:
        return _("Sensor of another make")
    return {Kind.PIT: _("Pit node"), Kind.PUMP: _("Pump controller")}[Kind(kind)]


def identity_word(identity: Identity) -> str:
    words = {
        Identity.WAITING: _("Waits to be claimed"),
        Identity.CLAIMED: _("Claimed"),
        Identity.REVOKED: _("Revoked"),
    }
    return words[identity]


def identity_title(row: DeviceRow, zone: str, now: datetime) -> str:
    """Claimed 21 Nov, 13:30."""
    at = {Identity.CLAIMED: row.claimed_at, Identity.REVOKED: row.revoked_at}.get(row.identity)
    word = identity_word(row.identity)
    return f"{word} {moment(at, zone, now)}" if at else word


def entrance_text(row: DeviceRow, zone: str) -> str:
    """How it comes in, or what it lacks."""
    if row.identity is Identity.CLAIMED:
        if row.certificate_until is not None and row.credential == "certificate":
            return _("Comes in by certificate, until {day}.").format(day=day(row.certificate_until, zone, year=True))
        if row.credential == KEY:
            return _("Comes in by its key, over HTTP.")
        return _("Comes in by password.")
    return _("Nothing can speak in its name until it claims itself with a code.")


def refusal_text(refusal: AnyRefusal) -> str:
    """What is the case, and what to do."""
    if not isinstance(refusal, Refusal) or refusal is Refusal.PUMP_AWAY:
        return pump_text(refusal)
    texts = {
        Refusal.NOT_FOUND: _("This device or pit is not here any more. Load the page again."),
        Refusal.EMPTY: _("Enter a name that can be read."),
        Refusal.TOO_LONG: _("Enter at most {n} characters.").format(n=number(NAME_CHARS_MAX)),
        Refusal.PUMP_IN_PIT: _("A pump controller stands in no pit."),
        Refusal.NOT_CLAIMED: _("It has no password yet. Make a claim code instead."),
        Refusal.REQUEST_NEEDED: _("It has a certificate, which it renews by itself. Make a claim code to replace it."),
        Refusal.COMMAND_OPEN: _("Such a command is on its way already. Wait until it is over."),
        Refusal.DEVICE_OFF: _("It is switched off. Switch it on first."),
        Refusal.ALREADY_SO: _("It was revoked before; nothing changed."),
    }
    return texts.get(refusal) or common_text(refusal)
