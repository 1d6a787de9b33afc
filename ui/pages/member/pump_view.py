"""A member's turn in words: what the page says, its one number, and what its one button does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from domain.pump.words import RunState, WaitsFor
from storage.pump_views import MemberPump, MotorView, PlaceView, RunView
from ui.components.minutes_ring import RingView
from ui.components.queue_line import QueueLine
from ui.components.start_stop import Press
from ui.pages.pump_words import hold_headline, hold_line, minutes, waits_text
from ui.texts import _, clock, duration, ngettext, number

CHOICES_S = (600, 1_200, 1_800, 3_600)
NAMED_MAX = 2
START, STOP, LEAVE, NOTHING = "start", "stop", "leave", "nothing"


@dataclass(frozen=True, slots=True)
class Said:
    """What stands below the number."""

    headline: str
    line: str


def epoch_ms(at: datetime | None) -> int:
    return int(at.timestamp() * 1000) if at else 0


def ring(pump: MemberPump) -> RingView:
    run = pump.run
    if run is None or run.state is RunState.UNSETTLED:
        whole_min, rest_s = divmod(pump.wallet.available_s, 60)
        caption = _("minutes are yours")
        if rest_s:
            caption = _("minutes and {rest} are yours").format(rest=duration(rest_s))
        return RingView(pump.wallet.available_s, pump.longest_s, "brand", caption, number=number(whole_min))
    whole = minutes(run.amount_s)
    if run.state is RunState.HOLD:
        return RingView(run.left_s, run.amount_s, "hold", _("kept for you"))
    counts = run.is_counting and run.state in (RunState.RUNNING, RunState.STOPPING)
    return RingView(
        run.left_s, run.amount_s, "brand", _("left of {time}").format(time=whole), epoch_ms(run.heard_at), counts
    )


def said(pump: MemberPump, motor: MotorView | None, zone: str, now: datetime) -> Said:
    """What is the case, and what comes next."""
    run = pump.run
    if run is None:
        return _before_a_turn(pump, motor, zone, now)
    if run.state is RunState.WAITING:
        return _in_line(pump.place, _held_before(pump), zone, now)
    if run.state is RunState.HOLD and run.hold_cause is not None:
        return Said(hold_headline(run.hold_cause, clock(run.since_at, zone)), hold_line(run.hold_cause))
    if run.state is RunState.STARTING:
        return Said(_("The motor is being switched on"), _("You are charged from the moment it is measured on."))
    if run.state is RunState.STOPPING:
        return Said(_("The motor is being stopped"), _("You are charged until it is measured off."))
    if run.state is RunState.UNSETTLED:
        return Said(_("The motor is off"), _("Its last seconds are being counted. What is left comes back to you."))
    return Said("", "")


def _before_a_turn(pump: MemberPump, motor: MotorView | None, zone: str, now: datetime) -> Said:
    if motor is None:
        return Said(_("There is no motor yet"), _("The owner of the pump sets it up."))
    if pump.wallet.available_s < pump.minimum_s:
        return Said(_("Too few minutes for a turn"), "")
    if pump.line:
        last = pump.line[-1]
        head = ngettext("{n} is waiting", "{n} are waiting", len(pump.line)).format(n=number(len(pump.line)))
        if last.wait_s is None:
            return Said(head, _("Nobody can say yet when you would start."))
        at = now + timedelta(seconds=last.wait_s + last.amount_s)
        return Said(head, _("You would start at about {time}, if power stays.").format(time=clock(at, zone)))
    if (using := pump.using(motor.device_id)) is not None:
        head = _("{name} is using the motor").format(name=using.member_name)
        if using.device_id != motor.device_id:
            head = _("{name} is using {motor}").format(name=using.member_name, motor=using.motor_name)
        return Said(head, _("At most {time} more. You would be next.").format(time=minutes(using.left_s)))
    if motor.waits_for is not None and motor.waits_for is not WaitsFor.RESTART_DELAY:
        return Said(waits_text(motor.waits_for), _("You can get in line; the motor starts by itself when it can."))
    return Said(_("Nobody is waiting"), _("You would start now."))


def _held_before(pump: MemberPump) -> RunView | None:
    """The run on HOLD that has the slot of the own motor's group."""
    same = [motor.run for motor in pump.beside(pump.run.device_id)] if pump.run else []
    return next((run for run in same if run is not None and run.state is RunState.HOLD), None)


def _in_line(place: PlaceView | None, held: RunView | None, zone: str, now: datetime) -> Said:
    if place is None:
        return Said(_("You are in line"), "")
    if held is not None and held.hold_cause is not None:
        when = clock(held.since_at, zone)
        return Said(
            hold_headline(held.hold_cause, when), _("You keep your place. The motor starts by itself when it can.")
        )
    hindered = place.waits_for not in (WaitsFor.TURN, WaitsFor.SLOT)
    if hindered:
        return Said(waits_text(place.waits_for), _("You keep your place. The motor starts by itself when it can."))
    if place.wait_s is None:
        return Said(_("Nobody can say yet when you start"), _("You keep your place."))
    if place.wait_s < 60:
        return Said(_("You start in a moment"), _("if power stays"))
    at = clock(now + timedelta(seconds=place.wait_s), zone)
    left = _("in {time}, if power stays").format(time=duration(place.wait_s))
    return Said(_("Starts at about {time}").format(time=at), left)


