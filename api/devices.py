"""Devices: what they last said of themselves, how much they lose, what was refused of them, and who they are."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from api.auth import viewer
from api.context import Now
from api.device_identity import DeviceId
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.claims import Identity, Link
from domain.refusals import Refusal
from storage import queries
from storage.session import transaction

router = routes(tag="devices")
DeviceViewer = Annotated[Viewer, Depends(viewer(Intent.SEE_DEVICES))]


class Device(BaseModel):
    """A device; what it says of itself is null until it has said so."""

    id: str
    name: str
    kind: str = Field(description="`pit` or `pump`.")
    pit_id: UUID | None
    pit: str | None = Field(description="The pit's name.")
    enabled: bool
    online: bool
    heard_at: datetime | None
    firmware: str | None
    rssi_dbm: int | None
    up_s: int | None = Field(description="Seconds since its boot.")
    clock_off_ms: int | None = Field(description="How far its clock is ahead of the server's.")
    expected: int = Field(description="Readings of the last hour, by their numbers.")
    lost: int = Field(description="How many of them did not arrive (yet).")
    rejected_today: int = Field(description="Messages and readings that were refused today (UTC).")
    identity: Identity = Field(description="`waiting` to be claimed, `claimed`, or `revoked`.")
    link: Link = Field(description="How it reaches the server.")
    credential: Literal["password", "certificate", "key"] | None = Field(
        description="How it comes in: at the broker, or by its key over HTTP."
    )
    claimed_at: datetime | None
    revoked_at: datetime | None
    certificate_until: datetime | None = Field(description="When its certificate runs out.")
    claim_code_until: datetime | None = Field(description="Until when a claim code may be used, if there is one.")


class Devices(BaseModel):
    """The workshop's devices by name."""

    devices: list[Device]


class Rejection(BaseModel):
    """A message that was refused, cut to what a person can read."""

    at: datetime
    reason: str
    detail: str
    payload: str


class Rejections(BaseModel):
    """What was refused of a device."""

    counts: dict[str, int] = Field(description="By reason, in the last seven days.")
    last: list[Rejection] = Field(description="The last few, newest first.")


class DeviceWithRejections(Device):
    """A device and what was refused of it."""

    rejections: Rejections


@router.get("/devices", responses=errors(401, 403, 503))
async def list_devices(viewer: DeviceViewer, now: Now, pit_id: UUID | None = None) -> Devices:
    """All devices of the workshop, or of one pit."""
    async with transaction(viewer.tenant_id) as tx:
        rows = await queries.devices(tx, now, pit_id)
    return Devices(devices=[Device(**_fields(row)) for row in rows])


@router.get("/devices/{device_id}", responses=errors(401, 403, 404, 503))
async def read_device(device_id: DeviceId, viewer: DeviceViewer, now: Now) -> DeviceWithRejections:
    """One device with its refused messages."""
    async with transaction(viewer.tenant_id) as tx:
        row = await queries.device(tx, device_id, now)
        if row is None:
            raise refused(Refusal.NOT_FOUND, "There is no such device.")
        counts, samples = await queries.rejections(tx, device_id, now)
    last = [Rejection(at=s.at, reason=s.reason, detail=s.detail, payload=s.payload) for s in samples]
    return DeviceWithRejections(**_fields(row), rejections=Rejections(counts=counts, last=last))


def _fields(row: queries.DeviceRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "pit_id": row.pit_id,
        "pit": row.pit_name,
        "enabled": row.enabled,
        "online": row.online,
        "heard_at": row.heard_at,
        "firmware": row.firmware,
        "rssi_dbm": row.rssi_dbm,
        "up_s": row.up_s,
        "clock_off_ms": row.clock_off_ms,
        "expected": row.expected,
        "lost": row.lost,
        "rejected_today": row.rejected_today,
        "identity": row.identity,
        "link": row.link,
        "credential": row.credential,
        "claimed_at": row.claimed_at,
        "revoked_at": row.revoked_at,
        "certificate_until": row.certificate_until,
        "claim_code_until": row.code_until,
    }
