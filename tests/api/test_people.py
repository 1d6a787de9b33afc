"""The tenant's people by API: found, invited, given roles, taken out; and nobody else's."""

from typing import Any
from uuid import uuid4

import pytest

from actions.people.invitations import invitation_of
from actions.people.resets import reset_of
from domain.refusals import Refusal
from tests.api.doors import NOW, Doors
from tests.conftest import World


async def test_the_owner_finds_the_own_people(doors: Doors, world: World) -> None:
    said = (await doors.owner.get("/api/v1/people")).json()
    assert ([one["name"] for one in said["people"]], said["total"]) == (["Owner Here", "Staff Here"], 2)
    found = (await doors.owner.get("/api/v1/people", params={"search": "STAFF", "role": "staff"})).json()
    assert [one["login"] for one in found["people"]] == ["staff@here"]
    one = (await doors.owner.get(f"/api/v1/people/{world.here.staff.person_id}")).json()
    assert (one["role"], one["second_factor"], one["suspended_at"]) == ("staff", False, None)


@pytest.mark.parametrize(
    ("params", "field"),
    [({"limit": 0}, "limit"), ({"limit": 10**9}, "limit"), ({"offset": -1}, "offset"), ({"role": "boss"}, "role"),
     ({"search": "a\x00"}, "search"), ({"suspended": "maybe"}, "suspended")],
)  # fmt: skip
async def test_a_question_that_is_none_names_the_field(doors: Doors, params: dict[str, Any], field: str) -> None:
    answer = await doors.owner.get("/api/v1/people", params=params)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_an_invitation_is_made_listed_and_withdrawn(doors: Doors) -> None:
    body = {"role": "staff", "name": "Bina", "contact": "bina@mail.example"}
    made = await doors.owner.post("/api/v1/people/invitations", json=body)
    assert made.status_code == 201
    token = made.json()["path"].removeprefix("/invitation/")
    assert not isinstance(await invitation_of(token, NOW), Refusal)
    [listed] = (await doors.owner.get("/api/v1/people/invitations")).json()["invitations"]
    assert (listed["name"], listed["state"], listed["invited_by"]) == ("Bina", "open", "Owner Here")
    path = f"/api/v1/people/invitations/{listed['id']}"
    assert (await doors.owner.delete(path)).status_code == 204
    assert (await doors.owner.delete(path)).json()["code"] == "link_revoked"
    assert await invitation_of(token, NOW) is Refusal.LINK_REVOKED
    assert (await doors.owner.get("/api/v1/people/invitations")).json()["invitations"] == []


async def test_a_role_is_given_and_a_person_taken_out_and_let_in_again(doors: Doors, world: World) -> None:
    staff = f"/api/v1/people/{world.here.staff.person_id}"
    assert (await doors.owner.put(f"{staff}/role", json={"role": "owner"})).status_code == 204
    assert (await doors.staff.get("/api/v1/people")).status_code == 200
    assert (await doors.owner.put(f"{staff}/role", json={"role": "owner"})).json()["code"] == "already_so"
    assert (await doors.owner.put(f"{staff}/role", json={"role": "super_admin"})).json()["code"] == "not_allowed"
    assert (await doors.owner.post(f"{staff}/suspend")).status_code == 204
    assert (await doors.staff.get("/api/v1/account")).status_code == 401
    assert (await doors.owner.post(f"{staff}/suspend")).json()["code"] == "already_so"
    assert (await doors.owner.post(f"{staff}/reactivate")).status_code == 204
    assert (await doors.staff.get("/api/v1/account")).status_code == 401  # sessions do not come back


async def test_nobody_does_it_to_themselves(doors: Doors, world: World) -> None:
    answer = await doors.owner.post(f"/api/v1/people/{world.here.owner.person_id}/suspend")
    assert (answer.status_code, answer.json()["code"]) == (409, "yourself")


async def test_a_reset_link_is_said_once(doors: Doors, world: World) -> None:
    made = await doors.owner.post(f"/api/v1/people/{world.here.staff.person_id}/reset-link")
    assert made.status_code == 201
    assert not isinstance(await reset_of(made.json()["path"].removeprefix("/reset/"), NOW), Refusal)


async def test_people_of_others_and_people_that_are_none_are_equally_unknown(doors: Doors, world: World) -> None:
    for person_id in (world.there.staff.person_id, uuid4()):
        one = f"/api/v1/people/{person_id}"
        for answer in (
            await doors.owner.get(one),
            await doors.owner.put(f"{one}/role", json={"role": "owner"}),
            await doors.owner.post(f"{one}/suspend"),
            await doors.owner.post(f"{one}/reactivate"),
            await doors.owner.post(f"{one}/reset-link"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_staff_manage_nobody(doors: Doors, world: World) -> None:
    one = f"/api/v1/people/{world.here.owner.person_id}"
    body = {"role": "staff", "name": "Eve"}
    for answer in (
        await doors.staff.get("/api/v1/people"),
        await doors.staff.get("/api/v1/people/invitations"),
        await doors.staff.post("/api/v1/people/invitations", json=body),
        await doors.staff.delete(f"/api/v1/people/invitations/{uuid4()}"),
        await doors.staff.put(f"{one}/role", json={"role": "member"}),
        await doors.staff.post(f"{one}/suspend"),
        await doors.staff.post(f"{one}/reset-link"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
