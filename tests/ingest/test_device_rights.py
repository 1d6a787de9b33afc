"""From the claim to the broker: a device is let in, kept to its own tree and cut off, while the others notice nothing.

What arrives is the proof: to a device the broker acknowledges what it denies, too.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest

from actions import device_claims, device_credentials, devices
from actions.broker_logins import Made, Use, make_login
from actions.device_claims import Claimed
from actions.device_credentials import Credential
from tests.conftest import World
from tests.device_parts import Node, claimed_node, code_for, now, registered
from tests.ingest.parts import counted, stored, until
from tests.ingest.site import SOON_S, Site, site, speaks
from tests.shipped_mosquitto import WAIT_S

__all__ = ["site"]
KINDS = [pytest.param(False, id="by password"), pytest.param(True, id="by certificate")]


async def until_stored(rows: int) -> None:
    async with asyncio.timeout(SOON_S):
        while len(await stored()) < rows:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("with_certificate", KINDS)
async def test_a_device_that_claimed_itself_is_heard_within_seconds(
    site: Site, world: World, with_certificate: bool
) -> None:
    node = await claimed_node(world.here.owner, with_certificate=with_certificate)
    await site.until_connects(node)
    async with site.client(node) as device:
        await device.subscribe(f"{node.tree}/got")
        await speaks(device, node, 1)
        await until_stored(1)
        async with asyncio.timeout(SOON_S):
            got = await anext(aiter(device.messages))
    assert isinstance(got.payload, bytes) and json.loads(got.payload)["readings"] == [[1, 1]]
    assert await stored() == [(node.id, 1, 1)]


async def test_what_is_too_long_is_counted_for_its_device_and_neither_it_nor_a_program_is_cut_off(
    site: Site, world: World
) -> None:
    node, login = await claimed_node(world.here.owner), await make_login(world.here.owner, Use.SENSORS, now())
    assert isinstance(login, Made)
    await site.until_connects(node)
    await site.broker_knows(login)
    program: dict[str, Any] = {"username": login.username, "password": login.password, "timeout": WAIT_S}
    branch = f"foreign/{world.here.tenant_id}/zigbee2mqtt"
    async with (
        site.client(node) as device,
        aiomqtt.Client("127.0.0.1", site.broker.port, **program) as bridge,
        site.listening() as ear,
    ):
        for size in (9_000, 20_000, 900_000):
            await device.publish(f"{node.tree}/telemetry", b"x" * size, qos=1)
        await bridge.publish(f"{branch}/bridge/devices", b"[" + b'{"definition": "long"},' * 20_000 + b"{}]", qos=1)
        await bridge.publish(f"{branch}/sensor", b'{"temperature": 24.6}', qos=1)
        await speaks(device, node, 1)
        await until_stored(1)
        async with asyncio.timeout(SOON_S):
            async for message in ear.messages:
                if str(message.topic) == f"{branch}/sensor":
                    break
    assert await counted() == {(node.id, "oversized"): 3}


@pytest.mark.parametrize("with_certificate", KINDS)
async def test_a_device_is_heard_and_hears_nowhere_but_in_its_own_tree(
    site: Site, world: World, with_certificate: bool
) -> None:
    node = await claimed_node(world.here.owner, with_certificate=with_certificate)
    neighbour = await claimed_node(world.here.owner)
    stranger = await claimed_node(world.there.owner, with_certificate=True)
    await site.until_connects(node)
    denied = [
        f"{neighbour.tree}/telemetry",
        f"{stranger.tree}/telemetry",
        f"v1/{world.there.tenant_id}/{node.id}/telemetry",
        f"{node.tree}/cmd",
        f"{node.tree}/other",
        "homeassistant/sensor/x/config",
        "$SYS/anything",
    ]
    async with site.listening() as ear:
        for topic in denied:
            with contextlib.suppress(aiomqtt.MqttError):  # 2.0.11 ends the connection of a denied publish
                async with site.client(node) as device:
                    await speaks(device, node, 1, topic)
        async with site.client(node) as device:
            await device.subscribe([("#", 1), (f"{neighbour.tree}/cmd", 1), (f"{stranger.tree}/#", 1), ("$SYS/#", 0)])
            for tree in (neighbour.tree, stranger.tree, f"v1/{world.there.tenant_id}/{node.id}"):
                await ear.publish(f"{tree}/cmd", "for somebody else", qos=1)
            await ear.publish(f"{node.tree}/cmd", "for you", qos=1)
            async with asyncio.timeout(SOON_S):
                heard = [str((await anext(aiter(device.messages))).topic)]
                await speaks(device, node, 2)
                said = [str(message.topic) async for message in _up_to(ear, f"{node.tree}/telemetry")]
            assert heard == [f"{node.tree}/cmd"]
    assert [topic for topic in said if not topic.endswith("/cmd")] == [f"{node.tree}/telemetry"]
    await until_stored(1)
    assert await stored() == [(node.id, 1, 2)]


@pytest.mark.parametrize("with_certificate", KINDS)
async def test_a_revoked_device_is_out_within_seconds_and_another_ones_connection_stays(
    site: Site, world: World, with_certificate: bool
) -> None:
    node = await claimed_node(world.here.owner, with_certificate=with_certificate)
    other = await claimed_node(world.here.owner, with_certificate=with_certificate)
    await site.until_connects(node)
    await site.until_connects(other)
    async with site.client(other) as stays, contextlib.AsyncExitStack() as stack:
        falls = await stack.enter_async_context(site.client(node))
        await speaks(falls, node, 1)
        await speaks(stays, other, 1)
        await until_stored(2)
        assert await device_credentials.revoke(node.id, world.here.owner, now()) is None
        await site.until_connects(node, expected=False)
        with contextlib.suppress(aiomqtt.MqttError):  # by password it is dropped; by certificate it talks to nobody
            await speaks(falls, node, 2)
        await speaks(stays, other, 2)
        await until_stored(3)
        with contextlib.suppress(aiomqtt.MqttError):
            await stack.aclose()
    assert await stored() == sorted([(node.id, 1, 1), (other.id, 1, 1), (other.id, 1, 2)])
    assert not await site.connects(node)


async def test_a_device_with_an_old_password_is_out_and_in_again_with_the_new_one(site: Site, world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner)
    await site.until_connects(node)
    rotated = await device_credentials.rotate(node.id, by, now())
    assert isinstance(rotated, Credential)
    fresh = Node(Claimed(rotated, "", "pit", 1))
    await site.until_connects(fresh)
    assert not await site.connects(node)


async def test_a_removed_device_is_out_and_one_that_is_switched_off_is_only_counted(site: Site, world: World) -> None:
    by = world.here.owner
    node, quiet = await claimed_node(by), await claimed_node(by)
    await site.until_connects(node)
    await site.until_connects(quiet)
    await devices.remove(node.id, by, now())
    await devices.enable(quiet.id, False, by, now())
    await until(lambda: not site.parts.directory.devices[quiet.id].enabled)
    await site.until_connects(node, expected=False)
    async with site.client(quiet) as device:
        await speaks(device, quiet, 1)
    async with asyncio.timeout(SOON_S):
        while not await counted():
            await asyncio.sleep(0.05)
    assert await counted() == {(quiet.id, "disabled_device"): 1} and await stored() == []


async def test_a_tenant_in_the_payload_changes_nothing_and_one_in_the_topic_is_counted(
    site: Site, world: World
) -> None:
    """The second comes from the server's own user: a device's could not even be heard there."""
    node = await claimed_node(world.here.owner)
    await site.until_connects(node)
    there = {"tenant": str(world.there.tenant_id), "tenant_id": str(world.there.tenant_id), "device": "pp-there"}
    async with site.client(node) as device, site.listening() as server:
        body = {"boot_id": 1, "up_ms": 5_000, "readings": [{"seq": 1, "up_ms": 4_000, "t_c": 21.0}], **there}
        await device.publish(f"{node.tree}/telemetry", json.dumps(body), qos=1)
        await server.publish(f"v1/{world.there.tenant_id}/{node.id}/telemetry", json.dumps(body), qos=1)
        await until_stored(1)
        async with asyncio.timeout(SOON_S):
            while not await counted():
                await asyncio.sleep(0.05)
    assert await stored() == [(node.id, 1, 1)]
    assert await counted() == {(node.id, "wrong_tenant"): 1}


async def test_what_was_announced_while_nobody_listened_is_made_up_for(site: Site, world: World) -> None:
    site.keeper.close()
    node = await claimed_node(world.here.owner)
    await asyncio.sleep(1.5)
    assert not await site.connects(node)
    site.keeper.look()
    await site.until_connects(node)


async def test_before_it_claims_itself_nothing_speaks_in_a_devices_name(site: Site, world: World) -> None:
    id_ = await registered(world.here.owner)
    await code_for(id_, world.here.owner)
    rights = (site.broker.rights / "passwords").read_text() + (site.broker.rights / "acl").read_text()
    assert id_ not in rights
    assert await device_claims.claim("K7QM-3FXT-9RWB", None, "", now()) == "claim_code_unknown"


async def _up_to(ear: aiomqtt.Client, last: str) -> AsyncIterator[aiomqtt.Message]:
    async for message in ear.messages:
        yield message
        if str(message.topic) == last:
            return
