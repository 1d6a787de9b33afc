"""Photos over the API: taken with a form, shown with headers that keep them private, refused clearly."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.doors import Doors, client, token_of
from tests.api.test_jobs import created
from tests.conftest import World
from tests.pictures import BOMBS, photo
from ui.web_guard import UPLOAD_BYTES_MAX, WebGuard


async def taken(by: AsyncClient, job_id: str, content: bytes, key: str = "", **fields: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    sent = {"photo": ("car.jpg", content, "image/jpeg")}
    return await by.post(f"/api/v1/jobs/{job_id}/photos", files=sent, data=fields, headers=headers)


async def test_a_photo_is_taken_listed_shown_released_and_removed(world: World, doors: Doors) -> None:
    job_id, key = (await created(doors, world))["job_id"], str(uuid4())
    answers = [await taken(doors.staff, job_id, photo(3_000, 2_000), key, stage="film") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    said = answers[0].json()
    assert (said["id"], said["stage"], said["width"], said["height"]) == (key, "film", 2_048, 1_365)
    assert [one["id"] for one in (await doors.owner.get(f"/api/v1/jobs/{job_id}/photos")).json()["photos"]] == [key]
    released = await doors.staff.put(f"/api/v1/photos/{key}/release", json={"released": True})
    assert released.json()["released_at"] is not None
    assert (await doors.staff.delete(f"/api/v1/photos/{key}")).status_code == 204
    assert (await doors.staff.get(f"/api/v1/photos/{key}")).status_code == 404
    assert (await doors.owner.get(f"/api/v1/jobs/{job_id}/photos")).json() == {"photos": []}


async def test_a_picture_comes_so_that_no_proxy_keeps_it_and_no_browser_runs_it(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world))["job_id"]
    photo_id = (await taken(doors.staff, job_id, photo())).json()["id"]
    full = await doors.staff.get(f"/api/v1/photos/{photo_id}")
    thumb = await doors.staff.get(f"/api/v1/photos/{photo_id}", params={"size": "thumb"})
    assert full.content[:2] == thumb.content[:2] == b"\xff\xd8" and len(thumb.content) < len(full.content)
    for answer in (full, thumb):
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "private" in answer.headers["cache-control"]
        assert answer.headers["content-disposition"].startswith('inline; filename="photo-')
        assert "sandbox" in answer.headers["content-security-policy"]
    assert (await doors.nobody.get(f"/api/v1/photos/{photo_id}")).status_code == 401
    async with client(doors.app, await token_of(world.there.owner)) as other:
        assert (await other.get(f"/api/v1/photos/{photo_id}")).status_code == 404


@pytest.mark.parametrize(("content", "code"), BOMBS.values(), ids=BOMBS)
async def test_what_is_no_photo_is_refused_with_its_code(world: World, doors: Doors, content: bytes, code: str) -> None:
    answer = await taken(doors.staff, (await created(doors, world))["job_id"], content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize("size", [15 << 20, 50 << 20])
async def test_a_file_that_is_too_large_is_refused_at_the_door(world: World, doors: Doors, size: int) -> None:
    job_id = (await created(doors, world))["job_id"]
    answer = await taken(doors.staff, job_id, photo() + bytes(size))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_fifty_megabytes_are_refused_before_they_are_read(world: World, doors: Doors) -> None:
    job_id, read = (await created(doors, world))["job_id"], 0

    async def body() -> Any:
        nonlocal read
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="car.jpg"\r\n\r\n'
        for _ in range(50):
            read += 1 << 20
            yield bytes(1 << 20)

    guarded = FastAPI()
    guarded.mount("/", WebGuard(doors.app))
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": "http://pitpilot.test"}
    async with client(guarded, await token_of(world.here.staff)) as staff:
        for more in ({"Content-Length": str(50 << 20)}, {}):
            read = 0
            answer = await staff.post(f"/api/v1/jobs/{job_id}/photos", content=body(), headers=headers | more)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
            assert read <= UPLOAD_BYTES_MAX + (1 << 20)


async def test_a_form_without_a_photo_says_what_it_lacks(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world))["job_id"]
    url = f"/api/v1/jobs/{job_id}/photos"
    assert (await doors.staff.post(url, json={})).json()["errors"][0]["field"] == "photo"
    assert (await doors.staff.post(url, data={"photo": "text"})).json()["errors"][0]["field"] == "photo"
    wrong = await taken(doors.staff, job_id, photo(), stage="lunch")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "stage")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await doors.staff.post(url, content=b"no form", headers=broken)
    assert answer.status_code in (400, 422) and answer.json()["code"] in ("malformed", "invalid")
