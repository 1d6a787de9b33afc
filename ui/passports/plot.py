"""One metric during the work, in a box of 1 by 1: where each stage begins, what was measured, what is allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.readings import FACTS, Metric

Point = tuple[float, float]
MARGIN = 0.12
"""Of the height, above and below what is shown."""


@dataclass(frozen=True, slots=True)
class Plot:
    """x from the left, y from the top, both 0 to 1."""

    metric: Metric
    lines: tuple[tuple[Point, ...], ...]
    """Broken where nobody measured, and between stages."""
    stages: tuple[float, ...]
    """Where each begins."""
    low: float | None
    high: float | None
    """Where the allowed band ends."""
    allowed: tuple[float | None, float | None]
    """The same in the metric's unit."""
    unit: str


def plots(record: Mapping[str, Any]) -> list[Plot]:
    """Of every metric that the record plots."""
    drawn = record["plot"]
    return [
        _plot(record, metric, drawn[metric]) for metric in Metric if metric in drawn
    ]  # jsonb has an order of its own


def _plot(record: Mapping[str, Any], metric: Metric, lines: Sequence[Sequence[str | None]]) -> Plot:
    said = [stage["climate"][metric] for stage in record["stages"] if metric in stage["climate"]]
    low, high = _least(said, "allowed_from", min), _least(said, "allowed_to", max)
    values = [float(value) for line in lines for value in line if value is not None]
    shown = values + [limit for limit in (low, high) if limit is not None]
    bottom, top = min(shown), max(shown)
    space = max(top - bottom, 1.0) * MARGIN
    bottom, top = bottom - space, top + space

    def y(value: float) -> float:
        return (top - value) / (top - bottom)

    widths = [max(1, stage["minutes"]) for stage in record["stages"]]
    whole, begins = sum(widths), [0.0]
    for width in widths:
        begins.append(begins[-1] + width / whole)
    runs = [run for n, line in enumerate(lines) for run in _runs(line, begins[n], begins[n + 1])]
    drawn = tuple(tuple((x, y(value)) for x, value in run) for run in runs)
    ends = (None if low is None else y(low), None if high is None else y(high))
    return Plot(metric, drawn, tuple(begins[:-1]), *ends, (low, high), FACTS[metric].unit)


def _least(said: Sequence[Mapping[str, Any]], name: str, choose: Any) -> float | None:
    """The strictest or the widest of the stages' limits; they are the same unless the car changed pits."""
    known = [float(each[name]) for each in said if each[name] is not None]
    return choose(known) if known else None


def _runs(line: Sequence[str | None], begin: float, end: float) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(line):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((begin + (end - begin) * (n + 0.5) / len(line), float(value)))
    return [run for run in runs if run]
