"""A job's stages as steps with their times, and all that happened to it as lines."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from nicegui import ui

from actions.jobs.trail import Deed
from domain.jobs.plans import STAGES, WEIGHTS
from domain.jobs.words import Event, Stage, State
from domain.limits import Level
from storage.job_timeline import REVOKED, Happening
from storage.job_whole import WholeJob
from ui.components.markup import icon, raw
from ui.components.stage_stepper import Step
from ui.live import STATES
from ui.pages.job_words import EVENT_ICONS, STATE_ICONS, stage_word, state_word
from ui.pages.owner.message_words import reason_word
from ui.presenters import metric_name, value_text
from ui.texts import _, day, duration, moment, number

DEED_ICONS = {
    Deed.CREATE: "directions_car",
    Deed.ASSIGN: "group",
    Deed.NOTE: "edit_note",
    Deed.DEFECT: "report",
    Deed.ROTATE_LINK: "link",
    Deed.REVOKE_LINK: "link_off",
    Deed.SEND_LINK: "send",
    Deed.RESCHEDULE: "event",
    Deed.USE_FILM: "layers",
    Deed.MARK_DAMAGE: "car_crash",
    Deed.UNMARK_DAMAGE: "undo",
    Deed.CHANGE_JOB: "edit",
    Deed.CHANGE_VEHICLE: "edit",
    Deed.CHANGE_CUSTOMER: "edit",
    Deed.TAKE_PHOTO: "photo_camera",
    Deed.RELEASE_PHOTO: "visibility",
    Deed.WITHDRAW_PHOTO: "visibility_off",
    Deed.REMOVE_PHOTO: "delete",
    Deed.TICK: "check_box",
    Deed.UNDO_STAGE: "undo",
}


def steps(whole: WholeJob, zone: str, now: datetime) -> list[Step]:
    """Received, each stage, check, complete: when it was, since when it is, about when it will be."""
    row, job = whole.row, whole.read.job
    later = _forecasts(whole, now)
    found = [Step(state_word(State.RECEIVED), moment(row.received_at, zone, now), "done")]
    for stage in STAGES[job.work_type]:
        spans = [(since, until) for _pit, of, since, until in whole.stages if of is stage]
        again = " " + _("again ({n})").format(n=number(len(spans))) if len(spans) > 1 and job.rework else ""
        word = stage_word(stage) + again
        if stage in job.stages_done:
            ended = spans[-1][1] if spans else None
            found.append(Step(word, moment(ended, zone, now) if ended else "", "done"))
        elif stage is job.stage and job.state is State.IN_PROGRESS:
            since = spans[-1][0] if spans else now
            found.append(Step(word, _("since {time}").format(time=moment(since, zone, now)), "now"))
        else:
            found.append(Step(word, _about(later.get(stage), zone, now), "later"))
    return [*found, *_last_steps(whole, zone, now)]


def _last_steps(whole: WholeJob, zone: str, now: datetime) -> list[Step]:
    row, job = whole.row, whole.read.job
    ready = whole.forecast(now).ready_at
    if job.completed_at is not None:
        done = moment(job.completed_at, zone, now)
        found = [Step(state_word(State.QUALITY_CHECK), "", "done"), Step(state_word(State.COMPLETE), done, "done")]
    else:
        checking = job.state is State.QUALITY_CHECK
        found = [
            Step(state_word(State.QUALITY_CHECK), "", "now" if checking else "later"),
            Step(state_word(State.COMPLETE), _about(ready, zone, now), "later"),
        ]
    if row.state is State.DELIVERED and row.ended_at:
        found.append(Step(state_word(State.DELIVERED), moment(row.ended_at, zone, now), "done"))
    return found


def _about(at: datetime | None, zone: str, now: datetime) -> str:
    return _("about {time}").format(time=moment(at, zone, now)) if at else ""


def _forecasts(whole: WholeJob, now: datetime) -> dict[Stage, datetime | None]:
    """When each stage is likely to begin: what is left until the car is ready, shared out by weight."""
    job, ready_at = whole.read.job, whole.forecast(now).ready_at
    if job.state not in (State.RECEIVED, State.IN_PROGRESS) or ready_at is None:
        return {}
    to_do = [stage for stage in STAGES[job.work_type] if stage not in job.stages_done]
    total = sum(WEIGHTS[stage] for stage in to_do)
    begin = whole.goes_on_at(now)
    left, before, found = whole.calendar.between(begin, ready_at), 0, {}
    for stage in to_do:
        found[stage] = whole.calendar.add(begin, round(left * before / total))
        before += WEIGHTS[stage]
    return found


def story(happenings: Sequence[Happening], zone: str, now: datetime) -> ui.html:
    """The latest first, day by day."""
    lines, last_day = [], ""
    for each in reversed(happenings):
        of = day(each.at, zone)
        if of != last_day:
            lines.append(f'<li class="day"><h3>{escape(of)}</h3></li>')
            last_day = of
        lines.append(_line(each, zone, now))
    return raw(f'<ol class="story">{"".join(lines)}</ol>')


def _line(each: Happening, zone: str, now: datetime) -> str:
    mark, tone, title, more = _said_of(each, now)
    time = moment(each.at, zone, each.at)
    who = f'<span class="fine">{escape(each.person)}</span>' if each.person else ""
    below = f"<p>{escape(more)}</p>" if more else ""
    return (
        f'<li data-state="{tone}"><span class="fine num">{escape(time)}</span>{icon(mark)}'
        f'<div class="says"><h4 class="cluster">{escape(title)}{who}</h4>{below}</div></li>'
    )


def _said_of(each: Happening, now: datetime) -> tuple[str, str, str, str]:
    """Icon, tone, what it was, and a line more."""
    match each.source:
        case "alert":
            return _alert(each, now)
        case "message":
            return "send", "", _("Message to the customer: {what}").format(what=reason_word(each.kind)), each.said
        case "passport" if each.kind == REVOKED:
            return "block", "warn", _("Environment passport revoked"), each.said
        case "passport":
            return "verified_user", "ok", _("Environment passport issued"), ""
    return _deed(each)


def _alert(each: Happening, now: datetime) -> tuple[str, str, str, str]:
    seconds = ((each.until or now) - each.at).total_seconds()
    lasting = duration(seconds) if each.until else _("{time} so far").format(time=duration(seconds))
    if each.kind == "silent":
        return "sensors_off", "unknown", _("{pit}: no data for {time}").format(pit=each.pit, time=lasting), each.said
    what = f"{each.pit}: {metric_name(each.kind)} {value_text(each.kind, each.value)}"
    limit = _("Limit {limit}, for {time}").format(limit=value_text(each.kind, each.limit_value), time=lasting)
    state = STATES[max(Level(each.level or 1), Level.WARNING)]
    return "warning" if state == "warn" else "error", state, what, " · ".join(filter(None, (limit, each.said)))


def _deed(each: Happening) -> tuple[str, str, str, str]:
    if each.kind in list(Event):
        event = Event(each.kind)
        if event is Event.FINISH_STAGE:
            now_at = _("Next: {stage}").format(stage=stage_word(Stage(each.stage))) if each.stage else ""
            return EVENT_ICONS[event], "", _("Stage finished"), now_at or _("All stages are finished.")
        state = State(each.state or State.RECEIVED)
        signed = event is Event.DELIVER and each.said
        more = _("Taken by {name}").format(name=each.said) if signed else each.said
        return STATE_ICONS[state], "hold" if event is Event.HOLD else "", _moved_word(event, state), more
    deed = Deed(each.kind) if each.kind in list(Deed) else None
    return DEED_ICONS.get(deed, "edit") if deed else "edit", "", deed_word(each.kind), each.said


def _moved_word(event: Event, state: State) -> str:
    return {
        Event.START: _("Work began"),
        Event.RESUME: _("Work goes on"),
        Event.FAIL: _("Sent back to work"),
        Event.HOLD: _("Put on hold"),
    }.get(event) or state_word(state)


def deed_word(kind: str) -> str:
    return {
        Deed.CREATE: _("Taken in"),
        Deed.ASSIGN: _("Pit and people assigned"),
        Deed.NOTE: _("Note"),
        Deed.DEFECT: _("Defect noted"),
        Deed.ROTATE_LINK: _("Customer's link made anew"),
        Deed.REVOKE_LINK: _("Customer's link ended"),
        Deed.SEND_LINK: _("Customer's link sent"),
        Deed.RESCHEDULE: _("Planned for another time"),
        Deed.USE_FILM: _("Film chosen"),
        Deed.MARK_DAMAGE: _("Damage marked"),
        Deed.UNMARK_DAMAGE: _("Mark taken off"),
        Deed.CHANGE_JOB: _("Agreement changed"),
        Deed.CHANGE_VEHICLE: _("Vehicle corrected"),
        Deed.CHANGE_CUSTOMER: _("Customer corrected"),
        Deed.TAKE_PHOTO: _("Photo taken"),
        Deed.RELEASE_PHOTO: _("Photo shown to the customer"),
        Deed.WITHDRAW_PHOTO: _("Photo hidden from the customer"),
        Deed.REMOVE_PHOTO: _("Photo removed"),
        Deed.TICK: _("Ticked off"),
        Deed.UNDO_STAGE: _("Stage taken up again"),
    }.get(kind) or kind.replace("_", " ")  # type: ignore[call-overload]
