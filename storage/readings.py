"""Writing readings in bulk: binary COPY into a temporary stage, then one INSERT that skips what is there already.

COPY is refused on a table with row-level security, hence the stage; it empties itself at commit.
"""

import struct
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

from domain.readings import Reading

_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 UTC in microseconds since 1970
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_FIELDS = struct.Struct("!h").pack(13)
_key = struct.Struct("!iiiqiq").pack
_float = struct.Struct("!if").pack
_length = struct.Struct("!i").pack
_UUID_LENGTH = _length(16)

STAGE = """CREATE TEMP TABLE IF NOT EXISTS stage (
    tenant_id uuid, pit_id uuid, device_id text COLLATE "C", boot_id int, seq bigint, at timestamptz,
    t_c real, rh_pct real, p_hpa real, pm1 real, pm25 real, pm10 real, iaq real) ON COMMIT DELETE ROWS"""
_COPY = "COPY stage FROM STDIN (FORMAT binary)"
_MOVE = "INSERT INTO reading SELECT * FROM stage ON CONFLICT DO NOTHING"


async def write(cursor: psycopg.AsyncCursor[Any], readings: Iterable[Reading]) -> int:
    """Stores readings inside the caller's transaction, on a connection that has STAGE; returns how many were new.

    Those of one device best come one after the other: the key begins with it, so they meet in the same pages.
    """
    async with cursor.copy(_COPY) as copy:
        await copy.write(encode(readings))
    await cursor.execute(_MOVE)
    return cursor.rowcount


def encode(readings: Iterable[Reading]) -> bytes:
    """Encodes readings as PostgreSQL's binary COPY format (documentation of COPY, "Binary Format")."""
    parts = [_HEADER]
    add, float_of = parts.append, _Floats().__getitem__
    heads: dict[str, tuple[UUID | None, bytes]] = {}
    for tenant_id, pit_id, device_id, boot_id, seq, at_us, values in readings:
        head = heads.get(device_id)
        if head is None or head[0] is not pit_id:  # a device may be moved in the middle of a batch
            head = heads[device_id] = (pit_id, _head(tenant_id, pit_id, device_id))
        add(head[1])
        add(_key(4, boot_id, 8, seq, 8, at_us - _POSTGRES_EPOCH_US))
        parts += map(float_of, values)
    add(_TRAILER)
    return b"".join(parts)


class _Floats(dict[float | None, bytes]):
    """Values as the format has them. Sensors round, so the same ones come again and again."""

    def __missing__(self, value: float | None) -> bytes:
        encoded = self[value] = _NULL if value is None else _float(4, value)
        return encoded


def _head(tenant_id: UUID, pit_id: UUID | None, device_id: str) -> bytes:
    """What all readings of a device in a pit begin with."""
    name = device_id.encode()
    pit = _NULL if pit_id is None else _UUID_LENGTH + pit_id.bytes
    return _FIELDS + _UUID_LENGTH + tenant_id.bytes + pit + _length(len(name)) + name
