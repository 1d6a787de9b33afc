"""Members during an ordeal. Whoever gets no answer asks again with the same key, as a telephone does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TypeVar
from uuid import UUID, uuid4

from actions.pumps import asking
from actions.pumps.asking import Answer
from domain.access import Viewer
from domain.pump.state import Run
from domain.refusals import Refusal
from storage.session import DATABASE_AWAY
from tests.pump_parts import fetch

AGAIN_S = 0.3
LOOK_S = 0.5
T = TypeVar("T")


@dataclass
class Diary:
    """What members were told."""

    promised: set[UUID] = field(default_factory=set)
    """Runs that were accepted."""
    refused: int = 0
    unanswered: int = 0
    """Asked in vain, and again."""
    other_answers: list[str] = field(default_factory=list)
    """The same key, another run: never."""


class Member:
    """Takes turns until told to stop."""

    def __init__(self, viewer: Viewer, motors: tuple[str, ...], chance: Random, diary: Diary, pace: float) -> None:
        """`pace`: how much longer than a few seconds turns last."""
        self._viewer, self._motors = viewer, motors
        self._chance, self._diary, self._pace = chance, diary, pace

    async def live(self, enough: asyncio.Event) -> None:
        while not enough.is_set():
            await asyncio.sleep(self._chance.uniform(0.1, 3))
            if not enough.is_set():
                await self._take_turn()

    async def _take_turn(self) -> None:
        key, seconds = uuid4(), round(self._chance.uniform(3, 10) * self._pace)
        motor, mood = self._chance.choice(self._motors), self._chance.random()
        answer = await self._insist(lambda: asking.start(motor, seconds, self._viewer, _now(), key=key))
        if not isinstance(answer, Run):
            self._diary.refused += 1
            return
        self._diary.promised.add(answer.id)
        if answer.id != key:
            self._diary.other_answers.append(f"{key} became {answer.id}")
        if mood < 0.3:
            await asyncio.sleep(self._chance.uniform(0, 8) * self._pace)
            await self._insist(lambda: asking.stop(key, self._viewer, _now()))
        elif mood < 0.5:
            await asyncio.sleep(self._chance.uniform(1, 6) * self._pace)
            more = uuid4()
            await self._insist(lambda: asking.extend(key, 3, self._viewer, _now(), key=more))
        await self._until_over(key)

    async def _until_over(self, run_id: UUID) -> None:
        while True:
            if await self._reading(lambda: is_over(run_id)):
                return
            await asyncio.sleep(LOOK_S)

    async def _insist(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        while True:
            answer = await self._reading(ask)
            if answer is not Refusal.PUMP_AWAY:
                return answer
            self._diary.unanswered += 1
            await asyncio.sleep(AGAIN_S)

    async def _reading(self, read: Callable[[], Awaitable[T]]) -> T:
        """Again and again while the database is away."""
        while True:
            try:
                return await read()
            except DATABASE_AWAY:
                self._diary.unanswered += 1
                await asyncio.sleep(AGAIN_S)


async def is_over(run_id: UUID) -> bool:
    return await fetch("SELECT 1 FROM run WHERE id = :id AND ended_at IS NOT NULL", id=run_id) != []


def _now() -> datetime:
    return datetime.now(UTC)
