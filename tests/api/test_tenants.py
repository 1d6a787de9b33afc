"""Tenants on the platform by API: for whoever runs it, and nobody else."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from actions.people import add_person
from domain.access import Role, Viewer
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import add_platform, trail
from tests.api.doors import Doors, client, token_of
from tests.conftest import World

TENANTS = "/api/v1/tenants"


@pytest.fixture
async def platform(doors: Doors, quick_hashes: None) -> AsyncIterator[AsyncClient]:
    """Somebody who runs the platform."""
    tenant_id = await add_platform()
    person_id = await add_person("root@platform", "Root", "a password that nobody uses", tenant_id, Role.SUPER_ADMIN)
    token = await token_of(Viewer(person_id, "Root", tenant_id, Role.SUPER_ADMIN))
    async with client(doors.app, token) as asking:
        yield asking


async def put(tenant_id: UUID, status: str) -> None:
    async with transaction(EVERY_TENANT) as tx:
        bound = {"status": status, "id": tenant_id}
        await tx.execute(text("UPDATE tenant SET status = :status WHERE id = :id"), bound)


async def test_the_platform_finds_every_tenant_but_its_own(platform: AsyncClient, world: World) -> None:
    said = (await platform.get(TENANTS)).json()
    assert ([one["name"] for one in said["tenants"]], said["total"]) == (["Workshop here", "Workshop there"], 2)
    assert said["tenants"][0]["owner_login"] == "owner@here"
    assert (await platform.get(TENANTS, params={"search": "there"})).json()["total"] == 1
    assert (await platform.get(TENANTS, params={"status": "pending"})).json()["total"] == 0
    assert (await platform.get(f"{TENANTS}/{world.here.tenant_id}")).json()["people"] == 2
    assert (await platform.get(f"{TENANTS}/{uuid4()}")).status_code == 404


async def test_one_that_waits_is_approved(platform: AsyncClient, world: World) -> None:
    one = f"{TENANTS}/{world.here.tenant_id}"
    await put(world.here.tenant_id, "pending")
    assert (await platform.post(f"{one}/approve")).status_code == 204
    assert (await platform.post(f"{one}/approve")).json()["code"] == "already_so"
    assert (await platform.get(one)).json()["status"] == "active"
    assert "approve_tenant" in await trail(world.here)


async def test_one_is_declined_with_the_reason_and_approved_after_all(platform: AsyncClient, world: World) -> None:
    one = f"{TENANTS}/{world.here.tenant_id}"
    await put(world.here.tenant_id, "pending")
    assert (await platform.post(f"{one}/decline", json={})).status_code == 422
    assert (await platform.post(f"{one}/decline", json={"reason": "no such workshop"})).status_code == 204
    assert (await platform.get(one)).json()["reason"] == "no such workshop"
    assert (await platform.post(f"{one}/suspend", json={"reason": "x"})).json()["code"] == "not_possible_now"
    assert (await platform.post(f"{one}/approve")).status_code == 204


async def test_one_is_suspended_and_restored(platform: AsyncClient, doors: Doors, world: World) -> None:
    one = f"{TENANTS}/{world.here.tenant_id}"
    assert (await platform.post(f"{one}/suspend", json={"reason": "unpaid"})).status_code == 204
    assert (await doors.owner.get("/api/v1/account")).status_code == 401
    assert (await platform.post(f"{one}/restore")).status_code == 204
    assert (await platform.post(f"{one}/restore")).json()["code"] == "already_so"
    assert (await platform.get(one)).json()["reason"] == ""


async def test_an_owner_manages_no_tenant_not_even_the_own(doors: Doors, world: World) -> None:
    one = f"{TENANTS}/{world.here.tenant_id}"
    for answer in (
        await doors.owner.get(TENANTS),
        await doors.owner.get(one),
        await doors.owner.post(f"{one}/approve"),
        await doors.owner.post(f"{one}/suspend", json={"reason": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
