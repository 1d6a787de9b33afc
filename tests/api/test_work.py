"""All that the staff's tablet shows, in one answer, and what it sends."""

from typing import Any
from uuid import uuid4

from tests.api.doors import Doors
from tests.api.test_jobs import created
from tests.conftest import World


async def started(doors: Doors, world: World) -> str:
    made = await created(doors, world, staff=[str(world.here.staff.person_id)], pit_id=str(world.here.pit_id))
    move = {"event": "start", "version": 0, "overrides_climate": True, "reason": "no sensors yet"}
    assert (await doors.staff.post(f"/api/v1/jobs/{made['job_id']}/move", json=move)).status_code == 200
    return str(made["job_id"])


async def only(doors: Doors) -> Any:
    [job] = (await doors.staff.get("/api/v1/work")).json()["jobs"]
    return job


async def test_the_tablets_answer_says_what_is_worked_on_and_what_may_be_done(world: World, doors: Doors) -> None:
    job_id = await started(doors, world)
    job = await only(doors)
    assert (job["id"], job["state"], job["stage"], job["mine"]) == (job_id, "in_progress", "inspection", True)
    assert job["checks"] == ["damage_noted", "car_photographed"] and job["checked"] == []
    assert job["stage_min"] == 18 and job["stages"][0] == "inspection" and len(job["stages"]) == 8
    assert job["allowed"] == ["finish_stage", "submit", "hold"] and job["staff_names"] == ["Staff Here"]
    assert "Meera" not in str(job) and "98765" not in str(job)  # the tablet lies about: it names no customer


async def test_each_entry_of_a_tablet_counts_once_however_often_it_is_sent(world: World, doors: Doors) -> None:
    job_id = await started(doors, world)
    for method, path, body in (
        ("PUT", "checks/damage_noted", {"on": True}),
        ("POST", "move", {"event": "finish_stage", "version": 1, "stage": "inspection"}),
        ("POST", "notes", {"said": "Bumper was painted before"}),
        ("POST", "defects", {"said": "Chip on the bonnet"}),
    ):
        key = {"Idempotency-Key": str(uuid4())}
        answers = [
            await doors.staff.request(method, f"/api/v1/jobs/{job_id}/{path}", json=body, headers=key) for _ in range(3)
        ]
        assert {answer.status_code for answer in answers} <= {200, 201}, answers[0].text
    job = await only(doors)
    assert (job["version"], job["checked"], job["defects"], job["stage"]) == (3, ["damage_noted"], 1, "wash")
    kinds = [event["kind"] for event in answers[-1].json()["timeline"]]
    assert kinds == ["create_job", "start", "finish_stage", "note_on_job", "note_defect"]


async def test_a_finished_stage_is_taken_back_and_an_old_view_is_told(world: World, doors: Doors) -> None:
    job_id = await started(doors, world)
    finish = {"event": "finish_stage", "version": 1, "stage": "inspection"}
    await doors.staff.post(f"/api/v1/jobs/{job_id}/move", json=finish)
    assert (await doors.staff.post(f"/api/v1/jobs/{job_id}/undo", json={"version": 2})).json()["version"] == 3
    answer = await doors.staff.post(f"/api/v1/jobs/{job_id}/undo", json={"version": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "moved_meanwhile")
    for path, body, code in (
        ("notes", {"said": " "}, "empty"),
        ("checks/no_bubbles", {"on": True}, "no_such_check"),
    ):
        method = "POST" if path == "notes" else "PUT"
        answer = await doors.staff.request(method, f"/api/v1/jobs/{job_id}/{path}", json=body)
        assert answer.json()["code"] == code
