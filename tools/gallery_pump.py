"""The gallery's page of pump components: a motor in every state, the line, the ring, the large button."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from nicegui.element import Element

from domain.pump.words import Alarm, HoldCause, Mode, RunState, WaitsFor
from storage.pump_views import MotorView, MotorWord, RunView
from ui.components.alerts import AlertView, alert_row
from ui.components.clock import now_ms
from ui.components.markup import Text, raw
from ui.components.minutes_ring import MinutesRing, RingView
from ui.components.pieces import Card
from ui.components.queue_line import QueueLine, queue
from ui.components.start_stop import Press, StartStop
from ui.components.ticking import Ticking
from ui.components.toast import toast
from ui.pages.owner.pump_motor import MotorCard
from ui.pages.pump_words import run_chip

SOME = UUID(int=1)


def pump_components() -> None:
    """Three columns: motors, what a member sees, line and alert."""
    with Element("div").classes("columns"):
        with Element("div").classes("stack wide"):
            for motor in motors():
                MotorCard(motor, _stopped if motor.run else None)
        with Element("div").classes("stack wide"):
            _rings()
            _buttons()
        with Element("div").classes("stack wide"):
            _line()


def motors() -> list[MotorView]:
    """One of each word, and both ways to be ON against the rules."""
    running = _run(RunState.RUNNING)
    held = _run(RunState.HOLD, HoldCause.GRID)
    return [
        _motor(MotorWord.OFF),
        _motor(MotorWord.OFF, waits_for=WaitsFor.OFF_TIME, off_left_ms=25_000),
        _motor(MotorWord.STARTING, run=_run(RunState.STARTING)),
        _motor(MotorWord.RUNNING, run=running, motor_on=True, lease_left_ms=12_000, current_ma=4_200),
        _motor(MotorWord.HOLD, run=held, grid=False, waits_for=WaitsFor.DEVICE_GRID),
        _motor(MotorWord.STOPPING, run=_run(RunState.STOPPING), motor_on=True),
        _motor(MotorWord.FAULT, alarm=Alarm.ON_AFTER_LEASE, motor_on=True),
        _motor(MotorWord.FAULT, alarm=Alarm.ON_WITHOUT_RUN, motor_on=True),
        _motor(MotorWord.FAULT, fault="dry_run", waits_for=WaitsFor.DEVICE_FAULT),
        _motor(MotorWord.UNKNOWN, online=False, waits_for=WaitsFor.DEVICE_SILENT),
    ]


def _motor(
    word: MotorWord, *, run: RunView | None = None, motor_on: bool = False, grid: bool = True, online: bool = True,
    fault: str | None = None, alarm: Alarm | None = None, waits_for: WaitsFor | None = None, lease_left_ms: int = 0,
    off_left_ms: int = 0, current_ma: int | None = None,
) -> MotorView:  # fmt: skip
    heard_at = datetime.now(UTC) - timedelta(seconds=1 if online else 1_400)
    return MotorView(
        "pump-1", "Well 1", SOME, "Motors", word, online, heard_at, motor_on, grid, True, fault, alarm, lease_left_ms,
        off_left_ms, current_ma, None, run, waits_for, waiting=2, mode=Mode.AUTO,
    )  # fmt: skip


def _run(state: RunState, cause: HoldCause | None = None) -> RunView:
    now = datetime.now(UTC)
    counts = state is RunState.RUNNING
    return RunView(
        SOME, SOME, "Rahim", "pump-1", "Well 1", state, Mode.AUTO, 1_200, 488, counts, now, cause, None,
        now - timedelta(minutes=8), now - timedelta(minutes=9), now - timedelta(minutes=8), None, None,
    )  # fmt: skip


def _rings() -> None:
    """Of a balance, a running turn and one that stands still."""
    views = (
        (None, RingView(8_880, 43_200, "brand", "minutes are yours", number="148")),
        (RunState.RUNNING, RingView(712, 1_200, "brand", "left of 20 min", now_ms(), is_counting=True)),
        (RunState.HOLD, RingView(712, 1_200, "hold", "kept for you")),
    )
    for state, view in views:
        with Element("div").classes("middle"):
            raw(run_chip(state, big=True), "span")
            MinutesRing(view)
    Ticking("Motor is on: 4.2 A, {time}", now_ms())
    Ticking("Permission: {time} left", now_ms() + 12_000, down=True)


def _buttons() -> None:
    """Each says below it what happens to the minutes, or why it can't be pressed."""
    for press in (
        Press("start", "Start 20 min", "Starting…", "play_circle", "primary", "You pay for the time the motor runs."),
        Press("stop", "Stop", "Stopping…", "stop_circle", "danger", "What is left goes back to your balance."),
        Press("leave", "Leave the line", "Leaving…", "close", "secondary", "Waiting costs nothing."),
        Press("", "Start", "Start", "play_circle", "primary", "A turn takes at least 5 min.", is_enabled=False),
    ):
        with Element("div"):  # each sticks to the bottom of its own
            StartStop(press, _pressed)


def _line() -> None:
    with Card("The line"):
        raw(
            queue(
                [
                    QueueLine(None, "Rahim, running", "11 min 52 s"),
                    QueueLine(1, "Sita", "10 min"),
                    QueueLine(2, "You", "20 min", is_you=True),
                    QueueLine(3, "Mohammad Abdul Karim Chowdhury", "60 min", "moved to the end 1 time"),
                    QueueLine(4, "Gita", "12 min", "The motor's controller is silent"),
                ]
            )
        )
    with Card("The line, held"):
        raw(queue([QueueLine(None, "Rahim, on hold", "11 min 52 s", is_held=True), QueueLine(1, "You", "20 min")]))
    Text("h2", "Alert")
    title, why = "Well 1: protection tripped: the pump runs dry", "The motor is off and stays off."
    alert_row(AlertView("1", "crit", title, why, now_ms(), "Acknowledge"), lambda alert: toast("ok", "Seen"))


async def _pressed(key: str) -> None:
    toast("ok", f"Pressed: {key}")


async def _stopped(run: RunView) -> None:
    toast("ok", f"Stopped: {run.member_name}")
