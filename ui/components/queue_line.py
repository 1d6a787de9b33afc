"""The line before a motor: position, name, minutes. Nobody is ever hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ui.components.markup import icon
from ui.texts import number


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One line. `place` None: it runs, or is about to."""

    place: int | None
    name: str
    minutes: str
    line: str = ""
    """What this one waits for, if it is not simply the turn."""
    is_you: bool = False
    is_held: bool = False


def queue(lines: Sequence[QueueLine]) -> str:
    """Markup of the whole line."""
    return f'<ol class="queue">{"".join(map(_line, lines))}</ol>'


def _line(shown: QueueLine) -> str:
    mark = number(shown.place) if shown.place is not None else icon("pause" if shown.is_held else "play_arrow")
    why = f"<p>{escape(shown.line)}</p>" if shown.line else ""
    you = ' class="you" aria-current="true"' if shown.is_you else ""
    return (
        f'<li{you}><span class="pos num">{mark}</span><span class="grow"><span class="cut">{escape(shown.name)}</span>'
        f'{why}</span><span class="num">{escape(shown.minutes)}</span></li>'
    )
