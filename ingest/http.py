"""Telemetry over HTTP, for devices that don't speak MQTT: the same message, the same rules, the same answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, FastAPI, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from actions.directory import Directory
from actions.live import Hub
from domain.readings import BOOT_ID_MAX, FACTS, METRICS, SEQ_MAX, Reject
from ingest import wire
from ingest.http_intake import Away, HttpIntake
from ingest.presence import Presence

PATH = "/v1/sensors/ingest"
RETRY_AFTER_S = 5
READ_WITHIN_S = 10.0
_STATUS = {Reject.OVERSIZED: 413, Reject.DISABLED_DEVICE: 403}  # any other refused message is a 400

_device_key = HTTPBearer(scheme_name="device_key", auto_error=False, description="The device's own key, `pk_…`.")
_ERRORS = {
    400: "The message can't be read; `code` is the reason, which is also counted for the device.",
    401: "No device has this key (`unknown_key`).",
    403: "The device is switched off (`disabled_device`).",
    408: "The body did not arrive in time (`too_slow`).",
    413: f"The message is longer than {wire.PAYLOAD_BYTES_MAX} bytes or has too many readings (`oversized`).",
    503: "The database does not answer (`unavailable`); keep the readings and send them again after `Retry-After`.",
}


class Supervisor(Protocol):
    """Whoever keeps tasks running."""

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None: ...


class Got(BaseModel):
    """What became of a message's readings. A device drops both kinds and sends any other again."""

    boot_id: int
    readings: list[tuple[int, int]] = Field(description="Closed ranges of `seq` that are committed, now or before.")
    refused: list[tuple[int, int]] = Field(description="Ranges that will never be stored, such as implausible values.")


def mount(api: FastAPI, directory: Directory, hub: Hub, presence: Presence, supervisor: Supervisor) -> HttpIntake:
    """Adds the route to the API's application and keeps its work running."""
    intake = HttpIntake(directory, hub, presence)
    supervisor.keep("readings over HTTP", intake.run)
    api.include_router(_router(intake))
    api.openapi_schema = None
    return intake


def _router(intake: HttpIntake) -> APIRouter:
    router = APIRouter(tags=["devices"])

    @router.post(
        PATH,
        responses={status: {"description": text} for status, text in _ERRORS.items()},
        openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _message()}}}},
    )
    async def ingest(
        request: Request, key: Annotated[HTTPAuthorizationCredentials | None, Security(_device_key)]
    ) -> Got:
        """Stores a device's readings, the same message as on MQTT. Answers only after they are committed; sending a
        message again stores nothing twice.
        """
        payload = await body_of(request)
        try:
            answer = await intake.take(key.credentials if key else "", payload)
        except Away:
            raise error(503, "unavailable", "Keep the readings and send them again later.") from None
        if answer is None:
            raise error(401, "unknown_key", "No device has this key.")
        if isinstance(answer, wire.Refused):
            raise error(_STATUS.get(answer.reason, 400), answer.reason, answer.detail)
        return Got(boot_id=answer.boot_id, readings=answer.stored, refused=answer.refused)

    return router


async def body_of(request: Request) -> bytes:
    """Reads no more than shows that a message is too long: it is refused, and counted, like any other."""
    body = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > wire.PAYLOAD_BYTES_MAX:
                    break
    except TimeoutError:
        raise error(408, "too_slow", f"The body did not arrive within {READ_WITHIN_S:.0f} s.") from None
    return bytes(body[: wire.PAYLOAD_BYTES_MAX + 1])


def error(status: int, code: str, detail: str) -> HTTPException:
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_AFTER_S)}}.get(status)
    return HTTPException(status, {"code": code, "detail": detail}, headers)


def _message() -> dict[str, Any]:
    """The JSON schema of both forms of a telemetry message."""
    milliseconds = {"type": ["integer", "null"], "minimum": 0}
    reading: dict[str, Any] = {
        "seq": {"type": "integer", "minimum": 1, "maximum": SEQ_MAX, "description": "Numbered from 1 in each boot."},
        "ts": {**milliseconds, "description": "Unix milliseconds at measuring, if the clock is set."},
        "up_ms": {**milliseconds, "description": "The device's monotonic clock, at measuring and at sending."},
    }
    for metric in METRICS:
        facts = FACTS[metric]
        reading[metric.value] = {
            "type": ["number", "null"],
            "minimum": facts.lowest,
            "maximum": facts.highest,
            "description": facts.unit or "index",
        }
    boot_id = {"type": "integer", "minimum": 0, "maximum": BOOT_ID_MAX, "description": "One a boot, only ever grows."}
    readings = {"type": "array", "items": {"type": "object", "properties": reading, "required": ["seq"]}}
    batch = {"boot_id": boot_id, "up_ms": reading["up_ms"], "readings": readings}
    return {
        "oneOf": [
            {"title": "Batch", "type": "object", "properties": batch, "required": ["boot_id", "readings"]},
            {
                "title": "Single reading",
                "type": "object",
                "properties": {"boot_id": boot_id, **reading},
                "required": ["boot_id", "seq"],
            },
        ]
    }
