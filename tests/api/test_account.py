"""The own account by API: who one is, sessions, switching tenants, keys for programs."""

from typing import Any
from uuid import uuid4

import pytest

from domain.access import Role
from tests.actions.accounts import PASSWORD, add
from tests.actions.senders import execute
from tests.api.doors import NOW, Doors, client
from tests.conftest import World


async def test_everybody_may_ask_who_they_are(doors: Doors, world: World) -> None:
    said = (await doors.staff.get("/api/v1/account")).json()
    assert (said["name"], said["role"], said["tenant"]) == ("Staff Here", "staff", "Workshop here")
    assert said["tenants"] == [{"tenant_id": str(world.here.tenant_id), "name": "Workshop here", "role": "staff"}]
    assert (said["door"], said["is_support"], said["zone"]) == ("web", False, "Asia/Kolkata")


async def test_ones_sessions_are_listed_and_ended(doors: Doors) -> None:
    sessions = (await doors.owner.get("/api/v1/account/sessions")).json()["sessions"]
    assert [one["is_this"] for one in sessions] == [True]
    assert (await doors.owner.delete("/api/v1/account/sessions")).json() == {"ended": 0}
    assert (await doors.owner.delete(f"/api/v1/account/sessions/{uuid4()}")).status_code == 404
    assert (await doors.staff.delete(f"/api/v1/account/sessions/{sessions[0]['id']}")).status_code == 404
    assert (await doors.owner.delete(f"/api/v1/account/sessions/{sessions[0]['id']}")).status_code == 204
    assert (await doors.owner.get("/api/v1/account")).status_code == 401


async def test_somebody_with_two_roles_switches_and_others_can_not(doors: Doors, world: World) -> None:
    there = {"tenant_id": str(world.there.tenant_id)}
    assert (await doors.staff.post("/api/v1/account/switch", json=there)).json()["code"] == "not_found"
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, 'owner', :now)",
        tenant=world.there.tenant_id, person=world.here.staff.person_id, now=NOW,
    )  # fmt: skip
    assert (await doors.staff.post("/api/v1/account/switch", json=there)).status_code == 204
    assert (await doors.staff.get("/api/v1/account")).json()["tenant"] == "Workshop there"
    assert (await doors.staff.get(f"/api/v1/pits/{world.here.pit_id}/limits")).status_code == 404


async def make(doors: Doors, **body: Any) -> Any:
    wanted = {"name": "Sheet", "scopes": ["read"], **body}
    return await doors.owner.post("/api/v1/account/keys", json=wanted)


async def test_a_key_is_said_once_opens_what_it_may_and_is_revoked(doors: Doors, world: World) -> None:
    made = (await make(doors, days=30)).json()
    [listed] = (await doors.owner.get("/api/v1/account/keys")).json()["keys"]
    assert (listed["start"], listed["scopes"], "key" in listed) == (made["start"], ["read"], False)
    async with client(doors.app, made["key"]) as program:
        assert (await program.get("/api/v1/alerts")).status_code == 200
        put = await program.put(f"/api/v1/pits/{world.here.pit_id}/limits/t_c", json={})
        assert (put.status_code, put.json()["code"]) == (403, "not_allowed")
        assert (await program.get("/api/v1/account/keys")).status_code == 403
        assert (await program.post("/api/v1/auth/logout")).status_code == 204
        assert (await program.get("/api/v1/account")).json()["door"] == "key"
        assert (await doors.owner.delete(f"/api/v1/account/keys/{made['id']}")).status_code == 204
        assert (await program.get("/api/v1/alerts")).status_code == 401
    assert (await doors.owner.delete(f"/api/v1/account/keys/{made['id']}")).json()["code"] == "already_so"
    assert (await doors.staff.delete(f"/api/v1/account/keys/{made['id']}")).json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"name": ""}, 422, "name"),
        ({"name": " \u200b"}, 422, None),
        ({"scopes": []}, 422, "scopes"),
        ({"scopes": ["everything"]}, 422, "scopes"),
        ({"scopes": ["account"]}, 403, None),
        ({"days": 0}, 422, "days"),
        ({"days": 10_000}, 422, "days"),
        ({"days": 1e300}, 422, "days"),
    ],
)
async def test_what_can_not_be_a_key_is_refused(
    doors: Doors, body: dict[str, Any], status: int, where: str | None
) -> None:
    answer = await make(doors, **body)
    assert answer.status_code == status
    assert where is None or where in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.usefixtures("quick_hashes")
async def test_a_member_has_an_account_but_no_keys(doors: Doors, world: World) -> None:
    await add(world.here, Role.MEMBER, "mina@here")
    body = {"login": "mina@here", "password": PASSWORD}
    said = (await doors.nobody.post("/api/v1/auth/login", json=body)).json()
    async with client(doors.app, said["access_token"]) as mina:
        assert (await mina.get("/api/v1/account")).json()["role"] == "member"
        assert (await mina.get("/api/v1/account/sessions")).status_code == 200
        assert (await mina.get("/api/v1/account/keys")).status_code == 403
        assert (await mina.get("/api/v1/people")).status_code == 403
