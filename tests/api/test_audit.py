"""The audit trail through the API: what the owner reads page by page, and what nobody else does."""

import csv
import io

import pytest
from httpx import ASGITransport, AsyncClient

from actions import audit
from domain.access import Viewer
from storage.session import transaction
from tests.api.doors import HOST, Doors, raise_alert, token_of
from tests.conftest import World
from ui.web_guard import WebGuard

PATH = "/api/v1/audit"


async def record(by: Viewer, name: str, kind: str = "limits") -> None:
    async with transaction(by.tenant_id) as tx:
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent="change_limits",
            kind=kind,
            object_id="7",
            object_name=name,
            before=None,
            after={"warning_high": 28.5},
        )


async def test_the_owner_reads_the_own_trail_page_by_page(world: World, doors: Doors) -> None:
    for i in range(3):
        await record(world.here.owner, f"n{i}")
    await record(world.there.owner, "there")
    first = (await doors.owner.get(PATH, params={"limit": 2})).json()
    assert [row["object"] for row in first["rows"]] == ["n2", "n1"]
    assert first["rows"][0]["after"] == {"warning_high": 28.5}
    second = (await doors.owner.get(PATH, params={"limit": 2, "before": first["next_before"]})).json()
    assert [row["object"] for row in second["rows"]] == ["n0"]
    assert second["next_before"] is None


async def test_the_export_has_the_same_rows(world: World, doors: Doors) -> None:
    await record(world.here.owner, "=cmd()", kind="alert")
    await record(world.here.owner, "other")
    await record(world.there.owner, "there", kind="alert")
    answer = await doors.owner.get(f"{PATH}/export.csv", params={"kind": "alert"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-2')
    assert [line["object"] for line in csv.DictReader(io.StringIO(answer.text))] == ["'=cmd()"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/export.csv"])
async def test_staff_and_strangers_read_nothing(world: World, doors: Doors, path: str) -> None:
    await record(world.here.owner, "n")
    assert (await doors.staff.get(path)).status_code == 403
    assert (await doors.nobody.get(path)).status_code == 401


@pytest.mark.parametrize(
    "asked", [{"object_id": "7"}, {"before": 0}, {"since": "yesterday"}, {"kind": ""}, {"intent": "a\x00b"}]
)
async def test_a_filter_that_can_not_be_meant_names_its_field(doors: Doors, asked: dict[str, str]) -> None:
    answer = await doors.owner.get(PATH, params=asked)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == list(asked)


async def test_a_change_through_the_api_says_from_which_address_it_came(world: World, doors: Doors) -> None:
    alert = await raise_alert(world.here)
    guarded = WebGuard(doors.app)
    token = await token_of(world.here.owner)
    transport = ASGITransport(guarded, client=("198.51.100.7", 4711))
    async with AsyncClient(transport=transport, base_url=HOST, headers={"Authorization": f"Bearer {token}"}) as client:
        answer = await client.post(f"/api/v1/alerts/{alert}/acknowledge", json={"note": "seen"})
        assert answer.status_code == 200
        [row] = (await client.get(PATH)).json()["rows"]
    assert (row["address"], row["person"], row["kind"]) == ("198.51.100.7", world.here.owner.name, "alert")
