"""A heap of 96 kB holds, through reconnects, cards, power cuts and rubbish; `make bench` does so for ten minutes."""

from pathlib import Path

from tests.firmware.soak import soak
from tests.firmware.virtual_node import PumpRig
from tests.private_mosquitto import PrivateMosquitto

SECONDS = 25
GROWTH_BYTES = 6_000  # lists that fill up to their limits: acknowledgements seen, events kept


async def test_the_heap_holds_through_trouble(broker: PrivateMosquitto, tmp_path: Path, shipped: Path) -> None:
    async with PumpRig(broker, tmp_path, program=shipped, settings={"starts_per_hour": 60}) as pump:
        found = await soak(pump, SECONDS, seed=1)
        assert pump.board.resets == []
        assert "MemoryError" not in pump.board.log
    assert found.reconnects > 1
    settled = found.heap_bytes[1:]
    assert max(settled) - settled[0] < GROWTH_BYTES, settled
