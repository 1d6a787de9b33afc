"""The embedded broker's users follow the database: a claimed device comes in, a revoked one does not, after a restart
that everybody notices for a moment."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from actions import device_credentials
from actions.announce import hear
from ingest.broker import EmbeddedBroker
from ingest.broker_address import BrokerAddress
from ingest.broker_probe import accepts
from ingest.rights_keeper import EmbeddedRights, RightsKeeper
from storage.embedded_ports import LOOPBACK
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.device_parts import Node, claimed_node, now, open_keys
from tests.ingest.parts import running, until

WITHIN_S = 60.0


@pytest.fixture
async def broker(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmbeddedBroker]:
    """Running, with a virtual device of its own, and kept right."""
    monkeypatch.setattr(device_credentials._Keeping, "readable", False)
    open_keys()
    embedded = EmbeddedBroker()
    rights = EmbeddedRights(embedded, {"pp-here": "of the demo"})
    await rights.start()
    keeper = RightsKeeper(rights.apply, settle_s=0.2)
    ready = asyncio.Event()
    try:
        async with running(keeper.run(), hear(ready.set)):
            await until(ready.is_set, WITHIN_S)
            yield embedded
    finally:
        keeper.close()
        await embedded.stop()


async def is_let_in(broker: EmbeddedBroker, name: str, password: str | None) -> bool:
    port = int(broker.devices_url.rpartition(":")[2])
    return await accepts(BrokerAddress(LOOPBACK, port, name, password or ""), protocol_level=4)


async def until_let_in(broker: EmbeddedBroker, node: Node, expected: bool = True) -> None:
    await until_password(broker, node.id, node.credential.password, expected)


async def until_password(broker: EmbeddedBroker, name: str, password: str | None, expected: bool = True) -> None:
    """The broker begins anew with each change of its users, and lets nobody in meanwhile."""
    async with asyncio.timeout(WITHIN_S):
        while await is_let_in(broker, name, password) is not expected:
            await asyncio.sleep(0.05)


async def test_a_claimed_device_comes_in_and_a_revoked_one_does_not(world: World, broker: EmbeddedBroker) -> None:
    by = world.here.owner
    node, other = await claimed_node(by), await claimed_node(by)
    for each in (node, other):
        await until_let_in(broker, each)
    assert not await is_let_in(broker, node.id, other.credential.password)
    await device_credentials.revoke(node.id, by, now())
    await until_let_in(broker, node, expected=False)
    await until_let_in(broker, other)
    await until_password(broker, "pp-here", "of the demo")


async def test_a_device_of_the_demo_that_claims_itself_or_is_revoked_leaves_its_old_password(
    world: World, broker: EmbeddedBroker
) -> None:
    by, id_ = world.here.owner, world.here.device_id
    async with transaction(EVERY_TENANT) as tx:  # as the demo makes it
        await tx.execute(
            text("UPDATE device SET credential = 'password', claimed_at = now() WHERE id = :id"), {"id": id_}
        )
    await until_let_in(broker, await claimed_node(by))  # so the keeper has looked
    await until_password(broker, id_, "of the demo")
    node = await claimed_node(by, device_id=id_)
    await until_let_in(broker, node)
    assert not await is_let_in(broker, id_, "of the demo")
    await device_credentials.revoke(id_, by, now())
    await until_let_in(broker, node, expected=False)
    assert not await is_let_in(broker, id_, "of the demo")


async def test_what_changes_no_user_restarts_nothing(world: World) -> None:
    open_keys()
    embedded = EmbeddedBroker()
    rights = EmbeddedRights(embedded, {"pp-here": "of the demo"})
    await rights.start()
    try:
        process = embedded._process
        await claimed_node(world.here.owner, with_certificate=True)
        await rights.apply()
        assert embedded._process is process
    finally:
        await embedded.stop()
