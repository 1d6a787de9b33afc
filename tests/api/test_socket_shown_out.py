"""Whoever is shown out hears no more on the live socket, at once: by suspension, sign-out, revoked key or tenant."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from actions.announce import hear as hear_announcements
from actions.people import Seat, seat_of, sign_out
from actions.people.api_keys import NewKey, make_key, revoke_key
from actions.people.members import change_role, suspend_person
from actions.people.sessions import end_sessions
from actions.people.tenants import suspend_tenant
from actions.people.tokens import PhoneTokens, sign_in_phone
from api import socket
from domain.access import Role, Scope
from tests.actions.accounts import HOME, PASSWORD, add, add_super_admin, seated
from tests.api.live_client import Served, closed, hear, say, subscribe
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes", "announced", "long_checks")


def now() -> datetime:
    """The socket asks the clock, so everything here does."""
    return datetime.now(UTC)


@pytest.fixture
async def announced(database: str) -> AsyncIterator[None]:
    """Announcements are heard, as in the product."""
    ready = asyncio.Event()
    hearing = asyncio.create_task(hear_announcements(ready.set))
    await ready.wait()
    yield
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


@pytest.fixture
def long_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is found out by the clock."""
    monkeypatch.setattr(socket, "CHECK_EVERY_S", 3_600.0)


@pytest.fixture
async def bina(world: World) -> PhoneTokens:
    await add(world.here, Role.STAFF, "bina@here")
    tokens = await sign_in_phone("bina@here", PASSWORD, "", HOME, "App", now())
    assert isinstance(tokens, PhoneTokens)
    return tokens


async def seat(tokens: PhoneTokens) -> Seat:
    found = await seat_of(tokens.access, now())
    assert found is not None
    return found


async def suspended(world: World, bina: PhoneTokens) -> None:
    assert await suspend_person(world.here.owner, bina.viewer.person_id, now()) is None


async def tenant_suspended(world: World, bina: PhoneTokens) -> None:
    root = await add_super_admin()
    assert await suspend_tenant(root.viewer, world.here.tenant_id, "", now()) is None


async def signed_out(world: World, bina: PhoneTokens) -> None:
    await sign_out(bina.access, now())


async def signed_out_elsewhere(world: World, bina: PhoneTokens) -> None:
    assert await end_sessions(await seated("bina@here"), now()) == 1


async def demoted(world: World, bina: PhoneTokens) -> None:
    assert await change_role(world.here.owner, bina.viewer.person_id, Role.MEMBER, now()) is None


WAYS = {
    suspended: 4401,
    tenant_suspended: 4401,
    signed_out: 4401,
    signed_out_elsewhere: 4401,
    demoted: 4403,
}


@pytest.mark.parametrize(("way", "code"), WAYS.items(), ids=[way.__name__ for way in WAYS])
async def test_a_socket_closes_when_its_person_is_shown_out(
    served: Served, world: World, bina: PhoneTokens, way: Callable[[World, PhoneTokens], Awaitable[None]], code: int
) -> None:
    async with served.connect() as client:
        await say(client, token=bina.access)
        assert (await hear(client))["event"] == "signed_in"
        await way(world, bina)
        assert (await closed(client))[0] == code


async def test_a_revoked_keys_socket_closes_and_that_of_another_person_stays(
    served: Served, world: World, bina: PhoneTokens
) -> None:
    made = await make_key(await seat(bina), "Wall", frozenset({Scope.READ}), None, now())
    assert isinstance(made, NewKey)
    async with served.connect() as wall, served.signed_in(world.here.owner) as owner:
        await say(wall, token=made.key)
        assert (await hear(wall))["event"] == "signed_in"
        await revoke(bina, made.id)
        assert (await closed(wall))[0] == 4401
        assert (await subscribe(owner, world.here.pit_id))["event"] == "subscribed"


async def revoke(bina: PhoneTokens, key_id: UUID) -> None:
    assert await revoke_key(await seat(bina), key_id, now()) is None
