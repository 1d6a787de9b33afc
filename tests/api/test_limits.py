"""Limits over REST: what holds, what the pit says, and refusals of what can't hold."""

from typing import Any
from uuid import uuid4

import pytest

from storage.session import EVERY_TENANT, transaction
from storage.tables import LimitsRow
from tests.api.doors import Doors
from tests.conftest import World


async def test_limits_say_where_each_of_them_comes_from(doors: Doors, world: World) -> None:
    shop = world.here
    async with transaction(EVERY_TENANT) as tx:
        tx.add(
            LimitsRow(
                tenant_id=shop.tenant_id, origin="tenant", place_id=shop.tenant_id, metric="t_c", warning_high=30.0
            )
        )
    put = await doors.owner.put(f"/api/v1/pits/{shop.pit_id}/limits/t_c", json={"warning_low": 18.5})
    assert put.status_code == 200
    said = (await doors.staff.get(f"/api/v1/pits/{shop.pit_id}/limits")).json()
    t_c = said["metrics"]["t_c"]
    assert t_c == put.json() == (await doors.staff.get(f"/api/v1/pits/{shop.pit_id}/limits/t_c")).json()
    assert (t_c["unit"], t_c["limits"]["warning_low"], t_c["limits"]["warning_high"]) == ("°C", 18.5, 30.0)
    assert (t_c["own"]["warning_low"], t_c["own"]["warning_high"]) == (18.5, None)
    assert (t_c["origins"]["warning_low"], t_c["origins"]["warning_high"], t_c["origins"]["band"]) == (
        "pit", "tenant", "default"
    )  # fmt: skip
    assert said["metrics"]["p_hpa"]["limits"]["warning_high"] is None


async def test_what_is_left_out_inherits_again(doors: Doors, world: World) -> None:
    path = f"/api/v1/pits/{world.here.pit_id}/limits/pm25"
    await doors.owner.put(path, json={"warning_high": 20.0})
    again = (await doors.owner.put(path, json={})).json()
    assert (again["limits"]["warning_high"], again["origins"]["warning_high"]) == (12.0, "default")


async def test_a_limit_a_hair_above_nothing_is_kept_as_it_was_said(doors: Doors, world: World) -> None:
    path = f"/api/v1/pits/{world.here.pit_id}/limits/pm25"
    put = await doors.owner.put(path, json={"warning_low": 6e-159})
    assert (put.status_code, put.json()["own"]["warning_low"]) == (200, 6e-159)


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"warning_low": 35.0}, "low_above_high"),
        ({"critical_high": 30.0}, "critical_inside_warning"),
        ({"band": 10.5}, "band_too_wide"),
        ({"band": -1.0}, "negative"),
        ({"warning_high": 1e308}, "invalid"),
        ({"warning_high": "warm"}, "invalid"),
        ({"raise_after_s": -1}, "invalid"),
        ({"raise_after_s": 1.5}, "invalid"),
        ({"clear_after_s": 86_401}, "invalid"),
        ({"warning_hihg": 30.0}, "invalid"),
        ([], "invalid"),
    ],
)
async def test_limits_that_can_not_hold_are_refused_and_nothing_changes(
    doors: Doors, world: World, own: Any, code: str
) -> None:
    path = f"/api/v1/pits/{world.here.pit_id}/limits/t_c"
    before = (await doors.owner.get(path)).json()
    answer = await doors.owner.put(path, json=own)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await doors.owner.get(path)).json() == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_a_limit_that_is_no_number_is_invalid(doors: Doors, world: World, number: str) -> None:
    answer = await doors.owner.put(
        f"/api/v1/pits/{world.here.pit_id}/limits/t_c",
        content=f'{{"warning_high": {number}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "warning_high")


async def test_an_unknown_metric_is_invalid(doors: Doors, world: World) -> None:
    answer = await doors.owner.get(f"/api/v1/pits/{world.here.pit_id}/limits/co2")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "metric")


async def test_another_workshops_limits_are_not_found(doors: Doors, world: World) -> None:
    for pit_id in (world.there.pit_id, uuid4()):
        answers = [
            await doors.owner.get(f"/api/v1/pits/{pit_id}/limits"),
            await doors.owner.get(f"/api/v1/pits/{pit_id}/limits/t_c"),
            await doors.owner.put(f"/api/v1/pits/{pit_id}/limits/t_c", json={"warning_low": 1.0}),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 3
