"""Firmware for whoever runs the platform: releases, who runs what, and roll-outs with what became of each device."""

from datetime import datetime
from typing import Annotated, NoReturn
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from actions import releases
from actions.releases import NOTE_CHARS_MAX
from api.auth import viewer
from api.context import Now
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.firmware import BUNDLE_BYTES_MAX, BundleFault, Channel, NodeKind
from domain.refusals import Refusal
from storage.firmware import ReleaseRow

router = routes("/firmware", tag="firmware", takes_files=True)
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_RELEASES))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_RELEASES))]

_FAULTS = {
    BundleFault.TOO_LARGE: f"A bundle has at most {BUNDLE_BYTES_MAX} bytes.",
    BundleFault.NOT_A_BUNDLE: "This is no bundle: a line of JSON, a line with its signature, then the files.",
    BundleFault.UNKNOWN_FORMAT: "This bundle's form is not known here. A newer PitPilot made it.",
    BundleFault.UNTRUSTED: "The bundle was not signed by this installation's release key, or was changed since.",
    BundleFault.MANIFEST_WRONG: "The manifest lacks a field, or says what it may not.",
    BundleFault.CUT_OFF: "There are fewer or more bytes than the manifest names. Upload the whole file.",
    BundleFault.CHANGED: "The files are not those that were signed.",
    BundleFault.NO_RELEASE_KEY: "This installation knows no release key. Put the public one into its data folder.",
    BundleFault.VERSION_TAKEN: "There is another bundle of this kind and version. Give it a new version.",
}
_SAYS = {
    Refusal.NOT_FOUND: "There is no such release.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.TOO_LONG: f"A note has at most {NOTE_CHARS_MAX} characters.",
    Refusal.ALREADY_SO: "It is so already.",
    Refusal.NOT_POSSIBLE_NOW: "A roll-out of it is not over. Cancel that first.",
}


class Release(BaseModel):
    """A firmware release."""

    id: UUID
    kind: NodeKind
    version: str
    channel: Channel
    sha256: str = Field(description="Of the whole bundle, as hexadecimal digits.")
    size: int = Field(description="Of the whole bundle, in bytes.")
    files: int
    note: str
    uploaded_by: str | None
    uploaded_at: datetime
    withdrawn_at: datetime | None
    devices: int = Field(description="How many devices run it.")


class Running(BaseModel):
    """How many devices run a version."""

    kind: NodeKind
    version: str | None = Field(description="Null: they have not said which.")
    devices: int
    tenants: int
    heard: int = Field(description="How many of them were heard within the last minute.")


class Fleet(BaseModel):
    """All releases, the newest first, and who runs what."""

    releases: list[Release]
    versions: list[Running]


class Uploaded(BaseModel):
    """A release that was taken."""

    id: UUID


@router.get("/releases", responses=errors(401, 403, 503))
async def list_releases(by: Reader, now: Now) -> Fleet:
    """Every release of this platform, and how many devices run which version."""
    found = await releases.fleet(by, now)
    if isinstance(found, Refusal):
        _refuse(found)
    return Fleet(
        releases=[_release(row) for row in found.releases],
        versions=[
            Running(kind=v.kind, version=v.version, devices=v.devices, tenants=v.tenants, heard=v.heard)
            for v in found.versions
        ],
    )


@router.post(
    "/releases",
    status_code=201,
    responses=errors(400, 401, 403, 409, 413, 422, 503),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_release(
    by: Manager, request: Request, now: Now, note: Annotated[Words, Query(max_length=NOTE_CHARS_MAX)] = ""
) -> Uploaded:
    """Takes a signed bundle, the request's body as it is. Nothing is sent to any device yet."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BUNDLE_BYTES_MAX:
            raise refused(BundleFault.TOO_LARGE, _FAULTS[BundleFault.TOO_LARGE])
    answer = await releases.upload(by, bytes(body), note, now)
    if isinstance(answer, BundleFault):
        raise refused(answer, _FAULTS[answer])
    if isinstance(answer, Refusal):
        _refuse(answer)
    return Uploaded(id=answer)


@router.get("/releases/{release_id}", responses=errors(401, 403, 404, 422, 503))
async def read_release(by: Reader, release_id: UUID) -> Release:
    """One release, with how many devices run it."""
    found = await releases.release(by, release_id)
    if isinstance(found, Refusal):
        _refuse(found)
    return _release(found)


@router.post("/releases/{release_id}/withdraw", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def withdraw_release(by: Manager, release_id: UUID, now: Now) -> None:
    """No device gets it any more; those that run it go on."""
    if refusal := await releases.withdraw(by, release_id, now):
        _refuse(refusal)


@router.post("/releases/{release_id}/restore", status_code=204, responses=errors(401, 403, 404, 409, 422, 503))
async def restore_release(by: Manager, release_id: UUID) -> None:
    """Puts a withdrawn release back into use."""
    if refusal := await releases.restore(by, release_id):
        _refuse(refusal)


def _release(row: ReleaseRow) -> Release:
    return Release(
        id=row.id, kind=row.kind, version=row.version, channel=row.channel, sha256=row.sha256, size=row.size,
        files=row.files, note=row.note, uploaded_by=row.uploaded_by, uploaded_at=row.uploaded_at,
        withdrawn_at=row.withdrawn_at, devices=row.devices,
    )  # fmt: skip


def _refuse(refusal: Refusal) -> NoReturn:
    raise refused(refusal, _SAYS[refusal])