def lines(pump: MemberPump, device_id: str) -> list[QueueLine]:
    """The whole line of this motor's group: whoever has a motor, then everybody who waits."""
    own = pump.run.id if pump.run else None
    waiting = {place.run_id for place in pump.line}
    shown = []
    for motor in pump.beside(device_id):
        run = motor.run
        if run is not None and run.id not in waiting and run.id != own:
            line = _("on hold") if run.state is RunState.HOLD else _("running")
            name = f"{run.member_name}, {line}"
            shown.append(QueueLine(None, name, minutes(run.left_s), is_held=run.state is RunState.HOLD))
    for place in pump.line:
        is_own = place.run_id == own
        skipped = ngettext("moved to the end {n} time", "moved to the end {n} times", place.skips)
        why = [waits_text(place.waits_for)] if place.waits_for not in (WaitsFor.TURN, WaitsFor.SLOT) else []
        why += [skipped.format(n=number(place.skips))] if place.skips else []
        name = _("You") if is_own else place.member_name
        shown.append(QueueLine(place.number, name, minutes(place.amount_s), ", ".join(why), is_own))
    return shown


def facts(pump: MemberPump) -> list[tuple[str, str]]:
    """Rows of a text and its value (markup)."""
    run = pump.run
    if run is None:
        return []
    others = (_("Your other minutes"), escape(minutes(pump.wallet.available_s)))
    if run.state is RunState.WAITING:
        return [(_("You asked for"), escape(minutes(run.amount_s))), (_("Your balance"), others[1])]
    after = [place.member_name for place in pump.line if place.run_id != run.id]
    rows = [(_("Used in this turn"), escape(minutes(run.used_s))), others]
    if after:
        rows.append((_("Waiting after you"), escape(_some(after))))
    return rows


def _some(names: list[str]) -> str:
    """The first two by name, the others by their number."""
    shown, more = ", ".join(names[:NAMED_MAX]), len(names) - NAMED_MAX
    return shown if more <= 0 else f"{shown} +{number(more)}"


def choices(pump: MemberPump) -> list[int]:
    """How many seconds may be chosen for a turn: round ones, and all that there are."""
    most = min(pump.wallet.available_s, pump.longest_s)
    found = [seconds for seconds in CHOICES_S if pump.minimum_s <= seconds <= most]
    if pump.minimum_s <= most < CHOICES_S[-1] and most not in found:
        found.append(most)
    return found


def press(pump: MemberPump, motor: MotorView | None, chosen_s: int | None) -> Press:
    """What the button does now, or why it does nothing."""
    run = pump.run
    if run is None:
        return _start(pump, motor, chosen_s)
    if run.state is RunState.WAITING:
        return Press(LEAVE, _("Leave the line"), _("Leaving…"), "close", "secondary", _("Waiting costs nothing."))
    if run.state is RunState.UNSETTLED:
        note = _("Your last turn is being counted, at most two minutes.")
        return Press(NOTHING, _("Start"), _("Start"), "play_circle", "primary", note, is_enabled=False)
    if run.state is RunState.STOPPING:
        note = _("Until the motor is measured off.")
        return Press(NOTHING, _("Stopping…"), _("Stopping…"), "stop_circle", "danger", note, is_enabled=False)
    if run.state is RunState.HOLD:
        note = _("{time} go back to your balance.").format(time=minutes(run.left_s))
        return Press(STOP, _("End my turn"), _("Ending…"), "stop_circle", "secondary", note)
    return Press(STOP, _("Stop"), _("Stopping…"), "stop_circle", "danger", _("What is left goes back to your balance."))


def _start(pump: MemberPump, motor: MotorView | None, chosen_s: int | None) -> Press:
    def off(note: str) -> Press:
        return Press(NOTHING, _("Start"), _("Start"), "play_circle", "primary", note, is_enabled=False)

    if motor is None:
        return off(_("The owner of the pump sets up the motor first."))
    if chosen_s is None:
        least = minutes(pump.minimum_s)
        return off(_("A turn takes at least {time}. Ask for minutes below “Minutes”.").format(time=least))
    waits = bool(pump.line) or pump.using(motor.device_id) is not None
    word = _("Get in line for {time}") if waits else _("Start {time}")
    note = _("Waiting costs nothing.") if waits else _("You pay only for the time the motor runs.")
    return Press(START, word.format(time=minutes(chosen_s)), _("Starting…"), "play_circle", "primary", note)


def is_measured(run: RunView | None) -> bool:
    return run is not None and run.state is RunState.RUNNING and run.is_counting
