"""One measured number with its band and last hour, drawn by the server for pages that do not need it live."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import count

from nicegui import ui

from ui.components import markup
from ui.components.views import MetricView
from ui.texts import UNKNOWN, _, band, number

WIDTH, HEIGHT = 100.0, 32.0
_clips = count()
_Scale = Callable[[float], float]


def metric(view: MetricView, *, tall: bool = False) -> ui.html:
    """Label and band, number and unit, sparkline; `tall` is the staff tablet's."""
    return markup.raw(metric_html(view, tall=tall)).classes("metric-box")


def metric_html(view: MetricView, *, tall: bool = False) -> str:
    unknown = view.value is None or view.state == "unknown"
    state = "unknown" if unknown else view.state
    mark = markup.icon(markup.STATE_ICONS[state], "s") if state in ("warn", "crit") else ""
    known = view.was if view.value is None else view.value
    was = _("was {value}").format(value=number(known, view.digits)) if known is not None else ""
    beside = escape(_beside(view, unknown=unknown))
    return (
        f'<div class="metric{" tall" if tall else ""}" data-state="{state}"><div class="top">'
        f'<span>{mark}{escape(view.label)}</span><span class="num">{beside}</span></div>'
        f'<div class="value num">{UNKNOWN if unknown else number(view.value, view.digits)}'
        f"<small>{escape(was if unknown else view.unit)}</small></div>{sparkline_html(view, ends=unknown)}</div>"
    )


def sparkline_html(view: MetricView, *, ends: bool = False) -> str:
    """The last hour over its band. What leaves the band is drawn again as warning or critical; a gap stays a gap."""
    points = [value for value in view.spark if value is not None]
    top, bottom = max([view.range_high, *points]), min([view.range_low, *points])

    def y(value: float) -> float:
        return round(min(HEIGHT, max(0.0, HEIGHT - (value - bottom) / ((top - bottom) or 1) * HEIGHT)), 1)

    line = _path(view.spark, y)
    last = max((i for i, value in enumerate(view.spark) if value is not None), default=None)
    reach = 0.0 if last is None else round(last / max(1, len(view.spark) - 1) * WIDTH, 1)
    width = reach if ends else WIDTH
    band_top = 0.0 if view.high is None else y(view.high)
    band_bottom = HEIGHT if view.low is None else y(view.low)
    edges = [at for at in (band_top, band_bottom) if 0 < at < HEIGHT]
    tail = f'<div class="gone" style="width:{WIDTH - reach:.1f}%"></div>' if ends else _dot(view.spark, last, reach, y)
    band_height = max(0.0, band_bottom - band_top)
    return (
        f'<div class="spark" aria-hidden="true"><svg viewBox="0 0 {width} {HEIGHT}" style="width:{width}%" '
        f'preserveAspectRatio="none"><rect class="band" y="{band_top}" width="{width}" height="{band_height}"/>'
        + "".join(f'<path class="limit" d="M0 {at}H{width}"/>' for at in edges)
        + f'<path class="trace" d="{line}"/>'
        + "".join(_outside(line, *zone) for zone in _zones(view, bottom, top, y))
        + f"</svg>{tail}</div>"
    )


def _zones(view: MetricView, bottom: float, top: float, y: _Scale) -> list[tuple[str, float, float]]:
    """(state, from, to) of what lies outside of the band, downwards in the drawing."""
    alarm_top = y(view.crit_high) if view.crit_high is not None and view.crit_high < top else -4.0
    alarm_bottom = y(view.crit_low) if view.crit_low is not None and view.crit_low > bottom else HEIGHT + 4
    zones = [
        ("warn", alarm_top, y(view.high)) if view.high is not None else None,
        ("warn", y(view.low), alarm_bottom) if view.low is not None else None,
        ("crit", -4.0, alarm_top),
        ("crit", alarm_bottom, HEIGHT + 4),
    ]
    return [zone for zone in zones if zone and zone[2] > zone[1]]


def _outside(line: str, state: str, start: float, end: float) -> str:
    clip = f"metric-{next(_clips)}"
    return (
        f'<clipPath id="{clip}"><rect x="-4" y="{start}" width="108" height="{end - start}"/></clipPath>'
        f'<path class="trace {state}" clip-path="url(#{clip})" d="{line}"/>'
    )


def _path(values: Sequence[float | None], y: _Scale) -> str:
    pen, parts = "M", []
    for i, value in enumerate(values):
        if value is None:
            pen = "M"
        else:
            parts.append(f"{pen}{i / max(1, len(values) - 1) * WIDTH:.1f} {y(value)}")
            pen = "L"
    return "".join(parts)


def _dot(values: Sequence[float | None], last: int | None, reach: float, y: _Scale) -> str:
    if last is None or (value := values[last]) is None:
        return ""
    return f'<span class="dot" style="left:{reach}%;top:{y(value) / HEIGHT:.0%}"></span>'


def _beside(view: MetricView, *, unknown: bool) -> str:
    """The allowed band, or the limit that the number has crossed."""
    if unknown or view.state == "ok" or view.value is None:
        return view.says
    if view.high is not None and view.value > view.high:
        return band(None, view.high, view.digits)
    if view.low is not None and view.value < view.low:
        return band(view.low, None, view.digits)
    return view.says
