"""CSV of single readings: all of them once, in order, in the tenant's time, page by page."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import Response

from storage import export
from tests.api.doors import HOST, NOW, Doors, client, reading, store, token_of
from tests.conftest import Workshop, World, make_workshop


async def ask(doors: Doors, shop: Workshop, **query: Any) -> Response:
    return await doors.owner.get(f"/api/v1/pits/{shop.pit_id}/sensors/export.csv", params=query)


def rows(answer: Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_an_export_is_a_file_with_times_in_the_workshops_zone(doors: Doors, world: World) -> None:
    at = NOW - timedelta(hours=1) + timedelta(milliseconds=250)
    await store(reading(world.here, 7, at, t_c=23.1, pm25=8.25))
    answer = await ask(doors, world.here)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    day = f"{NOW - timedelta(days=1):%Y-%m-%d}-{NOW:%Y-%m-%d}"
    assert answer.headers["content-disposition"] == f'attachment; filename="readings-pit-1-here-{day}.csv"'
    assert answer.text.startswith("at,device,boot_id,seq,t_c,rh_pct,p_hpa,pm1,pm25,pm10,iaq\r\n")
    (row,) = rows(answer)
    assert row["at"] == at.astimezone(ZoneInfo("Asia/Kolkata")).isoformat(timespec="milliseconds")
    assert (row["device"], row["boot_id"], row["seq"]) == ("pp-here", "1", "7")
    assert (row["t_c"], row["rh_pct"], row["pm25"]) == ("23.1", "", "8.25")


@pytest.mark.parametrize("page", [1, 2, 3, 100])
async def test_pages_neither_repeat_nor_lose_a_reading_at_any_border(
    doors: Doors, world: World, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", page)
    midnight = NOW.replace(hour=0, minute=0)
    moments = [midnight - timedelta(days=1), midnight - timedelta(seconds=1), midnight, midnight, midnight]
    await store(*(reading(world.here, n, at, t_c=20.0) for n, at in enumerate(moments, start=1)))
    until = midnight + timedelta(seconds=1)
    answer = await ask(doors, world.here, since=moments[0].isoformat(), until=until.isoformat())
    assert [row["seq"] for row in rows(answer)] == ["1", "2", "3", "4", "5"]


async def test_the_end_of_a_window_is_not_in_it(doors: Doors, world: World) -> None:
    await store(reading(world.here, 1, NOW - timedelta(hours=1), t_c=1.0), reading(world.here, 2, NOW, t_c=2.0))
    answer = await ask(doors, world.here, since=(NOW - timedelta(hours=1)).isoformat(), until=NOW.isoformat())
    assert [row["seq"] for row in rows(answer)] == ["1"]


async def test_an_export_holds_one_page_in_memory_whatever_the_window(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 10)
    await store(*(reading(world.here, n, NOW - timedelta(seconds=n), t_c=20.0) for n in range(1, 36)))
    shop = world.here
    pages = export.csv_pages(shop.tenant_id, shop.pit_id, NOW - timedelta(hours=1), NOW, "Asia/Kolkata")
    sizes = [page.count("\r\n") async for page in pages]
    assert sum(sizes) == 36
    assert max(sizes) <= 10


async def test_a_zone_west_of_greenwich_has_its_own_sign(doors: Doors) -> None:
    shop = await make_workshop("west", zone="America/St_Johns")
    await store(reading(shop, 1, NOW - timedelta(minutes=1), t_c=20.0))
    async with client(doors.app, await token_of(shop.owner)) as owner:
        (row,) = rows(await owner.get(f"{HOST}/api/v1/pits/{shop.pit_id}/sensors/export.csv"))
    assert datetime.fromisoformat(row["at"]) == NOW - timedelta(minutes=1)
    assert row["at"].endswith(("-03:30", "-02:30"))


async def test_a_window_of_more_than_a_year_is_refused(doors: Doors, world: World) -> None:
    answer = await ask(doors, world.here, since=(NOW - timedelta(days=367)).isoformat())
    assert (answer.status_code, answer.json()["code"]) == (422, "window_too_long")


async def test_another_workshops_readings_are_not_found_nor_in_ones_own_file(doors: Doors, world: World) -> None:
    await store(reading(world.there, 1, NOW - timedelta(minutes=1), t_c=24.1))
    assert (await ask(doors, world.there)).status_code == 404
    assert rows(await ask(doors, world.here)) == []
