"""Wallets and transfers. Whoever needs several wallets locks them in one go, in the order of their members."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.wallet import Account, Transfer, TransferKind, Wallet

_MAKE = """
    INSERT INTO wallet (tenant_id, member_id)
    SELECT m.tenant_id, m.person_id FROM membership m WHERE m.tenant_id = :tenant AND m.person_id = ANY(:members)
    ON CONFLICT DO NOTHING"""
_LOCK = """
    SELECT member_id, available_s, held_s FROM wallet
    WHERE tenant_id = :tenant AND member_id = ANY(:members) ORDER BY member_id FOR UPDATE"""
_HOLDS = """
    SELECT member_id, id, held_s FROM run
    WHERE tenant_id = :tenant AND member_id = ANY(:members) AND ended_at IS NULL AND held_s > 0"""
_KNOWN = """
    SELECT id, member_id, kind, seconds, run_id, by, reason, at FROM transfer
    WHERE tenant_id = :tenant AND id = ANY(:ids)"""
_ADD = """
    INSERT INTO transfer (id, tenant_id, member_id, kind, debit, credit, seconds, run_id, pending_id, by, reason, at,
        available_s, held_s)
    VALUES (:id, :tenant, :member, :kind, :debit, :credit, :seconds, :run, :pending, :by, :reason, :at, :available,
        :held)"""


async def lock_wallets(
    tx: AsyncSession, tenant_id: UUID, members: Collection[UUID], transfer_ids: Collection[UUID] = ()
) -> dict[UUID, Wallet]:
    """The wallets of these members, locked until the transaction ends, each with those transfers that are already made.

    Who is no member of the tenant has none. Takes a transaction that sees every tenant.
    """
    bound = {"tenant": tenant_id, "members": sorted(members)}
    rows = (await tx.execute(text(_LOCK), bound)).all()
    if len(rows) < len(set(members)):
        await tx.execute(text(_MAKE), bound)
        rows = (await tx.execute(text(_LOCK), bound)).all()
    holds: dict[UUID, dict[UUID, int]] = {}
    for member_id, run_id, held_s in (await tx.execute(text(_HOLDS), bound)).all():
        holds.setdefault(member_id, {})[run_id] = held_s
    known = await transfers(tx, tenant_id, transfer_ids)
    return {
        member_id: Wallet(member_id, available_s, held_s, holds.get(member_id, {}), known)
        for member_id, available_s, held_s in rows
    }


async def transfers(tx: AsyncSession, tenant_id: UUID, ids: Collection[UUID]) -> dict[UUID, Transfer]:
    """Those transfers that exist, by id."""
    if not ids:
        return {}
    rows = await tx.execute(text(_KNOWN), {"tenant": tenant_id, "ids": list(ids)})
    found = (
        Transfer(id_, member_id, TransferKind(kind), seconds, run_id, by, reason, at)
        for id_, member_id, kind, seconds, run_id, by, reason, at in rows.all()
    )
    return {transfer.id: transfer for transfer in found}


async def write(
    tx: AsyncSession, tenant_id: UUID, before: Wallet, made: Iterable[Transfer], pending_id: UUID | None = None
) -> None:
    """Adds transfers of one locked wallet, in their order, and moves its balance with them. `pending_id`: the hold
    that they end.
    """
    available_s, held_s = before.available_s, before.held_s
    for transfer in made:
        available_s += transfer.seconds * _sign(transfer, Account.AVAILABLE)
        held_s += transfer.seconds * _sign(transfer, Account.HELD)
        await tx.execute(
            text(_ADD),
            {
                "id": transfer.id, "tenant": tenant_id, "member": transfer.member_id, "kind": transfer.kind,
                "debit": transfer.debit, "credit": transfer.credit, "seconds": transfer.seconds,
                "run": transfer.run_id, "pending": pending_id, "by": transfer.by, "reason": transfer.reason,
                "at": transfer.at, "available": available_s, "held": held_s,
            },
        )  # fmt: skip
    await tx.execute(
        text(
            "UPDATE wallet SET available_s = :available, held_s = :held WHERE tenant_id = :tenant AND member_id = :id"
        ),
        {"available": available_s, "held": held_s, "tenant": tenant_id, "id": before.member_id},
    )


async def sums(tx: AsyncSession, tenant_id: UUID) -> dict[str, int]:
    """What the transfers alone say of each kind of account: together they are 0."""
    rows = await tx.execute(
        text(
            "SELECT account, sum(seconds)::bigint FROM (SELECT credit AS account, seconds FROM transfer"
            " WHERE tenant_id = :tenant UNION ALL SELECT debit, -seconds FROM transfer WHERE tenant_id = :tenant) side"
            " GROUP BY account"
        ),
        {"tenant": tenant_id},
    )
    return {str(account): int(total) for account, total in rows.all()}


async def is_member(tx: AsyncSession, tenant_id: UUID, person_id: UUID) -> bool:
    found = await tx.execute(
        text("SELECT 1 FROM membership WHERE tenant_id = :tenant AND person_id = :id"),
        {"tenant": tenant_id, "id": person_id},
    )
    return found.first() is not None


async def member_name(tx: AsyncSession, member_id: UUID) -> str:
    found = await tx.execute(text("SELECT name FROM person WHERE id = :id"), {"id": member_id})
    return str(found.scalar_one_or_none() or "")


def _sign(transfer: Transfer, account: Account) -> int:
    return (transfer.credit is account) - (transfer.debit is account)
