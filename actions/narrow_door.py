"""A narrow door before costly work: few are inside at once, few wait, and who is known waits in a line of their own.

So a flood of strangers fills their own line only: who is too many there is told at once to come later, and somebody
known never stands behind them.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from domain.refusals import TryLater

Result = TypeVar("Result")


class NarrowDoor:
    """Belongs to one event loop. `waiting_max` bounds each of the two lines."""

    def __init__(self, at_once: int, waiting_max: int, full_wait_s: int) -> None:
        self._free, self._waiting_max, self._full_wait_s = at_once, waiting_max, full_wait_s
        self._known: deque[asyncio.Future[None]] = deque()
        self._strangers: deque[asyncio.Future[None]] = deque()

    async def work(self, job: Callable[[], Result], *, known: bool) -> Result | TryLater:
        """Runs `job` in a thread when it is its turn; TryLater, at once, if too many wait already.

        Who gives up while the job runs leaves the door to it until it has ended: the thread goes on working.
        """
        if later := self.full(known=known):
            return later
        await self._enter(self._known if known else self._strangers)
        thread = asyncio.get_running_loop().run_in_executor(None, job)
        thread.add_done_callback(lambda _: self._leave())
        return await asyncio.shield(thread)

    def full(self, *, known: bool) -> TryLater | None:
        """What `work` would say to one more in this line; None if there is room."""
        line = self._known if known else self._strangers
        return TryLater(self._full_wait_s) if len(line) >= self._waiting_max else None

    async def _enter(self, line: deque[asyncio.Future[None]]) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                line.remove(turn)
            else:
                self._leave()  # its turn came just then
            raise

    def _leave(self) -> None:
        for line in (self._known, self._strangers):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
