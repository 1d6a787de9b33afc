"""An air quality index from a gas sensor's resistance, 0…500, which is ours and says so.

Bosch's own index (BSEC) is a closed library that does not run here. This one compares: the highest resistance of the
last days stands for the cleanest air that the sensor has met and is called 25; each time the resistance halves from
there, the index rises by 75. So it tells that the air of this pit became worse or better, on a scale that resembles
the usual one (to 50 good, from 150 polluted), but two sensors' numbers can't be compared, and it is no measure of any
one gas. The reference fades by half in about two weeks, so that a drifting sensor finds its way back.
"""

import math

CLEAN = 25.0
PER_HALVING = 75.0
WORST = 500.0
BURN_IN = 60  # readings; a heater plate that was cold for long gives nonsense at first
FADES_BY = 0.999_997  # each reading: half in 231,000 readings, 13 days at one in 5 s


class AirIndex:
    """`reference_ohm` is what was kept of an earlier boot; then there is no need to wait for the burn-in."""

    def __init__(self, reference_ohm: float = 0.0) -> None:
        self.reference_ohm = reference_ohm
        self._burn_in = 0 if reference_ohm else BURN_IN

    def say(self, ohm: int) -> float | None:
        """The index for this resistance; None while burning in."""
        if self._burn_in:
            self._burn_in -= 1
            return None
        self.reference_ohm = max(float(ohm), self.reference_ohm * FADES_BY)
        halvings = math.log(self.reference_ohm / max(1, ohm)) / math.log(2)
        return min(WORST, CLEAN + PER_HALVING * halvings)
