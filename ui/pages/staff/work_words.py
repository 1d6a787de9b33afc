"""What the staff's tablet says."""

from typing import Any

from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS
from domain.jobs.words import Event, HoldReason, JobRefusal, Stage, State, WorkType
from ui.components.photos import fault_words, photo_words
from ui.components.words import live_words
from ui.pages.job_words import check_word, event_word, hold_word, job_refusal_text, stage_word, state_word, work_word
from ui.texts import _

HOLD_ICONS = {HoldReason.CLIMATE: "air", HoldReason.PARTS: "deployed_code", HoldReason.CUSTOMER: "person"}


def work_words() -> dict[str, Any]:
    """Everything, in the page's language; `names` are those of states, stages, checks and what else has a code."""
    said = _page() | _job() | _questions() | _connection()
    refusals = {why.value: job_refusal_text(why) for why in JobRefusal}
    stages = {stage.value: stage_word(stage) for stage in Stage}
    more = {
        "names": _names(stages),
        "hold_icons": HOLD_ICONS,
        "refusals": refusals | fault_words() | {"not_found": _("This is not there any more.")},
        "defects": _defects(),
        "overrides": [_("The sensor is wrong"), _("The owner agrees"), _("No film is laid now")],
        "of_photos": photo_words(stages),
    }
    return live_words() | said | more


def stage_check_word(item: str) -> str:
    """What is ticked off during a stage."""
    return {
        "damage_noted": _("Damage noted"),
        "car_photographed": _("Car photographed from all sides"),
        "grit_rinsed_off": _("Grit rinsed off"),
        "body_dried": _("Body dried"),
        "surface_decontaminated": _("Surface decontaminated"),
        "panels_degreased": _("Panels degreased"),
        "parts_labelled": _("Parts labelled"),
        "clips_counted": _("Clips counted"),
        "gaps_washed_out": _("Gaps washed out"),
        "no_water_in_gaps": _("No water left in gaps"),
        "roll_noted": _("Roll and batch noted"),
        "panels_wiped": _("Panels wiped, no lint"),
        "panels_covered": _("All panels covered"),
        "edges_tucked": _("Edges tucked in"),
        "clips_all_back": _("All clips are back"),
        "functions_tried": _("Doors, lights and sensors tried"),
        "moisture_out": _("Moisture pressed out"),
        "last_wipe_done": _("Last wipe done"),
    }[item]


def _names(stages: dict[str, str]) -> dict[str, dict[str, str]]:

    checks = {item: stage_check_word(item) for items in STAGE_CHECKS.values() for item in items}
    checks |= {item: check_word(item) for items in CHECKLISTS.values() for item in items}
    return {
        "states": {state.value: state_word(state) for state in State},
        "stages": stages,
        "lower": {stage: word[:1].lower() + word[1:] for stage, word in stages.items()},
        "works": {work.value: work_word(work) for work in WorkType},
        "events": {event.value: event_word(event) for event in Event},
        "holds": {reason.value: hold_word(reason) for reason in HoldReason},
        "checks": checks,
        "kinds": {
            "photo": _("Photo"),
            "note": _("Note"),
            "defect": _("Defect"),
            "assign": _("Assign"),
            "undo": _("Undo"),
            "seen": _("Alert seen"),
        },
    }


def _defects() -> list[str]:
    """What is found most often, ready to be tapped."""
    return [
        _("Dust under the film"), _("Bubble"), _("Edge lifts"), _("Scratch"), _("Stretch mark"), _("Glue mark"),
        _("Bonnet"), _("Bumper"), _("Left side"), _("Right side"), _("Roof"),
    ]  # fmt: skip


def _page() -> dict[str, str]:
    return {
        "my_jobs": _("My jobs"),
        "my_jobs_today": _("My jobs today"),
        "others": _("Other cars today"),
        "nothing_today": _("No job for you today"),
        "nothing_today_text": _("Cars appear here once somebody assigns them to you. You can also take one below."),
        "no_car": _("No car"),
        "no_car_text": _("No car stands in this pit, and none is planned for it today."),
        "no_pit": _("No pit yet"),
        "loading": _("Reading the jobs"),
        "climate": _("Climate"),
        "stop_film": _("Stop laying film"),
        "seen": _("I have seen it"),
        "close": _("Close"),
        "back": _("Back"),
    }


def _job() -> dict[str, str]:
    return {
        "promised": _("promised {time}"),
        "late": _("late, was promised {time}"),
        "nth": _("stage {n} of {all}"),
        "of_usual": _("of {time}"),
        "check_left": _("{n} check left"),
        "checks_left": _("{n} checks left"),
        "again": _("The quality check sent it back: look at its defects."),
        "ready": _("The work is done. The car is ready to be handed over."),
        "photo": _("Photo"),
        "photos": _("Photos"),
        "defect": _("Defect"),
        "note": _("Note"),
        "hold": _("Hold"),
        "fail": _("Send back"),
        "finish": _("Finish {stage}"),
        "start": _("Start work"),
        "submit": _("Hand to quality check"),
        "pass": _("Pass the check"),
        "resume": _("Resume work"),
        "take": _("Take this job"),
        "choose_pit": _("Choose a pit"),
        "finished": _("{stage} is finished."),
        "undo": _("Undo"),
    }


def _questions() -> dict[str, str]:
    return {
        "finish_open": _("Finish with open checks?"),
        "finish_anyway": _("Finish anyway"),
        "ask_start": _("Start work on the {car}?"),
        "in_pit": _("In {pit}. The customer sees that the work has begun."),
        "belongs_to": _("It is the job of {who}."),
        "ask_submit": _("Hand the {car} to the quality check?"),
        "ask_submit_text": _("All stages are finished. The check begins with an empty list."),
        "ask_pass": _("Is the {car} as it should be?"),
        "ask_pass_text": _("The job is complete then, and the customer sees it."),
        "ask_hold": _("What does the job wait for?"),
        "ask_pit": _("Which pit does the car go to?"),
        "ask_note": _("Note"),
        "ask_defect": _("What is wrong?"),
        "fail_needs_defect": _("Say what has to be done again; it stays with the job."),
        "ask_fail": _("From which stage on is it done again?"),
        "ask_fail_text": _("That stage and those after it are open again."),
        "ask_override": _("Go on nevertheless?"),
        "go_on": _("Go on nevertheless"),
        "save": _("Save"),
        "or_write": _("Or write"),
        "words_needed": _("Tap a word or write one"),
        "add_photo": _("Add a photo"),
        "another_photo": _("Another photo"),
    }


def _connection() -> dict[str, str]:
    return {
        "offline": _("No connection."),
        "go_on_working": _("Go on working."),
        "waits_1": _("{n} entry waits."),
        "waits": _("{n} entries wait."),
        "kept": _("What you tap is kept on this tablet and sent once when the connection is back."),
        "not_kept": _("This browser keeps nothing: leave this page open until the connection is back."),
        "retry": _("Try now"),
        "no_answer": _("No connection. The jobs appear when it is back."),
        "signed_out": _("You are signed out"),
        "signed_out_text": _("Nothing is lost: what waits is sent after you have signed in again."),
        "sign_in": _("Sign in"),
        "moved_by": _("{who} changed this job meanwhile."),
        "try_again": _("Do it now"),
        "understood": _("Understood"),
        "others_wait": _("Entries of {who} wait on this tablet until they sign in here again."),
    }
