"""What the app and its gateway process say to each other: frames of MessagePack through the process's own pipes.

Pipes are why nothing listens: no port and no secret are needed, nobody else can ask, and the end of the pipe is the
end of the other side.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.video import CameraSource, CameraStatus, HlsFile, HlsMoment, Probe, VideoRefusal, WhepAnswer

FRAME_BYTES_MAX = 64 * 1024**2  # the largest answer is a segment, which ingest/video/hls.py keeps far smaller
_LENGTH_BYTES = 4

ARGUMENTS: Mapping[str, Any] = {
    "configure": tuple[list[CameraSource]],
    "whep_offer": tuple[UUID, str, str, bool],
    "whep_patch": tuple[str, str],
    "whep_end": tuple[str],
    "hls": tuple[UUID, str, str, HlsMoment | None, bool],
    "still": tuple[UUID],
    "probe": tuple[str, bool],
    "status": tuple[()],
    "end_viewer": tuple[str],
}
RESULTS: Mapping[str, Any] = {
    "whep_offer": WhepAnswer,
    "hls": HlsFile,
    "still": bytes,
    "probe": Probe,
    "status": dict[UUID, CameraStatus],
}
"""By method; those that answer nothing but a refusal are not here."""


class Call(msgspec.Struct, array_like=True):
    number: int
    method: str
    arguments: msgspec.Raw


class Answer(msgspec.Struct, array_like=True):
    number: int
    result: msgspec.Raw
    refusal: VideoRefusal | None = None
    fault: str = ""
    """Where our own code failed, without the words of the error: those may hold an address."""


def encode(message: object) -> bytes:
    """A frame with its length before it."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def packed(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(value))


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame's body; None when the other side has ended.

    Raises:
        ValueError: the frame is longer than any that is sent.
    """
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > FRAME_BYTES_MAX:
            raise ValueError(f"a frame of {length} bytes")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
