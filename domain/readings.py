"""What a sensor may say: the metrics, their units, and the physical range of the sensors that measure them.

A value outside its range is a broken frame or a broken sensor. The reading that carries it is refused and counted,
never stored, because a corrupt frame says nothing reliable about its other values either.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Metric(StrEnum):
    """A measured quantity. The value is its name on the wire, in the database and in the API."""

    T_C = "t_c"
    RH_PCT = "rh_pct"
    P_HPA = "p_hpa"
    PM1 = "pm1"
    PM25 = "pm25"
    PM10 = "pm10"
    IAQ = "iaq"


@dataclass(frozen=True, slots=True)
class Facts:
    """A metric's unit, the digits worth showing, and the sensor's physical range in that unit."""

    unit: str
    digits: int
    lowest: float
    highest: float


FACTS: Mapping[Metric, Facts] = {
    Metric.T_C: Facts("°C", 1, -40.0, 85.0),  # DHT22 -40…80, BME280/BME680 -40…85 (data sheets)
    Metric.RH_PCT: Facts("%", 0, 0.0, 100.0),
    Metric.P_HPA: Facts("hPa", 0, 300.0, 1100.0),  # BME280/BME680 data sheet
    Metric.PM1: Facts("µg/m³", 1, 0.0, 1000.0),  # PMS5003 data sheet: maximum range ≥ 1000
    Metric.PM25: Facts("µg/m³", 1, 0.0, 1000.0),
    Metric.PM10: Facts("µg/m³", 1, 0.0, 1000.0),
    Metric.IAQ: Facts("", 0, 0.0, 500.0),  # BME680: index 0…500
}
METRICS: tuple[Metric, ...] = tuple(Metric)

BOOT_ID_MAX = 2**31 - 1  # a stored counter: one a boot
SEQ_MAX = 2**53 - 1  # exact in every JSON reader
FUTURE_MAX_S = 300  # a clock set by NTP is never this far ahead
AGE_MAX_S = 7 * 86_400  # a ring buffer holds hours; partitions are kept open this far back


class Reading(NamedTuple):
    """One moment of one device; `None` where the device has no such sensor.

    `at_us` is microseconds since 1970 UTC and a pure function of the message, so that a replay gets the same key.
    """

    tenant_id: UUID
    pit_id: UUID | None
    device_id: str
    boot_id: int
    seq: int
    at_us: int
    values: tuple[float | None, ...]
    """One value for each of METRICS, in that order."""


Run = list[Reading]
"""Readings of one device in one pit, in the order in which they came."""

ByPit = Mapping[UUID, Run]


def runs(readings: Iterable[Reading]) -> list[Run]:
    """Puts the readings of each device together. One that was moved to another pit meanwhile has a run in each."""
    open_runs: dict[str, Run] = {}
    found: list[Run] = []
    for reading in readings:
        run = open_runs.get(reading.device_id)
        if run is None or run[0].pit_id is not reading.pit_id:
            run = open_runs[reading.device_id] = []
            found.append(run)
        run.append(reading)
    return found


def by_pit(sorted_runs: Iterable[Run]) -> ByPit:
    """Joins the runs of each pit; those of devices without a pit are left out."""
    pits: dict[UUID, Run] = {}
    for run in sorted_runs:
        pit_id = run[0].pit_id
        if pit_id is not None:
            pits[pit_id] = pits[pit_id] + run if pit_id in pits else run
    return pits


class Reject(StrEnum):
    """Why a message or a reading was not stored. The name is stable: it is counted, shown and documented."""

    MALFORMED = "malformed"
    """Not JSON, or not an object of the documented form."""
    OVERSIZED = "oversized"
    """Longer than 8 KiB."""
    UNKNOWN_VERSION = "unknown_version"
    """A topic that starts with another protocol version."""
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_TENANT = "wrong_tenant"
    """The topic names a tenant that the device does not belong to."""
    DISABLED_DEVICE = "disabled_device"
    BAD_BOOT_ID = "bad_boot_id"
    BAD_SEQ = "bad_seq"
    NO_TIME = "no_time"
    """Neither `ts` nor both `up_ms` (of the reading and of the message): nobody can say when it was measured."""
    DUPLICATE_KEY = "duplicate_key"
    """A JSON object that names a field twice: which one is meant is anybody's guess."""
    NO_VALUE = "no_value"
    """A reading without a single measured value."""
    IMPLAUSIBLE = "implausible"
    """A value outside its sensor's physical range."""
    FUTURE = "future"
    """Stamped more than five minutes ahead of the server."""
    TOO_OLD = "too_old"
    """Stamped more than seven days back."""
    UNSTORABLE = "unstorable"
    """The database refused this very reading; a bug of ours, kept from stopping the others."""
    UNKNOWN_COMMAND = "unknown_command"
    """An answer to what this device was never asked."""
    STALE_STATE = "stale_state"
    """A state of a pump's earlier boot, or not newer than one that came before: it changes nothing."""
    ON_TIME_FELL = "on_time_fell"
    """A run's ON time that shrinks within one boot of its controller."""
    NOT_A_PUMP = "not_a_pump"
    """A state of a motor by a device that is registered as something else."""
    RETAINED = "retained"
    """Telemetry is never retained: such a message is of unknown age."""


def judge(seq: int, at_us: int, values: tuple[float | None, ...], now_us: int) -> Reject | None:
    """Says why a reading can't be stored, or None if it can. Times in microseconds since 1970 UTC."""
    if not 1 <= seq <= SEQ_MAX:
        return Reject.BAD_SEQ
    if at_us > now_us + FUTURE_MAX_S * 1_000_000:
        return Reject.FUTURE
    if at_us < now_us - AGE_MAX_S * 1_000_000:
        return Reject.TOO_OLD
    measured = False
    for value, (lowest, highest) in zip(values, _RANGES, strict=True):
        if value is not None:
            if not lowest <= value <= highest:  # also refuses NaN
                return Reject.IMPLAUSIBLE
            measured = True
    return None if measured else Reject.NO_VALUE


_RANGES = tuple((FACTS[metric].lowest, FACTS[metric].highest) for metric in METRICS)
