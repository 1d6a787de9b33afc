"""Signing in: password first, then, if the account wants it, a code; at the end of every way stands a session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions.people import signed
from actions.people.credentials import ADDRESS_KNOWN_FOR, IS_KNOWN, Account, check_password
from actions.people.second_factor import check_code
from actions.people.sessions import Chair, SignedIn, start_session
from domain.access import Role
from domain.refusals import Refusal, TryLater
from domain.tenancy import TenantStatus
from storage.session import EVERY_TENANT, transaction

SECOND_STEP_LASTS = timedelta(minutes=5)
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_WHY_NOT = {
    TenantStatus.PENDING: Refusal.TENANT_PENDING,
    TenantStatus.DECLINED: Refusal.TENANT_DECLINED,
    TenantStatus.SUSPENDED: Refusal.TENANT_SUSPENDED,
}


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right; the account also wants a code. The ticket goes to `enter_code` within `lasts`."""

    ticket: str
    lasts: timedelta


async def sign_in(
    login: str, password: str, address: str, agent: str, now: datetime, *, device: str = ""
) -> Refusal | TryLater | SecondStep | SignedIn:
    """Checks name and password and starts a session, or asks for the second factor's code.

    A wrong name and a wrong password look and last the same (WRONG_CREDENTIALS). After the right password:
    SUSPENDED, TENANT_PENDING, TENANT_DECLINED, TENANT_SUSPENDED. `device` is an earlier SignedIn's.
    """
    account = await check_password(login, password, address, device, now)
    if not isinstance(account, Account):
        log.info("sign-in refused", address=address, why=type(account).__name__)
        return account
    return await go_in(account, address, agent, now)


async def go_in(account: Account, address: str, agent: str, now: datetime) -> Refusal | SecondStep | SignedIn:
    """What follows for somebody who is who they say: a place, or a question for the second factor."""
    async with transaction(EVERY_TENANT) as tx:
        chair = await chair_of(tx, account.person_id)
        if isinstance(chair, Refusal):
            return chair
        if account.has_second_factor:
            return SecondStep(_ticket(account, now), SECOND_STEP_LASTS)
        entered, _ = await start_session(tx, chair, address, agent, now)
    return entered


async def enter_code(ticket: str, code: str, address: str, agent: str, now: datetime) -> Refusal | TryLater | SignedIn:
    """The second step: a code of the authenticator or a recovery code. WRONG_CODE, SECOND_STEP_EXPIRED, or what
    `sign_in` refuses.
    """
    person_id = await person_of_step(ticket, now)
    if person_id is None:
        return Refusal.SECOND_STEP_EXPIRED
    async with transaction(EVERY_TENANT) as tx:
        is_known = await is_known_address(tx, person_id, address, now)
    fault = await check_code(person_id, code, address, now, is_known=is_known)
    if fault is not None:
        return fault
    async with transaction(EVERY_TENANT) as tx:
        chair = await chair_of(tx, person_id)
        if isinstance(chair, Refusal):
            return chair
        entered, _ = await start_session(tx, chair, address, agent, now)
    return entered


async def person_of_step(ticket: str, now: datetime) -> UUID | None:
    """Whose password was right when the ticket was made; None if it has expired or the password was changed since."""
    claims = signed.read(signed.SECOND_STEP, ticket, now, "sub", "changed")
    if claims is None:
        return None
    person_id = UUID(claims["sub"])
    async with transaction(EVERY_TENANT) as tx:
        changed_at = await tx.scalar(text("SELECT password_changed_at FROM person WHERE id = :id"), {"id": person_id})
    return person_id if str(changed_at) == claims["changed"] else None


async def chair_of(tx: AsyncSession, person_id: UUID) -> Refusal | Chair:
    """The place that a person takes when they come in: in the tenant where they sat last, if it still has one for
    them. SUSPENDED, TENANT_PENDING, TENANT_DECLINED, TENANT_SUSPENDED.
    """
    rows = await tx.execute(
        text(
            "SELECT p.name, p.suspended_at IS NOT NULL, m.tenant_id, m.role, m.suspended_at IS NOT NULL, t.status"
            " FROM person p JOIN membership m ON m.person_id = p.id JOIN tenant t ON t.id = m.tenant_id"
            " WHERE p.id = :person ORDER BY (SELECT max(s.used_at) FROM web_session s WHERE s.person_id = p.id"
            " AND s.tenant_id = t.id AND NOT s.is_support) DESC NULLS LAST, m.created_at, t.id"
        ),
        {"person": person_id},
    )
    why = Refusal.SUSPENDED
    for name, is_out, tenant_id, role, is_out_here, status in rows.all():
        if is_out:
            return Refusal.SUSPENDED
        if status == TenantStatus.ACTIVE and not is_out_here:
            return Chair(person_id, name, tenant_id, Role(role))
        if not is_out_here:
            why = _WHY_NOT[TenantStatus(status)]
    return why


async def is_known_address(tx: AsyncSession, person_id: UUID, address: str, now: datetime) -> bool:
    """Whether the person came in from there before."""
    known = await tx.scalar(
        text(f"SELECT {IS_KNOWN} FROM person p WHERE id = :id"),
        {"id": person_id, "address": address, "since": now - ADDRESS_KNOWN_FOR},
    )
    return bool(known)


def _ticket(account: Account, now: datetime) -> str:
    """Bound to the password: a changed one makes it useless."""
    claims = {"sub": str(account.person_id), "changed": str(account.password_changed_at)}
    return signed.sign(signed.SECOND_STEP, claims, SECOND_STEP_LASTS, now)
