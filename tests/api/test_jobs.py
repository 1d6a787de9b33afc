"""Jobs over the API, and what the holder of a customer's link sees of one: on the bytes, nothing of anybody."""

import csv
import io
from typing import Any
from uuid import uuid4

from tests.api.doors import Doors
from tests.conftest import World

NEW = {
    "customer": {"name": "Meera Nair", "phone": "+91 98765 43210", "mail": "meera@example.org"},
    "vehicle": {"make": "Skoda", "model": "Octavia", "plate": "MH 12 AB 1234", "colour": "blue"},
    "work_type": "full_ppf",
    "note": "dent on the left",
}


async def created(doors: Doors, world: World, **more: Any) -> dict[str, Any]:
    answer = await doors.owner.post(f"/api/v1/workshops/{world.here.tenant_id}/jobs", json=NEW | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_job_is_taken_in_listed_found_assigned_and_moved(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world))["job_id"]
    jobs = f"/api/v1/workshops/{world.here.tenant_id}/jobs"
    for found in ({}, {"search": "1234"}, {"state": "received"}):
        assert [job["id"] for job in (await doors.staff.get(jobs, params=found)).json()["jobs"]] == [job_id]
    assert (await doors.staff.get(jobs, params={"state": "complete"})).json() == {"jobs": []}
    assigned = {"version": 0, "pit_id": str(world.here.pit_id), "staff": [str(world.here.staff.person_id)]}
    assert (await doors.staff.put(f"/api/v1/jobs/{job_id}/assignment", json=assigned)).json()["version"] == 1
    move = {"event": "start", "version": 1, "overrides_climate": True, "reason": "no sensors yet"}
    answer = (await doors.staff.post(f"/api/v1/jobs/{job_id}/move", json=move)).json()
    assert (answer["state"], answer["version"]) == ("in_progress", 2)
    assert [event["kind"] for event in answer["timeline"]] == ["create_job", "assign_job", "start"]


async def test_a_move_that_is_refused_says_why_and_what_is_allowed(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world))["job_id"]
    for move, status, code in (
        ({"event": "pass", "version": 0}, 409, "no_such_move"),
        ({"event": "start", "version": 7}, 409, "moved_meanwhile"),
        ({"event": "start", "version": 0}, 409, "pit_needed"),
        ({"event": "cancel", "version": 0, "reason": "sold"}, 403, "only_the_owner"),
    ):
        answer = await doors.staff.post(f"/api/v1/jobs/{job_id}/move", json=move)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["detail"].endswith("Allowed now: start.")


async def test_all_jobs_come_as_csv_in_the_workshops_zone_and_to_owners_only(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world, vehicle={"make": "Skoda", "model": "=cmd()"}))["job_id"]
    path = f"/api/v1/workshops/{world.here.tenant_id}/jobs/export.csv"
    answer = await doors.owner.get(path)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    [line] = csv.DictReader(io.StringIO(answer.text))
    assert (line["id"], line["model"], line["received_at"][-6:]) == (job_id, "'=cmd()", "+05:30")
    assert len((await doors.owner.get(path, params={"state": "complete"})).text.splitlines()) == 1
    assert (await doors.staff.get(path)).status_code == 403


async def test_a_car_is_handed_over_with_a_signature_that_is_lines_and_nothing_else(world: World, doors: Doors) -> None:
    job_id = (await created(doors, world))["job_id"]
    said = {"version": 0, "signed_by": "Meera", "signature": "M1 1L9 9"}
    refused = await doors.staff.post(f"/api/v1/jobs/{job_id}/hand-over", json=said)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_such_move")
    for path in ("<script>", "M1 1", "M1 1L9 9Z", "M1 1L9999 9"):
        answer = await doors.staff.post(f"/api/v1/jobs/{job_id}/hand-over", json=said | {"signature": path})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_the_same_key_makes_one_job(world: World, doors: Doors) -> None:
    url, key = f"/api/v1/workshops/{world.here.tenant_id}/jobs", {"Idempotency-Key": str(uuid4())}
    statuses = [(await doors.owner.post(url, json=NEW, headers=key)).status_code for _ in range(2)]
    assert statuses == [201, 409]


async def test_a_link_shows_the_car_and_nothing_of_people_or_ids(world: World, doors: Doors) -> None:
    made = await created(doors, world, staff=[str(world.here.staff.person_id)], pit_id=str(world.here.pit_id))
    answer = await doors.nobody.get(f"/api/v1/track/{made['token']}")
    assert answer.status_code == 200
    seen = answer.json()
    assert (seen["state"], seen["make"], seen["plate"], seen["progress"]) == ("received", "Skoda", "MH••••••34", 0.0)
    assert not seen["is_overdue"] and seen["ready_at"] < seen["promised_at"]
    assert answer.headers["referrer-policy"] == "no-referrer" and "noindex" in answer.headers["x-robots-tag"]
    secret = [
        "Meera", "98765", "43210", "meera@", "1234", "dent", made["job_id"], made["token"], world.here.device_id,
        str(world.here.tenant_id), str(world.here.pit_id), str(world.here.staff.person_id), "Staff", "Owner",
    ]  # fmt: skip
    assert [word for word in secret if word in answer.text] == []


async def test_a_link_that_was_replaced_or_ended_is_like_one_that_never_was(world: World, doors: Doors) -> None:
    made = await created(doors, world)
    link = f"/api/v1/jobs/{made['job_id']}/link"
    fresh = (await doors.staff.post(link)).json()["token"]
    assert (await doors.nobody.get(f"/api/v1/track/{fresh}")).status_code == 200
    assert (await doors.staff.delete(link)).status_code == 204
    answers = [await doors.nobody.get(f"/api/v1/track/{token}") for token in (made["token"], fresh, "guess")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "link_unknown")}


async def test_whoever_guesses_is_slowed_down_and_the_neighbour_with_a_link_is_not(world: World, doors: Doors) -> None:
    made = await created(doors, world)
    statuses = [(await doors.nobody.get(f"/api/v1/track/{n}")).status_code for n in range(65)]
    assert set(statuses[:59]) == {404} and statuses[-1] == 429
    assert (await doors.nobody.get(f"/api/v1/track/{made['token']}")).status_code == 200
