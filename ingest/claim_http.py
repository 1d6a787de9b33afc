"""Where a device becomes itself: with a claim code it gets its own credential, with its key it renews it.

Whoever guesses codes is slowed down by address, whatever the number of processes; a workshop that brings in twenty
nodes at once from one address is not.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from actions.device_certificates import REQUEST_CHARS_MAX
from actions.device_claims import claim
from actions.device_credentials import KEY, Credential, kind_of, renew
from actions.people.throttle import attempt, forgive, key_of, network_of
from domain.refusals import Refusal, TryLater
from domain.throttling import Pace
from ingest import wire
from ingest.device_addresses import DeviceAddresses
from storage.session import EVERY_TENANT, transaction

CLAIM, RENEW = "/v1/devices/claim", "/v1/devices/renew"
PACE = Pace(30, 2, 60)
"""Thirty wrong codes are free, a nervous installer's lot; then each costs twice the wait, up to a minute."""

_SAYS: dict[Refusal, tuple[int, str]] = {
    Refusal.CLAIM_CODE_UNKNOWN: (404, "No device waits for this code. Compare it character by character."),
    Refusal.CLAIM_CODE_USED: (409, "This code was used already. Make a new one on the device's page."),
    Refusal.CLAIM_CODE_EXPIRED: (410, "This code has expired. Make a new one on the device's page."),
    Refusal.CLAIM_CODE_WITHDRAWN: (410, "This code was withdrawn, or a newer one took its place. Use the newest."),
    Refusal.REQUEST_UNUSABLE: (
        422,
        "The signing request must be PEM, at most 4 kB, signed by its own key: EC P-256 or P-384, or RSA of 2048 to"
        " 4096 bits.",
    ),
    Refusal.REQUEST_NEEDED: (422, "This device has a certificate: send a signing request as `csr`."),
    Refusal.KEY_ONLY: (
        409,
        "This device speaks HTTP, with its key and nothing else. Leave out `csr`; a new key comes with a new code.",
    ),
    Refusal.TENANT_SUSPENDED: (403, "The workshop is suspended. Ask its owner."),
    Refusal.WRONG_CREDENTIALS: (401, "No device has this key."),
}
_ERRORS = {
    401: "No device has this key (`unknown_key`).",
    403: "The workshop is suspended (`tenant_suspended`).",
    404: "Nobody gave this code out (`claim_code_unknown`).",
    409: "The code was used already (`claim_code_used`); the device has a key and nothing else (`key_only`).",
    410: "The code's time is over (`claim_code_expired`), or a newer one took its place (`claim_code_withdrawn`).",
    422: "The signing request can't be used (`request_unusable`) or is missing (`request_needed`).",
    429: "Too many wrong codes from this address (`too_many`); see `Retry-After`.",
    503: "The database does not answer (`unavailable`); try again after `Retry-After`.",
}

_device_key = HTTPBearer(scheme_name="device_key", auto_error=False, description="The device's own key, `pk_…`.")
Csr = Annotated[
    str | None,
    Field(
        max_length=REQUEST_CHARS_MAX,
        description="A certificate signing request in PEM, for a device that comes in by certificate. Its names are"
        " ignored: the certificate says whose device it is.",
    ),
]


class Claim(BaseModel):
    """A claim code, and how the device wants to come in: by password, or by certificate."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(
        max_length=64, description="As it is written, with or without hyphens.", examples=["K7QM-3FXT-9RWB"]
    )
    csr: Csr = None


class Renewal(BaseModel):
    """What the device wants anew: a password, or a certificate."""

    model_config = ConfigDict(extra="forbid")
    csr: Csr = None


class Mqtt(BaseModel):
    """How the device comes in at the broker."""

    url: str | None = Field(description="Where; null: on PitPilot's own host, at the usual port.")
    username: str = Field(description="The device's id. With a certificate it follows from that.")
    password: str | None = Field(description="Null with a certificate.")
    topics: str = Field(description="Below which the device speaks and hears.", examples=["v1/…/pp-…"])


class Given(BaseModel):
    """What the device was given. It is said once and can't be asked for again."""

    device_id: str
    tenant_id: UUID
    mqtt: Mqtt | None = Field(description="Null for a device that was registered for HTTP: its key is all it has.")
    key: str | None = Field(description="For HTTP, as `Authorization: Bearer pk_…`; null: the one that it has stays.")
    certificate: str | None = Field(description="The device's certificate and its authority's, in PEM.")
    valid_until: datetime | None = Field(description="When the certificate runs out; renew it before.")


