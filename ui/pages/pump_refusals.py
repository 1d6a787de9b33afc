"""Why something about pumps and minutes is refused, and what to do then.

The enums share some codes, and equal codes are equal as texts; so each has a table of its own.
"""

from domain.minute_requests import RequestRefusal
from domain.pump.words import PumpRefusal, ReportRefusal
from domain.refusals import Refusal
from domain.wallet import WalletRefusal
from ui.pages.account import words as account_words
from ui.texts import _

AnyRefusal = Refusal | PumpRefusal | ReportRefusal | WalletRefusal | RequestRefusal
REFUSALS = (Refusal, PumpRefusal, ReportRefusal, WalletRefusal, RequestRefusal)


def refusal_text(refusal: AnyRefusal) -> str:
    """What is the case, and what to do."""
    if isinstance(refusal, PumpRefusal):
        return _of_pump(refusal)
    if isinstance(refusal, WalletRefusal):
        found = _of_wallet(refusal)
    elif isinstance(refusal, RequestRefusal):
        found = _of_request(refusal)
    elif isinstance(refusal, Refusal):
        found = _of_all(refusal) or account_words.refusal_text(refusal)
    else:
        found = None
    return found or _("That was refused: {code}").format(code=refusal)


def _of_all(refusal: Refusal) -> str | None:
    return {
        Refusal.PUMP_AWAY: _("Motors can't be reached at this moment. Try again in a few seconds."),
        Refusal.CARD_KNOWN: _("This card belongs to somebody already. Remove it there first."),
        Refusal.UNREADABLE: _("A card's number has 8 to 20 characters: 0–9 and A–F."),
        Refusal.EMPTY: _("Say why, in a few words."),
        Refusal.NAME_TAKEN: _("Another group has this name. Choose another one."),
        Refusal.KEY_USED: _other_numbers(),
    }.get(refusal)


def _of_pump(refusal: PumpRefusal) -> str:
    return {
        PumpRefusal.UNKNOWN_MOTOR: _("There is no such motor any more. Load the page again."),
        PumpRefusal.UNKNOWN_RUN: _("That turn is over already."),
        PumpRefusal.KEY_REUSED: _other_numbers(),
        PumpRefusal.MEMBER_SUSPENDED: _("Access is suspended at the moment. Ask the owner of the pump."),
        PumpRefusal.OPEN_RUN: _("There is a turn that is not over. Only one at a time."),
        PumpRefusal.AMOUNT_TOO_SMALL: _("That is too short for the motor. Choose more minutes."),
        PumpRefusal.AMOUNT_TOO_LARGE: _("That is longer than one turn may be. Choose fewer minutes."),
        PumpRefusal.LINE_FULL: _("The line is full. Try again when somebody is through."),
        PumpRefusal.BALANCE_TOO_LOW: _("There are not so many minutes left. Choose fewer, or ask for more."),
        PumpRefusal.MOTOR_IN_USE: _("Somebody uses this motor or waits for it. Try again when nobody does."),
        PumpRefusal.NOT_SURELY_OFF: _("It is not sure yet that this motor is off. Try again in half a minute."),
        PumpRefusal.GROUP_IN_USE: _("Motors stand in this group. Move them to another one first."),
        PumpRefusal.NOT_RUNNING: _("Only a running turn can be made longer."),
        PumpRefusal.NOT_WAITING: _("Only somebody in line can be moved to its end."),
        PumpRefusal.ALREADY_STOPPING: _("It is being stopped already."),
        PumpRefusal.ALREADY_SO: _("It is so already; nothing changed."),
    }[refusal]


def _of_wallet(refusal: WalletRefusal) -> str | None:
    return {
        WalletRefusal.NOT_POSITIVE: _("Enter more than 0 minutes."),
        WalletRefusal.AMOUNT_TOO_LARGE: _too_many(),
        WalletRefusal.BALANCE_TOO_LOW: _("There are not so many minutes left."),
        WalletRefusal.KEY_REUSED: _other_numbers(),
    }.get(refusal)


def _of_request(refusal: RequestRefusal) -> str:
    return {
        RequestRefusal.NOT_POSITIVE: _("Enter more than 0 minutes."),
        RequestRefusal.AMOUNT_TOO_LARGE: _too_many(),
        RequestRefusal.NOTE_TOO_LONG: _("The note is too long."),
        RequestRefusal.TOO_MANY: _("The owner has not answered your earlier requests yet. Wait for that."),
        RequestRefusal.NOT_YOURS: _("Somebody else asked for these."),
        RequestRefusal.ALREADY_DECIDED: _("Somebody has answered this already."),
    }[refusal]


def _other_numbers() -> str:
    return _("That was asked for before with other numbers. Load the page again.")


def _too_many() -> str:
    return _("These are more minutes than anybody buys at once. Look at the number again.")
