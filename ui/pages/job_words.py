"""Jobs in words: states, stages, kinds of work, moves, what a job waits for, and why a move is refused."""

from collections.abc import Iterable, Sequence

from domain.jobs.job import Refused
from domain.jobs.words import Event, HoldReason, JobRefusal, Stage, State, VehicleClass, WorkType
from domain.refusals import Refusal
from ui.components.views import Tone
from ui.pages.account import words as account_words
from ui.texts import _

STATE_ICONS: dict[State, str] = {
    State.RECEIVED: "directions_car",
    State.IN_PROGRESS: "play_circle",
    State.QUALITY_CHECK: "fact_check",
    State.ON_HOLD: "pause_circle",
    State.COMPLETE: "check_circle",
    State.DELIVERED: "key",
    State.CANCELLED: "block",
}
STATE_TONES: dict[State, Tone] = {
    State.RECEIVED: "",
    State.IN_PROGRESS: "brand",
    State.QUALITY_CHECK: "brand",
    State.ON_HOLD: "hold",
    State.COMPLETE: "ok",
    State.DELIVERED: "",
    State.CANCELLED: "",
}
EVENT_ICONS: dict[Event, str] = {
    Event.START: "play_arrow",
    Event.FINISH_STAGE: "check",
    Event.SUBMIT: "fact_check",
    Event.PASS: "verified",
    Event.FAIL: "replay",
    Event.HOLD: "pause",
    Event.RESUME: "play_arrow",
    Event.CANCEL: "block",
    Event.DELIVER: "key",
}


def state_word(state: State) -> str:
    return {
        State.RECEIVED: _("Received"),
        State.IN_PROGRESS: _("In progress"),
        State.QUALITY_CHECK: _("Quality check"),
        State.ON_HOLD: _("On hold"),
        State.COMPLETE: _("Complete"),
        State.DELIVERED: _("Delivered"),
        State.CANCELLED: _("Cancelled"),
    }[state]


def stage_word(stage: Stage) -> str:
    return {
        Stage.INSPECTION: _("Inspection"),
        Stage.WASH: _("Wash"),
        Stage.PREP: _("Preparation"),
        Stage.PARTS_REMOVAL: _("Parts removal"),
        Stage.SECOND_WASH: _("Second wash"),
        Stage.FILM: _("Film"),
        Stage.REASSEMBLY: _("Reassembly"),
        Stage.FINISHING: _("Finishing"),
    }[stage]


def standing(state: State, stage: Stage | None) -> str:
    """What a job is at: the stage while it is worked on, else its state."""
    return stage_word(stage) if state is State.IN_PROGRESS and stage is not None else state_word(state)


def work_word(work: WorkType) -> str:
    return {
        WorkType.FULL_PPF: _("Full PPF"),
        WorkType.PARTIAL_PPF: _("Partial PPF"),
        WorkType.CERAMIC_COATING: _("Ceramic coating"),
        WorkType.CUSTOM: _("Custom work"),
    }[work]


def class_word(of: VehicleClass) -> str:
    return {
        VehicleClass.SMALL: _("Small car"),
        VehicleClass.SEDAN: _("Sedan"),
        VehicleClass.SUV: _("SUV"),
        VehicleClass.LARGE: _("Large car or van"),
        VehicleClass.TWO_WHEELER: _("Two-wheeler"),
    }[of]


def event_word(event: Event) -> str:
    """A button's word."""
    return {
        Event.START: _("Start work"),
        Event.FINISH_STAGE: _("Finish stage"),
        Event.SUBMIT: _("Hand to quality check"),
        Event.PASS: _("Pass the check"),
        Event.FAIL: _("Send back to work"),
        Event.HOLD: _("Put on hold"),
        Event.RESUME: _("Resume work"),
        Event.CANCEL: _("Cancel job"),
        Event.DELIVER: _("Hand over"),
    }[event]


def hold_word(reason: HoldReason) -> str:
    return {
        HoldReason.CLIMATE: _("For the climate"),
        HoldReason.PARTS: _("For parts"),
        HoldReason.CUSTOMER: _("For the customer"),
    }[reason]


def check_word(item: str) -> str:
    """A point of the quality check's list."""
    return {
        "edges_sealed": _("Edges are sealed"),
        "no_bubbles": _("No bubbles"),
        "no_dust_under_film": _("No dust under the film"),
        "no_stretch_marks": _("No stretch marks"),
        "parts_back_in_place": _("Parts are back in place"),
        "gaps_even": _("Gaps are even"),
        "surface_clean": _("Surface is clean"),
        "lights_and_sensors_work": _("Lights and sensors work"),
        "inside_clean": _("Inside is clean"),
        "no_tools_left": _("No tools left in the car"),
        "even_gloss": _("Gloss is even"),
        "no_high_spots": _("No high spots"),
        "curing_time_kept": _("Curing time was kept"),
        "as_agreed_with_customer": _("As agreed with the customer"),
    }[item]


def moves_line(allowed: Sequence[Event]) -> str:
    """Possible now: start work, cancel job."""
    if not allowed:
        return _("Nothing can be done with it any more.")
    return _("Possible now: {moves}.").format(moves=", ".join(event_word(event) for event in allowed))


def refusal_text(why: Refusal | Refused) -> str:
    """What is the case, and what can be done instead."""
    if isinstance(why, Refused):
        missing = _missing(why.missing)
        return " ".join(filter(None, (job_refusal_text(why.why), missing, moves_line(why.allowed))))
    return {
        Refusal.EMPTY: _("Something needed is empty, or holds characters that can't be shown."),
        Refusal.KEY_USED: _("This job is made already. You find it in the list."),
        Refusal.NOT_POSSIBLE_NOW: _("That is not possible with this job any more."),
    }.get(why) or account_words.refusal_text(why)


def job_refusal_text(why: JobRefusal) -> str:
    return {
        JobRefusal.MOVED_MEANWHILE: _("Somebody else changed this job a moment ago. Look at it again."),
        JobRefusal.NO_SUCH_MOVE: _("That move does not exist from here."),
        JobRefusal.ONLY_THE_OWNER: _("Only the owner may do this."),
        JobRefusal.PIT_NEEDED: _("The job has no pit yet. Give it one."),
        JobRefusal.PIT_TAKEN: _("Another car stands in that pit. Choose another, or move that car first."),
        JobRefusal.STAFF_NEEDED: _("Nobody works on it yet. Assign somebody."),
        JobRefusal.CLIMATE_OUT: _("The climate in the pit is outside its limits, or was a moment ago."),
        JobRefusal.CLIMATE_UNKNOWN: _("Nobody measures the climate in the pit at this moment."),
        JobRefusal.OTHER_STAGE: _("Another stage is being worked on."),
        JobRefusal.STAGES_OPEN: _("Not all stages are finished."),
        JobRefusal.STAGES_DONE: _("All stages are finished."),
        JobRefusal.NO_SUCH_CHECK: _("That is not ticked off at this moment."),
        JobRefusal.CHECKLIST_OPEN: _("The checklist is not complete."),
        JobRefusal.DEFECT_NEEDED: _("Note a defect first, so that everybody knows what is done again."),
        JobRefusal.HOLD_REASON_NEEDED: _("Say what the job waits for."),
        JobRefusal.REASON_NEEDED: _("Say why, in a few words."),
        JobRefusal.REASON_TOO_LONG: _("The reason is too long."),
    }[why]


def _missing(names: Iterable[str]) -> str:
    """What is still open, each in its word."""
    words = [stage_word(Stage(name)) if name in list(Stage) else check_word(name) for name in names]
    return _("Still open: {what}.").format(what=", ".join(words)) if words else ""
