"""A pump's controller over HTTP: it asks every 5 s with what `/state` says, and is answered with a grant, a stop, or
nothing, and perhaps another command; with the state come its answers to commands and its events. The rules are those of
MQTT (see docs/PROTOCOL.md); who stays without an answer for 15 s switches OFF.
"""

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from sqlalchemy import text

from actions.directory import Directory, Known
from actions.pumps import cards, devices
from actions.pumps.lead import Message
from actions.pumps.steps import Stepped
from actions.readings import Rejection
from domain.pump.effects import SendStop
from domain.pump.words import ReportRefusal
from domain.readings import Reject
from domain.refusals import Refusal
from ingest import wire
from ingest.commander import Commander
from ingest.consumer import admission
from ingest.http import body_of, error
from ingest.presence import Presence
from ingest.pumps import REASONS, report_of, tap_of
from storage.session import EVERY_TENANT, transaction

PATHS = {"/v1/esp32/poll": "", "/esp32/poll": "_of_old"}
"""Where, and what the name of the operation ends with. The second is what the first controllers know."""
_STATUS = {Reject.OVERSIZED: 413, Reject.DISABLED_DEVICE: 403, Reject.STALE_STATE: 409, Reject.ON_TIME_FELL: 409}
_NUMBERS = frozenset({"boot_id", "seq", "on_ms", "fence", "lease_left_ms", "off_left_ms", "current_ma", "rssi", "up_s"})
_TRUTHS = frozenset({"motor_on", "grid", "ready"})
_WORDS = frozenset({"run_id", "fault", "fw", "ip"})

_device_key = HTTPBearer(scheme_name="device_key", auto_error=False, description="The device's own key, `pk_…`.")
_ERRORS = {
    400: "The state can't be read (`malformed`, …); the reason is also counted for the device.",
    401: "No device has this key (`unknown_key`).",
    403: "The device is switched off (`disabled_device`).",
    408: "The body did not arrive in time (`too_slow`).",
    409: "The state is older than one that came before (`stale_state`), or its running time shrank (`on_time_fell`).",
    413: f"The state is longer than {wire.PAYLOAD_BYTES_MAX} bytes (`oversized`).",
    503: "The motors are not controlled at this moment (`unavailable`): stay OFF, and ask again.",
}


class Poll(BaseModel):
    """What the controller shall do."""

    command: dict[str, Any] | None = Field(
        description="A grant (`kind` is `run`) that echoes this very state, a `stop`, or null: nothing.",
        examples=[{"id": "7b6f…", "kind": "stop", "fence": 4}],
    )
    also: dict[str, Any] | None = Field(
        None,
        description="A command that is not about the motor; answered with `acks` in the next poll.",
        examples=[{"id": "8c1f…", "kind": "identify", "expires": 1795286709}],
    )
    got: dict[str, Any] | None = Field(
        None,
        description="Which of the `events` that came with the state are committed.",
        examples=[{"boot_id": 3, "readings": [], "events": [[1, 1]]}],
    )


