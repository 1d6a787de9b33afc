"""The handle of `tools.bench.light_pages`: pages that stay open while something is measured."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tools.bench.children import Child

OPEN_WITHIN_S = 120.0
ANSWER_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the pages heard since the last time."""

    connected: int
    messages: tuple[int, ...]
    bytes: tuple[int, ...]


class OpenPages(Child):
    """Pages, or plain WebSockets, in a process of their own."""

    @classmethod
    async def of(cls, folder: Path, url: str, tokens: Sequence[str], count: int) -> Self:
        """Opens `count` pages of the sessions in turn; returns when all have joined. Raises ChildFailed."""
        file = folder / "tokens"
        file.write_text("\n".join(tokens))
        return await cls._open(folder, ["--url", url, "--count", str(count), "--tokens", str(file)])

    @classmethod
    async def sockets(cls, folder: Path, url: str, count: int) -> Self:
        """Opens `count` WebSockets. Raises ChildFailed."""
        return await cls._open(folder, ["--url", url, "--count", str(count), "--plain"])

    @classmethod
    async def _open(cls, folder: Path, arguments: list[str]) -> Self:
        pages = await cls.start("pages", ["-m", "tools.bench.light_pages", *arguments], folder)
        try:
            await pages.line(OPEN_WITHIN_S)
        except BaseException:
            await pages.stop()
            raise
        return pages

    async def heard(self) -> Heard:
        """What they heard since the last call."""
        told = json.loads(await self.ask("how many", ANSWER_WITHIN_S))
        return Heard(told["connected"], tuple(told["messages"]), tuple(told["bytes"]))
