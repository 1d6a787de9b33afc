"""A motor's card: what was measured, who uses it, how long its permission lasts, what keeps it from starting."""

from collections.abc import Awaitable, Callable

from nicegui.element import Element

from domain.pump.words import Alarm, HoldCause, RunState, WaitsFor
from storage.pump_views import MotorView, MotorWord, RunView
from ui.components.markup import Text, chip, raw
from ui.components.pieces import button
from ui.components.ticking import Ticking
from ui.components.views import Tone
from ui.motor_alert_words import fault_word
from ui.pages.member.pump_view import epoch_ms
from ui.pages.pump_words import minutes, waits_text
from ui.texts import UNKNOWN, _, number

MILLI = 1_000
WAITS_OF = {
    HoldCause.SHEDDING: WaitsFor.SHEDDING,
    HoldCause.GRID: WaitsFor.DEVICE_GRID,
    HoldCause.SILENT: WaitsFor.DEVICE_SILENT,
    HoldCause.NOT_READY: WaitsFor.DEVICE_NOT_READY,
    HoldCause.STRAY: WaitsFor.STRAY,
}
STOPPABLE = frozenset({RunState.STARTING, RunState.RUNNING, RunState.HOLD})


def motor_look(word: MotorWord) -> tuple[Tone, str, str]:
    looks: dict[MotorWord, tuple[Tone, str, str]] = {
        MotorWord.OFF: ("", _("OFF"), "power_off"),
        MotorWord.STARTING: ("brand", _("STARTING"), "hourglass_top"),
        MotorWord.RUNNING: ("brand", _("RUNNING"), "play_circle"),
        MotorWord.HOLD: ("hold", _("HOLD"), "pause_circle"),
        MotorWord.STOPPING: ("", _("STOPPING"), "hourglass_top"),
        MotorWord.FAULT: ("crit", _("FAULT"), "error"),
        MotorWord.UNKNOWN: ("unknown", _("Unknown"), "help"),
    }
    return looks[word]


def why_text(motor: MotorView) -> str:
    """One line: who uses it, or what keeps it from starting."""
    if motor.alarm is Alarm.ON_AFTER_LEASE:
        return _("Measured ON though its permission is over. Switch it off at the contactor and look at it.")
    if motor.alarm is Alarm.ON_WITHOUT_RUN:
        return _("Measured ON though nobody started it. Somebody may have switched it by hand.")
    if motor.fault is not None:
        return _("Its controller reports: {fault}").format(fault=fault_word(motor.fault))
    if motor.run is not None:
        used = minutes(motor.run.used_s)
        who = _("{name}, {time} used").format(name=motor.run.member_name, time=used)
        cause = WAITS_OF.get(motor.run.hold_cause) if motor.run.hold_cause else None
        return f"{waits_text(cause)}. {who}" if cause else who
    if motor.waits_for is not None:
        return waits_text(motor.waits_for)
    return _("Ready for the next turn")


class MotorCard:
    """Filled anew with each reading; ages and rests go by themselves."""

    def __init__(self, motor: MotorView, on_stop: Callable[[RunView], Awaitable[None]] | None) -> None:
        self._motor, self._on_stop = motor, on_stop
        with Element("section").classes("card motor-card") as self._card:
            with Element("div").classes("cluster"):
                Text("h2", motor.name).classes("grow cut")
                self._chip = raw("", "span").classes("cluster")
            with Element("div").classes("cluster"):
                self._why = Text("p", "").classes("grow quiet")
                self._left = Ticking("", down=True).classes("left")
            with Element("dl").classes("measured"):
                self._on = self._fact(_("Measured"))
                self._lease = self._fact(_("Permission"))
                self._grid = self._fact(_("Power"))
                self._ready = self._fact(_("Motor"))
            self._stop = button(_("Stop"), self._pressed, kind="secondary", icon="stop_circle")
        self.show(motor)

    def show(self, motor: MotorView) -> None:
        self._motor = motor
        tone, word, mark = motor_look(motor.word)
        self._chip.content = chip(tone, word, mark)
        self._card.props["data-state"] = tone
        self._why.set_text(why_text(motor))
        self._show_left(motor)
        heard_ms = epoch_ms(motor.heard_at)
        self._on.show(_on_text(motor), heard_ms)
        lease = _("{time} left") if motor.lease_left_ms and motor.online else _("none")
        self._lease.show(lease, heard_ms + motor.lease_left_ms)
        self._grid.show(_said(motor, motor.grid, _("there"), _("none")))
        self._ready.show(_said(motor, motor.ready, _("ready"), _("not ready")))
        self._stop.visible = self._on_stop is not None and motor.run is not None and motor.run.state in STOPPABLE

    def _show_left(self, motor: MotorView) -> None:
        run = motor.run
        self._left.visible = run is not None
        if run is None:
            return
        if run.is_counting:
            self._left.show("{time}", epoch_ms(run.heard_at) + run.left_s * MILLI)
        else:
            self._left.show(minutes(run.left_s))

    def _fact(self, label: str) -> Ticking:
        with Element("div"):
            Text("dt", label)
            with Element("dd"):
                return Ticking("", down=label == _("Permission"))

    async def _pressed(self) -> None:
        if self._on_stop is not None and self._motor.run is not None:
            await self._on_stop(self._motor.run)


def _on_text(motor: MotorView) -> str:
    if motor.heard_at is None:
        return UNKNOWN
    if not motor.online:
        return _("nothing, {time}")
    if not motor.motor_on:
        return _("off, {time}")
    if motor.current_ma is None:
        return _("on, {time}")
    return _("on: {current} A, {time}").replace("{current}", number(motor.current_ma / MILLI, 1))


def _said(motor: MotorView, is_so: bool, yes: str, no: str) -> str:
    """What is not heard is unknown, never the last value."""
    return UNKNOWN if not motor.online else yes if is_so else no
