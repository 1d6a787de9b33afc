"""Firmware through the API, as a super_admin's program does it: upload, list, roll out, steer."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from tests.actions.senders import execute
from tests.actions.test_releases import runs, super_admin
from tests.api.doors import Doors, client, token_of
from tests.conftest import World
from tests.release_parts import bundle, trust

RELEASES, ROLLOUTS = "/api/v1/firmware/releases", "/api/v1/firmware/rollouts"


@pytest.fixture
async def root(world: World, doors: Doors, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    trust(tmp_path)
    viewer = await super_admin(world)
    await _make_super_admin(viewer.tenant_id, viewer.person_id)
    async with client(doors.app, await token_of(viewer)) as asking:
        yield asking


async def _make_super_admin(tenant_id: UUID, person_id: UUID) -> None:
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:t, :p, 'super_admin', now())",
        t=tenant_id,
        p=person_id,
    )


async def uploaded(root: AsyncClient, version: str = "1.4.0") -> str:
    answer = await root.post(RELEASES, content=bundle(version), params={"note": "Faster"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_release_is_uploaded_listed_and_read(world: World, root: AsyncClient) -> None:
    id_ = await uploaded(root)
    await runs(world.here.device_id, world.here.tenant_id, "1.4.0")
    fleet = (await root.get(RELEASES)).json()
    assert fleet["releases"][0] == (await root.get(f"{RELEASES}/{id_}")).json()
    assert fleet["releases"][0] | {"version": "1.4.0", "note": "Faster", "devices": 1} == fleet["releases"][0]
    runs_new = {"kind": "pit", "version": "1.4.0", "devices": 1, "tenants": 1, "heard": 1}
    assert runs_new in fleet["versions"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "not_a_bundle"),
        (bundle()[:-3], 422, "bundle_size_wrong"),
        (bundle().replace(b"1.4.0", b"1.4.1"), 422, "bundle_signature_wrong"),
        (bundle(format=9), 422, "bundle_format_unknown"),
        (bytes(900_001), 413, "bundle_too_large"),
    ],
)
async def test_what_is_no_release_is_refused_with_the_reason(
    root: AsyncClient, body: bytes, status: int, code: str
) -> None:
    answer = await root.post(RELEASES, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_roll_out_is_begun_widened_paused_and_cancelled(world: World, root: AsyncClient) -> None:
    id_ = await uploaded(root)
    assert (await root.post(ROLLOUTS, json={"release_id": id_})).json()["code"] == "nobody_chosen"
    await runs(world.here.device_id, world.here.tenant_id, "1.3.0")
    started = await root.post(ROLLOUTS, json={"release_id": id_, "pace": 1})
    assert (started.status_code, started.json()["devices"]) == (201, 1)
    rollout = f"{ROLLOUTS}/{started.json()['id']}"
    whole = (await root.get(rollout)).json()
    assert (whole["state"], whole["counts"]["waiting"]) == ("running", 1)
    assert whole["devices"][0]["device_id"] == world.here.device_id
    assert (await root.post(f"{rollout}/widen", json={"percent": 100})).json()["code"] == "not_possible_now"
    assert (await root.post(f"{rollout}/steer", json={"wish": "pause"})).status_code == 204
    assert (await root.post(f"{RELEASES}/{id_}/withdraw")).status_code == 409
    assert (await root.post(f"{rollout}/steer", json={"wish": "cancel"})).status_code == 204
    assert [each["state"] for each in (await root.get(ROLLOUTS)).json()["rollouts"]] == ["cancelled"]
    assert (await root.post(f"{RELEASES}/{id_}/withdraw")).status_code == 204
    assert (await root.post(f"{RELEASES}/{id_}/restore")).status_code == 204


async def test_what_is_not_there_is_not_found(root: AsyncClient) -> None:
    nobody = uuid4()
    assert (await root.get(f"{RELEASES}/{nobody}")).status_code == 404
    assert (await root.get(f"{ROLLOUTS}/{nobody}")).status_code == 404
    assert (await root.post(f"{ROLLOUTS}/{nobody}/steer", json={"wish": "pause"})).status_code == 404
    assert (await root.post(ROLLOUTS, json={"release_id": str(nobody)})).status_code == 404
