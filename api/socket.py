"""`WS /ws`: live events of the pits that a signed-in client subscribes to. docs/API.md describes the messages."""

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect

from actions import live
from actions.announce import Announcement, Topic, listen
from actions.live import Hub, LiveEvent, Unsubscribe
from actions.people import Seat, seat_of
from actions.people.seats import still_seated
from api.auth import COOKIE, is_own_origin
from api.mailbox import Mailbox
from domain.access import Intent, Viewer
from domain.readings import METRICS, Reading
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

PATH = "/ws"
CLIENTS_MAX = 1_000
SUBSCRIPTIONS_MAX = 100  # of one client
MESSAGE_CHARS_MAX = 1_024
TOKEN_WITHIN_S = 5.0
CHECK_EVERY_S = 30.0  # a session that was ended is announced; this finds those that end by the clock

MALFORMED, NOT_SIGNED_IN, NOT_ALLOWED, TOO_SLOW = 4400, 4401, 4403, 4408
TOO_BIG, TRY_LATER = 1009, 1013  # RFC 6455, and the registry that it founded


class Closed(Exception):
    """The conversation is over, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class _PitOf(msgspec.Struct, forbid_unknown_fields=True):
    pit: UUID


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    """What a client may say, one thing at a time."""

    token: str | None = None
    subscribe: _PitOf | None = None
    unsubscribe: _PitOf | None = None
    ping: int | str | None = None


_decoder = msgspec.json.Decoder(_Said)


class LiveSocket:
    """The endpoint; `clients` are connected now."""

    def __init__(self, hub: Hub, public_url: str) -> None:
        self._hub, self._public_url = hub, public_url
        self.clients = 0

    async def serve(self, socket: WebSocket) -> None:
        """One conversation, from the handshake to its end."""
        await socket.accept()
        self.clients += 1
        try:
            if self.clients > CLIENTS_MAX:
                raise Closed(TRY_LATER, "too many clients")
            token = await self._token(socket)
            await _Conversation(socket, self._hub, _admitted(await seat_of(token, datetime.now(UTC)))).run()
        except Closed as closed:
            await _close(socket, closed)
        except SQLAlchemyError as error:
            log.warning("no database for a socket", error=str(error))
            await _close(socket, Closed(TRY_LATER, "the database does not answer"))
        except WebSocketDisconnect:
            log.debug("socket gone")
        finally:
            self.clients -= 1

    async def _token(self, socket: WebSocket) -> str:
        """The browser's cookie, if the page is ours, else the token that the first message brings."""
        cookie = socket.cookies.get(COOKIE)
        if cookie is not None:
            if not is_own_origin(socket, self._public_url):
                raise Closed(NOT_ALLOWED, "wrong origin")
            return cookie
        try:
            async with asyncio.timeout(TOKEN_WITHIN_S):
                said = await _hear(socket)
        except TimeoutError:
            raise Closed(TOO_SLOW, "no token in time") from None
        if said.token is None:
            raise Closed(NOT_SIGNED_IN, "the first message must bring a token")
        return said.token


