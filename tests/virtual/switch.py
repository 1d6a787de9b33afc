"""Something that is on or off and can be waited for either way: the power, the Wi-Fi."""

import asyncio


class Switch:
    """On at first."""

    def __init__(self) -> None:
        self._on, self._off = asyncio.Event(), asyncio.Event()
        self._on.set()

    def __bool__(self) -> bool:
        return self._on.is_set()

    def turn(self, on: bool) -> None:
        come, gone = (self._on, self._off) if on else (self._off, self._on)
        gone.clear()
        come.set()

    async def is_on(self) -> None:
        await self._on.wait()

    async def is_off(self) -> None:
        await self._off.wait()
