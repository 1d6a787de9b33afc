"""Roll-outs of firmware as the platform starts and steers them. What happens by itself is actions/rollout_steps.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from actions.people.trail import note
from actions.releases import is_beta
from domain.access import Intent, Viewer
from domain.firmware import NodeKind
from domain.refusals import Refusal
from domain.rollouts import FAILURES, FAILURES_LIMIT_MAX, MOVES, OPEN, PACE_MAX, Plan, Wish, is_chosen, place_of
from storage import firmware, rollout_items, rollouts
from storage.rollout_items import Member
from storage.rollouts import Rollout
from storage.session import EVERY_TENANT, transaction


@dataclass(frozen=True, slots=True)
class NewRollout:
    """Who is to get a release, and how carefully. `tenants` None: all of them, which a beta release may not."""

    release_id: UUID
    tenants: tuple[UUID, ...] | None
    percent: int
    pace: int
    failures_max: int

    @property
    def is_sane(self) -> bool:
        return (
            1 <= self.percent <= 100
            and 1 <= self.pace <= PACE_MAX
            and 0 <= self.failures_max <= FAILURES_LIMIT_MAX
            and self.tenants != ()
        )


@dataclass(frozen=True, slots=True)
class Started:
    """A roll-out that goes. `devices`: how many it has."""

    id: UUID
    devices: int


async def start(by: Viewer, new: NewRollout, now: datetime) -> Refusal | Started:
    """Begins to roll a release out. Locks the release. NOT_ALLOWED, NOT_FOUND, NOT_POSSIBLE_NOW (it was withdrawn, a
    number is out of range, or a beta release is to go to everybody), NOBODY_CHOSEN.
    """
    if not by.may(Intent.MANAGE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        release = await firmware.lock_release(tx, new.release_id)
        if release is None:
            return Refusal.NOT_FOUND
        if release.withdrawn_at is not None or not new.is_sane or (is_beta(release) and new.tenants is None):
            return Refusal.NOT_POSSIBLE_NOW
        rollout_id, plan = uuid4(), Plan(release.version, new.pace, new.failures_max)
        await rollouts.add(tx, rollout_id, by.tenant_id, release.id, new.tenants, new.percent, plan, by.person_id, now)
        added = await _choose(tx, rollout_id, release.kind, release.version, new.tenants, new.percent, now)
        if not added:
            await tx.rollback()
            return Refusal.NOBODY_CHOSEN
        after = {
            "release_id": release.id, "tenants": new.tenants, "percent": new.percent, "pace": new.pace,
            "failures_max": new.failures_max, "devices": added,
        }  # fmt: skip
        name = f"{release.kind} {release.version}"
        await note(tx, by, "start_rollout", "rollout", rollout_id, name, after=after)
    return Started(rollout_id, added)


async def widen(by: Viewer, rollout_id: UUID, percent: int, now: datetime) -> Refusal | int:
    """Raises the share of a roll-out that is not over; returns how many devices came in. Locks the roll-out.
    NOT_ALLOWED, NOT_FOUND, NOT_POSSIBLE_NOW (it is over, or the share is not higher), NOBODY_CHOSEN.
    """
    if not by.may(Intent.MANAGE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = await rollouts.rollout(tx, rollout_id, lock=True)
        if row is None:
            return Refusal.NOT_FOUND
        if row.state not in OPEN or not row.percent < percent <= 100:
            return Refusal.NOT_POSSIBLE_NOW
        added = await _choose(tx, row.id, row.kind, row.version, row.tenants, percent, now)
        if not added:
            return Refusal.NOBODY_CHOSEN
        await rollouts.change(tx, row.id, now, percent=percent)
        before, after = {"percent": row.percent}, {"percent": percent, "devices": added}
        await note(tx, by, "widen_rollout", "rollout", row.id, row.name, before=before, after=after)
    return added


async def steer(by: Viewer, rollout_id: UUID, wish: Wish, now: datetime) -> Refusal | None:
    """Pauses, resumes or cancels. Resuming forgives the failures so far. Locks the roll-out.
    NOT_ALLOWED, NOT_FOUND, NOT_POSSIBLE_NOW.
    """
    if not by.may(Intent.MANAGE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = await rollouts.rollout(tx, rollout_id, lock=True)
        if row is None:
            return Refusal.NOT_FOUND
        state = MOVES.get((row.state, wish))
        if state is None:
            return Refusal.NOT_POSSIBLE_NOW
        failures = sum(row.counts[each] for each in FAILURES)
        forgiven = failures if wish is Wish.RESUME else row.forgiven
        await rollouts.change(tx, row.id, now, state=state, forgiven=forgiven)
        if wish is Wish.CANCEL:
            await rollout_items.leave_out_waiting(tx, row.id, now)
        before, after = {"state": row.state}, {"state": state}
        await note(tx, by, f"{wish}_rollout", "rollout", row.id, row.name, before=before, after=after)
    return None


async def rollout(
    by: Viewer, rollout_id: UUID, devices_max: int | None = None
) -> Refusal | tuple[Rollout, list[Member]]:
    """One roll-out with its devices, the worst first, or so many of them. NOT_ALLOWED, NOT_FOUND."""
    if not by.may(Intent.SEE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        row = await rollouts.rollout(tx, rollout_id)
        return Refusal.NOT_FOUND if row is None else (row, await rollout_items.members(tx, rollout_id, devices_max))


async def rollouts_of(by: Viewer, release_id: UUID | None = None) -> Refusal | list[Rollout]:
    """Roll-outs of one release, or all; the newest first. NOT_ALLOWED."""
    if not by.may(Intent.SEE_RELEASES):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        return await rollouts.rollouts(tx, release_id)


async def _choose(
    tx: AsyncSession,
    rollout_id: UUID,
    kind: NodeKind,
    version: str,
    tenants: Sequence[UUID] | None,
    percent: int,
    now: datetime,
) -> int:
    found = await rollout_items.candidates(tx, kind, version, tenants)
    placed = [(candidate, place_of(rollout_id, candidate.device_id)) for candidate in found]
    chosen = [(candidate, place) for candidate, place in placed if is_chosen(place, percent)]
    return len(await rollout_items.enter(tx, rollout_id, chosen, now))