class PollDesk:
    """Answers polls, by the rules that MQTT has too."""

    def __init__(
        self,
        directory: Directory,
        presence: Presence,
        reject: Callable[[Rejection], None],
        commander: Commander | None = None,
    ) -> None:
        self._directory, self._presence, self._reject = directory, presence, reject
        self._commander = commander

    async def answer(self, key: str, payload: bytes) -> Poll:
        """Raises HTTPException for everything but a state that is taken."""
        known = await self._known(key)
        if known is None:
            raise error(401, "unknown_key", "No device has this key.")
        if reason := admission(known, wire.VERSION, known.tenant_topic, retain=False):
            raise self._refused(known, reason, "this device is switched off", payload)
        state = wire.state(payload)
        if isinstance(state, wire.Refused):
            raise self._refused(known, state.reason, state.detail, payload)
        if not isinstance(state, wire.PumpState):
            raise self._refused(known, Reject.MALFORMED, "the state of a pump says motor_on", payload)
        self._presence.says(known, state, time.time_ns() // 1_000)
        now = datetime.now(UTC)
        got = await self._take_rest(known, state, payload, now)
        found = await devices.reported(
            known.tenant_id, known.device_id, report_of(state), now, current_ma=state.current_ma
        )
        if isinstance(found, Stepped):
            message = _for(known.device_id, found)
            command = wire.motor_fields(message, uuid4()) if message else None
            return Poll(command=command, also=await self._also(known), got=got)
        reason = REASONS.get(found) if isinstance(found, Refusal | ReportRefusal) else None
        if reason is None:
            raise error(503, "unavailable", "The motors are not controlled at this moment. Stay OFF, and ask again.")
        raise self._refused(known, reason, f"boot {state.boot_id}, state {state.seq}", payload)

    async def _also(self, known: Known) -> dict[str, Any] | None:
        command = await self._commander.command_for(known.device_id) if self._commander else None
        return wire.cmd_fields(command) if command else None

    async def _take_rest(
        self, known: Known, state: wire.PumpState, payload: bytes, now: datetime
    ) -> dict[str, object] | None:
        """Takes answers and events that came with a state; returns which events are committed. What can't be read is
        counted, and the state counts all the same.
        """
        rest = wire.with_state(payload)
        if isinstance(rest, wire.Refused):
            self._reject(Rejection(known.device_id, known.tenant_id, rest.reason, rest.detail, payload))
            return None
        if self._commander is not None:
            self._commander.says(known, state)
        for raw in rest.acks:
            ack = wire.ack(bytes(raw))
            if isinstance(ack, wire.Refused):
                self._reject(Rejection(known.device_id, known.tenant_id, ack.reason, ack.detail, bytes(raw)))
            elif self._commander is not None:
                self._commander.answers(known, ack, bytes(raw))
        committed = [seq for raw in rest.events if (seq := await self._take_event(known, state, bytes(raw), now))]
        return wire.got_event_fields(state.boot_id, committed) if committed else None

    async def _take_event(self, known: Known, state: wire.PumpState, raw: bytes, now: datetime) -> int | None:
        """Takes one event of this boot; returns its number when it is committed."""
        event = wire.event(raw)
        if isinstance(event, wire.Refused):
            self._reject(Rejection(known.device_id, known.tenant_id, event.reason, event.detail, raw))
            return None
        if event.boot_id != state.boot_id:
            return None
        is_settled = await cards.tapped(known.tenant_id, known.device_id, tap_of(event), now)
        return event.seq if is_settled else None

    async def _known(self, key: str) -> Known | None:
        async with transaction(EVERY_TENANT) as tx:
            digest = hashlib.sha256(key.encode()).digest()
            found = await tx.execute(text("SELECT id FROM device WHERE key_hash = :hash"), {"hash": digest})
            device_id = found.scalar_one_or_none()
        return self._directory.devices.get(device_id) if device_id else None

    def _refused(self, known: Known, reason: Reject, detail: str, payload: bytes) -> HTTPException:
        self._reject(Rejection(known.device_id, known.tenant_id, reason, detail, payload))
        return error(_STATUS.get(reason, 400), reason, detail)


def mount(
    api: FastAPI,
    directory: Directory,
    presence: Presence,
    reject: Callable[[Rejection], None],
    commander: Commander | None = None,
) -> None:
    """Adds the routes to the API's application. Without a `commander` nothing but the motor is commanded."""
    desk = PollDesk(directory, presence, reject, commander)
    for path, ending in PATHS.items():
        api.include_router(_router(desk, path, ending))
    api.openapi_schema = None


def _router(desk: PollDesk, path: str, ending: str) -> APIRouter:
    router = APIRouter(tags=["devices"])
    answers: dict[int | str, dict[str, Any]] = {status: {"description": said} for status, said in _ERRORS.items()}
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": _schema()}}}}

    @router.post(path, responses=answers, openapi_extra=body, name=f"poll{ending}")
    async def poll(
        request: Request,
        key: Annotated[HTTPAuthorizationCredentials | None, Security(_device_key)],
        adminId: Annotated[str | None, Query(description="Ignored: the tenant is the key's.")] = None,
    ) -> Poll:
        """Takes a controller's state, the same as on MQTT, and answers with what it shall do."""
        return await desk.answer(key.credentials if key else "", await body_of(request))

    @router.get(path, responses=answers, name=f"poll_by_query{ending}")
    async def poll_by_query(
        request: Request,
        key: Annotated[HTTPAuthorizationCredentials | None, Security(_device_key)],
        adminId: Annotated[str | None, Query(description="Ignored: the tenant is the key's.")] = None,
    ) -> Poll:
        """The same with the state's fields in the query (`boot_id`, `seq`, `motor_on`, `grid`, `ready`, `fence`, …)."""
        return await desk.answer(key.credentials if key else "", _payload(dict(request.query_params)))

    return router


def _for(device_id: str, stepped: Stepped) -> Message | None:
    """What the device is to be told; not to stop again, if this very state has confirmed that it has."""
    is_stopping = any(motor.stopping for motor in stepped.after.motors if motor.device_id == device_id)
    mine = [
        message
        for message in stepped.messages
        if message.device_id == device_id and isinstance(message, SendStop) == is_stopping
    ]
    return mine[-1] if mine else None


def _payload(query: dict[str, str]) -> bytes:
    """A state as JSON out of a query's texts; what is not what it should be stays text, and is refused as such."""
    said: dict[str, object] = {}
    for name, value in query.items():
        if name in _NUMBERS:
            said[name] = int(value) if value.lstrip("-").isdecimal() and len(value) < 20 else value
        elif name in _TRUTHS:
            said[name] = {"1": True, "true": True, "0": False, "false": False}.get(value.lower(), value)
        elif name in _WORDS and value:
            said[name] = value
    return json.dumps(said).encode()


def _schema() -> dict[str, Any]:
    count = {"type": "integer", "minimum": 0}
    properties = dict.fromkeys(sorted(_NUMBERS - {"rssi"}), count) | {
        **{name: {"type": "boolean"} for name in sorted(_TRUTHS)},
        "run_id": {"type": ["string", "null"], "format": "uuid"},
        "fault": {"type": ["string", "null"], "maxLength": wire.FAULT_CHARS_MAX},
        "acks": {"type": "array", "maxItems": wire.WITH_STATE_MAX, "items": {"type": "object"}},
        "events": {"type": "array", "maxItems": wire.WITH_STATE_MAX, "items": {"type": "object"}},
    }
    return {
        "type": "object",
        "properties": properties,
        "required": ["boot_id", "seq", "motor_on", "grid", "ready", "fence"],
    }
