"""Long-running tasks that are started again when they break: what they do, how often they fell, and why."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 30.0
STEADY_AFTER_S = 60.0  # a task that ran this long starts again with the first back-off
STOP_WITHIN_S, STOP_TRIES = 1.0, 3
UNWELL_S = 60.0  # this long after its last fall a task counts as well again


@dataclass(slots=True)
class TaskHealth:
    """How one task is doing; times by the monotonic clock in seconds."""

    name: str
    running: bool = False
    falls: int = 0
    last_error: str = ""
    fell_at_s: float = -1e9

    def is_well(self, now_s: float) -> bool:
        return self.running and now_s - self.fell_at_s > UNWELL_S


class Supervisor:
    """Keeps tasks running until `stop`."""

    def __init__(self) -> None:
        self.health: dict[str, TaskHealth] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs `work` for ever; work that returns or raises is a fall."""
        health = self.health[name] = TaskHealth(name)
        self._tasks.append(asyncio.create_task(self._keep(health, work), name=name))

    def is_well(self) -> bool:
        now_s = time.monotonic()
        return all(health.is_well(now_s) for health in self.health.values())

    async def stop(self) -> None:
        """Cancels all tasks, the last started first, and waits for them; one that swallows it is told again."""
        for _ in range(STOP_TRIES):
            for task in reversed(self._tasks):
                task.cancel()
            if not self._tasks:
                return
            _, late = await asyncio.wait(self._tasks, timeout=STOP_WITHIN_S)
            self._tasks = list(late)
        if self._tasks:
            log.error("tasks did not stop", tasks=[task.get_name() for task in self._tasks])

    async def _keep(self, health: TaskHealth, work: Callable[[], Awaitable[None]]) -> None:
        backoff_s = BACKOFF_FIRST_S
        while True:
            started_s = time.monotonic()
            health.running = True
            try:
                await work()
                health.last_error = "ended by itself"
                log.error("task ended by itself", task=health.name)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                health.last_error = f"{type(error).__name__}: {error}"
                log.exception("task fell", task=health.name)
            finally:
                health.running = False
            health.falls += 1
            health.fell_at_s = time.monotonic()
            if health.fell_at_s - started_s > STEADY_AFTER_S:
                backoff_s = BACKOFF_FIRST_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)
