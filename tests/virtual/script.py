"""What happens to devices: the incidents of each role, by seconds since the fleet was started."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor

from tests.virtual.climate import SPRAYING_S, plume


class Kind(StrEnum):
    SPRAYING = "spraying"
    """Paint mist in the pit."""
    WIFI_LOSS = "wifi_loss"
    """The access point is away: the device goes on measuring and replays afterwards."""
    POWER_CUT = "power_cut"
    """The device dies with all that its memory held, and boots again."""
    STUCK_SENSOR = "stuck_sensor"
    """The sensor repeats its last values."""
    BROKEN_FRAMES = "broken_frames"
    """The sensor's line is loose: every bit reads as one, which no server should believe."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that comes again and again."""

    kind: Kind
    first_s: float
    lasts_s: float
    every_s: float

    def starts(self) -> Iterator[float]:
        """The moments at which it begins, for ever."""
        at_s = self.first_s
        while True:
            yield at_s
            at_s += self.every_s

    def since_s(self, elapsed_s: float) -> float | None:
        """How long ago it last began; None before the first time."""
        if elapsed_s < self.first_s:
            return None
        return elapsed_s - self.first_s - self.every_s * floor((elapsed_s - self.first_s) / self.every_s)


@dataclass(frozen=True, slots=True)
class Role:
    """How a device behaves. `sprays`: its room has spray jobs of its own, too; `runs`: it is switched on at all."""

    incidents: tuple[Incident, ...] = ()
    sprays: bool = False
    has_clock: bool = True
    runs: bool = True


ROLES: Mapping[str, Role] = {
    "steady": Role(),
    # Far enough apart that three alerts never fall into half an hour, which would count as flapping.
    "dusty": Role((Incident(Kind.SPRAYING, 75, SPRAYING_S, 1_200),), sprays=True),
    "humid": Role(),  # its room has been wet since the moment that its card names
    "flaky": Role(
        (
            Incident(Kind.WIFI_LOSS, 120, 40, 900),
            Incident(Kind.BROKEN_FRAMES, 45, 12, 1_500),
            Incident(Kind.STUCK_SENSOR, 400, 60, 1_500),
        )
    ),
    "powercut": Role((Incident(Kind.POWER_CUT, 300, 20, 1_800),)),
    "noclock": Role(has_clock=False),
    "off": Role(runs=False),
}


def mist(incidents: tuple[Incident, ...], elapsed_s: float) -> float:
    """Paint mist (0…1) at a moment of the script."""
    since = (i.since_s(elapsed_s) for i in incidents if i.kind is Kind.SPRAYING)
    return sum(plume(since_s) for since_s in since if since_s is not None)
