"""Alert rules, stepped with each batch of readings inside the transaction that stores it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from actions.alert_changes import AlertNews, RuleChange, write_changes
from actions.live import Hub
from domain.alerts import Change, RuleState, step
from domain.limits import Level, Limits
from domain.readings import METRICS, ByPit, Metric, Reading

if TYPE_CHECKING:
    from actions.directory import PitRules

_Key = tuple[UUID, str]
_FIELDS = tuple(f.name for f in fields(RuleState))  # columns of rule_state have the same names


@dataclass(slots=True)
class _Rule:
    """A rule that this batch may move: its pit's tenant, its limits, and where it stands."""

    tenant_id: UUID
    limits: Limits
    state: RuleState
    changes: list[Change]


async def step_rules(
    cursor: psycopg.AsyncCursor[Any], by_pit: ByPit, rules: "Mapping[UUID, PitRules]", hub: Hub
) -> list[AlertNews]:
    """Steps the rules that a batch can move: those that are not quiet, and those with a value outside its limits.

    Part of the transaction that stores the readings; locks the rules' rows in the order of their keys.
    """
    if not by_pit:
        return []
    outside: set[_Key] = set()
    for pit_id, own in by_pit.items():
        if pit_rules := rules.get(pit_id):
            for crossed in _outside(own, pit_rules):
                outside.add((pit_id, crossed))
    restless = await _lock(cursor, by_pit, outside)
    moved: dict[_Key, _Rule] = {}
    for key in sorted(restless.keys() | outside, key=lambda k: (str(k[0]), k[1])):
        pit_id, metric = key
        limits = rules[pit_id].limits.get(Metric(metric)) if pit_id in rules else None
        if limits is None:
            continue
        before = _seen(restless.get(key, RuleState()), hub, pit_id, Metric(metric))
        rule = _Rule(by_pit[pit_id][0].tenant_id, limits, before, [])
        _step_all(rule, by_pit[pit_id], METRICS.index(Metric(metric)))
        if rule.state != before or rule.changes:
            moved[key] = rule
    await _save(cursor, moved)
    changes = [
        [RuleChange(rule.tenant_id, pit_id, metric, rule.limits, change) for change in rule.changes]
        for (pit_id, metric), rule in moved.items()
    ]
    return await write_changes(cursor, changes)


def _outside(readings: Sequence[Reading], rules: "PitRules") -> Iterator[Metric]:
    """The metrics with a value that can change a quiet rule. Nearly all readings need no more than this."""
    for i, low, high in rules.quiet:
        for reading in readings:
            value = reading.values[i]
            if value is not None and not low <= value <= high:
                yield METRICS[i]
                break


def _seen(state: RuleState, hub: Hub, pit_id: UUID, metric: Metric) -> RuleState:
    """A quiet rule is not written with each reading, but the hub knows the last one: an older one raises nothing."""
    now = hub.pits.get(pit_id)
    at_us = now.latest(metric)[1] if now else 0
    if not at_us or not is_quiet(state):
        return state
    seen = datetime.fromtimestamp(at_us / 1e6, UTC)
    return replace(state, last_at=max(seen, state.last_at or seen))


def _step_all(rule: _Rule, readings: Iterable[Reading], index: int) -> None:
    for reading in sorted(readings, key=lambda r: r.at_us):
        value = reading.values[index]
        if value is not None:
            at = datetime.fromtimestamp(reading.at_us / 1e6, UTC)
            rule.state, change = step(rule.state, rule.limits, value, at)
            if change:
                rule.changes.append(change)


async def _lock(
    cursor: psycopg.AsyncCursor[Any], pits: Iterable[UUID], outside: Iterable[_Key]
) -> dict[_Key, RuleState]:
    """Fetches and locks the rows of these pits that are restless, and the quiet ones that are named.

    Arrays travel in binary (%b): as text, each of a thousand pits would be searched for what must be quoted.
    """
    named = list(outside)
    await cursor.execute(
        f"SELECT pit_id, metric, {', '.join(_FIELDS)} FROM rule_state WHERE (pit_id = ANY(%b) AND NOT quiet)"
        " OR (pit_id, metric) IN (SELECT * FROM unnest(%b::uuid[], %b::text[])) ORDER BY pit_id, metric FOR UPDATE",
        [list(pits), [pit_id for pit_id, _ in named], [metric for _, metric in named]],
    )
    return {(pit_id, metric): _state(values) for pit_id, metric, *values in await cursor.fetchall()}


def _state(values: Sequence[Any]) -> RuleState:
    said = dict(zip(_FIELDS, values, strict=True))
    return RuleState(**{**said, "level": Level(said["level"]), "raises": tuple(said["raises"])})


async def _save(cursor: psycopg.AsyncCursor[Any], moved: Mapping[_Key, _Rule]) -> None:
    if not moved:
        return
    rows = [
        (
            pit_id,
            metric,
            rule.tenant_id,
            is_quiet(rule.state),
            *(getattr(rule.state, name) for name in _FIELDS[:-1]),
            "{" + ",".join(f'"{at.isoformat()}"' for at in rule.state.raises) + "}",
        )
        for (pit_id, metric), rule in moved.items()
    ]
    await cursor.execute(
        f"INSERT INTO rule_state (pit_id, metric, tenant_id, quiet, {', '.join(_FIELDS)})"  # our own names
        " SELECT p, m, t, q, l, u, w, c, wb, cb, a, r::timestamptz[] FROM unnest(%b::uuid[], %b::text[], %b::uuid[],"
        " %b::bool[], %b::int[], %b::bool[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[],"
        " %b::timestamptz[], %b::timestamptz[], %b::text[]) AS x(p, m, t, q, l, u, w, c, wb, cb, a, r)"
        " ON CONFLICT (pit_id, metric) DO UPDATE SET quiet = excluded.quiet, "
        + ", ".join(f"{name} = excluded.{name}" for name in _FIELDS),
        [list(column) for column in zip(*rows, strict=True)],
    )


def is_quiet(state: RuleState) -> bool:
    """Whether a reading inside all limits would leave the rule as it is."""
    return state.level is Level.OK and not (state.unknown or state.warning_since or state.critical_since)
