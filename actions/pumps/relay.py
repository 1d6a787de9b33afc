"""From a process that does not lead the pumps to the one that does: a wish travels as a row, and so does its answer.

An action that is marked with `by_leader` runs where it is called if this process leads. Else, in a process that was
told so at its start (`use`), it is put into a row; the leader does it with the rights of whoever asked, and answers.
Whoever gets no answer in time is told that the pumps are away; asking again with the same key does nothing twice.
"""

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar, get_type_hints
from uuid import uuid4

import msgspec
from sqlalchemy import text

from actions import audit
from actions.announce import Announcement, Topic, announce, listen
from actions.pumps import lead
from domain.access import Viewer
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, ReportRefusal
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction

ANSWER_WITHIN_S = 5.0
AT_ONCE_MAX = 50

P = ParamSpec("P")
R = TypeVar("R")
_REFUSALS: dict[str, type[Refusal | PumpRefusal | ReportRefusal]] = {
    kind.__name__: kind for kind in (Refusal, PumpRefusal, ReportRefusal)
}
_actions: dict[str, Callable[..., Awaitable[Any]]] = {}


class _Relay:
    waiting: dict[str, asyncio.Event] | None = None
    """What this process has asked, by id; None: nothing is relayed."""


def use() -> Callable[[], None]:
    """Lets this process ask the leader from now on; returns what ends that."""
    waiting = _Relay.waiting = {}

    def on(announcement: Announcement) -> None:
        if announcement.topic is Topic.PUMP_ANSWER and announcement.id in waiting:
            waiting[announcement.id].set()

    unlisten = listen(on)

    def end() -> None:
        _Relay.waiting = None
        unlisten()

    return end


def by_leader(action: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Marks an action that only the leader can do. Its arguments can be written down, and one is the Viewer `by`."""
    name, signature = f"{action.__module__}.{action.__name__}", inspect.signature(action)
    _actions[name] = action

    @functools.wraps(action)
    async def relayed(*args: P.args, **kwargs: P.kwargs) -> R:
        if lead.current() is not None or _Relay.waiting is None:
            return await action(*args, **kwargs)
        said = dict(signature.bind(*args, **kwargs).arguments)
        by = said["by"]
        if not isinstance(by, Viewer):
            raise TypeError(f"{name} is not asked by a viewer")
        answer: Any = await _ask(_Relay.waiting, name, said, by)
        return answer  # type: ignore[no-any-return]  # one of the action's own answers

    return relayed


async def _ask(waiting: dict[str, asyncio.Event], name: str, said: dict[str, Any], by: Viewer) -> Any:
    id_, answered = uuid4(), asyncio.Event()
    waiting[str(id_)] = answered
    try:
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(
                text(
                    "INSERT INTO pump_ask (id, tenant_id, action, said, address, asked_at)"
                    " VALUES (:id, :tenant, :action, CAST(:said AS jsonb), :address, clock_timestamp())"
                ),
                {
                    "id": id_, "tenant": by.tenant_id, "action": name, "said": msgspec.json.encode(said).decode(),
                    "address": audit.asked_from.get(),
                },
            )  # fmt: skip
            await announce(tx, Announcement(Topic.PUMP_ASK, by.tenant_id, id=str(id_)))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await answered.wait()
        except TimeoutError:
            pass  # the row says whether there is an answer after all
    finally:
        del waiting[str(id_)]
    async with transaction(EVERY_TENANT) as tx:
        gone = await tx.execute(text("DELETE FROM pump_ask WHERE id = :id RETURNING answer"), {"id": id_})
        answer = gone.scalar_one_or_none()
    return Refusal.PUMP_AWAY if answer is None else _read(answer)


async def answer_all(now: datetime) -> None:
    """Does what other processes have asked for. For the leader; raises what breaks the database's connection."""
    async with transaction(EVERY_TENANT) as tx:
        late = now - timedelta(seconds=2 * ANSWER_WITHIN_S)
        await tx.execute(text("DELETE FROM pump_ask WHERE asked_at < :late"), {"late": late})
        rows = await tx.execute(
            text(
                "SELECT id, tenant_id, action, said, address FROM pump_ask WHERE answer IS NULL ORDER BY asked_at, id"
                " LIMIT :most"
            ),
            {"most": AT_ONCE_MAX},
        )
        asked = rows.all()
    for id_, tenant_id, name, said, address in asked:
        answer = await _do(name, said, address)
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(
                text("UPDATE pump_ask SET answer = CAST(:answer AS jsonb) WHERE id = :id"),
                {"answer": msgspec.json.encode(_written(answer)).decode(), "id": id_},
            )
            await announce(tx, Announcement(Topic.PUMP_ANSWER, tenant_id, id=str(id_)))


async def _do(name: str, said: dict[str, Any], address: str) -> Any:
    action = _actions[name]
    hints = get_type_hints(action)
    token = audit.asked_from.set(address)
    try:
        return await action(**{key: msgspec.convert(value, hints[key]) for key, value in said.items()})
    finally:
        audit.asked_from.reset(token)


def _written(answer: Any) -> dict[str, Any]:
    if answer is None:
        return {}
    return {"run": answer} if isinstance(answer, Run) else {"refusal": [type(answer).__name__, answer]}


def _read(answer: dict[str, Any]) -> Any:
    if "run" in answer:
        return msgspec.convert(answer["run"], Run)
    if "refusal" in answer:
        kind, code = answer["refusal"]
        return _REFUSALS[kind](code)
    return None
