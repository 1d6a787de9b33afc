"""Errors as `application/problem+json` (RFC 9457): one form, stable codes, and nothing of the server's insides.

Whoever refuses raises an HTTPException whose detail is `{"code", "detail"}`, here made by `refused`; everything else
that can go wrong below /api ends in the same form.
"""

import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.cameras.watching import NoPicture, Unseen
from domain.cameras.words import CameraRefusal
from domain.firmware import BundleFault
from domain.jobs.words import JobRefusal
from domain.log_paths import noted
from domain.minute_requests import RequestRefusal
from domain.photos import PhotoFault
from domain.pump.words import PumpRefusal
from domain.refusals import Refusal, TryLater
from domain.video import VideoRefusal
from domain.wallet import WalletRefusal
from storage.session import DATABASE_AWAY

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
BODY_BYTES_MAX = 64 * 1024
RETRY_AFTER_S = 5

STATUS_OF: Mapping[str, int] = {
    "invalid": 422,
    "not_signed_in": 401,
    "wrong_origin": 403,
    "too_large": 413,
    "unavailable": 503,
    "window_too_long": 422,
    Refusal.NOT_FOUND: 404,
    Refusal.NOT_ALLOWED: 403,
    Refusal.ALREADY_ACKNOWLEDGED: 409,
    Refusal.ALREADY_RESOLVED: 409,
    Refusal.TOO_LONG: 422,
    Refusal.NOT_CLAIMED: 409,
    Refusal.REQUEST_NEEDED: 409,
    Refusal.KEY_ONLY: 409,
    Refusal.COMMAND_OPEN: 409,
    Refusal.DEVICE_OFF: 409,
    Refusal.KEY_USED: 409,
    Refusal.NAME_TAKEN: 409,
    Refusal.END_IN_THE_PAST: 422,
    Refusal.WRONG_CREDENTIALS: 401,
    Refusal.SUSPENDED: 403,
    Refusal.TENANT_PENDING: 403,
    Refusal.TENANT_DECLINED: 403,
    Refusal.TENANT_SUSPENDED: 403,
    Refusal.CODE_NEEDED: 401,
    Refusal.WRONG_CODE: 401,
    "refresh_refused": 401,
    Refusal.REFRESH_REUSED: 401,
    "try_later": 429,
    Refusal.ALREADY_SO: 409,
    Refusal.NOT_POSSIBLE_NOW: 409,
    Refusal.LAST_OWNER: 409,
    Refusal.YOURSELF: 409,
    Refusal.BELONGS_TO_OTHERS: 403,
    Refusal.LINK_USED: 409,
    Refusal.LINK_REVOKED: 409,
    Refusal.TOO_MANY: 409,
    Refusal.NOBODY_CHOSEN: 409,
    Refusal.TOPIC_TAKEN: 409,
    Refusal.PUMP_AWAY: 503,
    Refusal.CARD_KNOWN: 409,
    PumpRefusal.UNKNOWN_MOTOR: 404,
    PumpRefusal.UNKNOWN_RUN: 404,
    PumpRefusal.KEY_REUSED: 409,
    PumpRefusal.MEMBER_SUSPENDED: 409,
    PumpRefusal.OPEN_RUN: 409,
    PumpRefusal.LINE_FULL: 409,
    PumpRefusal.BALANCE_TOO_LOW: 409,
    PumpRefusal.NOT_RUNNING: 409,
    PumpRefusal.NOT_WAITING: 409,
    PumpRefusal.MOTOR_IN_USE: 409,
    PumpRefusal.NOT_SURELY_OFF: 409,
    PumpRefusal.GROUP_IN_USE: 409,
    PumpRefusal.ALREADY_STOPPING: 409,
    WalletRefusal.NO_HOLD: 409,
    RequestRefusal.ALREADY_DECIDED: 409,
    JobRefusal.ONLY_THE_OWNER: 403,
    **dict.fromkeys(
        (
            JobRefusal.MOVED_MEANWHILE,
            JobRefusal.NO_SUCH_MOVE,
            JobRefusal.PIT_NEEDED,
            JobRefusal.PIT_TAKEN,
            JobRefusal.STAFF_NEEDED,
            JobRefusal.CLIMATE_OUT,
            JobRefusal.CLIMATE_UNKNOWN,
            JobRefusal.OTHER_STAGE,
            JobRefusal.STAGES_OPEN,
            JobRefusal.STAGES_DONE,
            JobRefusal.CHECKLIST_OPEN,
            JobRefusal.DEFECT_NEEDED,
            JobRefusal.NO_SUCH_CHECK,
        ),
        409,
    ),
    CameraRefusal.TOKEN_WRONG: 401,
    CameraRefusal.TOO_MANY: 409,
    CameraRefusal.NO_STILL: 409,
    CameraRefusal.PASSWORD_AGAIN: 409,
    **dict.fromkeys(Unseen, 409),
    **dict.fromkeys(VideoRefusal, 409),
    VideoRefusal.UNKNOWN_CAMERA: 404,
    VideoRefusal.UNKNOWN_SESSION: 404,
    VideoRefusal.UNKNOWN_FILE: 404,
    VideoRefusal.BAD_OFFER: 422,
    VideoRefusal.BAD_ADDRESS: 422,
    VideoRefusal.NOT_SUPPORTED: 422,
    VideoRefusal.GATEWAY_DOWN: 503,
    VideoRefusal.BUSY: 503,
    PhotoFault.TOO_MANY: 409,
    BundleFault.TOO_LARGE: 413,
    BundleFault.NO_RELEASE_KEY: 409,
    BundleFault.VERSION_TAKEN: 409,
}
"""Codes that this API refuses with. Limits' faults (`domain.limits.LimitsFault`) are 422 as well."""

