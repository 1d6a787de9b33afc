"""The page behind a customer's link: what it tells, that it tells nothing else, and that it hears of news."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from actions.announce import hear
from actions.customers.settings import CustomerNotices, set_notices
from actions.jobs import links
from actions.jobs.create import Created, NewJob, create
from actions.jobs.move import move
from actions.jobs.photos import release, take
from domain.customer_news import CustomerNews
from domain.jobs.job import Ask
from domain.jobs.words import Event, HoldReason, Stage, WorkType
from domain.readings import Metric
from storage import photo_files, still_files
from storage.job_intake import NewCustomer, NewVehicle
from storage.photos import PhotoRow
from tests.conftest import Workshop, World
from tests.pictures import photo as picture
from tests.ui.camera_parts import camera_in
from tests.ui.conftest import Visitor
from tests.ui.doors import execute, one

NOW = datetime.now(UTC).replace(microsecond=0)
CUSTOMER = NewCustomer("Meera Nair", "+91 98765 43210", "meera@example.org", "en", True)
CAR = NewVehicle("MH 12 AB 1234", "Mahindra", "Thar", "red", vin="MA1TA2WX5P2K12345")


async def made(shop: Workshop, **more: Any) -> Created:
    customer = NewCustomer("Meera Nair", "+91 98765 43210", "meera@example.org", more.pop("language", "en"), True)
    staff = frozenset({shop.staff.person_id})
    new = NewJob(customer, CAR, WorkType.FULL_PPF, pit_id=shop.pit_id, staff=staff, note="dent on the left")
    answer = await create(new, shop.owner, more.pop("at", NOW), key=uuid4())
    assert isinstance(answer, Created), answer
    return answer


async def moved(shop: Workshop, job_id: UUID, event: Event, version: int, at: datetime = NOW, **more: Any) -> None:
    ask = Ask(event, version, shop.owner.role, overrides_climate=True, reason="no sensors yet", **more)
    answer = await move(job_id, ask, shop.owner, at)
    assert not hasattr(answer, "why"), answer


async def opened(visitor: Visitor, path: str, **headers: str) -> httpx.Response:
    return await visitor.user.http_client.get(path, headers=headers)


def said(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition("<body")[2]))


async def measured(shop: Workshop, since: datetime, minutes: int, rh: float) -> None:
    await execute(
        f"INSERT INTO reading_1m (tenant_id, pit_id, at, readings, {Metric.RH_PCT}_min, {Metric.RH_PCT}_max,"
        f" {Metric.RH_PCT}_mean, {Metric.RH_PCT}_count) SELECT :tenant, :pit, date_trunc('minute', at), 1, :rh, :rh,"
        " :rh, 1 FROM generate_series(CAST(:since AS timestamptz), :until, interval '1 minute') at",
        tenant=shop.tenant_id, pit=shop.pit_id, rh=rh, since=since, until=since + timedelta(minutes=minutes - 1),
    )  # fmt: skip


async def test_the_page_tells_of_the_car_and_nothing_of_anybody(world: World, visitor: Visitor) -> None:
    shop = world.here
    await set_notices(shop.owner, CustomerNotices(frozenset(CustomerNews), "+91 20 5550 1234"), NOW)
    begun = NOW - timedelta(hours=2)
    job = await made(shop, at=begun)
    await moved(shop, job.job_id, Event.START, 0, begun)
    await measured(shop, begun + timedelta(minutes=1), 60, 55.0)
    await measured(shop, begun + timedelta(minutes=61), 40, 80.0)
    answer = await opened(visitor, f"/t/{job.token}")
    assert answer.status_code == 200
    for words in (
        "Your Thar is being washed", "Red Mahindra Thar, MH••••••34", "we expect", "We are on time.", "Film", "60 %",
        "Humidity, allowed 30–70 %", "Workshop here",
    ):  # fmt: skip
        assert words in said(answer), words
    assert 'href="tel:+912055501234"' in answer.text
    secret = [
        "Meera", "Nair", "98765", "43210", "meera@", "AB 1234", "AB1234", "1234&", "K12345", "dent", "Owner", "Staff",
        shop.device_id, str(job.job_id), str(shop.tenant_id), str(shop.pit_id), str(shop.staff.person_id), "Pit 1",
    ]  # fmt: skip
    link_id = await one("SELECT id FROM tracking_link WHERE job_id = :id", id=job.job_id)
    assert [word for word in [*secret, str(link_id)] if word in answer.text] == []
    headers = answer.headers
    assert headers["referrer-policy"] == "no-referrer" and "noindex" in headers["x-robots-tag"]
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy and "style-src 'sha256-" in policy
    assert re.findall(r"<script(?! src=)|\sstyle=|\son[a-z]+=", answer.text) == []
    assert 'http-equiv="refresh"' in answer.text and len(answer.content) < 40_000


@pytest.mark.parametrize(
    ("language", "words"), [("hi", "आपकी Thar"), ("bn", "আপনার Thar")]
)  # fmt: skip
async def test_the_page_speaks_the_customers_language(
    world: World, visitor: Visitor, language: str, words: str
) -> None:
    job = await made(world.here, language=language)
    answer = await opened(visitor, f"/t/{job.token}", **{"accept-language": "en"})
    assert words in said(answer) and f'<html lang="{language}"' in answer.text
    assert "Your Thar has arrived" in said(await opened(visitor, f"/t/{job.token}?lang=en"))


async def test_what_is_late_or_stands_still_is_said_plainly(world: World, visitor: Visitor) -> None:
    shop, begun = world.here, NOW - timedelta(hours=1)
    job = await made(shop, at=begun)
    await moved(shop, job.job_id, Event.START, 0, begun)
    await execute("UPDATE job SET promised_at = :at WHERE id = :id", at=NOW - timedelta(minutes=5), id=job.job_id)
    text = said(await opened(visitor, f"/t/{job.token}"))
    assert "later than promised. The workshop knows." in text and "We are on time" not in text
    await moved(shop, job.job_id, Event.HOLD, 1, hold_reason=HoldReason.CLIMATE)
    text = said(await opened(visitor, f"/t/{job.token}"))
    assert "Work on your Thar is paused" in text and "not clean and dry enough" in text
    assert re.search(r"about \d", text) is None


async def test_a_link_that_is_over_was_ended_or_never_was_is_one_and_the_same_page(
    world: World, visitor: Visitor
) -> None:
    over, ended = await made(world.here), await made(world.here)
    await execute("UPDATE tracking_link SET expires_at = :at WHERE job_id = :id", at=NOW, id=over.job_id)
    await links.revoke(ended.job_id, world.here.owner, NOW)
    answers = [
        await opened(visitor, f"/t/{token}{rest}")
        for token in (over.token, ended.token, "x" * 43, "x" * 5_000, "%00")
        for rest in ("", "/notices", "/photos/0123")
    ]
    assert {(a.status_code, a.text, a.headers["content-security-policy"]) for a in answers} == {
        (404, answers[0].text, answers[0].headers["content-security-policy"])
    }
    assert "This link no longer works" in said(answers[0])


async def test_whoever_guesses_is_slowed_down_and_the_neighbour_with_a_link_gets_through(
    world: World, visitor: Visitor
) -> None:
    job = await made(world.here)
    guesses = [(await opened(visitor, f"/t/{n:043}")).status_code for n in range(70)]
    assert set(guesses[:59]) == {404} and guesses[-1] == 429
    slowed = await opened(visitor, f"/t/{'y' * 43}")
    assert slowed.status_code == 429 and int(slowed.headers["retry-after"]) > 0
    assert (await opened(visitor, f"/t/{job.token}")).status_code == 200


async def test_news_come_to_an_open_page_as_soon_as_the_job_moves(world: World, visitor: Visitor) -> None:
    shop, job = world.here, await made(world.here)
    ready = asyncio.Event()
    hearing = asyncio.create_task(hear(ready.set))
    await ready.wait()
    page = await opened(visitor, f"/t/{job.token}")
    mark = re.search(r'data-mark="([0-9a-f]+)"', page.text)
    live = re.search(r'data-news="([^"]+)"', page.text)
    assert mark and live
    waiting = asyncio.create_task(opened(visitor, f"{live[1]}&mark={mark[1]}"))
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done  # nothing happened
    await moved(shop, job.job_id, Event.START, 0)
    answer = await asyncio.wait_for(waiting, 60)
    assert answer.status_code == 200 and "Your Thar is being washed" in said_of_part(answer)
    stale = await opened(visitor, f"{live[1]}&mark={mark[1]}")  # who was away for a while is answered at once
    assert stale.status_code == 200
    fresh = re.search(r'data-mark="([0-9a-f]+)"', stale.text)
    assert fresh
    waiting = asyncio.create_task(opened(visitor, f"{live[1]}&mark={fresh[1]}"))
    await asyncio.sleep(0.2)
    await links.revoke(job.job_id, shop.owner, NOW)
    assert (await asyncio.wait_for(waiting, 60)).status_code == 404
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


def said_of_part(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_a_customer_ends_messages_by_the_link_and_the_trail_says_so(world: World, visitor: Visitor) -> None:
    job = await made(world.here)
    path = f"/t/{job.token}/notices"
    assert "Get no more messages" in said(await opened(visitor, path))
    foreign = await visitor.user.http_client.post(path, data={"messages": "none"}, headers={"origin": "https://evil"})
    assert "Get no more messages" in said(foreign)
    answer = await visitor.user.http_client.post(path, data={"messages": "none"})
    assert "You get no messages about your Mahindra Thar" in said(answer) and "Saved" in said(answer)
    assert await one("SELECT notices_agreed_at FROM customer WHERE tenant_id = :t", t=world.here.tenant_id) is None
    status = "SELECT status FROM message WHERE tenant_id = :t"
    if await one("SELECT count(*) FROM message WHERE tenant_id = :t", t=world.here.tenant_id):
        assert await one(status, t=world.here.tenant_id) == "withdrawn"
    await visitor.user.http_client.post(path, data={"messages": "some"})
    trail = "SELECT string_agg(intent || ' by ' || person_name, ', ' ORDER BY n) FROM audit WHERE kind = 'customer'"
    assert await one(trail) == "withdraw_from_notices by , agree_to_notices by "


async def test_photos_are_seen_by_the_link_once_they_are_released(
    world: World, visitor: Visitor, tmp_path: Path
) -> None:
    photo_files.open(tmp_path)
    shop, job = world.here, await made(world.here)
    photo = await take(job.job_id, BytesIO(picture()), Stage.INSPECTION, shop.staff, NOW, key=uuid4())
    assert isinstance(photo, PhotoRow), photo
    key = photo.content_sha256.hex()[:16]
    path = f"/t/{job.token}/photos/{key}"
    assert "<img" not in (await opened(visitor, f"/t/{job.token}")).text
    assert (await opened(visitor, path)).status_code == 404
    await release(photo.id, True, shop.staff, NOW)
    page = await opened(visitor, f"/t/{job.token}")
    assert f'<img src="{path}?size=small" loading="lazy"' in page.text and str(photo.id) not in page.text
    full, small = await opened(visitor, path), await opened(visitor, f"{path}?size=small")
    assert full.status_code == small.status_code == 200 and len(small.content) < len(full.content)
    assert full.headers["content-type"] == "image/jpeg" and full.headers["referrer-policy"] == "no-referrer"
    other = await made(world.there)
    assert (await opened(visitor, f"/t/{other.token}/photos/{key}")).status_code == 404


async def test_the_time_lapse_is_seen_by_the_link_only_as_long_as_video_is_agreed(
    world: World, visitor: Visitor, tmp_path: Path
) -> None:
    still_files.open(tmp_path / "stills")
    job, shop = await made(world.here), world.here
    camera_id = await camera_in(shop)
    digest = await asyncio.to_thread(still_files.keep, shop.tenant_id, b"a film")
    await execute(
        "INSERT INTO timelapse (id, tenant_id, job_id, camera_id, asked_at, made_at, content_sha256, size)"
        " VALUES (gen_random_uuid(), :tenant, :job, :camera, :now, :now, :digest, 6)",
        tenant=shop.tenant_id, job=job.job_id, camera=camera_id, now=NOW, digest=digest,
    )  # fmt: skip
    page, film = f"/t/{job.token}", f"/t/{job.token}/films/{digest.hex()[:16]}.mp4"

    async def seen() -> tuple[bool, int]:
        return film in (await opened(visitor, page)).text, (await opened(visitor, film)).status_code

    assert await seen() == (False, 404)
    await execute("UPDATE job SET video_allowed = true WHERE id = :id", id=job.job_id)
    assert await seen() == (True, 200)
    assert (await opened(visitor, film)).content == b"a film"
    other = await made(shop)
    await execute("UPDATE job SET video_allowed = true WHERE id = :id", id=other.job_id)
    assert (await opened(visitor, film.replace(job.token, other.token))).status_code == 404
    await execute("UPDATE camera SET watchers = '{staff}' WHERE id = :id", id=camera_id)
    assert await seen() == (False, 404)
