"""Cameras of pits: kept by owners, tested, found on the LAN; tokens to look at one; who looked."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from actions import video
from actions.cameras import discovery, keeping, stills, tickets, trying
from actions.cameras.tickets import Ticket
from actions.people import Seat
from api.auth import seat, viewer
from api.camera_models import (
    Added,
    Camera,
    CameraDetails,
    Cameras,
    Found,
    FoundCameras,
    Health,
    LinkedCameras,
    NewCamera,
    Picture,
    VideoToken,
    View,
    Views,
    refuse,
)
from api.context import NOT_KEPT, Now
from api.fields import Words
from api.openapi import errors
from api.routes import routes
from domain.access import Intent, Viewer
from domain.refusals import Refusal, TryLater
from domain.video import CameraState, CameraStatus, Probe
from storage import video_views
from storage.session import transaction

router = routes(tag="cameras")
Looker = Annotated[Viewer, Depends(viewer(Intent.SEE_VIDEO))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_CAMERAS))]
LookerSeat = Annotated[Seat, Depends(seat(Intent.SEE_VIDEO))]
LINK_CHARS_MAX = 100


class Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")
    enabled: bool


class CustomersLink(BaseModel):
    """The token of a customer's link; never in an address, which logs keep."""

    model_config = ConfigDict(extra="forbid")
    link: Annotated[Words, Field(max_length=LINK_CHARS_MAX)]


class LinkedCamera(CustomersLink):
    camera_id: UUID


@router.get("/cameras", responses=errors(401, 403, 503))
async def list_cameras(by: Looker, now: Now) -> Cameras:
    """Cameras that the viewer may look at, and how they are doing."""
    found = await keeping.cameras_of(by)
    if isinstance(found, Refusal):
        refuse(found)
    return Cameras(cameras=[Camera.of(row, now) for row in found])


