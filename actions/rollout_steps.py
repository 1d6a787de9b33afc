"""What roll-outs do by themselves, every few seconds: look how their devices are doing, send to the next ones, stop.

A step locks the roll-out, so that two processes never send twice. A device is asked in a transaction of its own, under
an idempotency key that follows from roll-out and attempt: after a crash in between it is not asked again.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from actions import device_commands
from actions.people.trail import note
from actions.releases import offer
from domain.commands import Kind, Stage
from domain.refusals import Refusal
from domain.rollouts import FAILURES, Answer, Heard, Item, RolloutState, decide, look_at, sent
from storage import rollout_items, rollouts
from storage.rollout_items import Placed
from storage.rollouts import Rollout
from storage.session import EVERY_TENANT, transaction

COMMAND_TTL_S = 1_200
"""A device that does not answer within it is asked again, at most domain.rollouts.ATTEMPTS_MAX times."""
STEP_EVERY_S = 3.0
ROLLED_BACK = "rolled_back"
"""The reason of a device that took an update, tried it and went back."""

log = structlog.get_logger(__name__)


async def step_for_ever(server_url: str) -> None:
    """Steps roll-outs until cancelled. Any number of processes may: each roll-out is locked while it is stepped."""
    while True:
        await step_all(datetime.now(UTC), server_url)
        await asyncio.sleep(STEP_EVERY_S)


async def step_all(now: datetime, server_url: str = "") -> None:
    """One step of each roll-out that is not over. `server_url`: the address by which devices reach PitPilot, empty: the
    one that they know.
    """
    async with transaction(EVERY_TENANT) as tx:
        waiting = await rollouts.unfinished(tx)
    for rollout_id in waiting:
        await step(rollout_id, now, server_url)


async def step(rollout_id: UUID, now: datetime, server_url: str = "") -> None:
    """Looks at one roll-out and does what follows. Locks it, then its devices."""
    async with transaction(EVERY_TENANT) as tx:
        row = await rollouts.rollout(tx, rollout_id, lock=True)
        if row is None:
            return
        placed = {each.item.device_id: each for each in await rollout_items.lock_items(tx, row.id)}
        said = await rollout_items.heard(tx, list(placed))
        heard = {id_: _with_answer(said[id_], each) for id_, each in placed.items()}
        items = await _look(tx, row, [each.item for each in placed.values()], heard, now)
        decision = decide(row.state, row.plan, list(items.values()), heard, now)
        if decision.state is not row.state:
            await _end(tx, row, decision.state, items.values(), now)
    for device_id in decision.send:
        await _send(row, items[device_id], placed[device_id].tenant_id, heard[device_id], now, server_url)


async def _look(
    tx: AsyncSession, row: Rollout, items: Iterable[Item], heard: Mapping[str, Heard], now: datetime
) -> dict[str, Item]:
    looked = {}
    for item in items:
        after = looked[item.device_id] = look_at(item, heard[item.device_id], row.version, now)
        if after != item:
            await rollout_items.keep(tx, row.id, after, now)
    return looked


def _with_answer(heard: Heard, placed: Placed) -> Heard:
    match placed.stage:
        case Stage.ACKNOWLEDGED:
            answer = Answer.TAKEN
        case Stage.REFUSED:
            answer = Answer.WENT_BACK if placed.why == ROLLED_BACK else Answer.REFUSED
        case Stage.EXPIRED | Stage.SUPERSEDED:
            answer = Answer.NO_EFFECT if placed.was_taken else Answer.EXPIRED
        case _:
            answer = Answer.OPEN
    return replace(heard, answer=answer, why=placed.why)


async def _end(tx: AsyncSession, row: Rollout, state: RolloutState, items: Iterable[Item], now: datetime) -> None:
    """Writes that a roll-out stopped or is done, which nobody asked for."""
    failures = sum(item.progress in FAILURES for item in items)
    log.warning("a roll-out ended by itself", rollout=str(row.id), name=row.name, state=state, failures=failures)
    await rollouts.change(tx, row.id, now, state=state)
    before, after = {"state": row.state}, {"state": state, "failures": failures}
    await note(
        tx, None, "end_rollout", "rollout", row.id, row.name, before=before, after=after, tenant_id=row.tenant_id
    )


async def _send(row: Rollout, item: Item, tenant_id: UUID, heard: Heard, now: datetime, server_url: str) -> None:
    """Asks one device. If it can't be asked now it keeps its place in the line."""
    async with transaction(EVERY_TENANT) as tx:
        download = await offer(tx, tenant_id, item.device_id, row.release_id, now)
    if isinstance(download, Refusal):
        log.error("a release that is rolled out is not there", release=str(row.release_id), reason=download)
        return
    body = {
        "version": download.version,
        "url": server_url + download.path,
        "size": download.size,
        "sha256": download.sha256,
    }
    key = f"rollout {row.id} {item.attempts}"
    answer = await device_commands.request(
        item.device_id, Kind.UPDATE, None, now, body=body, key=key, ttl_s=COMMAND_TTL_S
    )
    if isinstance(answer, Refusal):
        log.info("a device can't be updated now", device=item.device_id, reason=answer)
        return
    async with transaction(EVERY_TENANT) as tx:
        await rollout_items.keep(tx, row.id, sent(item, heard.boot_id, now), now, answer.id)
