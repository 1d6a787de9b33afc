"""The live socket on a real server: subscribers hear their own pits, and are told what they missed."""

import asyncio
from uuid import uuid4

import pytest

from actions.live import LiveEvent
from api import socket
from api.mailbox import READINGS_WAITING_MAX
from tests.api.doors import NOW, reading, token_of
from tests.api.live_client import Served, hear, say, subscribe
from tests.conftest import World


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


async def test_nobody_hears_more_pits_than_allowed(
    served: Served, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SUBSCRIPTIONS_MAX", 1)
    async with served.signed_in(world.here.staff) as client:
        assert (await subscribe(client, world.here.pit_id))["event"] == "subscribed"
        assert (await subscribe(client, world.here.other_pit_id))["code"] == "too_many"


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
