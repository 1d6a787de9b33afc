"""Minutes that an owner sells, takes back, gives or deducts. Each locks the member's wallet."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from actions.announce import Announcement, Topic, announce
from domain import wallet as wallets
from domain.access import Intent, Viewer
from domain.refusals import Refusal
from domain.wallet import Move, Repeated, TransferKind, Wallet, WalletRefusal
from storage import pump_ledger
from storage.session import EVERY_TENANT, transaction

REASON_CHARS_MAX = 200

Answer = Wallet | Refusal | WalletRefusal

_INTENTS = {
    TransferKind.RECHARGE: "recharge_wallet",
    TransferKind.REVERSAL: "reverse_recharge",
    TransferKind.GIFT: "give_minutes",
    TransferKind.DEDUCTION: "deduct_minutes",
}


async def recharge(member_id: UUID, seconds: int, by: Viewer, now: datetime, *, key: UUID, reason: str = "") -> Answer:
    """Sells seconds to a member. `key` is the idempotency key: a second click pays nothing. NOT_ALLOWED, NOT_FOUND,
    TOO_LONG, and what `domain.wallet` says.
    """
    return await _move(member_id, Move(key, TransferKind.RECHARGE, seconds, by.person_id, reason), by, now)


async def reverse(member_id: UUID, seconds: int, reason: str, by: Viewer, now: datetime, *, key: UUID) -> Answer:
    """Takes back what was sold, at most what is available. EMPTY: no reason."""
    if not reason.strip():
        return Refusal.EMPTY
    return await _move(member_id, Move(key, TransferKind.REVERSAL, seconds, by.person_id, reason), by, now)


async def adjust(member_id: UUID, seconds: int, reason: str, by: Viewer, now: datetime, *, key: UUID) -> Answer:
    """Gives seconds (above zero) or takes some (below zero), for a reason. EMPTY: no reason."""
    if not reason.strip():
        return Refusal.EMPTY
    kind = TransferKind.GIFT if seconds > 0 else TransferKind.DEDUCTION
    return await _move(member_id, Move(key, kind, abs(seconds), by.person_id, reason), by, now)


async def book(tx: AsyncSession, tenant_id: UUID, member_id: UUID, move: Move, now: datetime) -> Answer | Repeated:
    """Makes one transfer, as part of the caller's transaction. Locks the wallet. `Repeated`: it was made before."""
    found = await pump_ledger.lock_wallets(tx, tenant_id, [member_id], [move.id])
    wallet = found.get(member_id)
    if wallet is None:
        return Refusal.NOT_FOUND
    answer = wallets.step(wallet, move, now)
    if not isinstance(answer, tuple):
        return answer
    after, made = answer
    if isinstance(made, Repeated):
        return made
    await pump_ledger.write(tx, tenant_id, wallet, made)
    await announce(tx, Announcement(Topic.WALLET, tenant_id, id=str(member_id)))
    return after


async def _move(member_id: UUID, move: Move, by: Viewer, now: datetime) -> Answer:
    if not by.may(Intent.CHANGE_WALLETS):
        return Refusal.NOT_ALLOWED
    if len(move.reason) > REASON_CHARS_MAX or not (move.reason + " ").isprintable():
        return Refusal.TOO_LONG
    async with transaction(EVERY_TENANT) as tx:
        answer = await book(tx, by.tenant_id, member_id, move, now)
        if isinstance(answer, Repeated):
            return (await pump_ledger.lock_wallets(tx, by.tenant_id, [member_id]))[member_id]
        if isinstance(answer, Wallet):
            await audit.record(
                tx,
                tenant_id=by.tenant_id,
                by=by,
                intent=_INTENTS[move.kind],
                kind="wallet",
                object_id=str(member_id),
                object_name=await pump_ledger.member_name(tx, member_id),
                before=None,
                after={
                    "seconds": move.seconds,
                    "balance_s": answer.balance_s,
                    "reason": move.reason,
                },
            )
    return answer
