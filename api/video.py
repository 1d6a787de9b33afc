"""The pictures themselves, below /video: WHEP, HLS and stills, each for whoever shows a token for this camera.

Nothing of a camera's own address passes here: what comes out is made by the gateway, and a token stands in a header,
never in an address that logs keep.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from actions.cameras.viewing import Answer, Viewing
from api import problems
from api.camera_models import problem
from api.context import NOT_KEPT
from api.problems import BoundedRoute, refused
from domain.cameras.words import CameraRefusal
from domain.video import HlsFile, HlsMoment, VideoRefusal, WhepAnswer

PREFIX = "/video"
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"  # RFC 8840
NAME = r"^[A-Za-z0-9._-]{1,80}$"
_bearer = HTTPBearer(auto_error=False)
router = APIRouter(route_class=BoundedRoute)
FileName = Annotated[str, Path(pattern=NAME)]
SessionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


def viewing(request: Request) -> Viewing:
    found = request.app.state.viewing
    if not isinstance(found, Viewing):
        raise TypeError("api.video.mount sets who looks")
    return found


async def ticket(bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if bearer is None:
        raise refused(CameraRefusal.TOKEN_WRONG, "Send the token of this camera as Authorization: Bearer.")
    return bearer.credentials


Lookers = Annotated[Viewing, Depends(viewing)]
Token = Annotated[str, Depends(ticket)]


def mount(app: FastAPI, lookers: Viewing) -> None:
    """Adds the routes, as an application of their own whose errors are problems like the API's."""
    served = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    served.state.viewing = lookers
    problems.install(served)
    served.include_router(router)
    app.mount(PREFIX, served)


@router.post("/{camera_id}/whep", status_code=201)
async def begin(camera_id: UUID, request: Request, lookers: Lookers, token: Token) -> Response:
    """WHEP: an offer in, an answer out, with where to end it."""
    answer = await lookers.whep(token, camera_id, await _text(request))
    if not isinstance(answer, WhepAnswer):
        raise problem(answer)
    headers = NOT_KEPT | {"Location": f"{PREFIX}/{camera_id}/whep/{answer.session_id}"}
    return Response(answer.sdp, 201, headers, SDP)


@router.patch("/{camera_id}/whep/{session_id}", status_code=204)
async def trickle(camera_id: UUID, session_id: SessionId, request: Request, lookers: Lookers, token: Token) -> Response:
    refusal = await lookers.whep_patch(token, camera_id, session_id, await _text(request))
    return _done(refusal)


@router.delete("/{camera_id}/whep/{session_id}", status_code=204)
async def end(camera_id: UUID, session_id: SessionId, lookers: Lookers, token: Token) -> Response:
    return _done(await lookers.whep_end(token, camera_id, session_id))


@router.get("/{camera_id}/hls/{name}")
async def stream_file(
    camera_id: UUID,
    name: FileName,
    lookers: Lookers,
    token: Token,
    segment: Annotated[int | None, Query(alias="_HLS_msn", ge=0, le=1 << 40)] = None,
    part: Annotated[int | None, Query(alias="_HLS_part", ge=0, le=10_000)] = None,
) -> Response:
    """A file of the stream; a playlist that waits for a part answers when it is there."""
    wait_for = None if segment is None else HlsMoment(segment, part)
    answer = await lookers.hls(token, camera_id, name, wait_for)
    if not isinstance(answer, HlsFile):
        raise problem(answer)
    return Response(answer.content, media_type=answer.content_type, headers=NOT_KEPT)


@router.get("/{camera_id}/still.jpg")
async def still(camera_id: UUID, lookers: Lookers, token: Token) -> Response:
    answer = await lookers.still(token, camera_id)
    if not isinstance(answer, bytes):
        raise problem(answer)
    return Response(answer, media_type="image/jpeg", headers=NOT_KEPT)


async def _text(request: Request) -> str:
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError:
        raise problem(VideoRefusal.BAD_OFFER) from None


def _done(refusal: Answer | None) -> Response:
    if refusal is not None:
        raise problem(refusal)
    return Response(status_code=204, headers=NOT_KEPT)