class Claimed(Given):
    """What a new device was given, and what it is."""

    name: str
    kind: str = Field(description="`pit` or `pump`.")
    next_boot_id: int = Field(description="Number boots from here on: lower numbers are taken.")


def mount(api: FastAPI, addresses: DeviceAddresses) -> None:
    """Adds both routes to the API's application."""
    api.include_router(_router(addresses))
    api.openapi_schema = None


def _router(addresses: DeviceAddresses) -> APIRouter:
    router = APIRouter(tags=["devices"])

    @router.post(CLAIM, status_code=201, responses=_documented(403, 404, 409, 410, 422, 429, 503))
    async def claim_device(wanted: Claim, request: Request, response: Response) -> Claimed:
        """Takes a claim code, once, and gives the device its own credential."""
        address, now = request.client.host if request.client else "", datetime.now(UTC)
        counted = await attempt({key_of("claim", network_of(address)): PACE}, now)
        if isinstance(counted, TryLater):
            raise _error(429, "too_many", "Too many wrong codes came from here. Wait.", counted.wait_s)
        answer = await claim(wanted.code, wanted.csr, address, now)
        if isinstance(answer, Refusal):
            raise _refused(answer)
        async with transaction(EVERY_TENANT) as tx:
            await forgive(tx, counted, clear="")
        response.headers["Cache-Control"] = "no-store"
        return Claimed(
            **_given(answer.credential, addresses),
            name=answer.name,
            kind=answer.kind,
            next_boot_id=answer.next_boot_id,
        )

    @router.post(RENEW, responses=_documented(401, 403, 409, 422, 503))
    async def renew_credential(
        wanted: Renewal,
        response: Response,
        key: Annotated[HTTPAuthorizationCredentials | None, Security(_device_key)],
    ) -> Given:
        """Gives a device a new password, or a certificate, in place of what it has. Its key stays, so that it can ask
        again if the answer is lost.
        """
        answer = await renew(key.credentials if key else "", wanted.csr, datetime.now(UTC))
        if isinstance(answer, Refusal):
            raise _refused(answer)
        response.headers["Cache-Control"] = "no-store"
        return Given(**_given(answer, addresses))

    return router


def _given(credential: Credential, addresses: DeviceAddresses) -> dict[str, Any]:
    certified, by_key_alone = credential.certificate is not None, kind_of(credential) == KEY
    return {
        "device_id": credential.device_id,
        "tenant_id": credential.tenant_id,
        "mqtt": None
        if by_key_alone
        else Mqtt(
            url=addresses.by_certificate if certified else addresses.by_password,
            username=credential.device_id,
            password=credential.password,
            topics=wire.topic(str(credential.tenant_id), credential.device_id, "").rstrip("/"),
        ),
        "key": credential.key,
        "certificate": credential.certificate,
        "valid_until": credential.valid_until,
    }


def _refused(refusal: Refusal) -> HTTPException:
    status, detail = _SAYS[refusal]
    return _error(status, "unknown_key" if refusal is Refusal.WRONG_CREDENTIALS else refusal, detail)


def _error(status: int, code: str, detail: str, wait_s: int | None = None) -> HTTPException:
    headers = {"Retry-After": str(wait_s)} if wait_s else {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return HTTPException(status, {"code": code, "detail": detail}, headers)


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"description": _ERRORS[status]} for status in statuses}
