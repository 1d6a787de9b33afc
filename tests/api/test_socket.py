"""The live socket on a real server: who may hear what, and that nobody is told more, or less than was missed."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
import websockets
from fastapi import FastAPI
from sqlalchemy import text
from websockets.asyncio.client import ClientConnection, connect

from actions.live import Hub, LiveEvent
from actions.people import add_person, sign_out
from api import socket
from api.mailbox import ALERTS_WAITING_MAX, READINGS_WAITING_MAX, Mailbox
from domain.access import Role, Viewer
from storage.session import EVERY_TENANT, transaction
from tests.api.conftest import NOW, reading, token_of
from tests.conftest import World

WITHIN_S = 10.0


@dataclass(frozen=True)
class Served:
    """A server with nothing but the live socket."""

    hub: Hub
    endpoint: socket.LiveSocket
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, **headers: str) -> Any:
        return connect(f"ws://127.0.0.1:{self.port}/ws", additional_headers=headers)

    @asynccontextmanager
    async def signed_in(self, viewer: Viewer) -> AsyncIterator[ClientConnection]:
        async with self.connect() as client:
            await say(client, token=await token_of(viewer))
            assert (await hear(client))["event"] == "signed_in"
            yield client


@pytest.fixture
async def served(world: World) -> AsyncIterator[Served]:
    app, hub = FastAPI(), Hub()
    endpoint = socket.mount(app, hub=hub)
    with sockets.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        yield Served(hub, endpoint, listening.getsockname()[1])
        server.should_exit = True
        await running


async def say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message, default=str))


async def hear(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S):
        said: dict[str, Any] = json.loads(await client.recv())
    return said


async def subscribe(client: ClientConnection, pit_id: UUID) -> dict[str, Any]:
    await say(client, subscribe={"pit": pit_id})
    return await hear(client)


async def closed(client: ClientConnection) -> tuple[int, str]:
    """Waits for the end; returns its code and reason."""
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises(websockets.ConnectionClosed) as caught:
            while True:
                await client.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code, caught.value.rcvd.reason


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_a_subscriber_hears_readings_and_alerts_of_its_pit_and_of_no_other(served: Served, world: World) -> None:
    shop = world.here
    async with served.signed_in(shop.staff) as client:
        assert await subscribe(client, shop.pit_id) == {"event": "subscribed", "pit": str(shop.pit_id)}
        served.hub.put([reading(world.there, 1, t_c=9.0), reading(shop, 7, t_c=24.5, pm25=8.0)])
        assert await hear(client) == {
            "event": "reading", "pit": str(shop.pit_id), "device": "pp-here", "boot_id": 1, "seq": 7,
            "at_ms": round(NOW.timestamp() * 1_000), "values": {"t_c": 24.5, "pm25": 8.0},
        }  # fmt: skip
        served.hub.emit(LiveEvent("alert", shop.tenant_id, shop.other_pit_id, {"alert_id": "2"}))
        served.hub.emit(LiveEvent("alert", shop.tenant_id, shop.pit_id, {"alert_id": "1"}))
        assert await hear(client) == {"event": "alert", "pit": str(shop.pit_id), "alert_id": "1"}


async def test_after_unsubscribing_it_hears_no_more(served: Served, world: World) -> None:
    shop = world.here
    async with served.signed_in(shop.staff) as client:
        await subscribe(client, shop.pit_id)
        await subscribe(client, shop.pit_id)
        await say(client, unsubscribe={"pit": shop.pit_id})
        assert (await hear(client))["event"] == "unsubscribed"
        served.hub.put([reading(shop, 1, t_c=24.5)])
        await say(client, ping=1)
        assert await hear(client) == {"event": "pong", "ping": 1}


async def test_pits_of_others_are_not_found(served: Served, world: World) -> None:
    async with served.signed_in(world.here.owner) as client:
        for pit_id in (world.there.pit_id, uuid4()):
            said = await subscribe(client, pit_id)
            assert (said["event"], said["code"], said["pit"]) == ("error", "not_found", str(pit_id))
        served.hub.put([reading(world.there, 1, t_c=24.5)])
        await say(client, ping="still here")
        assert (await hear(client))["event"] == "pong"


async def test_a_page_of_ours_is_signed_in_by_its_cookie(served: Served, world: World) -> None:
    cookie = f"pitpilot_session={await token_of(world.here.staff)}"
    async with served.connect(Cookie=cookie, Origin=served.origin) as client:
        said = await hear(client)
        assert (said["event"], said["tenant_id"]) == ("signed_in", str(world.here.tenant_id))


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


async def test_the_first_message_must_bring_a_token(served: Served) -> None:
    async with served.connect() as client:
        await say(client, ping=1)
        assert (await closed(client))[0] == 4401


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


async def test_nobody_hears_more_pits_than_allowed(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SUBSCRIPTIONS_MAX", 1)
    async with served.signed_in(world.here.staff) as client:
        assert (await subscribe(client, world.here.pit_id))["event"] == "subscribed"
        assert (await subscribe(client, world.here.other_pit_id))["code"] == "too_many"


async def test_more_clients_than_allowed_are_asked_to_come_later(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "CLIENTS_MAX", 0)
    async with served.connect() as client:
        assert (await closed(client))[0] == 1013


async def test_a_client_that_missed_something_is_told_how_much_before_it_hears_the_rest(
    served: Served, world: World
) -> None:
    async with served.signed_in(world.here.staff) as client:
        await subscribe(client, world.here.pit_id)
        served.hub.put([reading(world.here, n, t_c=24.5) for n in range(1, READINGS_WAITING_MAX + 4)])
        assert await hear(client) == {"event": "missed", "count": 3}
        heard = [(await hear(client))["seq"] for _ in range(READINGS_WAITING_MAX)]
    assert heard == list(range(4, READINGS_WAITING_MAX + 4))


async def test_what_a_slow_client_hears_and_what_it_missed_add_up(served: Served, world: World) -> None:
    sent = heard = missed = 0
    async with served.signed_in(world.here.staff) as client:
        await subscribe(client, world.here.pit_id)
        for _ in range(40):
            served.hub.put([reading(world.here, sent + n, t_c=24.5) for n in range(READINGS_WAITING_MAX * 2)])
            sent += READINGS_WAITING_MAX * 2
            await asyncio.sleep(0)
        while heard + missed < sent:
            said = await hear(client)
            heard += said["event"] == "reading"
            missed += said.get("count", 0)
    assert heard + missed == sent
    assert missed >= sent // 2


async def test_a_full_mailbox_keeps_the_newest_readings_and_every_alert(world: World) -> None:
    shop, mailbox = world.here, Mailbox()
    mailbox.put(LiveEvent("alert", shop.tenant_id, shop.pit_id, {}))
    for n in range(READINGS_WAITING_MAX * 2):
        mailbox.put(LiveEvent("reading", shop.tenant_id, shop.pit_id, n))
    missed, events = await mailbox.take()
    assert missed == READINGS_WAITING_MAX
    assert [event.kind for event in events].count("alert") == 1
    assert events[-1].body == READINGS_WAITING_MAX * 2 - 1


async def test_a_flood_of_alerts_is_bounded_too(world: World) -> None:
    shop, mailbox = world.here, Mailbox()
    for n in range(ALERTS_WAITING_MAX + 2):
        mailbox.put(LiveEvent("alert", shop.tenant_id, shop.pit_id, {"alert_id": str(n)}))
    missed, events = await mailbox.take()
    assert (missed, len(events), events[0].body) == (2, ALERTS_WAITING_MAX, {"alert_id": "2"})
