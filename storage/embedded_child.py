"""What PitPilot's own child servers (PostgreSQL, the demo's broker) have in common: an end in steps, and a keeper that
starts them again."""

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

_PAUSE_FIRST_S, _PAUSE_MAX_S = 0.1, 30.0
_STEADY_S = 60.0  # after running this long, the pauses between restarts begin anew

log = structlog.get_logger(__name__)


class ChildError(Exception):
    """A child server can't be made or started; the text says why and what helps."""


async def stop_child(process: Process, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Sends each signal in turn and waits its seconds for the end; returns as soon as the process is gone."""
    for number, patience_s in steps:
        with suppress(ProcessLookupError):  # it has ended by itself
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            continue
        return


async def keep_running(
    name: str,
    process: Process,
    start_again: Callable[[], Awaitable[Process]],
    on_exit: Callable[[int], object] | None,
) -> None:
    """Starts the server again whenever it ends, with growing pauses; runs until cancelled.

    `on_exit` is called in the event loop with the exit code of each unexpected end.
    """
    loop = asyncio.get_running_loop()
    pause_s = _PAUSE_FIRST_S
    while True:
        started_s = loop.time()
        code = await process.wait()
        log.error("a server of ours ended unexpectedly", server=name, exit_code=code)
        if on_exit is not None:
            loop.call_soon(on_exit, code)
        if loop.time() - started_s > _STEADY_S:
            pause_s = _PAUSE_FIRST_S
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)
            try:
                process = await start_again()
            except Exception:  # whatever it is, the next try may do better
                log.exception("it did not start again", server=name, next_try_s=pause_s)
            else:
                log.info("it is back", server=name)
                break
