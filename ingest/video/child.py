"""The gateway's own process: answers the app's calls until its input closes, which is how it ends with the app.

Run as `python -m ingest.video.child`. What is written to standard output by anybody but us goes to standard error.
"""

import asyncio
import logging
import os
import resource
import sys
import traceback
from contextlib import suppress

import av
import av.logging
import msgspec

from domain.video import VideoRefusal
from ingest.video.cameras import Cameras
from ingest.video.wire import ARGUMENTS, RESULTS, Answer, Call, encode, packed, read_frame

CALLS_MAX = 1_024  # at once; the app waits for fewer
_PIPE_BYTES = 1024**2
_GOODBYE_WITHIN_S = 0.4
_NOTHING = msgspec.Raw(b"\xc0")


class Child:
    """Serves calls from one pipe and answers into another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._cameras = Cameras()
        self._calls: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answers until the app closes its side."""
        looking = asyncio.create_task(self._cameras.run(), name="cameras")
        while (body := await read_frame(self._reader)) is not None and not looking.done():
            call = msgspec.msgpack.decode(body, type=Call)
            task = asyncio.create_task(self._answer(call), name=call.method)
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)
        with suppress(TimeoutError):  # tells browsers that it is over
            await asyncio.wait_for(self._cameras.configure(()), _GOODBYE_WITHIN_S)

    async def _answer(self, call: Call) -> None:
        if len(self._calls) > CALLS_MAX:
            answer = Answer(call.number, _NOTHING, VideoRefusal.BUSY)
        else:
            answer = await self._answered(call)
        with suppress(ConnectionError):
            self._writer.write(encode(answer))
            await self._writer.drain()

    async def _answered(self, call: Call) -> Answer:
        arguments = msgspec.msgpack.decode(call.arguments, type=ARGUMENTS[call.method])
        try:
            result = await getattr(self._cameras, call.method)(*arguments)
        except Exception as error:  # noqa: BLE001  # one viewer's fault must not end the others; the app logs it
            fault = "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
            return Answer(call.number, _NOTHING, VideoRefusal.GATEWAY_DOWN, fault)
        if isinstance(result, VideoRefusal):
            return Answer(call.number, _NOTHING, result)
        return Answer(call.number, packed(result) if call.method in RESULTS else _NOTHING)


async def _serve(output: int) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_PIPE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(output, "wb"))
    await Child(reader, asyncio.StreamWriter(transport, protocol, None, loop)).serve()
    os._exit(0)  # threads may wait for cameras that are silent; there is nothing to save


def main() -> None:
    output = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.basicConfig(level=logging.ERROR)
    av.logging.set_level(av.logging.PANIC)  # its lines would name addresses; what is wrong is answered
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # some a viewer
    asyncio.run(_serve(output))


if __name__ == "__main__":
    main()
