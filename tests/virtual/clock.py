"""Time for a fleet: curves and incidents may run faster than the world, and the devices' own clocks with them."""

import asyncio
import time


class Clock:
    """`speed` is how much faster the scene runs. With `fast_stamps` readings are stamped with the scene's time too, and
    `starts_at_s` (Unix seconds) puts its beginning elsewhere than now.
    """

    def __init__(self, speed: float = 1.0, fast_stamps: bool = False, starts_at_s: float | None = None) -> None:
        self.speed = speed
        self._fast_stamps = fast_stamps
        self._starts_at_s = time.time() if starts_at_s is None else starts_at_s
        self._origin_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds of the scene since its beginning."""
        return (time.monotonic() - self._origin_s) * self.speed

    @property
    def scene_s(self) -> float:
        """The moment that curves are asked for, in Unix seconds."""
        return self._starts_at_s + self.elapsed_s

    @property
    def stamp_s(self) -> float:
        """What a device's clock shows, in Unix seconds."""
        return self.scene_s if self._fast_stamps else time.time()

    @property
    def up_s(self) -> float:
        """A device's monotonic clock; it runs as fast as the stamps."""
        return self.elapsed_s if self._fast_stamps else time.monotonic()

    async def wait_until(self, elapsed_s: float) -> None:
        """Sleeps until this moment of the scene."""
        await asyncio.sleep(max(0.0, elapsed_s - self.elapsed_s) / self.speed)
