"""Photos of jobs: taken, listed, shown, released to the customer, removed."""

from datetime import datetime
from typing import Annotated, BinaryIO, Literal, NoReturn, Self
from uuid import UUID, uuid4

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from starlette.datastructures import FormData, UploadFile

from actions.jobs import photos
from api.context import Now
from api.jobs import JobViewer, JobWorker
from api.openapi import errors
from api.problems import invalid, refused
from api.pump_models import Key
from api.routes import routes
from domain.jobs.words import Stage
from domain.photos import BYTES_MAX, PER_JOB_MAX, PIXELS_MAX, PhotoFault
from domain.refusals import Refusal
from storage import photos as rows
from storage.job_rows import read
from storage.photos import PhotoRow
from storage.session import transaction

router = routes(tag="photos", takes_files=True)
bounded = routes(tag="photos")
"""All but the one that takes a file."""

SHOWN = {
    # A photo never changes; who may no longer see it can't ask for it, and no proxy keeps it.
    "Cache-Control": "private, max-age=86400, immutable",
    "Vary": "Authorization, Cookie",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {
                        "photo": {
                            "type": "string",
                            "format": "binary",
                            "description": f"JPEG, PNG or WebP, at most {BYTES_MAX >> 20} MB.",
                        },
                        "stage": {
                            "type": "string",
                            "enum": [stage.value for stage in Stage],
                            "description": "What it shows; without it, what is being worked on.",
                        },
                    },
                }
            }
        },
    }
}
_SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such thing.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.KEY_USED: "Another job's photo was sent with this Idempotency-Key.",
    Refusal.ALREADY_SO: "It is so already.",
    PhotoFault.TOO_LARGE: f"A photo has at most {BYTES_MAX >> 20} MB.",
    PhotoFault.HEIC: "This is a HEIC photo. Send it as JPEG: most cameras can be told to make JPEG.",
    PhotoFault.NOT_A_PHOTO: "This is neither JPEG nor PNG nor WebP, whatever its name says.",
    PhotoFault.TOO_MANY_PIXELS: f"A photo has at most {PIXELS_MAX // 1_000_000} million pixels.",
    PhotoFault.DAMAGED: "The photo can't be read to its end. Take it again.",
    PhotoFault.TOO_MANY: f"A job has at most {PER_JOB_MAX} photos.",
}


class Photo(BaseModel):
    """A photo as lists show it; its picture is at `/api/v1/photos/{id}`."""

    id: UUID
    stage: Stage | None = Field(description="What was being worked on; null: something else.")
    size: int = Field(description="Bytes of the full picture.")
    width: int
    height: int
    taken_at: datetime
    person: str | None = Field(description="Who took it.")
    released_at: datetime | None = Field(description="Since when the customer may see it; null: not.")

    @classmethod
    def of(cls, row: PhotoRow) -> Self:
        return cls(
            id=row.id, stage=Stage(row.stage) if row.stage else None, size=row.size, width=row.width,
            height=row.height, taken_at=row.taken_at, person=row.person, released_at=row.released_at,
        )  # fmt: skip


class PhotoList(BaseModel):
    photos: list[Photo]


class Release(BaseModel):
    released: bool = Field(description="Whether the customer may see it.")


@router.post(
    "/jobs/{job_id}/photos",
    status_code=201,
    responses=errors(400, 401, 403, 404, 409, 413, 422, 503),
    openapi_extra=_BODY,
)
async def take_photo(job_id: UUID, request: Request, by: JobWorker, now: Now, key: Key = None) -> Photo:
    """Keeps a photo of the job: redrawn to at most 2,048 pixels, without metadata. With an `Idempotency-Key`, which
    becomes the photo's id, it may be sent again without being kept twice.
    """
    # Read here and not by a declared field: so nobody who may not send a photo makes us read one.
    async with request.form(max_files=1, max_fields=1) as form:
        file, stage = _sent(form)
        answer = await photos.take(job_id, file, stage, by, now, key=key or uuid4())
    if isinstance(answer, Refusal | PhotoFault):
        _refuse(answer)
    return Photo.of(answer)


def _sent(form: FormData) -> tuple[BinaryIO, Stage | None]:
    file, named = form.get("photo"), form.get("stage")
    if not isinstance(file, UploadFile):
        raise invalid("photo", "a file is needed")
    if (file.size or 0) > BYTES_MAX:
        _refuse(PhotoFault.TOO_LARGE)
    if named and named not in list(Stage):
        raise invalid("stage", f"must be one of {', '.join(Stage)}")
    return file.file, Stage(str(named)) if named else None


@bounded.get("/jobs/{job_id}/photos", responses=errors(401, 403, 404, 422, 503))
async def list_photos(job_id: UUID, by: JobViewer) -> PhotoList:
    """The job's photos, oldest first."""
    async with transaction(by.tenant_id) as tx:
        if await read(tx, by.tenant_id, job_id) is None:
            _refuse(Refusal.NOT_FOUND)
        found = await rows.of_job(tx, by.tenant_id, job_id)
    return PhotoList(photos=[Photo.of(row) for row in found])


@bounded.get(
    "/photos/{photo_id}",
    response_class=Response,
    responses=errors(401, 403, 404, 422, 503) | {200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
async def show_photo(
    photo_id: UUID,
    by: JobViewer,
    size: Annotated[Literal["full", "thumb"], Query(description="thumb: at most 480 pixels.")] = "full",
) -> Response:
    """The picture itself, a JPEG."""
    async with transaction(by.tenant_id) as tx:
        row = await rows.one(tx, by.tenant_id, photo_id)
    return await picture(row, thumb=size == "thumb")


@bounded.put("/photos/{photo_id}/release", responses=errors(401, 403, 404, 409, 413, 422, 503))
async def release_photo(photo_id: UUID, said: Release, by: JobWorker, now: Now) -> Photo:
    """Lets the customer see it, or not any more."""
    answer = await photos.release(photo_id, said.released, by, now)
    if isinstance(answer, Refusal):
        _refuse(answer)
    return Photo.of(answer)


@bounded.delete("/photos/{photo_id}", status_code=204, responses=errors(401, 403, 404, 422, 503))
async def remove_photo(photo_id: UUID, by: JobWorker, now: Now) -> None:
    """Deletes the picture; the job's timeline still says that there was one."""
    if answer := await photos.remove(photo_id, by, now):
        _refuse(answer)


async def picture(row: PhotoRow | None, *, thumb: bool) -> Response:
    """The answer that shows a photo, or says that there is none."""
    content = None if row is None or row.removed_at else await photos.content_of(row, thumb=thumb)
    if row is None or content is None:
        _refuse(Refusal.NOT_FOUND)
    name = f"photo-{row.taken_at:%Y-%m-%d-%H%M%S}{'-small' if thumb else ''}.jpg"
    return Response(
        content, media_type=row.media_type, headers=SHOWN | {"Content-Disposition": f'inline; filename="{name}"'}
    )


def _refuse(why: Refusal | PhotoFault) -> NoReturn:
    raise refused(why, _SAYS[why])
