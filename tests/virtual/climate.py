"""The air of a pit in Pune, as pure functions of a room and a moment: the same question has the same answer, so that a
history made in advance and live measuring join without a seam.

Outside, temperature and dew point follow the months; inside, walls and air conditioning flatten them. Relative humidity
follows from temperature and dew point, so it falls as a day warms up. Doors and spraying disturb what the dust sensor
sees. Times are Unix seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import cos, exp, floor, pi
from typing import NamedTuple

from tests.virtual.chance import unit, wander

HOUR_S, DAY_S = 3_600, 86_400
LOCAL_AHEAD_S = 19_800  # India is 5:30 h ahead of UTC all year
OPENS_H, CLOSES_H = 10, 18  # of a working day; Sunday is free

# Climatological normals of Pune, rounded: mean daily minimum and maximum, mean dew point (°C), from January.
_LOWEST_C = (12, 13, 17, 21, 23, 23, 22, 21, 21, 19, 15, 12)
_HIGHEST_C = (30, 32, 36, 38, 37, 32, 28, 28, 30, 32, 30, 29)
_DEW_POINT_C = (9, 8, 9, 13, 18, 22, 22, 21, 21, 17, 13, 10)
_MONTH_S = 30.436875 * DAY_S  # a twelfth of the mean year; the epoch was a first of January

SPRAYING_S = 45.0
_RISE_S, _DECAY_S = 12.0, 80.0  # of the mist: the pit fills quickly, the extraction needs its time
_DOOR_DECAY_S = 240.0
_WETTING_S = 400.0
_WET_RH_PCT = 75.0  # where the air over a wet floor settles

# Channels of chance, so that no two effects move together.
_OUTSIDE, _DEW, _PRESSURE = 1, 2, 3
_TRAIT, _SLOW, _DRIFT, _DUST, _COARSE, _GAS = 4, 5, 6, 7, 8, 9
_DOOR, _SPRAY = 10, 11
_NOISE = 20
_WEATHER_SEED = 0  # all rooms of a town share their weather


@dataclass(frozen=True, slots=True)
class Room:
    """A pit. `sprays`: next to a spray booth, whose mist gets in now and then on working days.
    `wet_since_s`: since then its floor has been wet.
    """

    seed: int
    sprays: bool = False
    wet_since_s: float | None = None


class Air(NamedTuple):
    """What sensors say at one moment: °C, %, hPa, µg/m³ and the BME680's air quality index."""

    t_c: float
    rh_pct: float
    p_hpa: float
    pm1: float
    pm25: float
    pm10: float
    iaq: float


def climate(room: Room, at_s: float, mist: float = 0.0) -> Air:
    """What good sensors in this room say at this moment; `mist` (0…1) is spraying beyond the room's own."""
    seed = room.seed
    door = door_draught(seed, at_s)
    mist = min(1.0, mist + (own_mist(seed, at_s) if room.sprays else 0.0))
    t_c = _temperature_c(seed, at_s, door)
    rh_pct = _humidity_pct(room, at_s, t_c)
    fine = 6.6 + unit(seed, _TRAIT, 1) + 0.9 * wander(seed, _DUST, at_s, 1_500)
    coarse = 1.55 * fine + 1.5 + 1.5 * wander(seed, _COARSE, at_s, 900)
    gas = 42.0 + 8.0 * unit(seed, _TRAIT, 2) + 6.0 * wander(seed, _GAS, at_s, 7_200)
    hour = local_hour(at_s)
    pressure = 948.0 + 1.4 * cos(4 * pi * (hour - 10) / 24)  # the half-daily tide of the tropics, at 560 m altitude
    pressure += 2.5 * wander(_WEATHER_SEED, _PRESSURE, at_s, 4 * DAY_S)
    values = (
        t_c,
        rh_pct,
        pressure,
        0.62 * fine + 64.0 * mist,
        fine + 1.5 * door + 118.0 * mist,
        coarse + 4.0 * door + 128.0 * mist,
        gas + 6.0 * door + 30.0 * mist,
    )
    return _with_noise(seed, at_s, values)


def _with_noise(seed: int, at_s: float, values: tuple[float, ...]) -> Air:
    """Adds each sensor's noise (its greatest value, plus a share of dust) and rounds as the sensors do."""
    moment = floor(at_s * 1_000)
    noisy = [
        value + (amount + share * value) * unit(seed, _NOISE + i, moment)
        for i, (value, (amount, share)) in enumerate(zip(values, _NOISES, strict=True))
    ]
    t_c, rh_pct, p_hpa, pm1, pm25, pm10, iaq = noisy
    return Air(
        round(t_c, 2),
        round(min(100.0, max(0.0, rh_pct)), 1),
        round(p_hpa, 1),
        round(max(0.0, pm1), 1),
        round(max(0.0, pm25), 1),
        round(max(0.0, pm10), 1),
        round(max(0.0, iaq), 1),
    )


_NOISES = ((0.06, 0.0), (0.35, 0.0), (0.1, 0.0), (0.15, 0.03), (0.2, 0.03), (0.3, 0.03), (1.2, 0.0))


