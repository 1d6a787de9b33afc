"""The words of jobs: the same in the database, the API and the pages."""

from enum import StrEnum


class State(StrEnum):
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    QUALITY_CHECK = "quality_check"
    ON_HOLD = "on_hold"
    COMPLETE = "complete"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


IN_PIT = frozenset({State.IN_PROGRESS, State.QUALITY_CHECK, State.ON_HOLD})
"""The car stands in the job's pit, so nobody else's can."""
ENDED = frozenset({State.DELIVERED, State.CANCELLED})


class Event(StrEnum):
    START = "start"
    FINISH_STAGE = "finish_stage"
    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105  # a quality check that is passed
    FAIL = "fail"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"
    DELIVER = "deliver"


class Stage(StrEnum):
    """What is done while the job is in progress, in this order."""

    INSPECTION = "inspection"
    WASH = "wash"
    PREP = "prep"
    PARTS_REMOVAL = "parts_removal"
    SECOND_WASH = "second_wash"
    FILM = "film"
    REASSEMBLY = "reassembly"
    FINISHING = "finishing"


class WorkType(StrEnum):
    FULL_PPF = "full_ppf"
    PARTIAL_PPF = "partial_ppf"
    CERAMIC_COATING = "ceramic_coating"
    CUSTOM = "custom"


class VehicleClass(StrEnum):
    """Cars of one class take about the same time."""

    SMALL = "small"
    SEDAN = "sedan"
    SUV = "suv"
    LARGE = "large"
    TWO_WHEELER = "two_wheeler"


class HoldReason(StrEnum):
    CLIMATE = "climate"
    PARTS = "parts"
    CUSTOMER = "customer"


class JobRefusal(StrEnum):
    """Why a move is refused: the first that applies."""

    MOVED_MEANWHILE = "moved_meanwhile"
    """Somebody else changed the job after the asker had read it."""
    NO_SUCH_MOVE = "no_such_move"
    """The state that the job is in has no such way out."""
    ONLY_THE_OWNER = "only_the_owner"
    PIT_NEEDED = "pit_needed"
    PIT_TAKEN = "pit_taken"
    STAFF_NEEDED = "staff_needed"
    CLIMATE_OUT = "climate_out"
    """The pit's climate is outside its limits, or not inside for long enough; a reason overrides it."""
    CLIMATE_UNKNOWN = "climate_unknown"
    """Nobody measures in the pit at this moment; a reason overrides it."""
    OTHER_STAGE = "other_stage"
    """The stage that was named is not the one that is being worked on."""
    STAGES_OPEN = "stages_open"
    STAGES_DONE = "stages_done"
    CHECKLIST_OPEN = "checklist_open"
    NO_SUCH_CHECK = "no_such_check"
    """Nothing of that name is ticked off at this moment."""
    DEFECT_NEEDED = "defect_needed"
    HOLD_REASON_NEEDED = "hold_reason_needed"
    REASON_NEEDED = "reason_needed"
    REASON_TOO_LONG = "reason_too_long"
