"""The download of firmware over HTTP: by a token of the device's own, whole or in pieces."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from actions.releases import Download
from api import problems
from ingest import firmware_http
from tests.actions.test_releases import offered, super_admin, taken
from tests.conftest import World
from tests.release_parts import bundle, trust


@pytest.fixture
async def browser() -> AsyncIterator[AsyncClient]:
    app, api = FastAPI(), FastAPI()
    problems.install(api)
    firmware_http.mount(api)
    app.mount("/api", api)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://pitpilot.test") as client:
        yield client


@pytest.fixture
async def download(world: World, tmp_path: Path) -> Download:
    trust(tmp_path)
    release_id = await taken(await super_admin(world))
    return await offered(world.here.device_id, world.here.tenant_id, release_id)


async def test_a_device_gets_the_whole_bundle(browser: AsyncClient, download: Download) -> None:
    answer = await browser.get(download.path)
    assert (answer.status_code, answer.content) == (200, bundle())
    assert answer.headers["content-length"] == str(download.size)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_download_that_broke_goes_on_where_it_was(browser: AsyncClient, download: Download) -> None:
    whole = bundle()
    pieces = []
    for asked in ("bytes=0-99", f"bytes=100-{len(whole) + 50}", "bytes=100-"):
        answer = await browser.get(download.path, headers={"Range": asked})
        assert answer.status_code == 206
        pieces.append(answer.content)
    assert pieces == [whole[:100], whole[100:], whole[100:]]
    assert answer.headers["content-range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    ("asked", "status"), [("bytes=999999-", 416), ("bytes=9-3", 416), ("bytes=-5", 200), ("lines=1-2", 200), ("", 200)]
)
async def test_other_ranges_are_refused_or_ignored(
    browser: AsyncClient, download: Download, asked: str, status: int
) -> None:
    assert (await browser.get(download.path, headers={"Range": asked})).status_code == status


@pytest.mark.parametrize("token", ["x" * 43, "short", "x" * 44, "x" * 42 + "%00", "../releases"])
async def test_a_token_that_nobody_gave_out_fetches_nothing(
    browser: AsyncClient, download: Download, token: str
) -> None:
    answer = await browser.get("/api/v1/firmware/download/" + token)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"
