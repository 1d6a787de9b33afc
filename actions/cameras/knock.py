"""Whether a camera that nobody watches is there: one RTSP question (OPTIONS) and its answer, without a picture."""

import asyncio
from contextlib import suppress

from domain.cameras.address import CameraAddress
from domain.video import VideoRefusal

ANSWERS_WITHIN_S = 4.0
ANSWER_BYTES_MAX = 4_096


async def knock(address: CameraAddress, number: str) -> VideoRefusal | None:
    """None: it answers in RTSP, whatever it answers; most cameras tell nobody more without a password."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            return None if (await _ask(address, number)).startswith(b"RTSP/") else VideoRefusal.UNREACHABLE
    except TimeoutError:
        return VideoRefusal.TIMED_OUT
    except OSError:
        return VideoRefusal.UNREACHABLE


async def _ask(address: CameraAddress, number: str) -> bytes:
    reader, writer = await asyncio.open_connection(number, address.port, limit=ANSWER_BYTES_MAX)
    try:
        writer.write(f"OPTIONS {address.shown} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: PitPilot\r\n\r\n".encode())
        await writer.drain()
        return await reader.read(ANSWER_BYTES_MAX)
    finally:
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()
