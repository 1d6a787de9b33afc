"""The whole API, asked what its own document allows and what it does not, by everybody: nothing fails, no answer says
what the document does not promise, and nobody hears a word of another tenant.

Which requests are made follows from the document alone, so that a failure comes again. Half of them name things that
exist: the asker's own, and the other tenant's.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from actions.people import add_person
from domain.access import Role, Viewer
from tests.actions.accounts import add_platform
from tests.api.doors import token_of
from tests.api.whole_api import WholeApi, whole_api
from tests.conftest import World
from tests.named import name_everything

EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 2}  # of each operation and asker
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PASSWORD = "a password that nobody uses"
TRAILS = ("GET /v1/audit", "GET /v1/audit/export.csv", "GET /v1/platform/pumps")
TENANTS = ("GET /v1/tenants", "GET /v1/tenants/{tenant_id}")
HERE, THERE = "q7jx-of-here", "q7jx-of-there"
"""Stand in every text of a tenant, and can't come about by chance."""

Operation = APIOperation[Any, Any, Any, Any]
_SETTINGS = settings(
    deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@dataclass
class Asker:
    """Somebody who asks: how they sign in, and what they must not hear."""

    name: str
    headers: Callable[[], dict[str, str]]
    must_not_hear: tuple[str, ...]
    but_in: frozenset[str] = frozenset()
    """Operations that may say it nevertheless."""
    statuses: Counter[int] = field(default_factory=Counter)

    def ask(self, url: str, case: Case[Any]) -> None:
        response = case.call(base_url=url, headers=self.headers())
        case.validate_response(response, checks=CHECKS)
        heard = response.content.decode(errors="replace")
        if case.operation.label not in self.but_in:
            assert not [said for said in self.must_not_hear if said in heard], (
                self.name,
                case.as_curl_command(),
                heard,
            )
        self.statuses[response.status_code] += 1


def ask_everything(whole: WholeApi, askers: Sequence[Asker], ids: Sequence[dict[str, str]]) -> None:
    """Asks each operation of the document; whoever asks, asks the same."""
    schema = schemathesis.openapi.from_dict(whole.api.openapi())
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        for mode, examples in EXAMPLES.items():
            _ask(whole.url, askers, found.ok(), mode, examples, ids)


def _ask(
    url: str,
    askers: Sequence[Asker],
    operation: Operation,
    mode: GenerationMode,
    examples: int,
    ids: Sequence[dict[str, str]],
) -> None:
    @settings(_SETTINGS, max_examples=examples)
    @given(case=operation.as_strategy(generation_mode=mode), named=st.sampled_from([None, *ids]))
    def check(case: Case[Any], named: dict[str, str] | None) -> None:
        if named is not None:
            case.path_parameters = {
                name: named.get(name, value) for name, value in (case.path_parameters or {}).items()
            }
        for asker in askers:
            asker.ask(url, case)

    check()


@pytest.fixture
async def ids(world: World) -> list[dict[str, str]]:
    """Names both tenants so that their words are known again; returns the ids of what they have. The person among them
    is somebody who does not ask here: one of the questions suspends them.
    """
    found = []
    for shop, said in ((world.here, HERE), (world.there, THERE)):
        person_id = await add_person(f"somebody@{said}", said, PASSWORD, shop.tenant_id, Role.STAFF)
        found.append({**await name_everything(shop, said), "person_id": str(person_id)})
    return found


async def askers_of(world: World) -> list[Asker]:
    """One for each role, nobody, and somebody of another tenant. Each question comes with a session of its own: some
    end it.
    """
    loop = asyncio.get_running_loop()
    member = await add_person("member@here", "Member", PASSWORD, world.here.tenant_id, Role.MEMBER)
    platform = await add_platform()
    root = await add_person("root@platform", "Root", PASSWORD, platform, Role.SUPER_ADMIN)

    def asker(name: str, viewer: Viewer, *must_not_hear: str, but_in: Iterable[str] = ()) -> Asker:
        def headers() -> dict[str, str]:
            return {"Authorization": "Bearer " + asyncio.run_coroutine_threadsafe(token_of(viewer), loop).result(10)}

        return Asker(name, headers, must_not_hear, frozenset(but_in))

    return [
        asker("member", Viewer(member, "Member", world.here.tenant_id, Role.MEMBER), THERE),
        asker("staff", world.here.staff, THERE),
        asker("owner", world.here.owner, THERE),
        asker("another tenant's owner", world.there.owner, HERE),
        # The platform resets passwords of everybody, and its own trail says whose; and it knows every tenant's name.
        asker("super_admin", Viewer(root, "Root", platform, Role.SUPER_ADMIN), HERE, THERE, but_in=(*TRAILS, *TENANTS)),
        Asker("nobody", dict, (HERE, THERE)),
    ]


@pytest.mark.long
@pytest.mark.timeout(420)  # on a machine that others share
async def test_nobody_breaks_it_or_hears_of_another_tenant(world: World, ids: list[dict[str, str]]) -> None:
    askers = await askers_of(world)
    async with whole_api() as whole:
        await asyncio.to_thread(ask_everything, whole, askers, ids)
    for asker in askers:
        print(f"{asker.name}: {asker.statuses.total()} cases, {dict(sorted(asker.statuses.items()))}")
    statuses = sum((asker.statuses for asker in askers), Counter[int]())
    print(f"{statuses.total()} cases")
    assert statuses.total() > 2_500
    assert all(asker.statuses[200] > 20 for asker in askers[:-1])  # else somebody was asking in vain
