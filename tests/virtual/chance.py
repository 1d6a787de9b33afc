"""Chance that can be asked again: the same seed, channel and moment always give the same number."""

from functools import lru_cache
from math import floor

_MASK = 2**64 - 1


def unit(seed: int, channel: int, n: int) -> float:
    """An evenly spread number in [-1, 1) for each n; channels of a seed are independent of each other."""
    z = (seed * 0x9E3779B97F4A7C15 + channel * 0xD1B54A32D192ED03 + n * 0x8CB92BA72F3D8DD7) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK  # mixing steps and constants of SplitMix64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) / 2**63 - 1.0


_knot = lru_cache(maxsize=16_384)(unit)


def wander(seed: int, channel: int, at_s: float, period_s: float) -> float:
    """A smooth curve in [-1, 1] that takes about `period_s` to change its mind."""
    place = at_s / period_s
    n = floor(place)
    part = place - n
    part *= part * (3.0 - 2.0 * part)  # smoothstep: no kinks at the knots
    before = _knot(seed, channel, n)
    return before + (_knot(seed, channel, n + 1) - before) * part
