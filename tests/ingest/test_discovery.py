"""Home Assistant's way to a pit: another program comes in by the tenant's own login at a real Mosquitto with the
shipped rights, finds the devices by their retained entries, and reads their values where those point.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import jinja2
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from actions import devices
from actions.broker_logins import Made, Use, end_login, logins_of, make_login
from actions.device_credentials import revoke
from actions.home_assistant import is_home_assistant_on, switch_home_assistant
from domain.access import Viewer
from domain.refusals import Refusal
from ingest import discovery
from ingest.broker_address import BrokerAddress
from ingest.client import client
from ingest.discovery import Discovery
from tests.conftest import World
from tests.device_parts import Node, claimed_node, now
from tests.ingest.parts import fetch, running
from tests.ingest.site import SOON_S, Site, site
from tests.private_mosquitto import PrivateMosquitto

__all__ = ["site"]


class Program:
    """Another maker's program: paho's own thread, and everything that it has heard, the latest of each topic."""

    def __init__(self, port: int, login: Made) -> None:
        self.heard: dict[str, str] = {}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(login.username, login.password)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_rest: client.subscribe([("homeassistant/#", 1), ("#", 1)])
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.heard[message.topic] = message.payload.decode()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def entities(self) -> dict[str, dict[str, Any]]:
        """What it has discovered, by unique id."""
        found = {t: p for t, p in self.heard.items() if t.endswith("/config") and p}
        return {entry["unique_id"]: entry for entry in map(json.loads, found.values())}

    def value(self, unique_id: str) -> str | None:
        """What an entity shows: its template, rendered with the last message on its topic."""
        entry = self.entities[unique_id]
        said = self.heard.get(entry["state_topic"])
        rendered = jinja2.Environment(autoescape=False).from_string(entry["value_template"])  # noqa: S701  # no markup
        return None if said is None else rendered.render(value_json=json.loads(said))


@contextmanager
def program(site: Site, login: Made) -> Iterator[Program]:
    made = Program(site.broker.port, login)
    try:
        yield made
    finally:
        made.stop()


async def soon(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not true():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def described(site: Site, by: Viewer) -> AsyncIterator[Made]:
    """Discovery at work for this tenant; its reading login."""
    assert await switch_home_assistant(by, True) is None
    made = await make_login(by, Use.READING, now())
    assert isinstance(made, Made)
    async with running(Discovery(site.server, "discovery").run()):
        yield made


async def measures(site: Site, node: Node, seq: int, **values: float) -> None:
    """The device says a reading; waits until it is stored."""
    body = {"boot_id": 1, "readings": [{"seq": seq, "ts": time.time_ns() // 1_000_000, **values}]}
    async with site.client(node) as client:
        await client.publish(f"{node.tree}/avail", "online", qos=1, retain=True)
        await client.publish(f"{node.tree}/telemetry", json.dumps(body), qos=1)
    async with asyncio.timeout(SOON_S):
        while (node.id, seq) not in await fetch("SELECT device_id, seq FROM reading"):
            await asyncio.sleep(0.02)


async def known(site: Site, by: Viewer) -> Node:
    node = await claimed_node(by)
    await site.until_connects(node)
    return node


async def test_a_program_discovers_a_pits_sensors_and_reads_them(site: Site, world: World) -> None:
    by = world.here.owner
    node = await known(site, by)
    await devices.move(node.id, world.here.pit_id, by)
    await measures(site, node, 1, t_c=24.6, pm25=8.2)
    async with described(site, by) as login:
        await site.broker_knows(login)
        with program(site, login) as assistant:
            temperature, dust = f"pitpilot_{node.id}_t_c", f"pitpilot_{node.id}_pm25"
            await soon(lambda: {temperature, dust} <= set(assistant.entities))
            entry = assistant.entities[temperature]
            assert (entry["unit_of_measurement"], entry["device_class"]) == ("°C", "temperature")
            assert entry["device"]["suggested_area"] == "Pit 1 here"
            await soon(lambda: assistant.heard.get(entry["availability_topic"]) == "online")
            await measures(site, node, 2, t_c=25.1, pm25=9.0)
            await soon(lambda: assistant.value(temperature) == "25.1")
            assert assistant.value(dust) == "9.0"
            assert f"pitpilot_{node.id}_rh_pct" not in assistant.entities


async def test_a_broker_that_forgot_everything_is_told_again_though_nothing_changed(
    site: Site, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "listen", lambda _: lambda: None)
    monkeypatch.setattr(discovery, "LOOK_EVERY_S", 3_600)
    by = world.here.owner
    node = await known(site, by)
    await devices.move(node.id, world.here.pit_id, by)
    await measures(site, node, 1, t_c=24.6)
    assert await switch_home_assistant(by, True) is None
    with PrivateMosquitto() as forgetful:
        address = BrokerAddress("127.0.0.1", forgetful.port, "anybody", "may come in")
        async with running(Discovery(address, "discovery").run()):
            before = await retained(address)
            assert f"{node.id}_t_c" in str(before)
            await asyncio.sleep(1)  # the last of them is confirmed: nothing more is to be said
            await asyncio.to_thread(forgetful.kill)
            await asyncio.to_thread(forgetful.start)
            assert await retained(address) == before


async def retained(address: BrokerAddress) -> set[str]:
    """The topics of all entries that should be there, once the broker has them."""
    async with asyncio.timeout(SOON_S):
        while not (wanted := {topic for (topic,) in await fetch("SELECT topic FROM discovery_entry")}):
            await asyncio.sleep(0.05)
        found: set[str] = set()
        async with client(address, "another program") as opened:
            await opened.subscribe("homeassistant/#", qos=1)
            async for message in opened.messages:
                found.add(message.topic.value)
                if found == wanted:
                    return found
    raise AssertionError("the connection ended")


async def test_what_is_revoked_or_removed_or_switched_off_is_taken_back(site: Site, world: World) -> None:
    by = world.here.owner
    first, second = await known(site, by), await known(site, by)
    for node in (first, second):
        await measures(site, node, 1, t_c=24.6)
    async with described(site, by) as login:
        await site.broker_knows(login)
        with program(site, login) as assistant:
            ids = {f"pitpilot_{node.id}_t_c" for node in (first, second)}
            await soon(lambda: ids <= set(assistant.entities))
            await revoke(first.id, by, now())
            await soon(lambda: not any(first.id in id_ for id_ in assistant.entities))
            assert any(second.id in id_ for id_ in assistant.entities)
            await switch_home_assistant(by, False)
            await soon(lambda: assistant.entities == {})
        with program(site, login) as another:
            await measures(site, second, 2, t_c=24.7)
            await soon(lambda: f"{second.tree}/telemetry" in another.heard)
            assert not [topic for topic in another.heard if topic.startswith("homeassistant/sensor")]
    assert await fetch("SELECT topic FROM discovery_entry") == []


async def test_another_tenants_program_hears_nothing_of_it(site: Site, world: World) -> None:
    node = await known(site, world.here.owner)
    await measures(site, node, 1, t_c=24.6)
    async with described(site, world.here.owner) as login:
        theirs = await make_login(world.there.owner, Use.READING, now())
        assert isinstance(theirs, Made)
        await site.broker_knows(theirs)
        with program(site, login) as assistant, program(site, theirs) as stranger:
            await soon(lambda: bool(assistant.entities))
            await measures(site, node, 2, t_c=24.7)
            await soon(lambda: f"{node.tree}/telemetry" in assistant.heard)
            assert stranger.heard == {}


async def test_after_a_restart_what_was_said_is_known_and_a_silent_device_keeps_its_entries(
    site: Site, world: World
) -> None:
    by = world.here.owner
    node = await known(site, by)
    await measures(site, node, 1, t_c=24.6)
    async with described(site, by) as login:
        await site.broker_knows(login)
        with program(site, login) as assistant:
            await soon(lambda: bool(assistant.entities))
    await fetch("DELETE FROM reading RETURNING seq")
    await fetch("UPDATE device SET name = 'By the door' WHERE id = :id RETURNING id", id=node.id)
    async with running(Discovery(site.server, "discovery").run()):
        with program(site, login) as assistant:
            id_ = f"pitpilot_{node.id}_t_c"
            await soon(lambda: assistant.entities.get(id_, {}).get("device", {}).get("name") == "By the door")


async def test_a_login_is_replaced_and_ended(site: Site, world: World) -> None:
    by = world.here.owner
    first = await make_login(by, Use.SENSORS, now())
    assert isinstance(first, Made)
    await site.broker_knows(first)
    second = await make_login(by, Use.SENSORS, now())
    assert isinstance(second, Made)
    await site.broker_knows(second)
    await site.broker_knows(first, expected=False)
    assert set(await logins_of(by)) == {Use.SENSORS}
    assert await logins_of(world.there.owner) == {}
    assert await end_login(by, Use.SENSORS) is None
    await site.broker_knows(second, expected=False)
    assert await end_login(by, Use.SENSORS) is Refusal.ALREADY_SO


async def test_only_an_owner_switches_and_makes_logins(world: World) -> None:
    staff = world.here.staff
    assert await switch_home_assistant(staff, True) is Refusal.NOT_ALLOWED
    assert await make_login(staff, Use.READING, now()) is Refusal.NOT_ALLOWED
    assert await end_login(staff, Use.READING) is Refusal.NOT_ALLOWED
    assert not await is_home_assistant_on(staff)
    assert await switch_home_assistant(world.here.owner, False) is Refusal.ALREADY_SO
    assert await switch_home_assistant(world.here.owner, True) is None
    assert await is_home_assistant_on(staff) and not await is_home_assistant_on(world.there.owner)
    trail = await fetch("SELECT intent, after FROM audit WHERE intent = 'set_home_assistant'")
    assert trail == [("set_home_assistant", {"enabled": True})]
