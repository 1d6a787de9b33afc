"""What an owner does with devices: registers and names them, puts them into pits, lets them claim themselves, cuts
them off. The device's own part, taking a code, is ingest/claim_http.py.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from actions import devices
from actions.device_claims import make_code
from actions.device_credentials import revoke, rotate
from actions.devices import NAME_CHARS_MAX, Kind
from actions.pumps.steps import AnyRefusal
from api.auth import viewer
from api.context import Now, Wired
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.claims import Link, payload
from domain.pump.words import PumpRefusal
from domain.refusals import Refusal

router = routes("/devices", tag="devices")
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_DEVICES))]
DeviceId = Annotated[str, Path(pattern="^[a-z0-9-]{3,40}$", examples=["pp-0001"])]
Name = Annotated[Words, Field(min_length=1, max_length=NAME_CHARS_MAX)]

_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such device or pit.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.EMPTY: "A name needs a character, and only such that can be shown.",
    Refusal.TOO_LONG: f"A name has at most {NAME_CHARS_MAX} characters.",
    Refusal.PUMP_IN_PIT: "A pump controller stands in no pit.",
    Refusal.PUMP_AWAY: "The motors are not controlled at this moment. Try again in a moment.",
    PumpRefusal.MOTOR_IN_USE: "Somebody uses the motor, or waits for it: stop these runs first.",
    PumpRefusal.NOT_SURELY_OFF: "The motor may still be ON.",
    Refusal.NOT_POSSIBLE_NOW: "A sensor of another make speaks by its workshop's own login.",
    Refusal.NOT_CLAIMED: "The device has no credential. Make a claim code, and let it claim itself.",
    Refusal.REQUEST_NEEDED: "The device has a certificate. It renews it by itself, or claims itself with a new code.",
}


class NewDevice(BaseModel):
    """A device that is to be claimed."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    kind: Kind = Kind.PIT
    pit_id: UUID | None = Field(None, description="Null: in none, as yet. A pump controller stands in none.")
    link: Link = Field(Link.MQTT, description="`http`: it only speaks HTTP, and gets a key and nothing else.")


class Registered(BaseModel):
    """A device that waits to be claimed."""

    id: str = Field(description="Under which it is known everywhere; also its user name at the broker.")


class NewName(BaseModel):
    """What people call it."""

    model_config = ConfigDict(extra="forbid")
    name: Name


class NewPit(BaseModel):
    """Where it stands."""

    model_config = ConfigDict(extra="forbid")
    pit_id: UUID | None


class NewLink(BaseModel):
    """How it reaches the server."""

    model_config = ConfigDict(extra="forbid")
    link: Link


class Enabled(BaseModel):
    """Whether what it says counts."""

    model_config = ConfigDict(extra="forbid")
    enabled: bool


class ClaimCode(BaseModel):
    """A code with which one device may claim this identity, once. It is said once and can't be asked for again."""

    device_id: str
    code: str = Field(examples=["K7QM-3FXT-9RWB"])
    expires_at: datetime
    payload: str = Field(description="For a QR code: where to go, and the code.")


class NewCredential(BaseModel):
    """What the device must be given by hand. It is said once and can't be asked for again."""

    username: str = Field(description="At the broker: the device's id.")
    password: str | None = Field(description="At the broker; null for a device that only speaks HTTP.")
    key: str = Field(description="For HTTP, as `Authorization: Bearer pk_…`.")


@router.post("", status_code=201, responses=errors(401, 403, 404, 413, 503))
async def register_device(wanted: NewDevice, by: Manager, now: Now) -> Registered:
    """Adds a device to the workshop. Nothing may speak in its name until it claims itself."""
    answer = await devices.register(wanted.name, wanted.kind, wanted.pit_id, by, now, wanted.link)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    return Registered(id=answer)


@router.put("/{device_id}/name", status_code=204, responses=errors(401, 403, 404, 413, 503))
async def rename_device(device_id: DeviceId, wanted: NewName, by: Manager) -> None:
    """Changes what people call it; its id stays."""
    _done(await devices.rename(device_id, wanted.name, by))


@router.put("/{device_id}/pit", status_code=204, responses=errors(401, 403, 404, 413, 503))
async def move_device(device_id: DeviceId, wanted: NewPit, by: Manager) -> None:
    """Puts it into a pit, or into none. What it measured before stays with the pit where it was."""
    _done(await devices.move(device_id, wanted.pit_id, by))


@router.put("/{device_id}/link", status_code=204, responses=errors(401, 403, 404, 409, 413, 503))
async def change_device_link(device_id: DeviceId, wanted: NewLink, by: Manager, now: Now) -> None:
    """Changes how it reaches the server. What it came in with ends at once; a new claim code lets it in again. One that
    is connected so already is no error.
    """
    _done(await devices.change_link(device_id, wanted.link, by, now))


@router.put("/{device_id}/enabled", status_code=204, responses=errors(401, 403, 404, 413, 503))
async def enable_device(device_id: DeviceId, wanted: Enabled, by: Manager, now: Now) -> None:
    """Switches it off or on. What one says that is off is refused and counted; to cut it off, revoke it."""
    _done(await devices.enable(device_id, wanted.enabled, by, now))


@router.post("/{device_id}/claim-code", status_code=201, responses=errors(401, 403, 404, 503))
async def make_claim_code(device_id: DeviceId, by: Manager, now: Now, request: Request, wired: Wired) -> ClaimCode:
    """Makes a claim code, good for an hour, in place of any earlier one. What the device has now goes on working until
    the code is used.
    """
    answer = await make_code(device_id, by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    server_url = wired.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return ClaimCode(
        device_id=device_id,
        code=answer.code,
        expires_at=answer.expires_at,
        payload=payload(server_url, answer.code.replace("-", "")),
    )


@router.post("/{device_id}/rotate", responses=errors(401, 403, 404, 409, 503))
async def rotate_credential(device_id: DeviceId, by: Manager, now: Now) -> NewCredential:
    """Replaces a device's password and key at once, for somebody to type in. The old ones end with this."""
    answer = await rotate(device_id, by, now)
    if isinstance(answer, Refusal):
        raise refused(answer, _SAYS[answer])
    return NewCredential(username=device_id, password=answer.password, key=answer.key or "")


@router.post("/{device_id}/revoke", status_code=204, responses=errors(401, 403, 404, 503))
async def revoke_device(device_id: DeviceId, by: Manager, now: Now) -> None:
    """Cuts a device off: its key, password, certificate and claim code are worth nothing from now on. One that is
    revoked already is no error. A new claim code lets it in again.
    """
    answer = await revoke(device_id, by, now)
    _done(None if answer is Refusal.ALREADY_SO else answer)


@router.delete("/{device_id}", status_code=204, responses=errors(401, 403, 404, 409, 503))
async def remove_device(device_id: DeviceId, by: Manager, now: Now) -> None:
    """Revokes a device and takes it off every list. What it measured stays. A pump's controller can't be removed while
    its motor is in use or may be ON.
    """
    _done(await devices.remove(device_id, by, now))


def _done(refusal: AnyRefusal | None) -> None:
    if refusal is not None:
        raise refused(refusal, _SAYS[refusal])
