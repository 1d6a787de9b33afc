"""A member's pump: one state, one number, one button."""

from datetime import UTC, datetime
from uuid import uuid4

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.pumps import asking
from domain.access import Intent
from domain.pump.words import RunState
from storage.pump_followed import PumpState
from storage.pump_views import MemberPump, MotorView
from ui.components.field import select_field
from ui.components.markup import Text, key_value, raw
from ui.components.minutes_ring import MinutesRing
from ui.components.pieces import Card, button
from ui.components.queue_line import queue
from ui.components.segmented import Segmented
from ui.components.start_stop import StartStop
from ui.components.ticking import Ticking
from ui.installable import add_to_page
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.member import extending, pump_view
from ui.pages.member.pump_view import START, epoch_ms
from ui.pages.pump_refusals import refusal_text
from ui.pages.pump_words import minutes, run_chip
from ui.pump_feed import PumpFeed, state_of
from ui.texts import _, number

MILLI = 1_000
FACTS_BELOW_A_HOLD = 2
"""With more of them, or another field, a smaller ring keeps all above the button on a telephone."""


def install(feed: PumpFeed) -> None:
    @page(shell.MY_PUMP)
    async def my_pump(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_OWN_PUMP)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        add_to_page()
        async with shell.framed(seat, current=shell.MY_PUMP, title=_("Pump"), title_on_phone=False):
            shown = _MyPump(seat)
            await shown.refresh()
        feed.follow(seat.viewer.tenant_id, seat.viewer.person_id, shown.show)
        return None


