"""A virtual pit node: a room, sensors, power and Wi-Fi, and the incidents that its role has in store."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from tests.virtual.boot import Boot, Timing
from tests.virtual.climate import Room, climate
from tests.virtual.clock import Clock
from tests.virtual.flash import BootCounter
from tests.virtual.fleet import SENSORS, Card
from tests.virtual.line import Broker
from tests.virtual.script import ROLES, Incident, Kind, mist
from tests.virtual.switch import Switch

log = logging.getLogger(__name__)

# What sensors say when every bit of a frame is one: a DHT22's sixteen bits in tenths, a PMS5003's in µg/m³.
_ALL_ONES = {"t_c": -3276.7, "rh_pct": 6553.5, "pm1": 65535.0, "pm25": 65535.0, "pm10": 65535.0}


class VirtualDevice:
    """Plays one card. `memory` is the folder of what survives a power cut."""

    def __init__(
        self, card: Card, broker: Broker, memory: Path, clock: Clock | None = None, timing: Timing | None = None
    ) -> None:
        self.card = card
        self.boot: Boot | None = None
        """The life that it lives now; None while the power is off."""
        self._role = ROLES[card.role]
        self._incidents = tuple(replace(i, first_s=i.first_s + card.delay_s) for i in self._role.incidents)
        self._room = Room(card.seed, self._role.sprays, card.wet_since_s)
        self._broker, self._clock, self._timing = broker, clock or Clock(), timing or Timing()
        self._boots = BootCounter(memory / f"{card.device}.json", card.boots)
        self._power, self._wifi = Switch(), Switch()
        self._faults: set[Kind] = set()
        self._last_values: Mapping[str, float] | None = None

    async def run(self) -> None:
        """Lives until cancelled, through as many boots as there are power cuts."""
        async with asyncio.TaskGroup() as tasks:
            for incident in self._incidents:
                tasks.create_task(self._suffer(incident))
            tasks.create_task(self._boot_for_ever())

    def cut_power(self) -> None:
        """The device dies at once; what its memory held is gone."""
        self._power.turn(False)
        if self.boot is not None:
            self.boot.cut_line()

    def restore_power(self) -> None:
        self._power.turn(True)

    def lose_wifi(self) -> None:
        """The access point is gone; measuring goes on."""
        self._wifi.turn(False)
        if self.boot is not None:
            self.boot.cut_line()

    def find_wifi(self) -> None:
        self._wifi.turn(True)

    def measure(self) -> Mapping[str, float]:
        """What the sensors say now, by their names on the wire."""
        names = SENSORS[self.card.sensors]
        if Kind.BROKEN_FRAMES in self._faults:
            return {name: value for name, value in _ALL_ONES.items() if name in names}
        if Kind.STUCK_SENSOR not in self._faults or self._last_values is None:
            air = climate(self._room, self._clock.scene_s, mist(self._incidents, self._clock.elapsed_s))._asdict()
            self._last_values = {name: air[name] for name in names}
        return self._last_values

    async def _boot_for_ever(self) -> NoReturn:
        while True:
            await self._power.is_on()
            boot_id = await asyncio.to_thread(self._boots.count)
            self.boot = Boot(
                boot_id,
                self.card,
                self._broker,
                self._wifi,
                self._clock,
                self._timing,
                self._role.has_clock,
                self.measure,
            )
            async with asyncio.TaskGroup() as tasks:
                life = tasks.create_task(self.boot.run())
                await self._power.is_off()
                life.cancel()
            self.boot = None

    async def _suffer(self, incident: Incident) -> None:
        begin, end = self._course(incident.kind)
        for start_s in incident.starts():
            await self._clock.wait_until(start_s)
            log.info("%s: %s for %.0f s", self.card.device, incident.kind, incident.lasts_s)
            begin()
            await self._clock.wait_until(start_s + incident.lasts_s)
            end()

    def _course(self, kind: Kind) -> tuple[Callable[[], None], Callable[[], None]]:
        """How an incident begins and ends; spraying needs nothing, the curve knows."""
        match kind:
            case Kind.WIFI_LOSS:
                return self.lose_wifi, self.find_wifi
            case Kind.POWER_CUT:
                return self.cut_power, self.restore_power
            case Kind.SPRAYING:
                return (lambda: None), (lambda: None)
            case Kind.STUCK_SENSOR | Kind.BROKEN_FRAMES:
                return (lambda: self._faults.add(kind)), (lambda: self._faults.discard(kind))
