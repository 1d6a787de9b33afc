"""The real firmware replays a spill from its flash into the real consumer while everything around it breaks: each
reading is stored, and once.
"""

import time
from pathlib import Path

import pytest

from ingest.mqtt import MqttLink
from tests.conftest import Workshop, World
from tests.firmware.by_path import pure
from tests.ingest.parts import at_a_broker, counted, fetch, until
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import write_keys
from tools.virtual_pit import PitBoard

pytestmark = pytest.mark.long

READINGS = 9 * 112 + 50
WITHIN_S = 60.0


def spilled(flash: Path, shop: Workshop, port: int) -> PitBoard:
    """A controller that was switched off after a long outage, in its first boot."""
    flash.mkdir()
    ring = pure("core.ring").Ring(str(flash / "ring"), 1)
    now_ms = time.time_ns() // 1_000_000
    for number in range(READINGS):
        ring.add(now_ms - (READINGS - number) * 5_000, number * 5_000, {"t_c": 24.6, "rh_pct": 52.1})
    ring.flush()
    identity = {"kind": "pit", "tenant": str(shop.tenant_id), "device": shop.device_id, "password": "any"}
    server = {"host": "127.0.0.1", "port": port, "tls": False}
    write_keys(flash, {"boot_id": 1, "identity": identity, "server": server, "settings": {"interval_s": 60}})
    return PitBoard(flash)


async def numbers() -> list[int]:
    """Of the first boot, every row of them."""
    return [seq for (seq,) in await fetch("SELECT seq FROM reading WHERE boot_id = 1 ORDER BY seq")]


class Losing:
    """Loses the next `/got` when it is told to."""

    def __init__(self, link: MqttLink, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lost, self.shall_lose = 0, False
        self._publish = link.publish
        monkeypatch.setattr(link, "publish", self.publish)

    def publish(self, topic: str, payload: bytes) -> bool:
        if self.shall_lose:
            self.shall_lose, self.lost = False, self.lost + 1
            return True
        return self._publish(topic, payload)


async def test_a_lost_confirmation_a_killed_broker_and_a_power_cut_in_mid_replay_cost_and_double_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = 0

    async def replayed(count: int) -> None:
        nonlocal heard
        deadline = time.monotonic() + WITHIN_S
        while heard < count:
            assert time.monotonic() < deadline, f"stalls at {heard}:\n{board.log}"
            heard = len(await numbers())

    with PrivateMosquitto() as broker:
        board = spilled(tmp_path / "flash", world.here, broker.port)
        async with at_a_broker(broker.port) as (_, link):
            losing = Losing(link, monkeypatch)
            await board.power_on()
            try:
                await replayed(150)
                losing.shall_lose = True
                await replayed(300)
                broker.kill()
                broker.start()
                await replayed(550)
                await board.power_cycle()
                await replayed(800)
                assert heard < READINGS, "or nothing of this was in mid replay"
                broker.restart()
                await replayed(READINGS)
                await until(lambda: not list((tmp_path / "flash" / "ring").iterdir()), WITHIN_S)
            finally:
                await board.power_off()
    assert await numbers() == list(range(1, READINGS + 1))
    assert losing.lost == 1
    assert await counted() == {}
