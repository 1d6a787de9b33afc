"""Open pages of people who may not see them any more, or see them otherwise: each is led away within a second, and is
dead on the server from then on, so that a browser that does not follow can neither press nor read anything.

Announcements name whose rights changed. A sweep catches what nobody announces: sessions that end by the clock, and
announcements that were missed while the connection was away.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from weakref import WeakKeyDictionary, WeakSet

from nicegui import Client, app, background_tasks, core, ui

from actions.announce import Announcement, Topic, listen
from actions.people import Seat
from actions.people.seats import seats_that_hold
from ui import guard

SWEEP_EVERY_S = 30.0
CUT_AFTER_S = 2.0  # a browser follows at once; one that does not is cut off then

_seats: WeakKeyDictionary[Client, Seat] = WeakKeyDictionary()
_led: WeakSet[Client] = WeakSet()


def install() -> None:
    """Begins to listen. Call once, before the server starts."""
    listen(_on)
    app.timer(SWEEP_EVERY_S, sweep, immediate=False)


def follow(seat: Seat) -> None:
    """From now on this page lives as long as its seat does."""
    _seats[ui.context.client] = seat


async def sweep() -> None:
    """Checks every open page."""
    await check(list(_seats))


def _on(announcement: Announcement) -> None:
    if announcement.topic is Topic.PERSON:
        meant = [client for client, seat in _seats.items() if str(seat.viewer.person_id) == announcement.id]
    elif announcement.topic is Topic.TENANT:
        meant = [client for client, seat in _seats.items() if seat.viewer.tenant_id == announcement.tenant_id]
    else:
        return
    if meant:
        background_tasks.create(check(meant), name="open pages")


async def check(clients: list[Client]) -> None:
    """Leads away whoever has to go; one question to the database for all."""
    pages = [(client, _seats[client]) for client in clients if client in _seats and not client.is_deleted]
    holding = await seats_that_hold({seat.session_id for _, seat in pages}, datetime.now(UTC))
    for client, seat in pages:
        now = holding.get(seat.session_id)
        if now is None:
            _lead(client, guard.SIGN_IN)
        elif now[0] != seat.viewer.tenant_id:
            _lead(client, "/")
        elif now[1] is not seat.viewer.role:
            _lead(client, None)


def _lead(client: Client, path: str | None) -> None:
    """Sends a page to `path`, or loads it again; a page that was away when it happened goes as soon as it is back."""
    if client in _led:
        return
    _led.add(client)

    async def show_out() -> None:
        if not client.has_socket_connection:
            return
        sids = [sid for sid, _ in core.sio.manager.get_participants("/", client.id)]
        await _say_where(client, path)
        await _leave_rooms(sids, client)
        if client.is_deleted:  # it came back just now, and this was begun twice
            return
        client.delete()
        await asyncio.sleep(CUT_AFTER_S)
        for sid in sids:
            await core.sio.disconnect(sid)

    client.on_connect(show_out)
    background_tasks.create(show_out(), name="show out")


async def _say_where(client: Client, path: str | None) -> None:
    """Past the page's outbox, which ends with it."""
    if path is None:
        await core.sio.emit("run_javascript", {"code": "location.reload()"}, room=client.id)
    else:
        await core.sio.emit("open", {"path": path, "new_tab": False}, room=client.id)


async def _leave_rooms(sids: Collection[str], client: Client) -> None:
    """No value reaches it from here on."""
    for sid in sids:
        for room in core.sio.rooms(sid):
            if room not in (sid, client.id):
                await core.sio.leave_room(sid, room)
