"""Working hours as people write them: "9:30–13:00, 14:00–18:30"."""

import re

from domain.jobs.calendar import Span

_TIME = r"(\d{1,2})(?::(\d{2}))?"
_SPAN = re.compile(rf"\s*{_TIME}\s*(?:-|–|to)\s*{_TIME}\s*")


def spans_text(spans: tuple[Span, ...]) -> str:
    def clock(minute: int) -> str:
        return f"{minute // 60}:{minute % 60:02}"

    return ", ".join(f"{clock(begin)}–{clock(end)}" for begin, end in spans)


def spans_of(text: str) -> tuple[Span, ...] | None:
    """Minutes since midnight; nothing is closed all day; None: it can't be read, or the hours overlap."""
    found: list[Span] = []
    for part in filter(str.strip, text.split(",")):
        match = _SPAN.fullmatch(part)
        if match is None:
            return None
        hours, minutes, end_hours, end_minutes = (int(each or 0) for each in match.groups())
        begin, end = hours * 60 + minutes, end_hours * 60 + end_minutes
        if minutes > 59 or end_minutes > 59 or begin >= end or end > 24 * 60 or (found and begin < found[-1][1]):
            return None
        found.append((begin, end))
    return tuple(found)
