"""The table role × intent, held against every route that there really is: each says what it needs, and whoever may not
do that is refused before anything else is looked at.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy import text

from actions.people import add_person
from actions.people.secrets_once import digest
from api import rest
from domain.access import ALL_SCOPES, MAY, SCOPE_OF, Intent, Role, Scope, Viewer
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import add_platform
from tests.api.doors import NOW, Doors, client, token_of
from tests.conftest import World

KEY = "ppk_" + "k" * 43
OPEN = {
    "log_in", "refresh_tokens", "log_out", "track_job", "check_passport", "list_tracked_cameras", "make_tracked_token",
}  # fmt: skip
"""Routes for people who are not signed in, or not any more, and for holders of a customer's link."""


@dataclass(frozen=True)
class Route:
    """A way into the API, and the intent that it declares."""

    name: str
    method: str
    path: str
    intents: frozenset[Intent]

    @property
    def intent(self) -> Intent:
        (only,) = self.intents
        return only

    def url(self) -> str:
        """With ids that nobody has."""
        return "/api" + self.path.format_map(_Ids())


class _Ids(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return {"device_id": "pp-nobody", "metric": "t_c", "uid": "04A1B2C3"}.get(name) or str(uuid4())


def routes() -> list[Route]:
    api = rest.mount(FastAPI())
    return [
        Route(original.name, method, context.path or "", frozenset(_intents(original.dependant)))
        for context in iter_route_contexts(api.routes)
        if isinstance(original := context.original_route, APIRoute)
        for method in original.methods or ()
    ]


def _intents(dependant: Dependant) -> Iterator[Intent]:
    """What the dependencies of a route ask the table for, however deep."""
    for inner in dependant.dependencies:
        if inspect.isfunction(inner.call):
            said = inspect.getclosurevars(inner.call).nonlocals.get("intent")
            if isinstance(said, Intent):
                yield said
        yield from _intents(inner)


ROUTES = routes()
GUARDED = [route for route in ROUTES if route.name not in OPEN]


def test_every_route_declares_one_intent() -> None:
    assert len(GUARDED) >= 40
    assert {route.name for route in GUARDED if len(route.intents) != 1} == set()
    assert {route.name for route in ROUTES if route.name in OPEN and route.intents} == set()


def test_the_table_knows_every_role_and_intent() -> None:
    assert set(MAY) == set(Role)
    assert set(SCOPE_OF) == set(Intent)
    assert MAY[Role.MEMBER] < MAY[Role.STAFF] < MAY[Role.OWNER] < MAY[Role.SUPER_ADMIN]


async def viewer_of(world: World, role: Role) -> Viewer:
    match role:
        case Role.OWNER:
            return world.here.owner
        case Role.STAFF:
            return world.here.staff
        case Role.MEMBER:
            tenant_id = world.here.tenant_id
        case Role.SUPER_ADMIN:
            tenant_id = await add_platform()
    person_id = await add_person(f"{role}@here", role, "a password that nobody uses", tenant_id, role)
    return Viewer(person_id, role, tenant_id, role, ALL_SCOPES)


async def answers(doors: Doors, route: Route, token: str) -> tuple[int, str]:
    """Status and code of an answer to a request that is otherwise empty."""
    async with client(doors.app, token) as asking:
        body: dict[str, str] | None = {} if route.method in ("POST", "PUT", "PATCH") else None
        answer = await asking.request(route.method, route.url(), json=body)
    refused = answer.headers["content-type"] == "application/problem+json" if answer.content else False
    return answer.status_code, answer.json()["code"] if refused else ""


@pytest.mark.parametrize("role", Role)
async def test_a_role_gets_past_the_door_of_what_it_may_do_and_of_nothing_else(
    role: Role, world: World, doors: Doors
) -> None:
    viewer = await viewer_of(world, role)
    for route in GUARDED:
        status, code = await answers(doors, route, await token_of(viewer))
        if route.intent in MAY[role]:
            assert status not in (401, 403), (route, status, code)
        else:
            assert (status, code) == (403, "not_allowed"), route


async def test_nobody_gets_past_any_door(doors: Doors) -> None:
    for route in GUARDED:
        assert await answers(doors, route, "a token that nobody has") == (401, "not_signed_in"), route


SCOPES = [frozenset(some) for n in (0, 1, 2, 3) for some in combinations(sorted(set(Scope) - {Scope.ACCOUNT}), n)]


async def test_a_key_reaches_as_far_as_its_scopes_and_never_beyond_its_person(world: World, doors: Doors) -> None:
    for viewer in (world.here.owner, world.here.staff):
        for scopes in SCOPES:
            await give_key(viewer, scopes)
            for route in GUARDED:
                may = route.intent in MAY[viewer.role] and SCOPE_OF[route.intent] in scopes
                status, code = await answers(doors, route, KEY)
                assert (code != "not_allowed") is may, (viewer.role, scopes, route, status, code)


async def give_key(viewer: Viewer, scopes: frozenset[Scope]) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("DELETE FROM api_key"))
        await tx.execute(
            text(
                "INSERT INTO api_key (id, tenant_id, person_id, name, start, key_hash, scopes, created_at)"
                " VALUES (gen_random_uuid(), :tenant, :person, 'k', 'ppk_', :hash, :scopes, :now)"
            ),
            {
                "tenant": viewer.tenant_id, "person": viewer.person_id, "hash": digest(KEY),
                "scopes": sorted(scopes), "now": NOW,
            },
        )  # fmt: skip