class _MyPump:
    """Built once; each change of the tenant's pumps fills it anew."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._state: PumpState | None = None
        self._pump: MemberPump | None = None
        self._choices: list[int] = []
        self._chosen_s: int | None = None
        self._device_id = ""
        self._offered: dict[str, str] = {}
        self._start_key = uuid4()
        self._place = Element("div").classes("my-pump")

    async def refresh(self) -> None:
        """Reads it for this page alone: at first, and at once after a press of its own."""
        viewer = self._seat.viewer
        await self.show(await state_of(viewer.tenant_id, [viewer.person_id]))

    async def show(self, state: PumpState) -> None:
        first, self._state = self._state is None, state
        if first:
            self._build(state.of_member(self._seat.viewer.person_id))
        self._look_at(self._device_id)

    def _build(self, pump: MemberPump) -> None:
        with self._place:
            with Element("div").classes("middle"):
                self._chip = raw("", "span")
                self._number = Text("p", "").classes("place num")
            self._ring = MinutesRing(pump_view.ring(pump))
            with Element("div").classes("middle"):
                self._headline = Text("p", "").classes("say")
                self._line = Text("p", "").classes("quiet")
                self._measured = Ticking("").classes("quiet")
            for live in (self._headline, self._chip):
                live.props["aria-live"] = "polite"
            self._motors = Element("div")
            self._lengths = Element("div").classes("stack")
            self._queue = Element("section").classes("stack")
            with Card() as self._facts_card:
                self._facts = raw("").classes("inside")
            with Element("div").classes("under"):
                self._extend = button(_("Add minutes to this turn"), self._add_minutes, icon="more_time")
            self._button = StartStop(pump_view.press(pump, None, None), self._press)

    def _look_at(self, device_id: str) -> None:
        """Shows the own turn, or else this motor with its line."""
        if self._state is not None:
            self._device_id = self._offer_motors(self._state.of_member(self._seat.viewer.person_id), device_id)
            self._pump = self._state.of_member(self._seat.viewer.person_id, self._device_id)
            self._fill(self._pump)

    def _fill(self, pump: MemberPump) -> None:
        now, motor = datetime.now(UTC), self._motor(pump)
        run, zone = pump.run, self._seat.zone
        waits = run is not None and run.state is RunState.WAITING
        place = pump.place.number if pump.place else None
        self._chip.content = run_chip(run.state if run else None, place, big=True)
        self._number.set_text(f"#{number(place)}" if waits else "")
        self._number.visible = waits
        self._ring.visible = not waits
        self._ring.show(pump_view.ring(pump))
        said = pump_view.said(pump, motor, zone, now)
        for text, words in ((self._headline, said.headline), (self._line, said.line)):
            text.set_text(words)
            text.visible = bool(words)
        self._show_measured(pump, motor)
        self._motors.visible = run is None and len(self._offered) > 1
        self._offer_lengths(pump)
        self._show_line(pump, motor)
        facts = pump_view.facts(pump)
        self._facts.content = "".join(key_value(key, value) for key, value in facts)
        self._facts_card.visible = bool(facts)
        self._extend.visible = extending.is_possible(pump)
        is_held_long = run is not None and run.state is RunState.HOLD and len(facts) > FACTS_BELOW_A_HOLD
        is_full = self._motors.visible or self._extend.visible or is_held_long
        self._place.classes(add="full" if is_full else "", remove="" if is_full else "full")
        self._button.show(pump_view.press(pump, motor, self._chosen_s))

    def _show_measured(self, pump: MemberPump, motor: MotorView | None) -> None:
        self._measured.visible = pump_view.is_measured(pump.run) and motor is not None
        if not self._measured.visible or motor is None:
            return
        text = _("Motor is on, {time}")
        if motor.current_ma is not None:
            text = _("Motor is on: {current} A, {time}").replace("{current}", number(motor.current_ma / MILLI, 1))
        self._measured.show(text, epoch_ms(motor.heard_at))

    def _show_line(self, pump: MemberPump, motor: MotorView | None) -> None:
        lines = pump_view.lines(pump, motor.device_id if motor else "")
        self._queue.clear()
        self._queue.visible = bool(lines)
        waits = pump.run is not None and pump.run.state is RunState.WAITING
        self._queue.classes(add="" if waits else "behind", remove="behind" if waits else "")
        if lines:
            with self._queue:
                Text("h3", _("The line"))
                with Card():
                    raw(queue(lines))

    def _motor(self, pump: MemberPump) -> MotorView | None:
        """The own run's motor, else the chosen one."""
        wanted = pump.run.device_id if pump.run else self._device_id
        offered = [motor for motor in pump.motors if motor.enabled or motor.device_id == wanted]
        return next((motor for motor in offered if motor.device_id == wanted), offered[0] if offered else None)

    def _offer_motors(self, pump: MemberPump, wanted: str) -> str:
        """The choice of motors, made anew when one came or went; returns the one that is chosen."""
        names = {motor.device_id: motor.name for motor in pump.motors if motor.enabled}
        chosen = wanted if wanted in names else next(iter(names), "")
        if names == self._offered:
            return chosen
        self._offered = names
        self._motors.clear()
        if len(names) > 1:
            with self._motors:
                field = select_field(_("Which motor?"), names, chosen)
            field.input.on_value_change(lambda event: self._choose_motor(str(event.value)))
        return chosen

    def _choose_motor(self, device_id: str) -> None:
        self._start_key = uuid4()
        self._look_at(device_id)

    def _offer_lengths(self, pump: MemberPump) -> None:
        choices = pump_view.choices(pump) if pump.run is None else []
        self._lengths.visible = bool(choices)
        if choices == self._choices:
            return
        self._choices, self._chosen_s = choices, self._nearest(choices)
        self._start_key = uuid4()
        self._lengths.clear()
        if choices:
            with self._lengths:
                Text("h3", _("How long?"))
                words = {str(seconds): minutes(seconds) for seconds in choices}
                Segmented(_("How long?"), words, str(self._chosen_s), self._choose_length, wide=True)

    def _nearest(self, choices: list[int]) -> int | None:
        """What was chosen before, else the second of the offered ones."""
        if self._chosen_s in choices:
            return self._chosen_s
        return choices[min(1, len(choices) - 1)] if choices else None

    def _choose_length(self, key: str) -> None:
        self._chosen_s, self._start_key = int(key), uuid4()
        if self._pump:
            self._fill(self._pump)

    async def _press(self, key: str) -> None:
        seat = await permitted(Intent.RUN_PUMP)
        if seat is None or self._pump is None:
            return
        motor, now = self._motor(self._pump), datetime.now(UTC)
        answer: asking.Answer | None = None
        if key == START and motor is not None and self._chosen_s is not None:
            answer = await asking.start(motor.device_id, self._chosen_s, seat.viewer, now, key=self._start_key)
        elif self._pump.run is not None:
            answer = await asking.stop(self._pump.run.id, seat.viewer, now)
        self._start_key = uuid4()
        await self.refresh()
        if isinstance(answer, str):
            self._button.refuse(refusal_text(answer))

    async def _add_minutes(self) -> None:
        if self._pump is not None and await extending.ask(self._pump):
            await self.refresh()
