"""The tenant's motors and lines, live, for who looks after them."""

from datetime import UTC, datetime
from uuid import uuid4

from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import Response

from actions.people import Seat
from actions.pumps import asking, shedding
from domain.access import Intent
from storage import pump_lists
from storage.pump_followed import PumpState
from storage.pump_views import GroupView, MotorWord, PlaceView, RunView
from storage.session import transaction
from ui import motor_alert_words
from ui.alert_feed import AlertFeed
from ui.components.dialog import confirm
from ui.components.markup import Text
from ui.components.pieces import button, empty, link_button
from ui.components.toast import toast
from ui.frame import Frame
from ui.page import page
from ui.pages import shell
from ui.pages.account.asking import permitted
from ui.pages.alert_strip import OpenAlerts
from ui.pages.owner.pump_dialogs import ask_reason, ask_start
from ui.pages.owner.pump_line import LineCard
from ui.pages.owner.pump_motor import MotorCard
from ui.pages.owner.pump_readers import readers_card
from ui.pages.owner.pump_requests import RequestsCard
from ui.pages.owner.pump_schedule import ScheduleCard
from ui.pages.pump_refusals import REFUSALS, AnyRefusal, refusal_text
from ui.pump_feed import PumpFeed, state_of
from ui.texts import _, ngettext, number

MEMBERS_MAX = 500


def install(feed: PumpFeed, alerts: AlertFeed) -> None:
    @page(shell.PUMP)
    async def pump(request: Request) -> Response | None:
        seat = await shell.admit(request, Intent.SEE_PUMPS)
        if not isinstance(seat, Seat):
            return seat
        if not seat.has_pump:
            await shell.no_pump(seat)
            return None
        async with shell.framed(seat, current=shell.PUMP, title=_("Pump"), live=False) as frame:
            strip = OpenAlerts(seat, frame, belongs=lambda row: row.rule in motor_alert_words.RULES)
            shown = _Pump(seat, frame)
            state = await state_of(seat.viewer.tenant_id, [seat.viewer.person_id])
            await shown.show(state)
            if seat.viewer.may(Intent.MANAGE_PUMPS):
                with Element("div").classes("columns"):
                    schedule = ScheduleCard(seat)
                    if seat.viewer.may(Intent.MANAGE_CARDS):
                        readers_card(state)
                await schedule.show()
        feed.follow(seat.viewer.tenant_id, seat.viewer.person_id, shown.show)
        await strip.start(alerts)
        return None


