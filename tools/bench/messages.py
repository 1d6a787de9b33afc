"""What the load generator sends: telemetry of made-up devices as MQTT 3.1.1 packets, and when each left.

Message `i` is reading `first_seq + i // devices` of device `i % devices`, so a plain array of times suffices to say
when a reading left. Ten of 200 readings of a device are far above the dust limits, so that alerts fire and clear; the
devices take turns, so that at every moment one in twenty has dust.
"""

import functools
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

PATTERN = 200  # readings until a device's values repeat
DUSTY = 10  # of them beyond the limits, one after the other
BOOTED_AGO_MS = 3_600_000
PUBLISH_QOS1 = 0x32


class Messages:
    """Packs message `i` and notes when."""

    def __init__(self, names: Sequence[str], count: int, *, boot_id: int, first_seq: int, calm: bool = False) -> None:
        """`names` are "tenant/device"; `count` messages at most. A `calm` day has no dust."""
        self.sent_us = array("q", bytes(8 * count))
        self._devices, self._first_seq = len(names), first_seq
        topics = [f"v1/{name}/telemetry".encode() for name in names]
        self._heads = [len(topic).to_bytes(2, "big") + topic for topic in topics]
        self._boot = b'{"boot_id":%d,"up_ms":' % boot_id
        self._values = _values(0 if calm else DUSTY)
        self._booted_ms = time.time_ns() // 1_000_000 - BOOTED_AGO_MS

    def packet(self, i: int, packet_id: int) -> bytes:
        """A PUBLISH packet, dated now."""
        self.sent_us[i] = now_us = time.time_ns() // 1_000
        now_ms = now_us // 1_000
        up_ms = now_ms - self._booted_ms
        turn, device = divmod(i, self._devices)
        seq = self._first_seq + turn
        body = b'%s%c%c%s%d,"readings":[{"seq":%d,"ts":%d,"up_ms":%d,%s}]}' % (
            self._heads[device],
            packet_id >> 8,
            packet_id & 0xFF,
            self._boot,
            up_ms,
            seq,
            now_ms,
            up_ms,
            self._values[(seq + device) % PATTERN],
        )
        return b"%c%s%s" % (PUBLISH_QOS1, remaining_length(len(body)), body)


def device_names(tenant: str, devices: int) -> list[str]:
    """Names of made-up devices: "tenant/d00001" and on."""
    return [f"{tenant}/d{number:05d}" for number in range(1, devices + 1)]


def read_times(path: Path) -> Sequence[int]:
    """The send times in µs since 1970 that `--times` wrote, by message; 0 for one never sent."""
    times = array("q")
    times.frombytes(path.read_bytes())
    return times


@functools.cache
def remaining_length(size: int) -> bytes:
    """MQTT's variable byte integer."""
    encoded = bytearray()
    while True:
        size, digit = size >> 7, size & 0x7F
        encoded.append(digit | 0x80 if size else digit)
        if not size:
            return bytes(encoded)


def _values(dusty: int) -> list[bytes]:
    """Measured values of one pattern: temperature 22–32 °C, humidity 40–60 %, clean air, then a cloud of dust."""
    values = []
    for n in range(PATTERN):
        clean = n < PATTERN - dusty
        t_c, rh_pct = 22.01 + n * 37 % 100 / 10, 40.1 + n * 53 % 200 / 10
        pm25 = 2 + n * 29 % 150 / 25 if clean else 61 + n / 100
        pm10 = 15 + n * 31 % 210 / 10
        values.append(b'"t_c":%.2f,"rh_pct":%.1f,"pm25":%.2f,"pm10":%.1f' % (t_c, rh_pct, pm25, pm10))
    return values
