"""Over the air, end to end: a signed bundle is uploaded, rolled out by the server's own parts, downloaded over HTTP and
tried by the real firmware in MicroPython; a bad one rolls back, and the roll-out stops by itself.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from actions import releases, rollout_steps, rollouts
from actions.announce import hear
from actions.rollouts import NewRollout, Started
from domain import rollouts as rules
from domain.access import Viewer
from domain.refusals import Refusal
from domain.rollouts import Progress, RolloutState
from ingest.broker_address import BrokerAddress
from ingest.commander import Commander
from ingest.consumer import SUBSCRIPTION
from ingest.mqtt import MqttLink
from ingest.sender import Sender
from ingest.words import DeviceWords
from storage.rollout_items import Member
from storage.rollouts import Rollout
from tests.actions.test_releases import super_admin
from tests.api.whole_api import whole_api
from tests.conftest import Workshop, World
from tests.device_parts import now
from tests.firmware.test_updates import KEY, Builds, builds
from tests.ingest.parts import fetch, ingest, running, until
from tests.private_mosquitto import PrivateMosquitto
from tests.release_parts import trust
from tools.virtual_board import write_keys
from tools.virtual_pit import PitBoard

pytestmark = pytest.mark.long

__all__ = ["builds"]

WITHIN_S = 60.0


@dataclass(frozen=True)
class Field:
    """A server at work, and a device in the field that it hears."""

    root: Viewer
    shop: Workshop
    url: str

    async def upload(self, bundle: bytes) -> UUID:
        answer = await releases.upload(self.root, bundle, "", now())
        assert isinstance(answer, UUID), answer
        return answer

    async def roll_out(self, release_id: UUID) -> Started:
        answer = await rollouts.start(self.root, NewRollout(release_id, None, 100, 1, 0), now())
        assert isinstance(answer, Started), answer
        return answer

    async def until(self, rollout: Started, state: RolloutState) -> Member:
        """Steps the roll-out until it is in this state; returns its only device."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                await rollout_steps.step(rollout.id, now(), self.url)
                row, member = await self._look(rollout)
                if row.state is state:
                    return member
                await asyncio.sleep(0.2)

    async def _look(self, rollout: Started) -> tuple[Rollout, Member]:
        found = await rollouts.rollout(self.root, rollout.id)
        assert not isinstance(found, Refusal)
        row, (member,) = found
        return row, member


@asynccontextmanager
async def served(broker: PrivateMosquitto) -> AsyncIterator[str]:
    """The server's parts that a device meets; yields the web's address."""
    address = BrokerAddress("127.0.0.1", broker.port, "server", "any")
    async with whole_api() as web, ingest() as parts:
        consumer, directory = parts.consumer, parts.directory
        link = consumer.link = MqttLink(address, "ingest", [(SUBSCRIPTION, 1)], consumer.take)
        sender = Sender(address, "commands")
        commander = Commander(sender, consumer.reject)
        words = DeviceWords(address, "words", directory, parts.presence, consumer.reject, [commander])
        ready = asyncio.Event()
        async with running(
            consumer.run(), consumer.publish_got(), link.run(), words.run(), sender.run(), commander.send_for_ever(),
            commander.listen_for_ever(), parts.presence.write_for_ever(), hear(ready.set),
        ):  # fmt: skip
            await until(lambda: link.connected and ready.is_set())
            yield web.url.removesuffix("/api")


@pytest.fixture
async def field(
    world: World, broker: PrivateMosquitto, tmp_path: Path, builds: Builds, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Field]:
    """A pit node with version 1.0.0 that the server has heard."""
    monkeypatch.setattr(rules, "TRIAL", timedelta(seconds=2))
    trust(tmp_path, KEY)
    flash, shop = tmp_path / "flash", world.here
    shutil.copytree(builds.first, flash / "a")
    identity = {"kind": "pit", "tenant": str(shop.tenant_id), "device": shop.device_id, "password": "not checked here"}
    server = {"host": "127.0.0.1", "port": broker.port, "tls": False, "url": None}
    write_keys(flash, {"identity": identity, "server": server, "settings": {"interval_s": 2}, "settings_v": 1})
    async with served(broker) as url, PitBoard(flash, program=builds.program):
        async with asyncio.timeout(WITHIN_S):
            while await fetch("SELECT firmware FROM device_presence") != [("1.0.0",)]:
                await asyncio.sleep(0.1)
        yield Field(await super_admin(world), shop, url)


async def test_a_release_reaches_a_device_and_is_counted_by_what_it_runs(field: Field, builds: Builds) -> None:
    rollout = await field.roll_out(await field.upload(builds.bundle("1.1.0")))
    member = await field.until(rollout, RolloutState.DONE)
    assert (member.progress, member.from_version, member.firmware) == (Progress.UPDATED, "1.0.0", "1.1.0")
    assert await fetch("SELECT stage FROM device_command") == [("done",)]


async def test_a_release_that_can_not_start_rolls_back_and_stops_the_roll_out(field: Field, builds: Builds) -> None:
    bundle = builds.bundle("1.1.0", ring="raise ValueError('broken')\n")
    member = await field.until(await field.roll_out(await field.upload(bundle)), RolloutState.STOPPED)
    assert (member.progress, member.reason, member.firmware) == (Progress.ROLLED_BACK, "rolled_back", "1.0.0")