class _Conversation:
    """A signed-in client: what it says, what it hears, and whether its session still holds."""

    def __init__(self, socket: WebSocket, hub: Hub, seat: Seat) -> None:
        self._socket, self._hub, self._seat = socket, hub, seat
        self._doubt = asyncio.Event()  # something of this person or tenant has changed
        self._mailbox = Mailbox()
        self._subscriptions: dict[UUID, Unsubscribe] = {}

    async def run(self) -> None:
        """Goes on until one side ends it.

        Raises:
            Closed: we end it.
            WebSocketDisconnect: the client is gone.
        """
        await self._say(event="signed_in", name=self._viewer.name, tenant_id=self._viewer.tenant_id)
        stop_listening = listen(self._on_announcement)
        tasks = [asyncio.create_task(work) for work in (self._listen(), self._tell(), self._check())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stop_listening()
            for unsubscribe in self._subscriptions.values():
                unsubscribe()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            said = await _hear(self._socket)
            if said.subscribe is not None:
                await self._subscribe(said.subscribe.pit)
            elif said.unsubscribe is not None:
                if unsubscribe := self._subscriptions.pop(said.unsubscribe.pit, None):
                    unsubscribe()
                await self._say(event="unsubscribed", pit=said.unsubscribe.pit)
            elif said.ping is not None:
                await self._say(event="pong", ping=said.ping)
            else:
                raise Closed(MALFORMED, "signed in already")

    async def _subscribe(self, pit_id: UUID) -> None:
        """Lets the client hear a pit of its own tenant; asking twice changes nothing."""
        if pit_id not in self._subscriptions:
            if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
                detail = f"At most {SUBSCRIPTIONS_MAX} pits at once."
                await self._say(event="error", code="too_many", pit=pit_id, detail=detail)
                return
            async with transaction(self._viewer.tenant_id) as tx:
                found = await queries.pits(tx, pit_id)
            if not found:
                await self._say(event="error", code=Refusal.NOT_FOUND, pit=pit_id, detail="There is no such pit.")
                return
            self._subscriptions[pit_id] = self._hub.subscribe(pit_id, self._mailbox.put)
        await self._say(event="subscribed", pit=pit_id)

    async def _tell(self) -> None:
        while True:
            missed, events = await self._mailbox.take()
            if missed:
                await self._say(event="missed", count=missed)
            for event in events:
                if event.pit_id in self._subscriptions:  # it may have waited here since before
                    await self._say(**_message(event))

    def _on_announcement(self, announcement: Announcement) -> None:
        is_ours = announcement.topic is Topic.PERSON and announcement.id == str(self._viewer.person_id)
        if is_ours or (announcement.topic is Topic.TENANT and announcement.tenant_id == self._viewer.tenant_id):
            self._doubt.set()

    async def _check(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._doubt.wait()
            self._doubt.clear()
            try:
                self._seat = _admitted(await still_seated(self._seat, datetime.now(UTC)))
            except SQLAlchemyError as error:  # says nothing about the session; asked again next time
                log.warning("session of a socket not checked", error=str(error))

    @property
    def _viewer(self) -> Viewer:
        return self._seat.viewer

    async def _say(self, **message: Any) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())


def mount(app: FastAPI, public_url: str = "", hub: Hub = live.hub) -> LiveSocket:
    """Adds the endpoint. `public_url` is the address by which browsers reach PitPilot, empty: as they ask."""
    endpoint = LiveSocket(hub, public_url)
    app.add_api_websocket_route(PATH, endpoint.serve)
    return endpoint


async def _hear(socket: WebSocket) -> _Said:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    text = message.get("text") or ""
    if len(text) > MESSAGE_CHARS_MAX:
        raise Closed(TOO_BIG, f"at most {MESSAGE_CHARS_MAX} characters")
    try:
        said = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise Closed(MALFORMED, "not a message of this protocol") from None
    if sum(part is not None for part in (said.token, said.subscribe, said.unsubscribe, said.ping)) != 1:
        raise Closed(MALFORMED, "one thing at a time")
    return said


def _admitted(seat: Seat | None) -> Seat:
    """
    Raises:
        Closed: nobody sits there, or somebody who may not hear pits.
    """
    if seat is None:
        raise Closed(NOT_SIGNED_IN, "the session has ended")
    if not (seat.viewer.may(Intent.SEE_PITS) and seat.viewer.may(Intent.SEE_ALERTS)):
        raise Closed(NOT_ALLOWED, "the role may not do this")
    return seat


def _message(event: LiveEvent) -> dict[str, Any]:
    if not isinstance(event.body, Reading):
        return {"event": event.kind, "pit": event.pit_id, **event.body}
    reading = event.body
    return {
        "event": "reading",
        "pit": event.pit_id,
        "device": reading.device_id,
        "boot_id": reading.boot_id,
        "seq": reading.seq,
        "at_ms": reading.at_us // 1_000,
        "values": {metric.value: v for metric, v in zip(METRICS, reading.values, strict=True) if v is not None},
    }


async def _close(socket: WebSocket, closed: Closed) -> None:
    try:
        await socket.close(closed.code, closed.reason)
    except (WebSocketDisconnect, RuntimeError) as error:  # the client was quicker
        log.debug("socket gone before it was closed", error=str(error))