def _temperature_c(seed: int, at_s: float, door: float) -> float:
    walls_c = outside_c(at_s - 5_400)  # walls pass the day's heat on one and a half hours late
    t_c = 24.0 + unit(seed, _TRAIT, 0) + 0.15 * (walls_c - 24.0)
    t_c += 0.4 * wander(seed, _SLOW, at_s, 3 * HOUR_S) + 0.2 * wander(seed, _DRIFT, at_s, 12 * DAY_S)
    return t_c + 0.06 * door * (outside_c(at_s) - t_c)


def _humidity_pct(room: Room, at_s: float, t_c: float) -> float:
    _, _, dew_point_c = normals(floor(at_s / DAY_S))
    inside_c = 13.5 + 0.18 * (dew_point_c - 13.5) + 0.8 * wander(room.seed, _DEW, at_s, 5 * HOUR_S)
    dry_pct = 100.0 * saturation_hpa(inside_c) / saturation_hpa(t_c)
    if room.wet_since_s is None or at_s <= room.wet_since_s:
        return dry_pct
    wet_pct = _WET_RH_PCT + 0.1 * (dry_pct - 52.0)
    return dry_pct + (wet_pct - dry_pct) * (1.0 - exp((room.wet_since_s - at_s) / _WETTING_S))


def outside_c(at_s: float) -> float:
    """Temperature outside: lowest before sunrise, highest in the afternoon, with weather of a few days."""
    lowest_c, highest_c, _ = normals(floor(at_s / DAY_S))
    mean_c, swing_c = (lowest_c + highest_c) / 2, (highest_c - lowest_c) / 2
    weather_c = 2.5 * wander(_WEATHER_SEED, _OUTSIDE, at_s, 3.5 * DAY_S)
    return mean_c + swing_c * cos(2 * pi * (local_hour(at_s) - 15) / 24) + weather_c


@lru_cache(maxsize=1_024)
def normals(day: int) -> tuple[float, float, float]:
    """Lowest and highest temperature and dew point (°C) usual on a day (counted since 1970), between the months."""
    place = day * DAY_S / _MONTH_S - 0.5  # a month's mean belongs to its middle
    month = floor(place)
    part = place - month
    lowest, highest, dew = (
        (1 - part) * series[month % 12] + part * series[(month + 1) % 12]
        for series in (_LOWEST_C, _HIGHEST_C, _DEW_POINT_C)
    )
    return lowest, highest, dew


def saturation_hpa(t_c: float) -> float:
    """Saturation vapour pressure over water: Magnus formula with Sonntag's coefficients (1990)."""
    return 6.112 * exp(17.62 * t_c / (243.12 + t_c))


def local_hour(at_s: float) -> float:
    """Hour of the local day, 0 ≤ hour < 24."""
    return (at_s + LOCAL_AHEAD_S) % DAY_S / HOUR_S


def is_open(at_s: float) -> bool:
    """Whether the workshop works at this moment."""
    weekday = (floor((at_s + LOCAL_AHEAD_S) / DAY_S) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    return weekday != 6 and OPENS_H <= local_hour(at_s) < CLOSES_H


def plume(since_s: float) -> float:
    """Share of the fullest mist (0…1) this long after spraying began: a fast rise, then exponential decay."""
    if since_s <= 0:
        return 0.0
    if since_s < SPRAYING_S:
        return 1.0 - exp(-since_s / _RISE_S)
    return (1.0 - exp(-SPRAYING_S / _RISE_S)) * exp((SPRAYING_S - since_s) / _DECAY_S)


class Spraying(NamedTuple):
    """A spray job: when it begins, and its strength (0…1)."""

    at_s: float
    strength: float


@lru_cache(maxsize=8_192)
def spraying_in(seed: int, hour: int) -> Spraying | None:
    """The spray job that a room's own chance puts into an hour (counted since 1970), if any: one in three days or so.

    It begins between minute 5 and 40, so that all of its mist is gone by the end of the hour.
    """
    at_s = hour * HOUR_S + 300 + 2_100 * (unit(seed, _SPRAY, 4 * hour + 1) + 1) / 2
    if unit(seed, _SPRAY, 4 * hour) > -0.9 or not is_open(at_s):
        return None
    return Spraying(at_s, 0.7 + 0.3 * unit(seed, _SPRAY, 4 * hour + 2))


def own_mist(seed: int, at_s: float) -> float:
    """Mist (0…1) of the room's own spray jobs."""
    job = spraying_in(seed, floor(at_s / HOUR_S))
    return job.strength * plume(at_s - job.at_s) if job else 0.0


def door_draught(seed: int, at_s: float) -> float:
    """How much outside air a door that was opened lets in: 1 at the opening, then fading."""
    slot = floor(at_s / 1_800)
    return sum(exp((opened_s - at_s) / _DOOR_DECAY_S) for opened_s in _openings(seed, slot) if opened_s <= at_s)


@lru_cache(maxsize=16_384)
def _openings(seed: int, slot: int) -> tuple[float, ...]:
    """Moments at which a door opens in a half-hour and the one before."""
    return tuple(_door_openings(seed, slot - 1)) + tuple(_door_openings(seed, slot))


def _door_openings(seed: int, slot: int) -> Iterator[float]:
    at_s = slot * 1_800 + 750 * (unit(seed, _DOOR, 2 * slot + 1) + 1)
    if is_open(at_s) and unit(seed, _DOOR, 2 * slot) < -0.3:
        yield at_s
