"""Pits over REST: states, latest values, and nothing of anybody else."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.limits import Level
from tests.api.doors import NOW, Doors, raise_alert, reading
from tests.conftest import World


async def test_a_workshops_pits_come_in_their_order_with_state_values_and_limits(doors: Doors, world: World) -> None:
    doors.hub.put([reading(world.here, 1, NOW, t_c=24.5, pm25=14.0)])
    doors.hub.set_level(world.here.pit_id, world.here.tenant_id, "pm25", Level.WARNING)
    await raise_alert(world.here)
    answer = await doors.staff.get(f"/api/v1/workshops/{world.here.tenant_id}/pits")
    assert answer.status_code == 200
    first, second = answer.json()["pits"]
    assert (first["name"], first["state"], first["open_alerts"]) == ("Pit 1 here", "warn", 1)
    assert first["metrics"]["t_c"] == {
        "value": 24.5,
        "unit": "°C",
        "at": NOW.isoformat().replace("+00:00", "Z"),
        "fresh": True,
        "state": "ok",
    }
    assert first["metrics"]["pm25"]["state"] == "warn"
    assert first["limits"]["pm25"]["critical_high"] == 35.4
    assert (second["name"], second["state"], second["heard_at"], second["metrics"]) == (
        "Pit 2 here", "unknown", None, {}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("levels", "state"),
    [({}, "ok"), ({"t_c": Level.WARNING}, "warn"), ({"t_c": Level.WARNING, "pm25": Level.CRITICAL}, "crit")],
)
async def test_a_pit_is_as_bad_as_its_worst_metric(
    doors: Doors, world: World, levels: dict[str, Level], state: str
) -> None:
    doors.hub.put([reading(world.here, 1, NOW, t_c=24.5, pm25=14.0)])
    for rule, level in levels.items():
        doors.hub.set_level(world.here.pit_id, world.here.tenant_id, rule, level)
    answer = await doors.staff.get(f"/api/v1/pits/{world.here.pit_id}/sensors/latest")
    assert answer.json()["state"] == state


async def test_an_old_value_is_shown_as_such_and_says_nothing_about_now(doors: Doors, world: World) -> None:
    doors.hub.put([reading(world.here, 1, NOW - timedelta(minutes=5), t_c=40.0)])
    doors.hub.set_level(world.here.pit_id, world.here.tenant_id, "t_c", Level.CRITICAL)
    latest = (await doors.staff.get(f"/api/v1/pits/{world.here.pit_id}/sensors/latest")).json()
    assert latest["state"] == "unknown"
    assert (latest["metrics"]["t_c"]["fresh"], latest["metrics"]["t_c"]["state"]) == (False, "unknown")
    assert latest["metrics"]["t_c"]["value"] == 40.0


async def test_another_workshops_pits_are_not_found(doors: Doors, world: World) -> None:
    for path in (
        f"/api/v1/workshops/{world.there.tenant_id}/pits",
        f"/api/v1/workshops/{uuid4()}/pits",
        f"/api/v1/pits/{world.there.pit_id}/sensors/latest",
        f"/api/v1/pits/{uuid4()}/sensors/latest",
    ):
        answer = await doors.owner.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
