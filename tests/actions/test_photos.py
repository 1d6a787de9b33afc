"""Photos of jobs: what is kept of a file, that it is kept once, and that no process's death leaves half of one."""

import asyncio
import os
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image, ImageChops

from actions.jobs import photos
from actions.jobs.pictures import draw
from domain.jobs.words import Stage
from domain.photos import BYTES_MAX, PhotoFault
from domain.refusals import Refusal
from storage import jobs, photo_files
from storage import photos as rows
from storage.photos import PhotoRow
from storage.session import transaction
from tests.actions.accounts import trail
from tests.actions.test_jobs import NOW, made, moved, ready, start
from tests.conftest import World
from tests.pictures import BOMBS, SECRET_PLACE, photo


async def taken(world: World, job_id: UUID, content: bytes, key: UUID | None = None) -> PhotoRow:
    answer = await photos.take(job_id, BytesIO(content), None, world.here.staff, NOW, key=key or uuid4())
    assert isinstance(answer, PhotoRow), answer
    return answer


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "photos").rglob("*") if path.is_file()]


def image_of(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_is_a_small_jpeg_without_a_word_of_where_it_was_taken(kind: str) -> None:
    picture = draw(BytesIO(photo(4_000, 3_000, kind)))
    assert not isinstance(picture, PhotoFault)
    for content, side in ((picture.full, 2_048), (picture.thumb, 480)):
        image = image_of(content)
        assert (image.format, max(image.size)) == ("JPEG", side)
        assert not image.getexif() and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
            "progressive", "progression"}  # fmt: skip
        assert SECRET_PLACE.encode() not in content and b"Exif" not in content


def test_a_photo_taken_sideways_stands_upright() -> None:
    picture = draw(BytesIO(photo(1_200, 800, orientation=6)))
    assert not isinstance(picture, PhotoFault)
    assert (picture.width, picture.height) == (800, 1_200)


def test_small_photos_stay_as_small_as_they_are_and_clear_ones_get_a_ground() -> None:
    out = BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(out, "PNG")
    picture = draw(BytesIO(out.getvalue()))
    assert not isinstance(picture, PhotoFault)
    assert (picture.width, picture.height) == (300, 200)
    assert ImageChops.invert(image_of(picture.full).convert("L")).getextrema() == (0, 0)  # white


@pytest.mark.parametrize(("content", "code"), BOMBS.values(), ids=BOMBS)
def test_what_is_no_photo_is_refused_by_what_it_is(content: bytes, code: str) -> None:
    assert draw(BytesIO(content)) == code


def test_a_file_that_is_too_large_is_not_read_to_its_end() -> None:
    file = BytesIO(bytes(50 << 20))
    assert draw(file) is PhotoFault.TOO_LARGE
    assert file.tell() == BYTES_MAX + 1


def test_a_photo_changed_in_any_byte_is_drawn_or_refused_and_nothing_else() -> None:
    content = photo(64, 48, quality=60)
    for at in range(0, len(content), 3):
        changed = bytearray(content)
        changed[at] ^= 0xA5
        assert draw(BytesIO(changed)) is not None
        assert draw(BytesIO(content[:at])) in tuple(PhotoFault)


async def test_a_photo_that_is_sent_twice_is_kept_once(world: World, tmp_path: Path) -> None:
    job_id, key = (await made(world.here.owner)).job_id, uuid4()
    answers = await asyncio.gather(*(taken(world, job_id, photo(), key) for _ in range(3)))
    assert answers[0] == answers[1] == answers[2] and answers[0].id == key
    other = (await made(world.here.owner)).job_id
    assert await photos.take(other, BytesIO(photo()), None, world.here.staff, NOW, key=key) is Refusal.KEY_USED
    assert await trail(world.here) == ["create_job", "take_photo", "create_job"]
    assert len(files(tmp_path)) == 2  # full and small
    content = await photos.content_of(answers[0], thumb=False)
    assert content is not None and photo_files.digest_of(content) == answers[0].content_sha256


async def test_a_photo_is_of_what_is_being_worked_on(world: World) -> None:
    job_id = (await made(world.here.owner, ready(world.here))).job_id
    assert (await taken(world, job_id, photo())).stage is None
    await moved(job_id, start(), world.here.staff)
    assert (await taken(world, job_id, photo())).stage == Stage.INSPECTION
    async with transaction(world.here.tenant_id) as tx:
        kinds = [event.kind for event in await jobs.timeline(tx, world.here.tenant_id, job_id)]
    assert kinds == ["create_job", "take_photo", "start", "take_photo"]


async def test_the_customer_sees_what_was_released_and_nothing_after_it_was_taken_back(world: World) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner)).job_id
    row = await taken(world, job_id, photo())

    async def shown() -> list[UUID]:
        async with transaction(by.tenant_id) as tx:
            found = await rows.of_job(tx, by.tenant_id, job_id, released_only=True)
        return [photo.id for photo in found]

    assert await shown() == []
    assert isinstance(await photos.release(row.id, True, by, NOW), PhotoRow)
    assert await photos.release(row.id, True, by, NOW) is Refusal.ALREADY_SO
    assert await shown() == [row.id]
    assert isinstance(await photos.release(row.id, False, by, NOW), PhotoRow)
    assert await shown() == []
    assert await trail(world.here) == ["create_job", "take_photo", "release_photo", "withdraw_photo"]


async def test_removed_bytes_go_when_no_other_photo_has_them(world: World, tmp_path: Path) -> None:
    by, job_id = world.here.staff, (await made(world.here.owner)).job_id
    first, second = [await taken(world, job_id, photo()) for _ in range(2)]
    assert await photos.remove(first.id, by, NOW) is None
    assert await photos.remove(first.id, by, NOW) is Refusal.NOT_FOUND
    assert await photos.content_of(second, thumb=True) is not None
    assert await photos.remove(second.id, by, NOW) is None
    assert files(tmp_path) == []
    again = await taken(world, job_id, photo(), first.id)  # a late repetition brings nothing back
    assert again.removed_at is not None and files(tmp_path) == []


async def test_what_dead_writers_left_is_swept_and_nothing_else(world: World, tmp_path: Path) -> None:
    job_id = (await made(world.here.owner)).job_id
    row = await taken(world, job_id, photo())
    photo_files.keep(world.here.tenant_id, b"stored, and never named by a row", b"small")
    half = files(tmp_path)[0].with_name("0.new")
    half.write_bytes(b"ha")
    fresh = half.with_name("1.new")
    fresh.write_bytes(b"being written")
    os.utime(half, (1, 1))
    await photos.sweep()
    names = {path.name for path in files(tmp_path)}
    digest = row.content_sha256.hex()
    assert names == {digest, f"{digest}.thumb", "1.new"}


async def test_nobody_else_takes_shows_or_removes_a_photo(world: World) -> None:
    job_id = (await made(world.here.owner)).job_id
    row, other = await taken(world, job_id, photo()), world.there.owner
    assert await photos.take(job_id, BytesIO(photo()), None, other, NOW, key=uuid4()) is Refusal.NOT_FOUND
    assert await photos.release(row.id, True, other, NOW) is Refusal.NOT_FOUND
    assert await photos.remove(row.id, other, NOW) is Refusal.NOT_FOUND
    theirs = (await made(other)).job_id
    same_key: Any = await photos.take(theirs, BytesIO(photo()), None, other, NOW, key=row.id)
    assert isinstance(same_key, PhotoRow) and same_key.tenant_id == other.tenant_id  # a key is its tenant's
