"""Working hours by weekday, and holidays: what times that are promised are reckoned by."""

from collections.abc import Mapping
from datetime import UTC, date

from actions.workshop.trail import tell
from domain.access import Intent, Viewer
from domain.jobs.calendar import HoursUnusable, Span, WorkingCalendar
from domain.refusals import Refusal
from storage import workshop
from storage.session import transaction

NAME_CHARS = 60
SPANS_MAX = 4  # of one day
HOLIDAYS_MAX = 400


async def set_hours(said: Mapping[int, tuple[Span, ...]], by: Viewer) -> Refusal | None:
    """The whole week anew; a weekday that is missing is closed. UNREADABLE: hours overlap, or end before they begin, or
    there are none at all. ALREADY_SO: they are the same.
    """
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    wanted = {weekday: tuple(sorted(spans)) for weekday, spans in sorted(said.items()) if spans}
    if not wanted or not _usable(wanted):
        return Refusal.UNREADABLE
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        was = await workshop.hours(tx, by.tenant_id)
        if was == wanted:
            return Refusal.ALREADY_SO
        await workshop.save_hours(tx, by.tenant_id, wanted)
        before, after = {"hours": words_of(was)}, {"hours": words_of(wanted)}
        await tell(
            tx, "set_working_hours", by, kind="workshop", object_id="hours", name=after["hours"], before=before,
            after=after,
        )  # fmt: skip
    return None


def _usable(said: Mapping[int, tuple[Span, ...]]) -> bool:
    try:
        WorkingCalendar(UTC, said)
    except HoursUnusable:
        return False
    return all(len(spans) <= SPANS_MAX for spans in said.values())


def words_of(said: Mapping[int, tuple[Span, ...]]) -> str:
    """1 09:30–18:30, 2 09:30–13:00 14:00–18:30: weekdays as ISO counts them."""

    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    return ", ".join(
        f"{weekday + 1} {' '.join(f'{clock(begin)}–{clock(end)}' for begin, end in spans)}"
        for weekday, spans in said.items()
    )


async def add_holiday(day: date, name: str, by: Viewer) -> Refusal | None:
    """A day on which the workshop is closed; said again, it gets the new name."""
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    name = name.strip()
    if not name or not name.isprintable():
        return Refusal.EMPTY
    if len(name) > NAME_CHARS:
        return Refusal.TOO_LONG
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        known = {each.day: each.name for each in await workshop.holidays(tx, by.tenant_id)}
        if known.get(day) == name:
            return Refusal.ALREADY_SO
        if day not in known and len(known) >= HOLIDAYS_MAX:
            return Refusal.TOO_MANY
        await workshop.save_holiday(tx, by.tenant_id, day, name)
        before = {"name": known[day]} if day in known else None
        await tell(
            tx, "add_holiday", by, kind="holiday", object_id=day.isoformat(), name=f"{day.isoformat()} {name}",
            before=before, after={"name": name},
        )  # fmt: skip
    return None


async def remove_holiday(day: date, by: Viewer) -> Refusal | None:
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        name = await workshop.remove_holiday(tx, by.tenant_id, day)
        if name is None:
            return Refusal.NOT_FOUND
        await tell(
            tx, "remove_holiday", by, kind="holiday", object_id=day.isoformat(), name=f"{day.isoformat()} {name}",
            before={"name": name}, after=None,
        )  # fmt: skip
    return None
