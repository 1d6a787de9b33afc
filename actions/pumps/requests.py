"""Minutes that a member asks for, and the owner's answer. Each locks the request, then the wallet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from actions.pumps import wallets
from domain import minute_requests
from domain.access import Intent, Viewer
from domain.minute_requests import MinuteRequest, RequestRefusal
from domain.refusals import Refusal
from domain.wallet import Repeated, Wallet, WalletRefusal
from storage import pump_ledger
from storage import pump_requests as stored
from storage.session import EVERY_TENANT, transaction

REASON_CHARS_MAX = 200

Answer = MinuteRequest | Refusal | RequestRefusal | WalletRefusal


async def ask(seconds: int, note: str, by: Viewer, now: datetime, *, key: UUID) -> Answer:
    """Asks the owner for seconds. The same key again: the same request, or KEY_USED if it was another one."""
    if not by.may(Intent.RUN_PUMP):
        return Refusal.NOT_ALLOWED
    note = note.strip()
    if note and not note.isprintable():
        return Refusal.EMPTY
    async with transaction(EVERY_TENANT) as tx:
        if not await pump_ledger.lock_wallets(tx, by.tenant_id, [by.person_id]):
            return Refusal.NOT_FOUND
        earlier = await stored.lock(tx, by.tenant_id, key)
        if earlier is not None:
            same = (earlier.member_id, earlier.seconds, earlier.note) == (by.person_id, seconds, note)
            return earlier if same else Refusal.KEY_USED
        pending = await stored.count_pending(tx, by.tenant_id, by.person_id)
        asked = minute_requests.ask(key, by.person_id, seconds, note, pending, now)
        if isinstance(asked, MinuteRequest):
            await stored.add(tx, by.tenant_id, asked)
            await _note(tx, "ask_minutes", asked, by)
    return asked


async def approve(request_id: UUID, by: Viewer, now: datetime) -> Answer:
    """Recharges what was asked for, in the same transaction. ALREADY_DECIDED: somebody was quicker."""
    if not by.may(Intent.CHANGE_WALLETS):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        request = await stored.lock(tx, by.tenant_id, request_id)
        if request is None:
            return Refusal.NOT_FOUND
        approved = minute_requests.approve(request, by.person_id, now)
        if not isinstance(approved, tuple):
            return approved
        decided, move = approved
        booked = await wallets.book(tx, by.tenant_id, request.member_id, move, now)
        if not isinstance(booked, Wallet | Repeated):
            return booked
        await stored.save(tx, by.tenant_id, decided)
        await _note(tx, "approve_minutes", decided, by)
    return decided


async def decline(request_id: UUID, reason: str, by: Viewer, now: datetime) -> Answer:
    if not by.may(Intent.CHANGE_WALLETS):
        return Refusal.NOT_ALLOWED
    if len(reason) > REASON_CHARS_MAX:
        return Refusal.TOO_LONG
    async with transaction(EVERY_TENANT) as tx:
        request = await stored.lock(tx, by.tenant_id, request_id)
        if request is None:
            return Refusal.NOT_FOUND
        return await _decide(
            tx, minute_requests.decline(request, by.person_id, reason.strip(), now), "decline_minutes", by
        )


async def withdraw(request_id: UUID, by: Viewer, now: datetime) -> Answer:
    """The member's own. NOT_FOUND: also somebody else's."""
    if not by.may(Intent.RUN_PUMP):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        request = await stored.lock(tx, by.tenant_id, request_id)
        if request is None or request.member_id != by.person_id:
            return Refusal.NOT_FOUND
        return await _decide(tx, minute_requests.withdraw(request, by.person_id, now), "withdraw_minutes", by)


async def _decide(tx: AsyncSession, decided: MinuteRequest | RequestRefusal, intent: str, by: Viewer) -> Answer:
    if isinstance(decided, MinuteRequest):
        await stored.save(tx, by.tenant_id, decided)
        await _note(tx, intent, decided, by)
    return decided


async def _note(tx: AsyncSession, intent: str, request: MinuteRequest, by: Viewer) -> None:
    await announce(tx, Announcement(Topic.WALLET, by.tenant_id, id=str(request.member_id)))
    await audit.record(
        tx,
        tenant_id=by.tenant_id,
        by=by,
        intent=intent,
        kind="minute_request",
        object_id=str(request.id),
        object_name=await pump_ledger.member_name(tx, request.member_id),
        before=None,
        after={"seconds": request.seconds, "state": request.state, "reason": request.reason or request.note},
    )
