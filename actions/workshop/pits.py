"""Pits of a workshop: added, named, put in order, and closed once nothing is in them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions.announce import Announcement, Topic, announce
from actions.workshop.trail import tell
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from storage import workshop
from storage.session import transaction
from storage.workshop import PitPlace

NAME_CHARS = 60
PITS_MAX = 200


async def add_pit(name: str, by: Viewer, now: datetime, *, key: UUID) -> Refusal | UUID:
    """At the end of the order; `key` becomes its id. KEY_USED: it is there already. TOO_MANY: there are PITS_MAX."""
    if refusal := _refusal(name, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        known = await workshop.pits(tx, by.tenant_id)
        if any(pit.id == key for pit in known):
            return Refusal.KEY_USED
        if len(known) >= PITS_MAX:
            return Refusal.TOO_MANY
        position = max((pit.position for pit in known), default=0) + 1
        await workshop.add_pit(tx, by.tenant_id, key, name.strip(), position, now)
        await _tell(tx, "add_pit", by, key, name.strip(), None, {"name": name.strip()})
    return key


async def rename_pit(pit_id: UUID, name: str, by: Viewer) -> Refusal | None:
    if refusal := _refusal(name, by):
        return refusal
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        pit = _among(await workshop.pits(tx, by.tenant_id), pit_id)
        if pit is None:
            return Refusal.NOT_FOUND
        if pit.name == name.strip():
            return Refusal.ALREADY_SO
        await workshop.change_pit(tx, by.tenant_id, pit_id, name.strip(), pit.position)
        await _tell(tx, "rename_pit", by, pit_id, name.strip(), {"name": pit.name}, {"name": name.strip()})
    return None


async def order_pits(wanted: Sequence[UUID], by: Viewer) -> Refusal | None:
    """Every pit, in the new order. NOT_POSSIBLE_NOW: one is missing, or not there, or said twice."""
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        known = await workshop.pits(tx, by.tenant_id)
        if not known or sorted(wanted) != sorted(pit.id for pit in known):
            return Refusal.NOT_POSSIBLE_NOW
        if list(wanted) == [pit.id for pit in known]:
            return Refusal.ALREADY_SO
        names = {pit.id: pit.name for pit in known}
        for position, pit_id in enumerate(wanted, start=1):
            await workshop.change_pit(tx, by.tenant_id, pit_id, names[pit_id], position)
        before, after = ({"order": ", ".join(names[id_] for id_ in ids)} for ids in (names, wanted))
        await _tell(tx, "order_pits", by, wanted[0], after["order"], before, after)
    return None


async def close_pit(pit_id: UUID, by: Viewer, now: datetime) -> Refusal | None:
    """Takes a pit off every page; its past stays. NOT_POSSIBLE_NOW: cars are there or planned, or devices are."""
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    async with transaction(by.tenant_id) as tx:
        await workshop.lock(tx, by.tenant_id)
        pit = _among(await workshop.pits(tx, by.tenant_id), pit_id)
        if pit is None:
            return Refusal.NOT_FOUND
        if pit.open_jobs or pit.devices:
            return Refusal.NOT_POSSIBLE_NOW
        await workshop.change_pit(tx, by.tenant_id, pit_id, pit.name, pit.position, now)
        await _tell(tx, "close_pit", by, pit_id, pit.name, {"name": pit.name}, None)
    return None


def _among(known: Sequence[PitPlace], pit_id: UUID) -> PitPlace | None:
    return next((pit for pit in known if pit.id == pit_id), None)


async def _tell(
    tx: AsyncSession, intent: str, by: Viewer, pit_id: UUID, name: str, before: dict[str, str] | None,
    after: dict[str, str] | None,
) -> None:  # fmt: skip
    await announce(tx, Announcement(Topic.PIT, by.tenant_id, pit_id=pit_id))
    await tell(tx, intent, by, kind="pit", object_id=str(pit_id), name=name, before=before, after=after)


def _refusal(name: str, by: Viewer) -> Refusal | None:
    if not by.may(Intent.MANAGE_WORKSHOP):
        return Refusal.NOT_ALLOWED
    if not name.strip() or not name.isprintable():
        return Refusal.EMPTY
    return Refusal.TOO_LONG if len(name) > NAME_CHARS else None
