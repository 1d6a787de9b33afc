"""A heap of 96 kB holds for a pit node too, through reconnects, broken sensors and rubbish, and nothing is lost."""

from pathlib import Path

from tests.firmware.pit_rig import PitRig
from tests.firmware.pit_soak import soak_pit
from tests.private_mosquitto import PrivateMosquitto

SECONDS = 12
GROWTH_BYTES = 6_000  # lists that fill up to their limits


async def test_the_heap_holds_and_no_reading_is_lost(broker: PrivateMosquitto, tmp_path: Path, shipped: Path) -> None:
    async with PitRig(broker, tmp_path, program=shipped) as pit:
        found = await soak_pit(pit, SECONDS, seed=2)
        assert pit.board.resets == []
        assert "memory allocation" not in pit.log
    assert found.reconnects
    settled = found.heap_bytes[1:]
    assert max(settled) - settled[0] < GROWTH_BYTES, settled
