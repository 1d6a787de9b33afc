"""A fleet of pit nodes that run the real firmware, in believable air, with the incidents of their roles:
`python -m tools.virtual_pits --broker mqtt://HOST:PORT --fleet FILE`.

Runs until SIGTERM or SIGINT or, with `--until-input-ends`, until whoever started it is gone. The world outside (air and
incidents) is that of tests/virtual; the devices are the program in firmware/, one interpreter for each.
"""

import argparse
import asyncio
import json
import logging
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.virtual.climate import Room, climate
from tests.virtual.fleet import Card, FleetFault, load
from tests.virtual.script import ROLES, Incident, Kind, mist
from tools.virtual_board import find_interpreter, write_keys
from tools.virtual_firmware import stop_when_told
from tools.virtual_pit import SENSORS, PitBoard, Uplink

HEAP = "512wK"  # from sources, which takes more memory than the compiled firmware has on a controller
AIR_EVERY_S = 1.0
CLEAN_OHM = 50_000
NOT_WIRED = -1
_WIRED = {
    "climate": {"dht": NOT_WIRED, "pms_rx": NOT_WIRED, "pms_tx": NOT_WIRED},
    "dust": {"dht": NOT_WIRED, "sda": NOT_WIRED, "scl": NOT_WIRED},
    "all": {"dht": NOT_WIRED},
}
"""Pins that nothing hangs on, by the kinds of sensors of a card."""

log = logging.getLogger(__name__)


class VirtualPit:
    """Plays one card. `memory` is the folder of all devices' flashes."""

    def __init__(self, card: Card, host: str, port: int, memory: Path, interval_s: int = 5) -> None:
        self.card = card
        self._role = ROLES[card.role]
        self._incidents = tuple(replace(i, first_s=i.first_s + card.delay_s) for i in self._role.incidents)
        self._room = Room(card.seed, self._role.sprays, card.wet_since_s)
        self._uplink = Uplink(host, port)
        self._interval_s = interval_s
        self._began_s = time.time()
        self.board = PitBoard(memory / card.device, interpreter=find_interpreter(HEAP))

    async def run(self) -> None:
        """Lives until cancelled, through as many boots as there are power cuts."""
        async with self._uplink:
            self._provision()
            self.board.set_clock(self._role.has_clock)
            try:
                async with asyncio.TaskGroup() as tasks:
                    await self.board.power_on()
                    tasks.create_task(self._breathe())
                    for incident in self._incidents:
                        tasks.create_task(self._suffer(incident))
            finally:
                await self.board.power_off()

    def _provision(self) -> None:
        """Writes what a set-up leaves behind, and a new device's settings and memories."""
        card, flash = self.card, self.board.flash
        identity = {"kind": "pit", "tenant": card.tenant, "device": card.device, "password": card.password}
        server = {"host": "127.0.0.1", "port": self._uplink.port, "tls": False}
        if not (flash / "nvs.json").exists():
            settings = {"interval_s": self._interval_s, "pins": _WIRED[card.sensors]}
            write_keys(flash, {"settings": settings, "clean_ohm": CLEAN_OHM, "boot_id": card.boots})
        write_keys(flash, {"identity": identity, "server": server})

    async def _breathe(self) -> None:
        while True:
            now_s = time.time()
            air = climate(self._room, now_s, mist(self._incidents, now_s - self._began_s))._asdict()
            iaq = air.pop("iaq")
            self.board.set_air(**air, gas_ohm=round(CLEAN_OHM * 2.0 ** ((25.0 - iaq) / 75.0), 1))
            await asyncio.sleep(AIR_EVERY_S)

    async def _suffer(self, incident: Incident) -> None:
        begin, end = self._course(incident.kind)
        for start_s in incident.starts():
            await asyncio.sleep(max(0.0, self._began_s + start_s - time.time()))
            log.info("%s: %s for %.0f s", self.card.device, incident.kind, incident.lasts_s)
            await begin()
            await asyncio.sleep(incident.lasts_s)
            await end()

    def _course(self, kind: Kind) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
        """How an incident begins and ends; spraying needs nothing, the curve knows."""
        match kind:
            case Kind.WIFI_LOSS:
                return self._lose_wifi, self._find_wifi
            case Kind.POWER_CUT:
                return self.board.power_off, self.board.power_on
            case Kind.SPRAYING:
                return _nothing, _nothing
            case Kind.STUCK_SENSOR | Kind.BROKEN_FRAMES:
                fault = "stuck" if kind is Kind.STUCK_SENSOR else "ones"
                return (lambda: self._fault(fault)), (lambda: self._fault(None))

    async def _lose_wifi(self) -> None:
        self._uplink.cut()
        self.board.set_wifi(False)

    async def _find_wifi(self) -> None:
        self._uplink.mend()
        self.board.set_wifi(True)

    async def _fault(self, fault: str | None) -> None:
        for sensor in SENSORS:
            self.board.set_fault(sensor, fault)


async def _nothing() -> None:
    """What happens by itself."""


async def play(cards: Sequence[Card], host: str, port: int, memory: Path, interval_s: int = 5) -> None:
    """Plays every card whose device is switched on, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for card in cards:
            if ROLES[card.role].runs:
                tasks.create_task(VirtualPit(card, host, port, memory, interval_s).run())


async def _play_until_told(asked: argparse.Namespace, cards: Sequence[Card]) -> None:
    host, _, port = asked.broker.removeprefix("mqtt://").partition(":")
    memory = asked.memory or asked.fleet.parent / "virtual-devices"
    stop = stop_when_told(asked.until_input_ends)
    fleet = asyncio.create_task(play(cards, host, int(port or 1_883), memory, asked.period))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({fleet, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if fleet.done():
        fleet.result()  # it never ends by itself: this is how a bug shows
    fleet.cancel()
    with suppress(asyncio.CancelledError):
        await fleet


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.virtual_pits", description=__doc__)
    parser.add_argument("--broker", required=True, help="mqtt://HOST:PORT, without a login")
    parser.add_argument("--fleet", type=Path, required=True, help="JSON list of devices: see tests/virtual/fleet.py")
    parser.add_argument("--memory", type=Path, help="folder of the devices' flashes; default: beside the fleet's file")
    parser.add_argument("--period", type=int, default=5, help="seconds between two readings of a new device")
    parser.add_argument("--until-input-ends", action="store_true", help="end when standard input ends, too")
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s pits: %(message)s", stream=sys.stderr)
    try:
        cards = load(asked.fleet)
    except (FleetFault, OSError, json.JSONDecodeError) as error:
        print(f"the fleet can't be played: {error}", file=sys.stderr)
        return 2
    asyncio.run(_play_until_told(asked, cards))
    return 0


if __name__ == "__main__":
    sys.exit(main())
