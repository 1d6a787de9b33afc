"""RFID cards: registered to members, removed, and what happens when one is held to a motor's reader.

A card is a request only. Of one that is nobody's, only how often it was seen is kept, for the owner to register it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from actions.pumps import asking, lead
from domain.access import Intent, Viewer
from domain.pump import cards
from domain.pump.cards import CardAnswer, Tap
from domain.pump.words import Mode, Reason
from domain.refusals import Refusal
from storage import pump_cards as stored
from storage import pump_ledger
from storage.pump_cards import Reader
from storage.session import EVERY_TENANT, transaction

LABEL_CHARS_MAX = 60
FRESH_MS = 30_000
"""A card that was held to the reader longer ago starts nothing any more; it still stops."""


@dataclass(frozen=True, slots=True)
class CardEvent:
    """An event of a pump's controller: what came or went at its reader. `seq` numbers the events of a boot."""

    boot_id: int
    seq: int
    kind: str
    uid: str | None
    present: bool
    age_ms: int


async def register(uid: str, member_id: UUID, label: str, by: Viewer, now: datetime) -> Refusal | None:
    """Gives a card to a member. NOT_ALLOWED, NOT_FOUND (member), CARD_KNOWN, UNREADABLE (no uid), TOO_LONG (label)."""
    uid, label = uid.strip().upper().replace(":", "").replace(" ", ""), label.strip()
    if not by.may(Intent.MANAGE_CARDS):
        return Refusal.NOT_ALLOWED
    if not stored.UID.fullmatch(uid):
        return Refusal.UNREADABLE
    if len(label) > LABEL_CHARS_MAX or not (label + " ").isprintable():
        return Refusal.TOO_LONG
    async with transaction(EVERY_TENANT) as tx:
        if not await pump_ledger.is_member(tx, by.tenant_id, member_id):
            return Refusal.NOT_FOUND
        if not await stored.add(tx, by.tenant_id, uid, member_id, label, by.person_id, now):
            return Refusal.CARD_KNOWN
        name = await pump_ledger.member_name(tx, member_id)
        await _note(tx, by, "register_card", uid, None, {"member": name, "label": label})
    return None


async def remove(uid: str, by: Viewer, now: datetime) -> Refusal | None:
    """Takes a card away from its member. NOT_ALLOWED, NOT_FOUND."""
    if not by.may(Intent.MANAGE_CARDS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        member_id = await stored.remove(tx, by.tenant_id, uid)
        if member_id is None:
            return Refusal.NOT_FOUND
        name = await pump_ledger.member_name(tx, member_id)
        await _note(tx, by, "remove_card", uid, {"member": name}, None)
    return None


async def tapped(tenant_id: UUID, device_id: str, event: CardEvent, now: datetime) -> bool:
    """Does what a card at a motor's reader means, once however often it is told. Returns whether that is settled; if
    not, the device shall tell it again.
    """
    if lead.current() is None:
        return False
    async with transaction(EVERY_TENANT) as tx:
        reader = await stored.lock_reader(tx, tenant_id, device_id, event.uid or "")
        if reader is None or not reader.is_news(event.boot_id, event.seq):
            return True
        tap = Tap.PUT if event.present else Tap.TAKEN
        is_card = event.kind == "card" and event.uid is not None
        what, run_id = (
            cards.answer(tap, reader.mode, reader.member_id, reader.here, reader.own)
            if is_card
            else (CardAnswer.NOTHING, None)
        )
        if is_card and reader.member_id is None and tap is Tap.PUT:
            await stored.count_unknown(tx, tenant_id, event.uid or "", device_id, now)
            await announce(tx, Announcement(Topic.CARDS, tenant_id, id=event.uid or ""))
        elif is_card:
            await stored.note_seen(tx, tenant_id, event.uid or "", now)
        if reader.mode is Mode.AUTO:  # a tap that was told again after its effect would mean the opposite
            await stored.settle(tx, device_id, event.boot_id, event.seq)
    if await _do(tenant_id, device_id, event, reader, what, run_id, now) is Refusal.PUMP_AWAY:
        return reader.mode is Mode.AUTO
    if reader.mode is Mode.CARD:  # here it means the same however often it is told, and no stop may be lost
        async with transaction(EVERY_TENANT) as tx:
            await stored.settle(tx, device_id, event.boot_id, event.seq)
    return True


async def _do(
    tenant_id: UUID, device_id: str, event: CardEvent, reader: Reader, what: CardAnswer, run_id: UUID | None,
    now: datetime,
) -> asking.Answer | None:  # fmt: skip
    if what is CardAnswer.STOP and run_id is not None:
        reason = Reason.CARD_REMOVED if reader.mode is Mode.CARD else Reason.STOPPED
        return await asking.end(tenant_id, run_id, now, by=None, reason=reason)
    if what is not CardAnswer.START or reader.member_id is None or event.age_ms > FRESH_MS:
        return None
    key = uuid5(reader.member_id, f"{device_id}/{event.boot_id}/{event.seq}")  # the same however often it is told
    seconds = min(reader.available_s, reader.longest_s)
    return await asking.request(tenant_id, reader.member_id, device_id, seconds, key, now, by=None, mode=reader.mode)


async def _note(
    tx: AsyncSession, by: Viewer, intent: str, uid: str, before: dict[str, str] | None, after: dict[str, str] | None
) -> None:
    await announce(tx, Announcement(Topic.CARDS, by.tenant_id, id=uid))
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=intent,
        kind="card",
        object_id=uid,
        object_name=uid,
        before=before,
        after=after,
    )
