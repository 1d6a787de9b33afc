"""A job is moved or assigned from a page: what it needs is asked, and what refuses it is explained with the way out."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from actions.jobs.assign import assign
from actions.jobs.move import move
from actions.jobs.notes import defect
from actions.people import Seat
from domain.access import Intent, Role
from domain.jobs.job import Ask, Job, Refused
from domain.jobs.moves import moves_from
from domain.jobs.words import Event, JobRefusal, State
from domain.refusals import Refusal
from storage import job_choices, jobs
from storage.jobs import JobRow
from storage.session import transaction
from ui.components.toast import toast
from ui.pages.account.asking import permitted
from ui.pages.job_words import event_word, job_refusal_text, refusal_text, stage_word, standing, state_word
from ui.pages.owner import job_dialogs
from ui.texts import _

CLIMATE = (JobRefusal.CLIMATE_OUT, JobRefusal.CLIMATE_UNKNOWN)
TO_ASSIGN = (JobRefusal.PIT_NEEDED, JobRefusal.STAFF_NEEDED, JobRefusal.PIT_TAKEN)
TRIES = 4  # what can be missing one after the other: pit, people, a dry pit


async def carry_out(row: JobRow, event: Event) -> bool:
    """Asks for what the move needs, moves the job, and says what became of it; True if it moved."""
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return False
    ask = await _asked(row, event, seat)
    for _try in range(TRIES):
        if ask is None:
            return False
        answer = await move(row.id, ask, seat.viewer, datetime.now(UTC))
        if isinstance(answer, Job):
            toast("ok", _done(row, answer, event))
            return True
        if isinstance(answer, Refusal) or answer.why not in (*CLIMATE, *TO_ASSIGN):
            toast("warn", refusal_text(answer))
            return False
        ask = await _way_out(row, ask, answer, seat)
    return False


async def _asked(row: JobRow, event: Event, seat: Seat) -> Ask | None:
    """The question to the rules with what it needs, or None if the person thought better of it."""
    ask = Ask(event, row.version, seat.viewer.role)
    match event:
        case Event.FINISH_STAGE:
            return replace(ask, stage=row.stage)
        case Event.HOLD:
            hold = await job_dialogs.ask_hold(row)
            return replace(ask, hold_reason=hold.reason, reason=hold.words) if hold else None
        case Event.CANCEL:
            why = await job_dialogs.ask_why(
                _("Cancel the job of {car}?").format(car=row.car),
                _("The work ends, and the customer's link ends soon. This can't be undone."),
                event_word(Event.CANCEL), danger=True,
            )  # fmt: skip
            return replace(ask, reason=why) if why else None
        case Event.PASS:
            checked = await job_dialogs.ask_checked(row)
            return None if checked is None else replace(ask, checked=checked)
        case Event.FAIL:
            return await _rework(row, ask, seat)
    return ask


async def _rework(row: JobRow, ask: Ask, seat: Seat) -> Ask | None:
    rework = await job_dialogs.ask_rework(row)
    if rework is None:
        return None
    if rework.defect:
        noted = await defect(row.id, rework.defect, seat.viewer, datetime.now(UTC), key=uuid4())
        if isinstance(noted, Refusal):
            toast("warn", refusal_text(noted))
            return None
        ask = replace(ask, version=noted.version)
    return replace(ask, stage=rework.stage)


async def _way_out(row: JobRow, ask: Ask, refused: Refused, seat: Seat) -> Ask | None:
    """Of what is missing: a pit, people, or a reason to go on in spite of the climate."""
    if refused.why in CLIMATE:
        why = await job_dialogs.ask_why(
            _("Go on in spite of the climate?"),
            job_refusal_text(refused.why) + " " + _("With a reason you can go on all the same."), event_word(ask.event),
        )  # fmt: skip
        return replace(ask, overrides_climate=True, reason=why) if why else None
    async with transaction(seat.viewer.tenant_id) as tx:
        now = await jobs.one(tx, seat.viewer.tenant_id, row.id)
    given = now and await give(now, job_refusal_text(refused.why))
    return replace(ask, version=given.version) if given else None


async def give(row: JobRow, why: str = "") -> Job | None:
    """Asks for pit and people and assigns them; the job as it is then."""
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return None
    tenant_id = seat.viewer.tenant_id
    async with transaction(tenant_id) as tx:
        crew, places = await job_choices.crew(tx, tenant_id), await job_choices.places(tx, tenant_id)
    given = await job_dialogs.ask_given(row, crew, places, why)
    return await put(row, given.pit_id, given.staff) if given else None


async def put(row: JobRow, pit_id: UUID | None, staff: frozenset[UUID]) -> Job | None:
    """Gives a job this pit and these people, and says what became of it."""
    seat = await permitted(Intent.WORK_ON_JOBS)
    if seat is None:
        return None
    answer = await assign(row.id, row.version, pit_id, staff, seat.viewer, datetime.now(UTC))
    if isinstance(answer, Job):
        toast("ok", _("{car} is assigned.").format(car=row.car))
        return answer
    toast("warn", refusal_text(answer))
    return None


def _done(row: JobRow, job: Job, event: Event) -> str:
    if event is Event.FINISH_STAGE and row.stage is not None:
        return _("{stage} is finished.").format(stage=stage_word(row.stage))
    return _("{car}: {state}.").format(car=row.car, state=standing(job.state, job.stage))


def say_no_way(row: JobRow, state: State, role: Role) -> None:
    """That no move leads from where the job is to `state`, and which ones there are."""
    text = _("{car} can't go from {here} to {there}.").format(
        car=row.car, here=state_word(row.state), there=state_word(state)
    )
    toast("warn", f"{text} {refusal_text(Refused(JobRefusal.NO_SUCH_MOVE, moves_from(row.state, role)))}")