@router.post("/cameras", status_code=201, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def add_camera(by: Manager, new: NewCamera, now: Now) -> Added:
    """Adds a camera. Credentials in the address are taken out of it, sealed, and never shown again."""
    answer = await keeping.add(new.meant(), by, now)
    if not isinstance(answer, UUID):
        refuse(answer)
    return Added(camera_id=answer)


@router.post("/cameras/test", responses=errors(400, 401, 403, 404, 409, 413, 422, 429, 503))
async def test_camera(by: Manager, new: NewCamera) -> Picture:
    """Asks a camera that is not kept yet for a still; else what is wrong, and a path with a picture, if any."""
    return _shown(await trying.try_camera(new.meant(), by))


@router.post("/cameras/discovery", responses=errors(401, 403, 409, 413, 422, 503))
async def discover_cameras(by: Manager) -> FoundCameras:
    """Asks the LAN for ONVIF devices, for about three seconds."""
    found = await discovery.discover(by)
    if isinstance(found, Refusal):
        refuse(found)
    return FoundCameras(cameras=[Found.of(each) for each in found])


@router.get("/cameras/{camera_id}", responses=errors(401, 403, 404, 422, 503))
async def read_camera(by: Looker, camera_id: UUID, now: Now) -> Camera:
    """One camera, and how it is doing."""
    row = await keeping.camera_of(by, camera_id)
    if isinstance(row, Refusal):
        refuse(row)
    return Camera.of(row, now)


@router.get("/cameras/{camera_id}/settings", responses=errors(401, 403, 404, 422, 503))
async def read_camera_settings(by: Manager, camera_id: UUID) -> CameraDetails:
    """What was said of a camera."""
    row = await keeping.camera_of(by, camera_id)
    if isinstance(row, Refusal):
        refuse(row)
    return CameraDetails.of(row.settings)


@router.put("/cameras/{camera_id}", status_code=204, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def change_camera(by: Manager, camera_id: UUID, new: NewCamera, now: Now) -> None:
    """Says all of a camera anew."""
    wrong = await keeping.change(camera_id, new.meant(), by, now, keep_password=new.keeps_password)
    if wrong is not None:
        refuse(wrong)


@router.put("/cameras/{camera_id}/enabled", status_code=204, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def enable_camera(by: Manager, camera_id: UUID, wanted: Switch, now: Now) -> None:
    """Switched off, whoever looks sees nothing any more, within a second."""
    if wrong := await keeping.enable(camera_id, wanted.enabled, by, now):
        refuse(wrong)


@router.delete("/cameras/{camera_id}", status_code=204, responses=errors(401, 403, 404, 422, 503))
async def remove_camera(by: Manager, camera_id: UUID, now: Now) -> None:
    """Its address and password are forgotten at once, its stills after their days."""
    if wrong := await keeping.remove(camera_id, by, now):
        refuse(wrong)


@router.post("/cameras/{camera_id}/test", responses=errors(401, 403, 404, 409, 413, 422, 429, 503))
async def test_kept_camera(by: Manager, camera_id: UUID) -> Picture:
    """Asks a camera as it is kept for a still."""
    row = await keeping.camera_of(by, camera_id)
    if isinstance(row, Refusal):
        refuse(row)
    return _shown(await trying.try_camera(row.settings, by, camera_id, keep_password=True))


@router.get("/cameras/{camera_id}/health", responses=errors(401, 403, 404, 422, 503))
async def read_camera_health(by: Manager, camera_id: UUID) -> Health:
    """How the stream is doing, and what it costs."""
    row = await keeping.camera_of(by, camera_id)
    if isinstance(row, Refusal):
        refuse(row)
    now = (await video.gateway().status()).get(camera_id, CameraStatus(CameraState.IDLE))
    return Health(
        state=now.state, reason=now.reason or "", codec=now.codec, width=now.width, height=now.height, fps=now.fps,
        viewers=now.viewers_whep + now.viewers_hls, bit_rate=now.bit_rate, cpu_share=now.cpu_share,
        memory_bytes=now.memory_bytes,
    )  # fmt: skip


@router.get("/cameras/{camera_id}/views", responses=errors(401, 403, 404, 422, 503))
async def list_views(by: Manager, camera_id: UUID) -> Views:
    """Who looked at a camera, the latest first; kept for 90 days."""
    row = await keeping.camera_of(by, camera_id)
    if isinstance(row, Refusal):
        refuse(row)
    async with transaction(by.tenant_id) as tx:
        rows = await video_views.views(tx, camera_id)
    views = [View(began_at=r.began_at, seen_until=r.seen_until, person=r.person, car=r.car or None) for r in rows]
    return Views(views=views)


@router.get(
    "/cameras/{camera_id}/still",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **errors(401, 403, 404, 422, 503)},
)
async def read_still(by: Looker, camera_id: UUID, now: Now) -> Response:
    """The latest still that was kept for the board."""
    found = await stills.board_still(by, camera_id, now)
    if not isinstance(found, tuple):
        refuse(found)
    at, picture = found
    return Response(picture, media_type="image/jpeg", headers=NOT_KEPT | {"X-Taken-At": at.isoformat()})


@router.post("/cameras/{camera_id}/tokens", status_code=201, responses=errors(401, 403, 404, 413, 422, 429, 503))
async def make_video_token(by: LookerSeat, camera_id: UUID, now: Now) -> VideoToken:
    """A token of about a minute for this session and this camera alone."""
    return await _token(camera_id, await tickets.ticket_of_person(by, camera_id, now))


@router.post("/tracked-cameras", responses=errors(400, 404, 413, 422, 429, 503))
async def list_tracked_cameras(asked: CustomersLink, request: Request, now: Now) -> LinkedCameras:
    """By a customer's link: the cameras at the car, if its job allows video."""
    found = await tickets.cameras_of_link(asked.link, _address(request), now)
    if not isinstance(found, list):
        refuse(found)
    return LinkedCameras(cameras=found)


@router.post("/tracked-cameras/tokens", status_code=201, responses=errors(400, 403, 404, 413, 422, 429, 503))
async def make_tracked_token(asked: LinkedCamera, request: Request, now: Now) -> VideoToken:
    """A token of about a minute for this link's job and this camera alone."""
    found = await tickets.ticket_of_link(asked.link, asked.camera_id, _address(request), now)
    return await _token(asked.camera_id, found)


async def _token(camera_id: UUID, answer: tickets.Denied | Ticket) -> VideoToken:
    if not isinstance(answer, Ticket):
        refuse(answer)
    doing = (await video.gateway().status()).get(camera_id)
    reason = (doing.reason or "") if doing and doing.state is CameraState.FROZEN else ""
    return VideoToken(
        camera_id=camera_id, token=answer.token, expires_at=answer.expires_at, reason=reason, sound=answer.hears
    )


def _shown(found: keeping.Wrong | TryLater | trying.Failed | Probe) -> Picture:
    if not isinstance(found, Probe):
        refuse(found)
    return Picture.of(found)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
