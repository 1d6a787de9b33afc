"""What the pages of jobs share: how they lead to each other, what they answer, and what stands where no job is."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from nicegui import ui

from actions.people import Seat
from domain.access import Intent
from storage.jobs import JobRow
from ui.components.pieces import empty, link_button
from ui.components.segmented import Segmented
from ui.frame import Frame
from ui.pages import shell
from ui.texts import _, ngettext, number

NEW, LIST, CALENDAR = "/jobs/new", "/jobs/list", "/jobs/calendar"


def href(job_id: UUID) -> str:
    return f"{shell.JOBS}/{job_id}"


def ways(frame: Frame, seat: Seat, current: str) -> None:
    """Board, calendar and list side by side, and the way to a new job."""
    views = {shell.JOBS: _("Board"), CALENDAR: _("Calendar"), LIST: _("List")}
    with frame.actions:
        Segmented(_("View"), views, current, ui.navigate.to)
        if seat.viewer.may(Intent.WORK_ON_JOBS):
            link_button(_("New job"), NEW, kind="primary", icon="add")


def title(open_jobs: Sequence[JobRow], now: datetime) -> str:
    """12 open jobs, 2 late."""
    if not open_jobs:
        return _("No open jobs")
    late = sum(row.is_late(now) for row in open_jobs)
    text = ngettext("{n} open job", "{n} open jobs", len(open_jobs)).format(n=number(len(open_jobs)))
    return _("{jobs}, {n} late").format(jobs=text, n=number(late)) if late else text


def cars(n: int) -> str:
    return ngettext("{n} car", "{n} cars", n).format(n=number(n))


def no_jobs() -> None:
    empty(
        "directions_car",
        _("No jobs yet"),
        _("Cars that you take in or book appear here with their promised time."),
        _("New job"),
        lambda: ui.navigate.to(NEW),
    )
