"""A day of trouble for a pit node, in short: its broker dies, sensors fail and come back, rubbish arrives."""

import random
from time import monotonic

from tests.firmware.pit_rig import PitRig
from tests.firmware.soak import RUBBISH, Soaked

FAULTS = (("bme680", "silent"), ("bme680", "stuck"), ("dht22", "ones"), ("pms5003", "cut"))


async def soak_pit(pit: PitRig, seconds: float, seed: int) -> Soaked:
    """Troubles a node for so long. Raises AssertionError when it can't go on, or a reading is missing afterwards."""
    chance, found, begun = random.Random(seed), Soaked(), monotonic()
    while monotonic() - begun < seconds:
        sensor, fault = chance.choice(FAULTS)
        pit.board.set_fault(sensor, fault)
        pit.board.set_air(t_c=chance.randrange(150, 350) / 10)
        for payload in chance.sample(RUBBISH, 2):
            await pit.raw(chance.choice(("cmd", "got")), payload)
        state = await pit.next_state(lambda state: state["heap_used"] is not None)  # not known before the first is out
        found.heap_bytes.append(state["heap_used"])
        pit.board.set_fault(sensor, None)
        if chance.random() < 0.6:
            pit.broker.kill()
            pit.broker.start()
            back = monotonic()
            await pit.next_state()
            found.reconnect_ms.append((monotonic() - back) * 1_000)
            found.reconnects += 1
    measured = max(seq for _, seq in pit.readings)
    await pit.until(lambda: {(1, seq) for seq in range(1, measured + 1)} <= set(pit.readings))
    return found
