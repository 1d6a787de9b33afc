"""What the pump pages say: states, what is waited for, why a turn stood still or ended, what minutes did."""

from domain.minute_requests import RequestState
from domain.pump.words import HoldCause, Reason, RunState, WaitsFor
from domain.wallet import TransferKind
from ui.components.markup import chip
from ui.components.views import Tone
from ui.texts import _, duration, number


def minutes(seconds: int) -> str:
    """As people speak of minutes: 148 min, 11 min 52 s, 52 s. Never hours: minutes are what was bought."""
    whole, rest = divmod(max(0, seconds), 60)
    if not whole and rest:
        return duration(rest)
    text = _("{n} min").format(n=number(whole)).replace(" ", "\u00a0")
    return f"{text} {duration(rest)}" if rest else text


def signed_minutes(seconds: int) -> str:
    return ("−" if seconds < 0 else "+") + minutes(abs(seconds))


def run_look(state: RunState | None, place: int | None = None) -> tuple[Tone, str, str]:
    """The chip of a member's turn: tone, word, icon. None: there is none."""
    waiting = _("WAITING") if place is None else _("WAITING #{n}").format(n=number(place))
    looks: dict[RunState, tuple[Tone, str, str]] = {
        RunState.WAITING: ("brand", waiting, "hourglass_top"),
        RunState.STARTING: ("brand", _("STARTING"), "hourglass_top"),
        RunState.RUNNING: ("brand", _("RUNNING"), "play_circle"),
        RunState.HOLD: ("hold", _("HOLD"), "pause_circle"),
        RunState.STOPPING: ("", _("STOPPING"), "hourglass_top"),
    }
    return looks.get(state, ("", _("OFF"), "power_off")) if state else ("", _("OFF"), "power_off")


def run_chip(state: RunState | None, place: int | None = None, *, big: bool = False) -> str:
    tone, word, mark = run_look(state, place)
    return chip(tone, word, mark, big=big)


def end_word(state: RunState) -> str:
    """How a turn ended, in one word."""
    words = {
        RunState.COMPLETED: _("Finished"),
        RunState.FAILED: _("Failed"),
        RunState.CANCELLED: _("Left the line"),
        RunState.EXPIRED: _("Waited too long"),
        RunState.UNSETTLED: _("Being counted"),
    }
    return words.get(state) or run_look(state)[1]


def reason_text(reason: Reason) -> str:
    """Why a turn moved on or ended."""
    texts = {
        Reason.REQUESTED: _("Asked for"),
        Reason.TURN: _("It was the turn"),
        Reason.MEASURED_ON: _("Motor measured ON"),
        Reason.HELD: _("Interrupted"),
        Reason.RESUMED: _("Goes on"),
        Reason.OFF_CONFIRMED: _("Motor measured OFF"),
        Reason.LEASE_OVER: _("The motor's permission ran out"),
        Reason.SKIPPED: _("Moved to the end of the line"),
        Reason.EXTENDED: _("Minutes added"),
        Reason.STOPPED: _("Stopped by hand"),
        Reason.CARD_REMOVED: _("Card taken out"),
        Reason.USED_UP: _("All minutes of the turn used"),
        Reason.SUSPENDED: _("Access suspended"),
        Reason.HOLD_TIMEOUT: _("Interrupted for too long"),
        Reason.START_TIMEOUT: _("The motor did not start"),
        Reason.FAULT: _("Fault of the motor"),
        Reason.TRIPPED: _("The motor's protection tripped"),
        Reason.CANCELLED: _("Left the line"),
        Reason.BALANCE_TOO_LOW: _("Too few minutes at the turn"),
        Reason.WAITED_TOO_LONG: _("Waited too long"),
    }
    return texts[reason]


def hold_headline(cause: HoldCause, since: str) -> str:
    """Why a turn stands still, since when."""
    texts = {
        HoldCause.SHEDDING: _("Power is cut since {time}"),
        HoldCause.GRID: _("No power since {time}"),
        HoldCause.SILENT: _("The motor's controller is silent since {time}"),
        HoldCause.NOT_READY: _("The motor is not ready since {time}"),
        HoldCause.MEASURED_OFF: _("The motor is off since {time}, nobody stopped it"),
        HoldCause.STRAY: _("A motor is on that nobody started"),
        HoldCause.LINE: _("All is good again: you are next"),
    }
    return texts[cause].format(time=since)


def hold_line(cause: HoldCause) -> str:
    """What happens next, and that nothing is charged."""
    if cause is HoldCause.LINE:
        return _("You are not charged. The motor starts when the turn before you ends.")
    if cause in (HoldCause.SHEDDING, HoldCause.GRID):
        return _("You are not charged. The motor starts again by itself when power is steady.")
    return _("You are not charged. The motor starts again by itself; if it can't, your minutes go back to you.")


def waits_text(waits: WaitsFor) -> str:
    """What somebody in line, or a motor, waits for."""
    texts = {
        WaitsFor.TURN: _("Others are before"),
        WaitsFor.SLOT: _("Another turn runs"),
        WaitsFor.SHEDDING: _("Power is cut"),
        WaitsFor.STRAY: _("A motor is on that nobody started"),
        WaitsFor.OTHER_LEASE: _("Another motor is not surely off yet"),
        WaitsFor.SERVER_START: _("The server has just started; a few seconds more"),
        WaitsFor.STOP: _("The motor's stop is not confirmed yet"),
        WaitsFor.OFF_TIME: _("The motor must rest a moment"),
        WaitsFor.RESTART_DELAY: _("Power is back; it must be steady for a moment"),
        WaitsFor.DEVICE_SILENT: _("The motor's controller is silent"),
        WaitsFor.DEVICE_GRID: _("No power at the motor"),
        WaitsFor.DEVICE_NOT_READY: _("The motor is not ready"),
        WaitsFor.DEVICE_FAULT: _("The motor reports a fault"),
    }
    return texts[waits]


def kind_word(kind: TransferKind) -> str:
    words = {
        TransferKind.RECHARGE: _("Minutes bought"),
        TransferKind.REVERSAL: _("Recharge taken back"),
        TransferKind.HOLD: _("Set aside for a turn"),
        TransferKind.CAPTURE: _("Motor ran"),
        TransferKind.RELEASE: _("Given back from a turn"),
        TransferKind.GIFT: _("Minutes given"),
        TransferKind.DEDUCTION: _("Minutes taken"),
    }
    return words[kind]


def request_word(state: RequestState) -> str:
    words = {
        RequestState.PENDING: _("Not answered yet"),
        RequestState.APPROVED: _("Approved"),
        RequestState.DECLINED: _("Declined"),
        RequestState.WITHDRAWN: _("Withdrawn"),
    }
    return words[state]
