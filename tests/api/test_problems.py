"""Every error below /api has one form; what lies outside keeps its own."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from api import rest
from api.problems import BODY_BYTES_MAX, Problem
from storage import session
from tests.api.doors import Doors, client
from tests.conftest import World

FORM = Draft202012Validator(Problem.model_json_schema())


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer is a problem of this kind, and of the documented form."""
    said: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    FORM.validate(said)
    assert (answer.status_code, said["status"], said["code"]) == (status, status, code)
    assert said["type"] == f"urn:pitpilot:problem:{code}"
    return said


async def test_no_answer_is_kept_on_its_way(doors: Doors, world: World) -> None:
    for path in (
        "devices",
        f"pits/{world.here.pit_id}/sensors/history",
        f"pits/{world.here.pit_id}/sensors/export.csv",
    ):
        assert (await doors.owner.get(f"/api/v1/{path}")).headers["cache-control"] == "no-store", path


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/pits", "/api/docs", "/api/%00"])
async def test_an_unknown_address_is_not_found(doors: Doors, path: str) -> None:
    assert_problem(await doors.owner.get(path), 404, "not_found")


async def test_a_method_that_is_not_possible_says_which_are(doors: Doors) -> None:
    answer = await doors.owner.delete("/api/v1/alerts")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_addresses_outside_keep_their_own_errors(doors: Doors) -> None:
    answer = await doors.owner.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"{", "not JSON"), (b'{"note": "\\ud800"}', "valid"), (b'{"note": "\xff"}', ""), (b"", "required")],
)
async def test_a_body_that_is_no_json_is_invalid(doors: Doors, world: World, body: bytes, message: str) -> None:
    answer = await doors.owner.post(
        f"/api/v1/alerts/{world.here.pit_id}/acknowledge", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    said = assert_problem(answer, answer.status_code, "invalid" if answer.status_code == 422 else "malformed")
    assert message in str(said)


async def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(doors: Doors, world: World) -> None:
    async def chunks() -> Any:
        for _ in range(BODY_BYTES_MAX // 1_000 + 1):
            yield b" " * 1_000

    path = f"/api/v1/alerts/{world.here.pit_id}/acknowledge"
    json = {"Content-Type": "application/json"}
    assert_problem(await doors.owner.post(path, content=b" " * (BODY_BYTES_MAX + 1), headers=json), 413, "too_large")
    assert_problem(await doors.owner.post(path, content=chunks(), headers=json), 413, "too_large")


async def test_what_nobody_expected_is_an_incident_without_a_trace(
    doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError("the secret is 42")

    doors.api.add_api_route("/v1/broken", broken)
    with caplog.at_level(logging.CRITICAL):
        said = assert_problem(await doors.owner.get("/api/v1/broken"), 500, "internal")
    assert "42" not in str(said)
    assert len(said["incident"]) == 8


async def test_without_a_database_the_caller_is_asked_to_come_again(world: World) -> None:
    app = FastAPI()
    rest.mount(app)
    urls = session.Urls("postgresql://nobody@127.0.0.1:1/nothing", "postgresql://nobody@127.0.0.1:1/nothing")
    await session.close()
    session.open(urls, pool_size=1)
    async with client(app, "any token") as caller:
        answer = await caller.get("/api/v1/devices")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "5"


async def test_without_people_only_the_frame_is_there() -> None:
    app = FastAPI()
    rest.mount(app, with_people=False)
    async with client(app) as caller:
        assert_problem(await caller.get("/api/v1/devices"), 404, "not_found")
        assert (await caller.get("/api/v1/openapi.json")).status_code == 200
