"""Protocol v1 from a device's side: topics and payloads, made after the protocol's text, not the server's code."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.virtual.ring import Kept

PAYLOAD_BYTES_MAX = 8_192
ONLINE, OFFLINE = b"online", b"offline"


def topic(tenant: str, device: str, leaf: str) -> str:
    return f"v1/{tenant}/{device}/{leaf}"


def telemetry(boot_id: int, up_ms: int, readings: Sequence[Kept]) -> bytes:
    """A batch; a device without a clock says `"ts": null`."""
    return _json(
        {
            "boot_id": boot_id,
            "up_ms": up_ms,
            "readings": [{"seq": r.seq, "ts": r.ts_ms, "up_ms": r.up_ms, **r.values} for r in readings],
        }
    )


def state(boot_id: int, seq: int, ip: str, rssi_dbm: int, up_s: int, ts_ms: int | None) -> bytes:
    return _json({"boot_id": boot_id, "seq": seq, "fw": "1.4.2", "ip": ip, "rssi": rssi_dbm, "up_s": up_s, "ts": ts_ms})


@dataclass(frozen=True, slots=True)
class Got:
    """What the server has committed and what it refused for good, as closed ranges of numbers."""

    boot_id: int
    stored: list[list[int]]
    refused: list[list[int]]


def got(payload: bytes) -> Got | None:
    """Parses `/got`; None for what is none, because a device must survive whatever arrives."""
    try:
        said = json.loads(payload)
        return Got(int(said["boot_id"]), _ranges(said.get("readings", [])), _ranges(said.get("refused", [])))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _ranges(said: Any) -> list[list[int]]:
    return [[int(first), int(last)] for first, last in said]


def _json(message: object) -> bytes:
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
