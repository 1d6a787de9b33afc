"""Drawings of a customer's page, as inline SVG without inline style: the car under its film, and the air."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from actions.jobs.tracked import Air

_BODY = (
    "M14 92V70q0-8 8-10l44-9 30-30q4-4 10-4h112q8 0 14 6l26 27 48 7q16 3 18 15l3 20q0 6-6 6h-21a30 30 0 0 0-60 0H116"
    "a30 30 0 0 0-60 0H20q-6 0-6-6Z"
)
_GLASS = "M80 51l24-23q2-2 6-2h48v25ZM166 26h48q5 0 9 4l20 21h-77Z"
_LEFT, _RIGHT = 14, 327
"""Where the car's body begins and ends in the drawing, whose width is 342."""
PERCENT_WIDTH = 40

AIR_WIDTH, AIR_HEIGHT = 310, 48
_MARGIN = 4.0
"""Per cent of humidity above and below what is shown."""

_SIGNS = {
    "call": '<path d="M7 4H4c0 9 7 16 16 16v-3.5l-4-2-2 2c-3-1.5-5-3.5-6.5-6.5l2-2Z"/>',
    "check": '<path d="m5 12.5 5 5 9-10"/>',
    "warn": '<path d="M12 4 2.5 20h19ZM12 10v4.5M12 17.2v.1"/>',
    "hold": '<circle cx="12" cy="12" r="9"/><path d="M10 9v6M14 9v6"/>',
    "error": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16v.1"/>',
    "help": '<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5v.1"/>',
    "shield": '<path d="M12 3 5 5.5V11c0 4.5 3 8 7 10 4-2 7-5.5 7-10V5.5ZM9 12l2.2 2.2L15.2 10"/>',
    "film": '<path d="M4 5h16v14H4ZM10 9v6l5-3Z"/>',
    "done": '<circle cx="12" cy="12" r="9"/><path d="m8 12.5 2.8 2.8 5.2-6"/>',
}


def sign(name: str) -> str:
    return f'<svg class="sign" viewBox="0 0 24 24" aria-hidden="true">{_SIGNS[name]}</svg>'


def car(share: float, said: str, percent: str) -> str:
    """The outline, and the part that is done as a soft fill up to a fine edge. `said` is what screen readers hear;
    `percent` stands at the edge, where there is one.
    """
    x = round(_LEFT + (_RIGHT - _LEFT) * min(1.0, max(0.0, share)))
    edge = ""
    if 0 < share < 1:
        at, anchor = (x + 6, "start") if x + PERCENT_WIDTH < _RIGHT else (x - 6, "end")
        edge = (
            f'<path class="edge" d="M{x} 4V100"/><text x="{at}" y="10" text-anchor="{anchor}">{escape(percent)}</text>'
        )
    return (
        f'<svg class="car" viewBox="0 0 342 128" role="img" aria-label="{escape(said)}">'
        f'<defs><clipPath id="share"><rect width="{x}" height="128"/></clipPath></defs>'
        f'<path class="body" d="{_BODY}"/><path class="on" d="{_BODY}" clip-path="url(#share)"/>{edge}'
        f'<path class="rim" d="{_BODY}"/><path class="glass" d="{_GLASS}"/>'
        '<path class="door" d="M162 56v40M172 64h14"/><g class="wheel"><circle cx="86" cy="98" r="23"/>'
        '<circle cx="86" cy="98" r="9"/><circle cx="260" cy="98" r="23"/><circle cx="260" cy="98" r="9"/></g></svg>'
    )


def air_plot(air: Air, said: str) -> str:
    """Humidity during the work, with what is allowed shaded behind it; where nobody measured, the line is broken."""
    known = [value for value in air.values if value is not None]
    shown = known + [limit for limit in (air.low, air.high) if limit is not None]
    bottom, top = min(shown) - _MARGIN, max(shown) + _MARGIN

    def y(value: float) -> float:
        return round(AIR_HEIGHT * (top - value) / (top - bottom), 1)

    high, low = y(air.high if air.high is not None else top), y(air.low if air.low is not None else bottom)
    limits = "".join(
        f'<path class="limit" d="M0 {y(limit)}H{AIR_WIDTH}"/>' for limit in (air.low, air.high) if limit is not None
    )
    lines = "".join(f'<path class="line" d="{path}"/>' for path in _paths(air.values, y))
    return (
        f'<svg class="air" viewBox="0 0 {AIR_WIDTH} {AIR_HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(said)}">'
        f'<rect class="band" y="{high}" width="{AIR_WIDTH}" height="{round(low - high, 1)}"/>'
        f"{limits}{lines}</svg>"
    )


def _paths(values: Sequence[float | None], y: Callable[[float], float]) -> Iterator[str]:
    """A path for each run of known values; a single one becomes a short dash."""
    step = AIR_WIDTH / max(1, len(values) - 1)
    run: list[str] = []
    for n, value in enumerate((*values, None)):
        if value is not None:
            run.append(f"{round(n * step, 1)} {y(value)}")
        elif run:
            yield f"M{run[0]}h1" if len(run) == 1 else "M" + "L".join(run)
            run = []
