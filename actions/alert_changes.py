"""Writing what rules did into alerts and their history: a few statements for a batch, however many rules moved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from uuid import UUID, uuid4

import psycopg

from domain.alerts import Change
from domain.limits import Level, Limits


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A change of one rule (a metric of a pit), with the limits that it was stepped by."""

    tenant_id: UUID
    pit_id: UUID
    rule: str
    limits: Limits
    change: Change


@dataclass(frozen=True, slots=True)
class AlertNews:
    """An alert that was raised, moved or cleared."""

    tenant_id: UUID
    pit_id: UUID
    rule: str
    alert_id: UUID
    level: Level


async def write_changes(cursor: psycopg.AsyncCursor[Any], by_rule: Iterable[Sequence[RuleChange]]) -> list[AlertNews]:
    """Writes each rule's changes, in their order, into its alert and that alert's history.

    Part of the transaction that steps the rules, whose rows it has locked. A batch seldom changes a rule more than
    once or twice, so all first changes are written together, then all second ones.
    """
    news: list[AlertNews] = []
    for turn in zip_longest(*by_rule):
        news += await _write_turn(cursor, [change for change in turn if change is not None])
    return news


async def _write_turn(cursor: psycopg.AsyncCursor[Any], changes: Sequence[RuleChange]) -> list[AlertNews]:
    """At most one change of each rule."""
    by_kind: dict[str, list[RuleChange]] = defaultdict(list)
    for c in changes:
        by_kind[_kind(c.change)].append(c)
    alert_ids = {
        **await _alert_ids(cursor, _RAISE, [_raising(c) for c in by_kind["raised"]]),
        **await _alert_ids(cursor, _RESOLVE, [_resolving(c) for c in by_kind["resolved"]]),
        **await _alert_ids(cursor, _MOVE, [_moving(c) for c in by_kind["escalated"] + by_kind["eased"]]),
    }
    told = [(c, alert_ids[c.pit_id, c.rule]) for c in changes if (c.pit_id, c.rule) in alert_ids]
    if told:
        events = [(c.tenant_id, alert_id, c.change.at, _kind(c.change), c.change.value) for c, alert_id in told]
        await cursor.execute(_ADD_EVENTS, _columns(events))
    return [AlertNews(c.tenant_id, c.pit_id, c.rule, alert_id, c.change.after) for c, alert_id in told]


async def _alert_ids(
    cursor: psycopg.AsyncCursor[Any], statement: str, rows: Sequence[Sequence[object]]
) -> dict[tuple[UUID, str], UUID]:
    """Runs one of the statements; returns the alerts that it touched, by pit and rule."""
    if not rows:
        return {}
    await cursor.execute(statement, _columns(rows))
    return {(pit_id, rule): alert_id for pit_id, rule, alert_id in await cursor.fetchall()}


def _columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


_RAISE = """
    INSERT INTO alert (id, tenant_id, pit_id, rule, level, value, limit_value, flapping, raised_at, changed_at,
        note) SELECT i, t, p, r, l, v, c, f, at, at, ''
    FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::int[], %b::real[], %b::real[], %b::bool[],
        %b::timestamptz[]) AS x(i, t, p, r, l, v, c, f, at)
    ON CONFLICT DO NOTHING RETURNING pit_id, rule, id"""


def _raising(c: RuleChange) -> tuple[object, ...]:
    now = c.change
    return (
        uuid4(), c.tenant_id, c.pit_id, c.rule, int(now.after), now.value, crossed(c.limits, now), now.flapping, now.at,
    )  # fmt: skip


_OPEN = "a.pit_id = x.p AND a.rule = x.r AND a.device_id IS NULL AND a.resolved_at IS NULL"

_RESOLVE = f"""
    UPDATE alert a SET resolved_at = x.at, changed_at = x.at, value = x.v
    FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[], %b::real[]) AS x(p, r, at, v)
    WHERE {_OPEN} RETURNING a.pit_id, a.rule, a.id"""


def _resolving(c: RuleChange) -> tuple[object, ...]:
    return c.pit_id, c.rule, c.change.at, c.change.value


# An alert that became worse calls again, so it is no longer acknowledged.
_MOVE = f"""
    UPDATE alert a SET level = x.l, changed_at = x.at, value = x.v, limit_value = x.c, flapping = x.f,
        acknowledged_at = CASE WHEN x.worse THEN NULL ELSE a.acknowledged_at END,
        acknowledged_by = CASE WHEN x.worse THEN NULL ELSE a.acknowledged_by END
    FROM unnest(%b::uuid[], %b::text[], %b::int[], %b::timestamptz[], %b::real[], %b::real[], %b::bool[], %b::bool[])
        AS x(p, r, l, at, v, c, f, worse)
    WHERE {_OPEN} RETURNING a.pit_id, a.rule, a.id"""


def _moving(c: RuleChange) -> tuple[object, ...]:
    now = c.change
    limit, worse = crossed(c.limits, now), now.after > now.before
    return c.pit_id, c.rule, int(now.after), now.at, now.value, limit, now.flapping, worse


_ADD_EVENTS = """
    INSERT INTO alert_event (tenant_id, alert_id, at, kind, value, note)
    SELECT x.*, '' FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[], %b::real[]) AS x"""


def crossed(limits: Limits, change: Change) -> float | None:
    """The limit that the value is beyond (or was last beyond)."""
    low, high = limits.range_of(max(change.after, Level.WARNING))
    if low is not None and change.value < low:
        return low
    return high if high is not None else low


def _kind(change: Change) -> str:
    if change.before is Level.OK:
        return "raised"
    if change.after is Level.OK:
        return "resolved"
    return "escalated" if change.after > change.before else "eased"
