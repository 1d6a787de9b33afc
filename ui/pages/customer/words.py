"""What a customer's page says: of the car and the day, never of alerts. In the voice of whoever calls."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from actions.jobs.tracked import Tracked
from domain.jobs.phases import At, Phase, Step
from domain.jobs.tracking import is_booked
from domain.jobs.words import HoldReason, State, WorkType
from ui.texts import LANGUAGES, Language, _, clock, day, voice


def language_of(wished: str | None, customers: str) -> Language:
    """The one that was pressed, else the customer's."""
    ours = [language for choice in (wished, customers) for language in LANGUAGES if language == choice]
    return ours[0] if ours else "en"


def headline(seen: Tracked, now: datetime) -> str:
    return _headline(seen, now).format(car=seen.model)


def _headline(seen: Tracked, now: datetime) -> str:
    match seen.state:
        case State.RECEIVED:
            return _("Your {car} is booked in") if is_booked(seen.planned_at, now) else _("Your {car} has arrived")
        case State.ON_HOLD:
            return _("Work on your {car} is paused")
        case State.COMPLETE:
            return _("Your {car} is ready")
        case State.DELIVERED:
            return _("Your {car} has gone home")
        case State.CANCELLED:
            return _("This job was cancelled")
    return {
        Phase.WASH: _("Your {car} is being washed"),
        Phase.PREPARATION: _("Your {car} is being prepared"),
        Phase.FILM: _("Your {car} is getting its film"),
        Phase.FINISHING: _finishing(seen.work_type),
        Phase.CHECK: _("Your {car} is being checked"),
    }[seen.phase]


def _finishing(work_type: WorkType) -> str:
    if work_type is WorkType.CERAMIC_COATING:
        return _("Your {car} is getting its coating")
    return _("Your {car} is being finished")


def step_word(step: Step, work_type: WorkType) -> str:
    if step.phase is Phase.FINISHING and work_type is WorkType.CERAMIC_COATING:
        return _("Coating")
    return {
        Phase.RECEIVED: _("Received"),
        Phase.WASH: _("Inspection and wash"),
        Phase.PREPARATION: _("Preparation"),
        Phase.FILM: _("Film"),
        Phase.FINISHING: _("Finishing"),
        Phase.CHECK: _("Quality check"),
        Phase.READY: _("Ready for you"),
    }[step.phase]


def step_time(step: Step, zone: str, now: datetime) -> str:
    if step.when is None:
        return ""
    at = short_moment(step.when, zone, now)
    return {At.DONE: "{time}", At.NOW: _("since {time}"), At.LATER: _("about {time}")}[step.at].format(time=at)


def short_moment(at: datetime, zone: str, now: datetime) -> str:
    """15:50 for today, else Mon 30 Nov, 15:50."""
    time = clock(at, zone)
    return time if _is_same_day(at, now, zone) else f"{week_day(at, zone)}, {time}"


def plot_end(at: datetime, zone: str, now: datetime) -> str:
    """Short, for below a plot: 09:10, or 28 Nov."""
    return clock(at, zone) if _is_same_day(at, now, zone) else day(at, zone)


def week_day(at: datetime, zone: str) -> str:
    """Mon 30 Nov."""
    name = format_date(at.astimezone(ZoneInfo(zone)), "EEE", locale=voice().language)
    return f"{name} {day(at, zone)}"


def day_phrase(at: datetime, zone: str, now: datetime) -> str:
    """What stands beside the expected time."""
    if _is_same_day(at, now, zone):
        return _("today, we expect")
    if _is_same_day(at, now + timedelta(days=1), zone):
        return _("tomorrow, we expect")
    return _("on {day}, we expect").format(day=week_day(at, zone))


def _is_same_day(at: datetime, now: datetime, zone: str) -> bool:
    place = ZoneInfo(zone)
    return at.astimezone(place).date() == now.astimezone(place).date()


def promise(seen: Tracked, now: datetime) -> tuple[str, str]:
    """The promised time as it stands in its sentence ({time} is where it goes), and how it is kept."""
    expected, promised = seen.forecast.ready_at, seen.forecast.promised_at
    if promised is None:
        return "", ""
    said = _("Promised by {time}.")
    if seen.forecast.is_overdue or (expected is not None and expected > promised):
        return said, ""
    return said, _("We are on time.") if expected is not None else ""


def lateness(seen: Tracked, now: datetime) -> str:
    """Said plainly, if the car is or will be late; else nothing."""
    expected, promised, zone = seen.forecast.ready_at, seen.forecast.promised_at, seen.zone
    if promised is None or seen.state in (State.COMPLETE, State.DELIVERED, State.CANCELLED):
        return ""
    if expected is not None and expected > promised:
        text = _("We now expect {time}, later than promised. The workshop knows.")
        return text.format(time=short_moment(expected, zone, now))
    return _("It takes longer than promised. The workshop knows.") if seen.forecast.is_overdue else ""


def hold(reason: HoldReason) -> str:
    return {
        HoldReason.CLIMATE: _(
            "The air was not clean and dry enough. The workshop waits until it is, for a better finish."
        ),
        HoldReason.PARTS: _("The workshop waits for parts. We say here when work goes on."),
        HoldReason.CUSTOMER: _("The workshop waits for your answer. Call them, and work goes on."),
    }[reason]
