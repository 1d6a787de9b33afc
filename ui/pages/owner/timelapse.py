"""The time-lapse of a job: a card on its page, and the film itself behind the session's cookie."""

from uuid import UUID

from nicegui import app
from nicegui.element import Element
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from actions.cameras.timelapses import cameras_with_film, film
from actions.people import Seat
from domain.refusals import Refusal
from ui import guard
from ui.components.markup import raw
from ui.components.pieces import Card, link_button
from ui.texts import _


def install() -> None:
    @app.get("/timelapse/{job_id}/{camera_id}.mp4", include_in_schema=False)
    async def show(request: Request, job_id: UUID, camera_id: UUID) -> Response:
        seat = await guard.seat(request)
        found = await film(job_id, camera_id, seat.viewer) if seat else Refusal.NOT_FOUND
        if isinstance(found, Refusal):
            return Response(status_code=404)
        return FileResponse(found, media_type="video/mp4", headers={"Cache-Control": "private, no-store"})


def film_path(job_id: UUID, camera_id: UUID) -> str:
    """Where the workshop sees the film."""
    return f"/timelapse/{job_id}/{camera_id}.mp4"


async def timelapse_card(seat: Seat, job_id: UUID) -> None:
    """Nothing, as long as there is no film."""
    for camera_id in await cameras_with_film(job_id, seat.viewer):
        href = film_path(job_id, camera_id)
        with Card(_("Time-lapse")):
            raw(f'<video class="camera-still" controls preload="none" src="{href}"></video>')
            with Element("div").classes("inside"):
                link_button(_("Open the film"), href, kind="plain", icon="movie")
