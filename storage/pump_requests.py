"""Rows of minutes that members ask for."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.minute_requests import MinuteRequest, RequestState

_LOCK = """
    SELECT id, member_id, seconds, note, asked_at, status, decided_by, decided_at, reason FROM minute_request
    WHERE tenant_id = :tenant AND id = :id FOR UPDATE"""


async def lock(tx: AsyncSession, tenant_id: UUID, request_id: UUID) -> MinuteRequest | None:
    """A request, locked until the transaction ends."""
    row = (await tx.execute(text(_LOCK), {"tenant": tenant_id, "id": request_id})).first()
    if row is None:
        return None
    id_, member_id, seconds, note, asked_at, status, decided_by, decided_at, reason = row
    state = RequestState(status)
    return MinuteRequest(id_, member_id, seconds, note, asked_at, state, decided_by, decided_at, reason)


async def count_pending(tx: AsyncSession, tenant_id: UUID, member_id: UUID) -> int:
    counted = await tx.execute(
        text(
            "SELECT count(*) FROM minute_request"
            " WHERE tenant_id = :tenant AND member_id = :member AND status = 'pending'"
        ),
        {"tenant": tenant_id, "member": member_id},
    )
    return int(counted.scalar_one())


async def add(tx: AsyncSession, tenant_id: UUID, request: MinuteRequest) -> None:
    await tx.execute(
        text(
            "INSERT INTO minute_request (id, tenant_id, member_id, seconds, note, asked_at, status)"
            " VALUES (:id, :tenant, :member, :seconds, :note, :at, :status)"
        ),
        {
            "id": request.id, "tenant": tenant_id, "member": request.member_id, "seconds": request.seconds,
            "note": request.note, "at": request.asked_at, "status": request.state,
        },
    )  # fmt: skip


async def save(tx: AsyncSession, tenant_id: UUID, request: MinuteRequest) -> None:
    """Writes the answer to a locked request. Raises RuntimeError if it had one already: then the lock did not hold."""
    changed = await tx.execute(
        text(
            "UPDATE minute_request SET status = :status, decided_by = :by, decided_at = :at, reason = :reason"
            " WHERE tenant_id = :tenant AND id = :id AND status = 'pending' RETURNING id"
        ),
        {
            "id": request.id, "tenant": tenant_id, "status": request.state, "by": request.decided_by,
            "at": request.decided_at, "reason": request.reason,
        },
    )  # fmt: skip
    if changed.first() is None:
        raise RuntimeError("a request was decided twice")
