"""The staff's tablet, a job's photos and its customer's side in the gallery, with what the API would say."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse
from nicegui import app, ui
from nicegui.element import Element

from domain.access import Role
from domain.jobs.moves import moves_from
from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS, STAGES
from domain.jobs.words import Stage, State, WorkType
from tools import gallery_samples as samples
from tools.demo_photos import car_photo
from tools.gallery_customer import customers_side_page
from ui import texts
from ui.components.clock import now_ms
from ui.components.photos import Photos
from ui.components.pieces import Card
from ui.components.work_tablet import Warned, Worker, WorkTablet
from ui.pages.job_words import stage_word
from ui.pages.staff.work_words import work_words
from ui.texts import Language
from ui.theme import Theme, apply

ZONE = "Asia/Kolkata"
ME = str(UUID(int=1))
PHOTOS = 3


def install() -> None:
    ui.page("/work")(work_page)
    ui.page("/photos")(photos_page)
    ui.page("/customer-side")(customers_side_page)
    app.get("/api/v1/work")(sample_work)
    app.get("/api/v1/jobs/{job_id}/photos")(sample_photos)
    app.get("/api/v1/photos/{key}")(sample_picture)
    app.get("/api/v1/cameras/{key}/still")(sample_picture)
    app.post("/api/v1/cameras/{key}/tokens")(no_video)


def work_page(theme: Theme = "light", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    apply(theme, lang, own_digits=own_digits)
    with Element("main").classes("page"):
        tablet = WorkTablet(
            samples.sample_pits(now_ms()),
            by=Worker(ME, str(UUID(int=0)), "Farida"),
            zone=ZONE,
            facts={"stage_checks": STAGE_CHECKS, "checklists": CHECKLISTS},
            words=work_words(),
            on_visibility=lambda _seen: None,
        )
    text = "PM2.5 is at 41.8, the limit is 35.4. Close the door and run the filter."
    tablet.warn([Warned("1", "pit-4", "crit", "error", "PM2.5", text, False)])


def photos_page(theme: Theme = "system", lang: Language = "en", own_digits: bool = False) -> None:
    texts.use(lang, own_digits=own_digits)
    apply(theme, lang, own_digits=own_digits)
    with Element("main").classes("page"), Card("Photos", pad=True):
        Photos("job", may_change=True, zone=ZONE, stages={stage.value: stage_word(stage) for stage in Stage})


def sample_work() -> dict[str, Any]:
    now = datetime.now(UTC)
    cars = (
        ("Toyota Fortuner", "MH 01 DX 7070", "pit-4", State.IN_PROGRESS, 5, True),
        ("Tata Nexon", "MH 12 QK 4821", "pit-1", State.QUALITY_CHECK, 8, True),
        ("Skoda Octavia", "MH 12 AB 1234", None, State.RECEIVED, 0, False),
    )
    return {"now": now.isoformat(), "jobs": [_job(n, *car, now) for n, car in enumerate(cars)]}


def _job(n: int, car: str, plate: str, pit: str | None, state: State, done: int, mine: bool, now: datetime) -> Any:
    make, model = car.split()
    stages = STAGES[WorkType.FULL_PPF]
    stage = next(iter(stages[done:]), None)
    checks = CHECKLISTS[WorkType.FULL_PPF] if state is State.QUALITY_CHECK else STAGE_CHECKS[stage] if stage else ()
    return {
        "id": f"job-{n}", "state": state, "version": 1, "work_type": WorkType.FULL_PPF, "pit_id": pit, "make": make,
        "model": model, "colour": "black", "plate": plate, "stages": stages, "stages_done": stages[:done],
        "stage": stage, "stage_since": (now - timedelta(minutes=112)).isoformat(), "stage_min": 180,
        "checks": checks if pit else (), "checked": checks[:3] if pit else (), "defects": 0, "rework": 0,
        "held_from": None, "hold_reason": None, "planned_at": now.isoformat(),
        "promised_at": (now + timedelta(hours=3)).isoformat(), "note": "", "staff": [ME] if mine else [],
        "staff_names": ["Farida"] if mine else [], "mine": mine, "photos": PHOTOS, "other_person": None,
        "allowed": moves_from(state, Role.STAFF),
    }  # fmt: skip


def sample_photos(job_id: str) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    more = {"size": 1, "width": 1_600, "height": 1_200, "taken_at": at, "person": "Farida", "stage": Stage.FILM}
    return {"photos": [{"id": str(n), "released_at": None if n else at} | more for n in range(PHOTOS)]}


def sample_picture(key: str) -> Response:
    """`key`: a number or a UUID."""
    return Response(_drawn(int(key.replace("-", ""), 16) % PHOTOS), media_type="image/jpeg")


def no_video(key: str) -> Response:
    """What the API says in a camera's privacy hours; there is no gateway behind the gallery."""
    return JSONResponse({"code": "privacy_hours"}, 403, media_type="application/problem+json")


@cache
def _drawn(n: int) -> bytes:
    return car_photo(("#22272b", "#2d4f8e", "#a12a2f")[n % 3], n)
