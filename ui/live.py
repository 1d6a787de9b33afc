"""Live pages: rooms of the socket, joined on the server by who the page belongs to, and one flusher for all of them.

One message a room and flush, whatever the number of pages in it. A page joins when it connects (again) and leaves when
nobody looks at it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from nicegui import Client, core, ui

from actions.live import Hub, PitNow, hub
from domain.access import Viewer
from domain.alerts import SILENT_AFTER_S
from domain.limits import Level
from domain.readings import METRICS, Metric
from ui.components.views import LivePits, LiveReadings, PitDelta, State

FLUSH_EVERY_S = 0.33
STATES: dict[Level, State] = {Level.OK: "ok", Level.WARNING: "warn", Level.CRITICAL: "crit"}
EVENT = "live"
_NAMES = tuple(metric.value for metric in METRICS)


def workshop_room(tenant_id: UUID) -> str:
    return f"workshop:{tenant_id}"


def pit_room(pit_id: UUID) -> str:
    return f"pit:{pit_id}"


def join_workshop(viewer: Viewer) -> Callable[[bool], Awaitable[None]]:
    """Lets this page hear its workshop's pits; returns what a component calls with whether anybody looks."""
    return _join(ui.context.client, workshop_room(viewer.tenant_id))


def join_pit(pit_id: UUID) -> Callable[[bool], Awaitable[None]]:
    """Lets this page hear one pit reading by reading. The caller has read the pit through the viewer's own tenant."""
    look = _join(ui.context.client, pit_room(pit_id))

    async def look_at_pit(visible: bool) -> None:
        await look(visible)
        if visible:
            hub.watch_also(pit_id)

    return look_at_pit


def _join(client: Client, room: str) -> Callable[[bool], Awaitable[None]]:
    """A component calls it with True on every new connection and whenever its page is shown again."""

    async def look(visible: bool) -> None:
        for sid in [sid for sid, _ in core.sio.manager.get_participants("/", client.id)]:
            if visible:
                await core.sio.enter_room(sid, room)
            else:
                await core.sio.leave_room(sid, room)

    return look


def rooms() -> list[str]:
    """Names of all live rooms with somebody in them."""
    names = core.sio.manager.rooms.get("/", {})
    return [name for name in list(names) if isinstance(name, str) and name.startswith(("workshop:", "pit:"))]


def watched_tenants() -> set[UUID]:
    """Tenants somebody looks at: whoever watches a pit or a workshop has its rooms."""
    tenants = {UUID(room.removeprefix("workshop:")) for room in rooms() if room.startswith("workshop:")}
    pits = (UUID(room.removeprefix("pit:")) for room in rooms() if room.startswith("pit:"))
    return tenants | {hub.pits[pit_id].tenant_id for pit_id in pits if pit_id in hub.pits}


async def flush_for_ever(source: Hub) -> None:
    while True:
        await asyncio.sleep(FLUSH_EVERY_S)
        await flush(source, time.time_ns() // 1_000)


async def flush(source: Hub, now_us: int) -> None:
    """Sends what changed since the last flush: one message to each room that somebody is in."""
    watched = rooms()
    changed = source.take_changed()
    workshops = {UUID(room.removeprefix("workshop:")) for room in watched if room.startswith("workshop:")}
    deltas: dict[UUID, dict[str, PitDelta]] = {}
    for pit_id in changed:
        pit = source.pits[pit_id]
        if pit.tenant_id in workshops:
            deltas.setdefault(pit.tenant_id, {})[str(pit_id)] = delta(pit, now_us)
    for tenant_id, pits_now in deltas.items():
        message = LivePits(pits=pits_now, now=now_us // 1_000)
        await core.sio.emit(EVENT, message, room=workshop_room(tenant_id))
    pits = {UUID(room.removeprefix("pit:")) for room in watched if room.startswith("pit:")}
    source.watch(pits)
    for pit_id in pits & changed:
        readings: list[tuple[int, dict[str, float | None]]] = [
            (r.at_us // 1_000, {m.value: v for m, v in zip(METRICS, r.values, strict=True) if v is not None})
            for r in source.take_unsent(pit_id)
        ]
        pit = source.pits[pit_id]
        extended = LiveReadings(pit=str(pit_id), readings=readings, now=now_us // 1_000)
        await core.sio.emit(EVENT, {**extended, "pits": {str(pit_id): delta(pit, now_us)}}, room=pit_room(pit_id))


def delta(pit: PitNow, now_us: int) -> PitDelta:
    """What a page needs to know of a pit now, in one pass: a flush may ask for a thousand pits."""
    levels, fresh_since_us = pit.levels, now_us - SILENT_AFTER_S * 1_000_000
    metrics: dict[str, tuple[float | None, State]] = {}
    worst: Level | None = None
    for name, value, at_us in zip(_NAMES, pit.values, pit.ats_us, strict=True):
        if at_us < fresh_since_us:
            if at_us:
                metrics[name] = (value, "unknown")
            continue
        level = levels.get(name, Level.OK) if levels else Level.OK
        metrics[name] = (value, STATES[level])
        if worst is None or level > worst:
            worst = level
    return PitDelta(
        at=pit.heard_us // 1_000,
        state="unknown" if worst is None else STATES[worst],
        word=None,
        open_alerts=pit.open_alerts,
        metrics=metrics,
    )


def metric_state(pit: PitNow, metric: Metric, now_us: int) -> State:
    """A metric that is not fresh is unknown, whatever it was."""
    if not pit.is_fresh(metric, now_us):
        return "unknown"
    return STATES[pit.levels.get(metric, Level.OK)]


def pit_state(pit: PitNow, now_us: int) -> State:
    """The worst of what is known; unknown if nothing is."""
    fresh = [m for m in METRICS if pit.is_fresh(m, now_us)]
    if not fresh:
        return "unknown"
    return STATES[max((pit.levels.get(m, Level.OK) for m in fresh), default=Level.OK)]
