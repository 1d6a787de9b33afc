"""What each kind of work consists of: its stages, the checklist of its quality check, and its default minutes."""

from collections.abc import Mapping

from domain.jobs.words import Stage, WorkType

DEFAULT_MINUTES: Mapping[WorkType, int] = {
    WorkType.FULL_PPF: 360,
    WorkType.PARTIAL_PPF: 180,
    WorkType.CERAMIC_COATING: 240,
    WorkType.CUSTOM: 240,
}
"""Working minutes until enough jobs were finished to learn from; a custom job may bring its own."""

STAGES: Mapping[WorkType, tuple[Stage, ...]] = {
    WorkType.FULL_PPF: tuple(Stage),
    WorkType.PARTIAL_PPF: tuple(s for s in Stage if s not in (Stage.PARTS_REMOVAL, Stage.REASSEMBLY)),
    WorkType.CERAMIC_COATING: (Stage.INSPECTION, Stage.WASH, Stage.PREP, Stage.SECOND_WASH, Stage.FINISHING),
    WorkType.CUSTOM: (Stage.INSPECTION, Stage.WASH, Stage.PREP, Stage.FINISHING),
}

WEIGHTS: Mapping[Stage, int] = {
    Stage.INSPECTION: 5,
    Stage.WASH: 8,
    Stage.PREP: 12,
    Stage.PARTS_REMOVAL: 10,
    Stage.SECOND_WASH: 5,
    Stage.FILM: 40,
    Stage.REASSEMBLY: 10,
    Stage.FINISHING: 10,
}
"""How much of the whole work a stage is, relative to the others of the same job."""

STAGE_CHECKS: Mapping[Stage, tuple[str, ...]] = {
    Stage.INSPECTION: ("damage_noted", "car_photographed"),
    Stage.WASH: ("grit_rinsed_off", "body_dried"),
    Stage.PREP: ("surface_decontaminated", "panels_degreased"),
    Stage.PARTS_REMOVAL: ("parts_labelled", "clips_counted"),
    Stage.SECOND_WASH: ("gaps_washed_out", "no_water_in_gaps"),
    Stage.FILM: ("roll_noted", "panels_wiped", "panels_covered", "edges_tucked"),
    Stage.REASSEMBLY: ("clips_all_back", "functions_tried"),
    Stage.FINISHING: ("moisture_out", "last_wipe_done"),
}
"""What is ticked off during a stage. An open one keeps nobody from finishing it: the tablet asks first."""

_EVERY_CAR = ("surface_clean", "lights_and_sensors_work", "inside_clean", "no_tools_left")
_FILM = ("edges_sealed", "no_bubbles", "no_dust_under_film", "no_stretch_marks")
_PARTS = ("parts_back_in_place", "gaps_even")

CHECKLISTS: Mapping[WorkType, tuple[str, ...]] = {
    WorkType.FULL_PPF: (*_FILM, *_PARTS, *_EVERY_CAR),
    WorkType.PARTIAL_PPF: (*_FILM, *_EVERY_CAR),
    WorkType.CERAMIC_COATING: ("even_gloss", "no_high_spots", "curing_time_kept", *_EVERY_CAR),
    WorkType.CUSTOM: ("as_agreed_with_customer", *_EVERY_CAR),
}


def stage_minutes(work_type: WorkType, stage: Stage, whole_min: int) -> int:
    """A stage's part of the working minutes of a whole job."""
    return round(whole_min * WEIGHTS[stage] / sum(WEIGHTS[other] for other in STAGES[work_type]))
