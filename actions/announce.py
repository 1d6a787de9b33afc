"""Announcements between processes: what changed, as ids only, on PostgreSQL's own channel.

`announce` is part of the transaction, so it is delivered on commit and never without one. Everybody hears it, the
announcing process too, and reads again what it may see.
"""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from storage import bare, session
from storage.bare import Statement

CHANNEL = "pitpilot"
log = structlog.get_logger(__name__)


class Topic(StrEnum):
    """What kind of thing changed."""

    DEVICE = "device"
    PIT = "pit"
    LIMITS = "limits"
    ALERT = "alert"
    COMMAND = "command"
    """A command to the device `id` moved on, or its settings did: those asked for, or those it says that it has."""
    PUMP = "pump"
    """Something of the interlock group `id` changed: a motor, a run, the line, a cut of the grid."""
    PUMP_ASK = "pump_ask"
    """A process that does not lead the pumps has put the question `id` to the one that does; see pumps/relay.py."""
    PUMP_ANSWER = "pump_answer"
    WALLET = "wallet"
    """The member `id` has other minutes than before, or asked for some, or was answered."""
    CARDS = "cards"
    """A card was registered or removed, or an unknown one was seen."""
    CAMERA = "camera"
    """Something of the camera `id` changed: its settings, who may look, whether it is there."""
    STILL = "still"
    """The camera `id` has a newer still."""
    JOB = "job"
    """Something of the job `id` changed: its state, stage, pit, people, notes or link."""
    WORKSHOP = "workshop"
    """Something of the workshop's own settings changed: hours, holidays, pits, film."""
    PERSON = "person"
    """Something of the person `id` changed: sessions, role, suspension. Open pages and sockets check themselves."""
    TENANT = "tenant"
    """Something of the tenant changed: its name, halves, approval or suspension."""


class Announcement(msgspec.Struct, frozen=True):
    topic: Topic
    tenant_id: UUID
    pit_id: UUID | None = None
    id: str = ""


Listener = Callable[[Announcement], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Calls the listener with each announcement; returns what ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener) if listener in _listeners else None


async def announce(tx: AsyncSession, announcement: Announcement) -> None:
    await bare.together(tx, [as_statement(announcement)])


def as_statement(announcement: Announcement) -> Statement:
    """The same for who has other statements to send with it, by `storage.bare`."""
    said = msgspec.json.encode(announcement).decode()
    return "SELECT pg_notify(%(channel)s, %(text)s)", {"channel": CHANNEL, "text": said}


def notify_sql(announcements: list[Announcement]) -> tuple[str, list[Any]]:
    """The same for a bare connection: one statement for many announcements."""
    texts = [msgspec.json.encode(a).decode() for a in announcements]
    return "SELECT pg_notify(%s, t) FROM unnest(%s::text[]) t", [CHANNEL, texts]


async def hear(on_missed: Callable[[], Any]) -> None:
    """Listens for ever on a connection of its own; calls `on_missed` after each (re)connection, when announcements may
    have been missed, so that caches are read again. Raises what breaks the connection: the supervisor starts it again.
    """
    decoder = msgspec.json.Decoder(Announcement)
    connection = await session.worker_connection()
    try:
        await connection.set_autocommit(True)
        await connection.execute(f"LISTEN {CHANNEL}")
        missed = on_missed()
        if asyncio.iscoroutine(missed):
            await missed
        async for notice in connection.notifies():
            _deliver(decoder.decode(notice.payload))
    finally:
        await connection.close()


def _deliver(announcement: Announcement) -> None:
    for listener in list(_listeners):
        try:
            listener(announcement)
        except Exception:  # one broken listener must not silence the others; it is logged as a bug
            log.exception("listener failed", topic=announcement.topic)
