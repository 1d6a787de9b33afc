"""The inbox, acknowledging and silencing over REST."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.limits import Level
from tests.api.doors import NOW, Doors, client, raise_alert, token_of
from tests.conftest import World


async def found(doors: Doors, **query: Any) -> tuple[list[UUID], int]:
    said = (await doors.staff.get("/api/v1/alerts", params=query)).json()
    return [UUID(alert["id"]) for alert in said["alerts"]], said["total"]


async def test_the_inbox_finds_what_the_filter_says_newest_first(doors: Doors, world: World) -> None:
    shop = world.here
    old = await raise_alert(shop, "t_c", at=NOW - timedelta(days=2), resolved_at=NOW - timedelta(days=1))
    seen = await raise_alert(
        shop, "pm10", at=NOW - timedelta(hours=2), acknowledged_at=NOW, acknowledged_by=shop.staff.person_id
    )
    new = await raise_alert(shop, "pm25", Level.CRITICAL, at=NOW - timedelta(hours=1))
    await raise_alert(world.there, "pm25")
    assert await found(doors) == ([new, seen, old], 3)
    assert await found(doors, state="open") == ([new, seen], 2)
    assert await found(doors, state="unacknowledged") == ([new], 1)
    assert await found(doors, state="resolved") == ([old], 1)
    assert await found(doors, level="critical") == ([new], 1)
    assert await found(doors, since=(NOW - timedelta(hours=3)).isoformat()) == ([new, seen], 2)
    assert await found(doors, since="0001-01-01T00:00:00+14:00") == ([new, seen, old], 3)
    assert await found(doors, pit_id=shop.pit_id) == ([new, seen, old], 3)
    assert await found(doors, pit_id=shop.other_pit_id) == ([], 0)
    assert await found(doors, pit_id=world.there.pit_id) == ([], 0)
    assert await found(doors, offset=1, limit=1) == ([seen], 3)


async def test_an_alert_is_acknowledged_once_with_a_note_that_its_history_keeps(doors: Doors, world: World) -> None:
    alert_id = await raise_alert(world.here)
    path = f"/api/v1/alerts/{alert_id}"
    answer = await doors.staff.post(f"{path}/acknowledge", json={"note": "  Filter changed.  "})
    said = answer.json()
    assert answer.status_code == 200
    assert (said["pit"], said["rule"], said["level"], said["value"], said["limit"]) == (
        "Pit 1 here", "pm25", "warning", 14.2, 12.0
    )  # fmt: skip
    assert said["acknowledged"] == {
        "at": NOW.isoformat().replace("+00:00", "Z"),
        "by": "Staff Here",
        "note": "Filter changed.",
    }
    assert [(step["kind"], step["person"], step["note"]) for step in said["history"]] == [
        ("raised", None, ""),
        ("acknowledged", "Staff Here", "Filter changed."),
    ]
    assert (await doors.owner.get(path)).json() == said
    again = await doors.owner.post(f"{path}/acknowledge", json={})
    assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")


async def test_an_alert_that_has_cleared_needs_no_acknowledgement(doors: Doors, world: World) -> None:
    alert_id = await raise_alert(world.here, resolved_at=NOW)
    answer = await doors.staff.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_resolved")


async def test_another_workshops_alert_is_not_found_and_stays_as_it_is(doors: Doors, world: World) -> None:
    theirs = await raise_alert(world.there)
    for alert_id in (theirs, uuid4()):
        answers = [
            await doors.owner.get(f"/api/v1/alerts/{alert_id}"),
            await doors.owner.post(f"/api/v1/alerts/{alert_id}/acknowledge", json={}),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 2
    async with client(doors.app, await token_of(world.there.owner)) as neighbour:
        assert (await neighbour.get(f"/api/v1/alerts/{theirs}")).json()["acknowledged"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"state": "closed"}, {"level": "fatal"}, {"pit_id": "7"}, {"since": "today"}, {"offset": -1},
        {"offset": 10**30}, {"limit": 0}, {"limit": 201},
    ],
)  # fmt: skip
async def test_a_filter_that_makes_no_sense_names_the_field(doors: Doors, query: dict[str, Any]) -> None:
    answer = await doors.staff.get("/api/v1/alerts", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


@pytest.mark.parametrize("body", [{"note": "x" * 501}, {"note": "a\x00"}, {"note": 7}, {"remark": "x"}])
async def test_a_note_that_can_not_be_kept_is_invalid(doors: Doors, world: World, body: dict[str, Any]) -> None:
    answer = await doors.staff.post(f"/api/v1/alerts/{await raise_alert(world.here)}/acknowledge", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, next(iter(body)))


async def test_a_silence_is_set_listed_and_ended_by_the_owner(doors: Doors, world: World) -> None:
    silences = f"/api/v1/pits/{world.here.pit_id}/silences"
    until = (NOW + timedelta(hours=2)).isoformat()
    answer = await doors.owner.post(silences, json={"rule": "pm25", "until": until, "note": "sanding"})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["rule"], said["note"], said["by"]) == ("pm25", "sanding", "Owner Here")
    assert (await doors.staff.get(silences)).json() == {"silences": [said]}
    assert (await doors.owner.delete(f"/api/v1/silences/{said['id']}")).status_code == 204
    assert (await doors.staff.get(silences)).json() == {"silences": []}
    assert (await doors.owner.delete(f"/api/v1/silences/{said['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"until": NOW.isoformat()}, "end_in_the_past"),
        ({"until": (NOW + timedelta(days=7, seconds=1)).isoformat()}, "too_long"),
        ({"until": "tomorrow"}, "invalid"),
        ({"until": 1_800_000_000}, "invalid"),
        ({"rule": "co2", "until": (NOW + timedelta(hours=1)).isoformat()}, "invalid"),
        ({}, "invalid"),
    ],
)
async def test_a_silence_without_a_sensible_end_is_refused(
    doors: Doors, world: World, body: dict[str, Any], code: str
) -> None:
    answer = await doors.owner.post(f"/api/v1/pits/{world.here.pit_id}/silences", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_another_workshops_silences_are_not_found(doors: Doors, world: World) -> None:
    until = (NOW + timedelta(hours=2)).isoformat()
    theirs = f"/api/v1/pits/{world.there.pit_id}/silences"
    async with client(doors.app, await token_of(world.there.owner)) as neighbour:
        silence = (await neighbour.post(theirs, json={"until": until})).json()
        answers = [
            await doors.owner.get(theirs),
            await doors.owner.post(theirs, json={"until": until}),
            await doors.owner.delete(f"/api/v1/silences/{silence['id']}"),
        ]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 3
        assert (await neighbour.get(theirs)).json() == {"silences": [silence]}
