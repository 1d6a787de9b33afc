"""How a conversation on the live socket ends: strangers, nonsense, silence, and sessions that are over."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from actions.people import add_person, sign_out
from api import socket
from domain.access import Role, Viewer
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import NOW, reading, token_of
from tests.api.live_client import Served, closed, say, subscribe, until
from tests.conftest import World


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://elsewhere.test"}, {"Origin": "null"}])
async def test_a_page_of_somebody_else_can_not_use_the_cookie(
    served: Served, world: World, origin: dict[str, str]
) -> None:
    cookie = f"pitpilot_session={await token_of(world.here.staff)}"
    async with served.connect(Cookie=cookie, **origin) as client:
        assert await closed(client) == (4403, "wrong origin")


async def test_a_token_that_is_no_sessions_is_turned_away(served: Served) -> None:
    async with served.connect() as client:
        await say(client, token="nonsense")
        assert (await closed(client))[0] == 4401


async def test_a_role_that_may_not_see_pits_is_turned_away(served: Served, world: World) -> None:
    person_id = await add_person("member@here", "Member", "a password", world.here.tenant_id, Role.MEMBER)
    async with served.connect() as client:
        await say(client, token=await token_of(Viewer(person_id, "Member", world.here.tenant_id, Role.MEMBER)))
        assert (await closed(client))[0] == 4403


async def test_without_a_token_in_time_the_conversation_is_over(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "TOKEN_WITHIN_S", 0.05)
    async with served.connect() as client:
        assert (await closed(client))[0] == 4408


async def test_the_first_message_must_bring_a_token(served: Served) -> None:
    async with served.connect() as client:
        await say(client, ping=1)
        assert (await closed(client))[0] == 4401


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ("{}", 4400),
        (b"\x00\x01", 4400),
        ('{"subscribe": {"pit": "7"}}', 4400),
        ('{"subscribe": "7"}', 4400),
        ('{"shout": 1}', 4400),
        ('{"ping": 1, "unsubscribe": {"pit": "b8a4e1f0-7c1d-4a52-9a57-1f4f3f0d9e11"}}', 4400),
        ('{"token": "again"}', 4400),
        ('{"ping": "\\ud800"}', 4400),
        ('{"ping": "' + "x" * 2_000 + '"}', 1009),
    ],
)
async def test_what_is_no_message_ends_the_conversation(
    served: Served, world: World, message: str | bytes, code: int
) -> None:
    async with served.signed_in(world.here.staff) as client:
        await client.send(message)
        assert (await closed(client))[0] == code
    await until(lambda: served.endpoint.clients == 0)


async def sign_out_of(token: str) -> None:
    await sign_out(token, NOW)


async def suspend_everybody(_: str) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("UPDATE person SET suspended_at = :now"), {"now": NOW})


@pytest.mark.parametrize("end", [sign_out_of, suspend_everybody])
async def test_a_session_that_ends_takes_its_socket_along(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch, end: Callable[[str], Awaitable[None]]
) -> None:
    monkeypatch.setattr(socket, "CHECK_EVERY_S", 0.05)
    token = await token_of(world.here.staff)
    async with served.connect() as client:
        await say(client, token=token)
        await subscribe(client, world.here.pit_id)
        await end(token)
        assert await closed(client) == (4401, "the session has ended")
    served.hub.put([reading(world.here, 1, t_c=24.5)])
    await until(lambda: served.endpoint.clients == 0)


async def test_a_client_that_goes_leaves_nothing_behind(served: Served, world: World) -> None:
    async with served.signed_in(world.here.staff) as client:
        await subscribe(client, world.here.pit_id)
        assert served.endpoint.clients == 1
    await until(lambda: served.endpoint.clients == 0)
    assert not served.hub._listeners


async def test_more_clients_than_allowed_are_asked_to_come_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "CLIENTS_MAX", 0)
    async with served.connect() as client:
        assert (await closed(client))[0] == 1013
