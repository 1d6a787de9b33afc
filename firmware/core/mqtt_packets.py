"""MQTT 3.1.1 packets as bytes: what a client sends, and reading what a broker sends."""

import struct

from core.draft import Draft

HEAD_BYTES = 5  # at most: a packet's first byte, and its length

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
REFUSALS = ("", "protocol version", "client id", "server unavailable", "wrong user or password", "not authorised")
_HEAD = 256  # bytes that are read of a packet that is too long: its topic and id; and of its rest at a time


class BrokenPacket(Exception):
    """What arrived is no MQTT."""


def connect(client_id, user, password, will, keepalive_s, clean) -> bytes:
    """The packet that a client introduces itself with; `will` is (topic, payload) or None."""
    flags, parts = (0x02 if clean else 0), [field(client_id)]
    if will:
        flags |= 0x2C  # with QoS 1, retained
        parts += [field(will[0]), struct.pack(">H", len(will[1])), will[1]]
    if user is not None:
        flags |= 0x80
        parts.append(field(user))
    if password is not None:
        flags |= 0x40
        parts.append(field(password))
    body = field("MQTT") + bytes((4, flags)) + struct.pack(">H", keepalive_s) + b"".join(parts)
    return bytes((CONNECT << 4,)) + length(len(body)) + body


def field(text) -> bytes:
    """A text with its length before it."""
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def length(count) -> bytes:
    """The length of a packet as MQTT writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        count, low = count >> 7, count & 0x7F
        out.append(low | (0x80 if count else 0))
        if not count:
            return bytes(out)


def finished(draft: Draft, first) -> memoryview:
    """The packet with what was written, in front of which HEAD_BYTES were kept."""
    size = length(draft.end - HEAD_BYTES)
    begin = HEAD_BYTES - len(size) - 1
    draft.data[begin] = first
    draft.data[begin + 1 : HEAD_BYTES] = size
    return memoryview(draft.data)[begin : draft.end]


async def read(reader, most: int):
    """Reads one packet: its first byte, its body, or the head of one that is longer than `most`, and whether it is all.

    Raises OSError and EOFError when the connection ends, BrokenPacket.
    """
    first = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        more = (await reader.readexactly(1))[0]
        size |= (more & 0x7F) << shift
        if more < 0x80:
            break
        shift += 7
        if shift > 21:
            raise BrokenPacket("a length of more than four bytes")
    kept = size if size <= most else _HEAD
    body = await reader.readexactly(kept) if kept else b""
    left = size - kept
    while left:
        left -= len(await reader.readexactly(min(left, _HEAD)))
    return first, body, size == kept