class _Pump:
    """Groups with their motors and line; built anew only when a motor or a group came or went."""

    def __init__(self, seat: Seat, frame: Frame) -> None:
        self._seat, self._frame = seat, frame
        self._built: object = None
        self._state: PumpState | None = None
        self._motors: dict[str, MotorCard] = {}
        self._lines: list[LineCard] = []
        self._may_run = seat.viewer.may(Intent.RUN_PUMP_FOR_OTHERS)
        if seat.viewer.may(Intent.MANAGE_PUMPS):
            with frame.actions:
                link_button(_("Rules"), shell.PUMP_RULES)
                self._cut = button("", self._switch_grid, icon="power")
        if self._may_run:
            with frame.actions:
                button(_("Start a turn"), self._start_for, kind="primary", icon="play_circle")
        self._requests = RequestsCard(seat) if seat.viewer.may(Intent.CHANGE_WALLETS) else None
        self._place = Element("div").classes("stack wide")

    async def show(self, state: PumpState) -> None:
        self._state = state
        built = [(group.id, group.name, [motor.device_id for motor in group.motors]) for group in state.groups]
        if built != self._built:
            self._built = built
            self._build(state)
        self._frame.set_title(_title(state))
        for group, line in zip(state.groups, self._lines, strict=True):
            line.show(group)
            for motor in group.motors:
                self._motors[motor.device_id].show(motor)
        if self._seat.viewer.may(Intent.MANAGE_PUMPS):
            self._cut.set_text(_("Power is back") if _is_cut(state) else _("Power is cut"))
            self._cut.visible = bool(state.groups)
        if self._requests:
            await self._requests.show()

    def _build(self, state: PumpState) -> None:
        self._place.clear()
        self._motors, self._lines = {}, []
        with self._place:
            if not state.groups:
                empty("water_pump", _("No motor yet"), _("A motor appears here once its controller has been set up."))
            for group in state.groups:
                self._build_group(group)

    def _build_group(self, group: GroupView) -> None:
        if len(self._state.groups if self._state else ()) > 1:
            Text("h2", group.name)
        with Element("div").classes("columns"):
            is_one = len(group.motors) == 1
            with Element("div").classes("stack wide" if is_one else "two motors"):
                for motor in group.motors:
                    self._motors[motor.device_id] = MotorCard(motor, self._stop if self._may_run else None)
            acts = (self._skip, self._remove) if self._may_run else (None, None)
            with Element("div").classes("two stack wide" if is_one else "stack wide"):
                self._lines.append(LineCard(self._seat.zone, *acts))

    async def _stop(self, run: RunView) -> None:
        question = _("Stop {name}'s turn?").format(name=run.member_name)
        reason = await ask_reason(
            question, _("The motor stops. What is left goes back to {name}.").format(name=run.member_name), _("Stop"),
            danger=True,
        )  # fmt: skip
        seat = await permitted(Intent.RUN_PUMP_FOR_OTHERS) if reason is not None else None
        if seat is not None and reason is not None:
            answer = await asking.stop_for(run.id, reason, seat.viewer, datetime.now(UTC))
            _say(answer, _("The motor is being stopped."))

    async def _skip(self, place: PlaceView) -> None:
        question = _("Move {name} to the end of the line?").format(name=place.member_name)
        reason = await ask_reason(question, _("Everybody in line sees that."), _("Move to the end"))
        seat = await permitted(Intent.RUN_PUMP_FOR_OTHERS) if reason is not None else None
        if seat is not None and reason is not None:
            answer = await asking.skip(place.run_id, reason, seat.viewer, datetime.now(UTC))
            _say(answer, _("{name} is at the end of the line.").format(name=place.member_name))

    async def _remove(self, place: PlaceView) -> None:
        question = _("Take {name} out of the line?").format(name=place.member_name)
        reason = await ask_reason(question, _("No minutes are lost."), _("Take out of the line"), danger=True)
        seat = await permitted(Intent.RUN_PUMP_FOR_OTHERS) if reason is not None else None
        if seat is not None and reason is not None:
            answer = await asking.stop_for(place.run_id, reason, seat.viewer, datetime.now(UTC))
            _say(answer, _("{name} is out of the line.").format(name=place.member_name))

    async def _start_for(self) -> None:
        if self._state is None:
            return
        async with transaction(self._seat.viewer.tenant_id) as tx:
            found = await pump_lists.balances(tx, "", 0, MEMBERS_MAX)
        members = {str(row.member_id): row.name for row in found.rows if not row.is_suspended}
        motors = {motor.device_id: motor.name for group in self._state.groups for motor in group.motors}
        if not members or not motors:
            toast("warn", _("There is no member or no motor yet."))
            return
        key = uuid4()
        wanted = await ask_start(members, motors)
        seat = await permitted(Intent.RUN_PUMP_FOR_OTHERS) if wanted else None
        if seat is not None and wanted is not None:
            answer = await asking.start_for(
                wanted.member_id, wanted.device_id, wanted.seconds, wanted.reason, seat.viewer, datetime.now(UTC),
                key=key,
            )  # fmt: skip
            _say(answer, _("{name} is in line.").format(name=members[str(wanted.member_id)]))

    async def _switch_grid(self) -> None:
        is_cut = self._state is not None and _is_cut(self._state)
        if not is_cut and not await confirm(
            _("Is the power cut?"), _("Every motor stops; nobody is charged. All go on when power is back."),
            _("Power is cut"),
        ):  # fmt: skip
            return
        seat = await permitted(Intent.MANAGE_PUMPS)
        if seat is not None:
            act = shedding.end if is_cut else shedding.begin
            _say(await act(seat.viewer, datetime.now(UTC)), _("Everybody sees it."))


def _is_cut(state: PumpState) -> bool:
    return any(group.shed_since is not None for group in state.groups)


def _say(answer: object | AnyRefusal | None, done: str) -> None:
    if isinstance(answer, REFUSALS):
        toast("warn", refusal_text(answer))
    else:
        toast("ok", done)


def _title(state: PumpState) -> str:
    """What is wrong first, then what is live: "1 motor has a fault", "1 of 2 motors runs, 3 wait"."""
    motors = [motor for group in state.groups for motor in group.motors]
    wrong = sum(motor.word in (MotorWord.FAULT, MotorWord.UNKNOWN) for motor in motors)
    if wrong:
        return ngettext("{n} motor needs a look", "{n} motors need a look", wrong).format(n=number(wrong))
    running = sum(motor.word is MotorWord.RUNNING for motor in motors)
    waiting = sum(len(group.line) for group in state.groups)
    if not motors:
        return _("Pump")
    now = ngettext("{n} motor runs", "{n} motors run", running).format(n=number(running)) if running else _("Pump off")
    if any(motor.word is MotorWord.HOLD for motor in motors):
        now = _("On hold")
    wait = ngettext("{n} waits", "{n} wait", waiting).format(n=number(waiting))
    return f"{now}, {wait}" if waiting else now
