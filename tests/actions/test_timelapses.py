"""A job that is complete becomes a film of its stills, which whoever sees jobs can open, and nobody else."""

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import av
from PIL import Image
from sqlalchemy import text

from actions.cameras import stills
from actions.cameras.timelapses import cameras_with_film, film
from domain.refusals import Refusal
from ingest.timelapses import make_one
from storage import still_files
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.named import name_everything

NOW = datetime.now(UTC)


def picture(shade: int) -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (320, 180), (shade, shade, shade)).save(drawn, "JPEG")
    return drawn.getvalue()


async def test_the_stills_of_a_complete_job_become_one_film(world: World, tmp_path: Path) -> None:
    still_files.open(tmp_path / "stills")
    ids = await name_everything(world.here, "x")
    job_id, camera_id = UUID(ids["job_id"]), UUID(ids["camera_id"])
    here, there = world.here, world.there
    for minute in range(3):
        at = NOW - timedelta(minutes=3 - minute)
        await stills.keep_still(here.tenant_id, camera_id, job_id, picture(50 * minute), at, for_board=False)
    assert await make_one(NOW) is False  # the work goes on
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE job SET state = 'complete', completed_at = :now"), {"now": NOW})
    assert sorted(await asyncio.gather(make_one(NOW), make_one(NOW))) == [False, True]
    assert await make_one(NOW) is False

    assert await cameras_with_film(job_id, here.staff) == [camera_id]
    assert await cameras_with_film(job_id, there.owner) == []
    assert await film(job_id, camera_id, there.owner) is Refusal.NOT_FOUND
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE camera SET watchers = '{customer}' WHERE id = :id"), {"id": camera_id})
    assert await cameras_with_film(job_id, here.staff) == []
    assert await film(job_id, camera_id, here.staff) is Refusal.NOT_FOUND
    file = await film(job_id, camera_id, here.owner)
    assert isinstance(file, Path)
    with av.open(str(file)) as opened:
        assert len(list(opened.decode(video=0))) == 3
    await stills.sweep(NOW + timedelta(days=365))
    assert await film(job_id, camera_id, here.owner) == file


async def test_a_film_that_can_not_be_made_is_tried_a_few_times_and_then_left(world: World, tmp_path: Path) -> None:
    still_files.open(tmp_path / "stills")
    ids = await name_everything(world.here, "x")
    job_id, camera_id = UUID(ids["job_id"]), UUID(ids["camera_id"])
    await stills.keep_still(world.here.tenant_id, camera_id, job_id, b"no picture", NOW, for_board=False)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE job SET state = 'complete', completed_at = :now"), {"now": NOW})
        await tx.execute(text("UPDATE camera SET name = name"))
    assert await make_one(NOW) is True
    async with transaction(EVERY_TENANT) as tx:
        assert (await tx.execute(text("SELECT tries, made_at FROM timelapse"))).one() == (1, None)
        await tx.execute(text("UPDATE timelapse SET tries = 5"))
    assert await make_one(NOW) is False