_CODE_OF_STATUS = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


class FieldError(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(description="Name of the field; nested ones with dots.", examples=["until"])
    message: str


class Problem(BaseModel):
    """Every error of this API (RFC 9457, media type application/problem+json)."""

    type: str = Field(description="A name for this kind of problem: its code as a URN.")
    title: str = Field(description="The HTTP status in words.")
    status: int
    detail: str = Field(description="What is wrong this time, for people.")
    code: str = Field(description="Stable name of the problem, for programs.", examples=["not_found"])
    errors: list[FieldError] | None = Field(None, description="Wrong fields, with code `invalid`.")
    incident: str | None = Field(None, description="With status 500: what to look for in the server's log.")
    until: datetime | None = Field(None, description="With code `privacy_hours`: when there is a picture again.")


def refused(code: str, detail: str, errors: Iterable[FieldError] = ()) -> HTTPException:
    """An exception to raise; its status follows from the code."""
    status = STATUS_OF.get(code, 422)
    headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": str(RETRY_AFTER_S)}}.get(status)
    return HTTPException(status, {"code": code, "detail": detail, "errors": list(errors)}, headers)


def try_later(later: TryLater) -> HTTPException:
    """Too many failures; the answer says when it is worth coming again."""
    error = refused("try_later", f"Too many attempts. Try again in {later.wait_s} seconds.")
    error.headers = {"Retry-After": str(later.wait_s)}
    return error


def no_picture(denied: NoPicture) -> HTTPException:
    """A camera that shows nobody anything now; the answer says until when, if that is known."""
    if denied.until is None:
        return refused(denied.why, "The camera is switched off.")
    error = refused(denied.why, "These are privacy hours: nobody sees the picture.")
    error.detail["until"] = denied.until  # type: ignore[index]  # made as a dict above
    return error


def invalid(field: str, message: str) -> HTTPException:
    """A field that is well-formed but can't be meant."""
    return refused("invalid", "The request has a field that can't be used.", [FieldError(field=field, message=message)])


def respond(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[FieldError] | None = None,
    incident: str | None = None,
    until: datetime | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem as a response."""
    problem = Problem(
        type=f"urn:pitpilot:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=errors or None,
        incident=incident,
        until=until,
    )
    return JSONResponse(problem.model_dump(mode="json", exclude_none=True), status, dict(headers or {}), MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Gives all errors of an application the one form. Errors of applications around it stay as they are."""
    api.add_exception_handler(StarletteHTTPException, _on_http)  # type: ignore[arg-type]  # called with this kind alone
    api.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    for lost in DATABASE_AWAY:
        api.add_exception_handler(lost, _on_database_away)
    api.add_middleware(Incidents)


async def _on_http(request: Request, error: StarletteHTTPException) -> JSONResponse:
    detail: Any = error.detail
    if isinstance(detail, dict):
        return respond(
            error.status_code, detail["code"], detail["detail"], errors=detail.get("errors"),
            until=detail.get("until"), headers=error.headers,
        )  # fmt: skip
    code = _CODE_OF_STATUS.get(error.status_code, f"http_{error.status_code}")
    said = {404: f"There is nothing at {request.url.path}.", 405: f"{request.method} is not possible here."}
    return respond(error.status_code, code, said.get(error.status_code, str(detail)), headers=error.headers)


async def _on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [FieldError(field=_field(fault["loc"]), message=_message(fault)) for fault in error.errors()]
    return respond(422, "invalid", "The request has fields that can't be used.", errors=errors)


def _field(location: tuple[str | int, ...]) -> str:
    """("body", "note") is `note`; a fault of the whole body is `body`."""
    inner = [str(part) for part in location[1:] if not isinstance(part, int)]
    return ".".join(inner) or str(location[0])


def _message(fault: dict[str, Any]) -> str:
    if fault["type"] == "json_invalid":
        return f"not JSON: {fault['ctx']['error']}"
    return str(fault["msg"]).removeprefix("Value error, ")


async def _on_database_away(request: Request, error: Exception) -> JSONResponse:
    log.warning("no database for a request", path=noted(request.url.path), error=str(error))
    away = refused("unavailable", "The database does not answer; try again in a moment.")
    return respond(503, "unavailable", "The database does not answer; try again in a moment.", headers=away.headers)


class Incidents:
    """Turns what nobody expected into an incident: a number for the caller, the trace for the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            log.debug("caller gone", path=noted(scope["path"]))
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("request failed", incident=incident, method=scope.get("method"), path=noted(scope["path"]))
            if started:
                raise  # half an answer is out: only a broken connection tells the caller so
            detail = "Something went wrong here. The incident's number leads to it in the server's log."
            await respond(500, "internal", detail, incident=incident)(scope, receive, send)


class BoundedRoute(APIRoute):
    """A route whose requests have a body of at most BODY_BYTES_MAX, however it arrives."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            received = 0

            async def receive() -> Message:
                nonlocal received
                message = await request.receive()
                received += len(message.get("body", b""))
                if received > BODY_BYTES_MAX:
                    raise refused("too_large", f"A request may have at most {BODY_BYTES_MAX} bytes.")
                return message

            return await handle(Request(request.scope, receive))

        return bounded
