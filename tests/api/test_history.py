"""A pit's past as columns: the resolution that fits, windows that make sense, and no point that is not the viewer's."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from api import history
from storage import partitions
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import NOW, Doors, reading, store
from tests.conftest import Workshop, World

MINUTE = NOW.replace(second=0)


async def ask(doors: Doors, shop: Workshop, **query: Any) -> Any:
    return await doors.staff.get(f"/api/v1/pits/{shop.pit_id}/sensors/history", params=query)


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1_000)


async def test_single_readings_come_as_columns_oldest_first_without_what_was_not_measured(
    doors: Doors, world: World
) -> None:
    first, second = NOW - timedelta(minutes=2), NOW - timedelta(minutes=1)
    await store(
        reading(world.here, 2, second, t_c=24.5), reading(world.here, 1, first, t_c=24.1, pm25=8.0),
        reading(world.there, 1, first, t_c=99.0),
    )  # fmt: skip
    answer = await ask(doors, world.here, since=(NOW - timedelta(hours=1)).isoformat())
    history.History.model_validate_json(answer.content, strict=True)
    said = answer.json()
    assert (said["resolution"], said["bucket_s"]) == ("raw", 0)
    assert said["series"] == {
        "t_c": {"at_ms": [ms(first), ms(second)], **{column: [24.1, 24.5] for column in ("mean", "low", "high")}},
        "pm25": {"at_ms": [ms(first)], **{column: [8.0] for column in ("mean", "low", "high")}},
    }


async def test_a_longer_window_is_made_of_buckets_with_mean_and_extremes(doors: Doors, world: World) -> None:
    at = MINUTE - timedelta(minutes=30)
    await store(*(reading(world.here, n, at + timedelta(seconds=n), t_c=20.0 + n) for n in range(3)))
    async with transaction(EVERY_TENANT) as tx:
        await partitions.roll_up(tx, NOW)
    said = (await ask(doors, world.here, since=(NOW - timedelta(hours=5)).isoformat())).json()
    assert (said["resolution"], said["bucket_s"]) == ("1m", 60)
    assert said["series"] == {"t_c": {"at_ms": [ms(at)], "mean": [21.0], "low": [20.0], "high": [22.0]}}


@pytest.mark.parametrize(
    ("window", "resolution"),
    [
        (timedelta(minutes=15), "raw"),
        (timedelta(hours=2), "raw"),
        (timedelta(hours=24), "1m"),
        (timedelta(days=10), "10m"),
        (timedelta(days=60), "1h"),
        (timedelta(days=3_000), "1d"),
    ],
)
async def test_the_resolution_fits_the_window(doors: Doors, world: World, window: timedelta, resolution: str) -> None:
    answer = await ask(doors, world.here, since=(NOW - window).isoformat(), until=NOW.isoformat())
    assert (answer.status_code, answer.json()["resolution"]) == (200, resolution)


async def test_without_a_window_the_last_day_is_meant(doors: Doors, world: World) -> None:
    said = (await ask(doors, world.here)).json()
    assert datetime.fromisoformat(said["until"]) == NOW
    assert datetime.fromisoformat(said["since"]) == NOW - timedelta(days=1)


async def test_only_the_metrics_that_were_asked_for_come(doors: Doors, world: World) -> None:
    await store(reading(world.here, 1, NOW - timedelta(minutes=1), t_c=24.1, pm25=8.0, rh_pct=50.0))
    said = (await ask(doors, world.here, resolution="raw", metrics="rh_pct,pm25,iaq")).json()
    assert set(said["series"]) == {"rh_pct", "pm25"}


async def test_readings_of_a_device_that_moved_stay_with_the_pit_that_it_stood_in(doors: Doors, world: World) -> None:
    await store(reading(world.here, 1, NOW - timedelta(minutes=1), t_c=24.1))
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE device SET pit_id = :to WHERE id = :id"),
            {"to": world.here.other_pit_id, "id": world.here.device_id},
        )
    assert (await ask(doors, world.here, resolution="raw")).json()["series"]["t_c"]["mean"] == [24.1]


async def test_a_window_with_too_many_readings_is_refused_or_shown_in_minutes(
    doors: Doors, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "READINGS_MAX", 2)
    await store(*(reading(world.here, n, NOW - timedelta(minutes=5, seconds=n), t_c=24.0) for n in range(3)))
    since = (NOW - timedelta(hours=1)).isoformat()
    refused = await ask(doors, world.here, since=since, resolution="raw")
    assert (refused.status_code, refused.json()["code"]) == (422, "window_too_long")
    assert "resolution=1m" in refused.json()["detail"]
    assert (await ask(doors, world.here, since=since)).json()["resolution"] == "1m"


@pytest.mark.parametrize(("resolution", "days", "instead"), [("1m", 4, "10m"), ("10m", 40, "1h"), ("1h", 300, "1d")])
async def test_too_many_buckets_are_refused_with_what_to_ask_instead(
    doors: Doors, world: World, resolution: str, days: int, instead: str
) -> None:
    answer = await ask(doors, world.here, since=(NOW - timedelta(days=days)).isoformat(), resolution=resolution)
    assert (answer.status_code, answer.json()["code"]) == (422, "window_too_long")
    assert f"resolution={instead}" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-31"}, "since"),
        ({"since": "2026-01-31T09:30:00"}, "since"),
        ({"since": "1700000000"}, "since"),
        ({"since": "-1"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"until": "1999-12-31T23:59:59Z"}, "until"),
        ({"since": NOW.isoformat(), "until": NOW.isoformat()}, "since"),
        ({"since": (NOW + timedelta(hours=2)).isoformat(), "until": (NOW + timedelta(hours=1)).isoformat()}, "since"),
        ({"until": (NOW + timedelta(days=2)).isoformat()}, "until"),
        ({"resolution": "5m"}, "resolution"),
        ({"metrics": "t_c,co2"}, "metrics"),
        ({"metrics": ""}, "metrics"),
        ({"metrics": "t_c\x00"}, "metrics"),
    ],
)
async def test_a_window_that_makes_no_sense_names_the_field(
    doors: Doors, world: World, query: dict[str, str], field: str
) -> None:
    answer = await ask(doors, world.here, **query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("plus", ["+", quote("+")])
async def test_an_offset_is_understood_whether_its_plus_was_escaped_or_not(
    doors: Doors, world: World, plus: str
) -> None:
    since = f"{NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%S}{plus}00:00"
    answer = await doors.staff.get(f"/api/v1/pits/{world.here.pit_id}/sensors/history?since={since}")
    assert answer.status_code == 200


async def test_another_workshops_past_is_not_found(doors: Doors, world: World) -> None:
    await store(reading(world.there, 1, NOW - timedelta(minutes=1), t_c=24.1))
    answer = await ask(doors, world.there, resolution="raw")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
