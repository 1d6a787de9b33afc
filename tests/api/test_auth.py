"""Signing in, sessions by token and by cookie, and who may do what."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from actions.people import add_person
from api import rest
from domain.access import Role
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import HOST, NOW, Doors, client, token_of
from tests.conftest import World

PASSWORD = "correct horse battery staple"


async def sign_in(doors: Doors, login: str = "maya@here", password: str = PASSWORD) -> Any:
    return await doors.nobody.post("/api/v1/auth/login", json={"login": login, "password": password})


@pytest.fixture
async def maya(world: World) -> UUID:
    return await add_person("maya@here", "Maya", PASSWORD, world.here.tenant_id, Role.STAFF)


@pytest.mark.usefixtures("maya")
async def test_a_sign_in_gives_a_token_that_opens_the_api_until_the_sign_out(doors: Doors, world: World) -> None:
    answer = await sign_in(doors, login="MAYA@here ")
    said = answer.json()
    assert answer.status_code == 200
    assert said["token_type"] == "bearer"
    assert said["person"] == {"name": "Maya", "role": "staff", "tenant_id": str(world.here.tenant_id)}
    async with client(doors.app, said["access_token"]) as maya:
        assert (await maya.get("/api/v1/devices")).status_code == 200
        assert (await maya.post("/api/v1/auth/logout")).status_code == 204
        after = await maya.get("/api/v1/devices")
        assert (after.status_code, after.json()["code"]) == (401, "not_signed_in")
        assert (await maya.post("/api/v1/auth/logout")).status_code == 204


@pytest.mark.usefixtures("maya")
@pytest.mark.parametrize(("login", "password"), [("maya@here", "wrong"), ("nobody@here", PASSWORD), ("x" * 120, "y")])
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(doors: Doors, login: str, password: str) -> None:
    answer = await sign_in(doors, login, password)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "wrong_credentials"
    assert answer.json()["detail"] == "Name or password is wrong."


async def test_a_suspended_person_is_told_so(doors: Doors, maya: UUID) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE person SET suspended_at = :now WHERE id = :id"), {"now": NOW, "id": maya})
    answer = await sign_in(doors)
    assert (answer.status_code, answer.json()["code"]) == (403, "suspended")


@pytest.mark.parametrize(
    "header", [None, b"Bearer", b"Bearer nonsense", b"Basic b3duZXI6cGFzcw==", "bearer \N{SNOWMAN}".encode()]
)
async def test_without_a_good_token_nobody_is_signed_in(doors: Doors, header: bytes | None) -> None:
    headers = {} if header is None else {b"Authorization": header}
    answer = await doors.nobody.get("/api/v1/devices", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_an_expired_session_has_ended(doors: Doors, world: World) -> None:
    token = await token_of(world.here.owner)
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE web_session SET expires_at = :then"), {"then": NOW - timedelta(seconds=1)})
    async with client(doors.app, token) as late:
        assert (await late.get("/api/v1/devices")).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (HOST, 204),
        (None, 403),
        ("null", 403),
        ("https://elsewhere.test", 403),
        ("http://pitpilot.test.elsewhere.test", 403),
        ("ftp://pitpilot.test", 403),
    ],
)
async def test_a_cookie_changes_something_only_from_our_own_pages(
    doors: Doors, world: World, origin: str | None, status: int
) -> None:
    doors.nobody.cookies.set("pitpilot_session", await token_of(world.here.owner))
    assert (await doors.nobody.get("/api/v1/devices")).status_code == 200
    answer = await doors.nobody.post("/api/v1/auth/logout", headers={} if origin is None else {"Origin": origin})
    assert answer.status_code == status
    assert status == 204 or answer.json()["code"] == "wrong_origin"


@pytest.mark.parametrize(("origin", "status"), [("https://pits.example.com", 204), (HOST, 403)])
async def test_with_a_public_address_only_that_is_our_own_origin(world: World, origin: str, status: int) -> None:
    app = FastAPI()
    rest.mount(app, "https://pits.example.com")
    async with client(app) as browser:
        browser.cookies.set("pitpilot_session", await token_of(world.here.owner))
        assert (await browser.post("/api/v1/auth/logout", headers={"Origin": origin})).status_code == status


async def test_a_bad_token_is_not_made_good_by_a_cookie(doors: Doors, world: World) -> None:
    doors.nobody.cookies.set("pitpilot_session", await token_of(world.here.owner))
    answer = await doors.nobody.get("/api/v1/devices", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


async def test_staff_see_and_acknowledge_but_change_and_export_nothing(doors: Doors, world: World) -> None:
    pit = f"/api/v1/pits/{world.here.pit_id}"
    refused = [
        await doors.staff.put(f"{pit}/limits/t_c", json={}),
        await doors.staff.get(f"{pit}/sensors/export.csv"),
        await doors.staff.post(f"{pit}/silences", json={"until": (NOW + timedelta(hours=1)).isoformat()}),
        await doors.staff.delete(f"/api/v1/silences/{world.here.pit_id}"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(403, "not_allowed")] * 4


async def test_a_member_without_a_role_in_the_workshop_sees_nothing(doors: Doors, world: World) -> None:
    person_id = await add_person("member@here", "Member", PASSWORD, world.here.tenant_id, Role.MEMBER)
    async with client(doors.app, (await sign_in(doors, "member@here")).json()["access_token"]) as member:
        for path in (
            f"workshops/{world.here.tenant_id}/pits",
            f"pits/{world.here.pit_id}/sensors/latest",
            f"pits/{world.here.pit_id}/sensors/history",
            f"pits/{world.here.pit_id}/limits",
            "alerts",
            "devices",
        ):
            answer = await member.get(f"/api/v1/{path}")
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path
    assert person_id


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "login"),
        ({"login": "a"}, "password"),
        ({"login": "", "password": "x"}, "login"),
        ({"login": "a\x00b", "password": "x"}, "login"),
        ({"login": "a", "password": "x" * 1_001}, "password"),
        ({"login": 7, "password": "x"}, "login"),
        ({"login": "a", "password": "x", "remember": True}, "remember"),
        ([], "body"),
    ],
)
async def test_a_sign_in_that_is_no_sign_in_names_the_field(doors: Doors, body: object, field: str) -> None:
    answer = await doors.nobody.post("/api/v1/auth/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert field in [error["field"] for error in answer.json()["errors"]]
