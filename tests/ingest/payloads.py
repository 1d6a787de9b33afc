"""Telemetry as devices send it, and as broken ones do."""

import json
import random
from collections.abc import Iterator
from typing import Any

GOOD = {"t_c": 24.31, "rh_pct": 51.2, "p_hpa": 1009.1, "pm1": 3.1, "pm25": 5.2, "pm10": 8.8, "iaq": 44}


def reading(seq: int, **fields: Any) -> dict[str, Any]:
    """A plausible reading; `fields` add to it or replace."""
    return {"seq": seq, **GOOD, **fields}


def single(seq: int, boot_id: int = 1, **fields: Any) -> bytes:
    return encode({"boot_id": boot_id, **reading(seq, **fields)})


def batch(*readings: dict[str, Any], boot_id: int = 1, **fields: Any) -> bytes:
    return encode({"boot_id": boot_id, **fields, "readings": list(readings)})


def encode(message: object) -> bytes:
    """Compact JSON, with the NaN and Infinity that Python adds to it."""
    return json.dumps(message, separators=(",", ":")).encode()


_SNIPPETS = [
    b"null", b"NaN", b"-Infinity", b"1e308", b"1e400", b"-1", b"0", b"9" * 30, b"true", b'"x"', b"[]", b"{}", b"\x00",
    b"\xff\xfe", b",", b":", b'"', b"}", b"]", b"[" * 40, b'"seq":1,', b'"t_c":5,', b'"readings":', b'"boot_id":2,',
]  # fmt: skip


def fuzzed(good: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Good payloads with one to four bites taken out, put in, flipped, doubled or replaced; the same for one seed."""
    chance = random.Random(seed)
    for _ in range(count):
        payload = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(payload) + 1)
            length = chance.randint(1, 12)
            match chance.randrange(5):
                case 0:
                    del payload[at : at + length]
                case 1:
                    payload[at:at] = chance.choice(_SNIPPETS)
                case 2:
                    payload[at : at + 1] = bytes([chance.randrange(256)])
                case 3:
                    payload[at:at] = payload[at : at + length]
                case 4:
                    payload[at : at + length] = chance.choice(_SNIPPETS)
        yield bytes(payload)
