"""Steps one below the other: done, at hand, later; each with its word and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from nicegui import ui

from ui.components.markup import icon, raw


@dataclass(frozen=True, slots=True)
class Step:
    word: str
    time: str
    """ "09:10", "since 11:20", "about 15:00"."""
    kind: Literal["done", "now", "later"]


def stepper_html(steps: Sequence[Step]) -> str:
    def one(step: Step) -> str:
        mark = icon("check", "s") if step.kind == "done" else ""
        current = ' aria-current="step"' if step.kind == "now" else ""
        return (
            f'<li class="{step.kind}"{current}><span class="mark">{mark}</span><span class="grow">{escape(step.word)}'
            f'</span><span class="num">{escape(step.time)}</span></li>'
        )

    return f'<ol class="stepper">{"".join(map(one, steps))}</ol>'


def stage_stepper(steps: Sequence[Step]) -> ui.html:
    return raw(stepper_html(steps))
