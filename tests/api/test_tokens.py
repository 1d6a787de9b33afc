"""Signing in for programs: codes, refreshing, copied tokens, and the wait of whoever guesses."""

from typing import Any

import pytest

from actions.people.members import suspend_person
from actions.people.second_factor import RECOVERY_CODES
from domain.access import Role
from domain.throttling import PAIR
from tests.actions.accounts import PASSWORD, add, seated, switch_on_second_factor
from tests.api.doors import NOW, Doors, client
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture(autouse=True)
async def maya(world: World) -> None:
    await add(world.here, Role.STAFF, "maya@here")


async def log_in(doors: Doors, **more: Any) -> Any:
    body = {"login": "maya@here", "password": PASSWORD, **more}
    return await doors.nobody.post("/api/v1/auth/login", json=body)


async def refresh(doors: Doors, token: str) -> Any:
    return await doors.nobody.post("/api/v1/auth/refresh", json={"refresh_token": token})


async def opens(doors: Doors, token: str, path: str = "devices") -> int:
    async with client(doors.app, token) as holder:
        return (await holder.get(f"/api/v1/{path}")).status_code


async def test_a_sign_in_says_both_tokens_and_how_long_they_last(doors: Doors) -> None:
    said = (await log_in(doors)).json()
    assert said["scopes"] == ["account", "manage", "operate", "read"]
    assert said["expires_at"] < said["refresh_expires_at"]
    assert await opens(doors, said["access_token"]) == 200
    assert await opens(doors, said["refresh_token"]) == 401


async def test_refreshing_gives_new_tokens_and_a_copied_one_ends_the_session(doors: Doors) -> None:
    first = (await log_in(doors)).json()
    second = (await refresh(doors, first["refresh_token"])).json()
    assert await opens(doors, second["access_token"]) == 200
    copied = await refresh(doors, first["refresh_token"])
    assert (copied.status_code, copied.json()["code"]) == (401, "refresh_reused")
    assert await opens(doors, second["access_token"]) == 401
    ended = await refresh(doors, second["refresh_token"])
    assert (ended.status_code, ended.json()["code"]) == (401, "refresh_refused")


@pytest.mark.parametrize("token", ["x", "é", "a.b.c", "x" * 2_000])
async def test_a_made_up_refresh_token_is_refused(doors: Doors, token: str) -> None:
    answer = await refresh(doors, token)
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")


async def test_tokens_of_fewer_scopes_reach_less_and_the_answer_says_why(doors: Doors) -> None:
    said = (await log_in(doors, scopes=["read"])).json()
    assert said["scopes"] == ["read"]
    async with client(doors.app, said["access_token"]) as maya:
        assert (await maya.get("/api/v1/devices")).status_code == 200
        refused = await maya.get("/api/v1/account/sessions")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
        assert "scope `account`" in refused.json()["detail"]


async def test_a_second_factor_needs_its_code(doors: Doors) -> None:
    app, codes = await switch_on_second_factor(await seated("maya@here"), NOW)
    assert len(codes) == RECOVERY_CODES
    for code, problem in (("", "code_needed"), ("000000", "wrong_code")):
        answer = await log_in(doors, code=code)
        assert (answer.status_code, answer.json()["code"]) == (401, problem)
    assert (await log_in(doors, code=codes[0])).status_code == 200
    assert (await log_in(doors, code=app.code(NOW))).json()["code"] == "wrong_code"  # it was used to switch it on


async def test_whoever_guesses_is_told_to_wait_and_a_known_device_is_not(doors: Doors) -> None:
    device = (await log_in(doors)).json()["device"]
    guesses = [await log_in(doors, password="wrong") for _ in range(PAIR.free + 1)]
    assert [answer.status_code for answer in guesses] == [401] * PAIR.free + [429]
    assert guesses[-1].json()["code"] == "try_later"
    assert guesses[-1].headers["retry-after"] == str(PAIR.first_wait_s)
    assert (await log_in(doors)).status_code == 429
    assert (await log_in(doors, device=device)).status_code == 200


async def test_a_suspended_person_is_out_with_the_next_request(doors: Doors, world: World) -> None:
    said = (await log_in(doors)).json()
    person_id = (await seated("maya@here")).viewer.person_id
    assert await suspend_person(world.here.owner, person_id, NOW) is None
    assert await opens(doors, said["access_token"]) == 401
    assert (await refresh(doors, said["refresh_token"])).status_code == 401
    assert (await log_in(doors)).json()["code"] == "suspended"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "refresh_token"), ({"refresh_token": ""}, "refresh_token"), ({"refresh_token": "a", "x": 1}, "x")],
)
async def test_what_is_no_request_names_the_field(doors: Doors, body: object, field: str) -> None:
    answer = await doors.nobody.post("/api/v1/auth/refresh", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
