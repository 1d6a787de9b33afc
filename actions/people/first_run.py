"""The first run: on an installation without a super_admin, a one-time code in the log lets somebody become it.

The code is an invitation into the platform's own tenant, so that it expires and works once like any other.
"""

import base64
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from actions.people.invitations import open_invitation, take
from actions.people.newcomers import Newcomer, judge_newcomer, store_person
from actions.people.secrets_once import digest
from actions.people.sessions import Chair, SignedIn, start_session
from actions.people.trail import note
from domain.access import Role
from domain.refusals import Refusal, TryLater, Weakness
from storage.session import EVERY_TENANT, transaction
from storage.tables import Invitation, Tenant

CODE_LASTS = timedelta(hours=24)
CODE_BYTES = 20  # 160 bits, 32 characters
PLATFORM_NAME = "PitPilot"
_LOCK = 7_401_006  # advisory lock: any number that nothing else here uses
_RUNS = "SELECT EXISTS (SELECT 1 FROM membership WHERE role = 'super_admin')"


async def is_empty() -> bool:
    """Whether there is nobody who could sign in: the sign-in page then leads to `/first-run`."""
    async with transaction(EVERY_TENANT) as tx:
        return not await tx.scalar(text("SELECT EXISTS (SELECT 1 FROM membership)"))


async def is_first_run() -> bool:
    """Whether nobody runs the platform yet, so that `/first-run` is of use."""
    async with transaction(EVERY_TENANT) as tx:
        return not await _somebody_runs(tx)


async def offer_first_run(now: datetime) -> str | None:
    """Makes the one-time code, to be printed in the log, if nobody runs the platform yet; else None. A code of an
    earlier start works until it expires, so that several processes can start at once.
    """
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if await _somebody_runs(tx):
            return None
        code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode()
        tx.add(
            Invitation(
                tenant_id=await platform_id(tx, now),
                token_hash=digest(code),
                role=Role.SUPER_ADMIN,
                name="",
                created_at=now,
                expires_at=now + CODE_LASTS,
            )
        )
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


async def take_first_run(
    code: str, login: str, name: str, password: str, language: str, address: str, agent: str, now: datetime
) -> Refusal | TryLater | Weakness | SignedIn:
    """Makes somebody the first super_admin and signs them in. LINK_UNKNOWN, LINK_EXPIRED, LINK_USED (somebody else was
    quicker), LOGIN_TAKEN, EMPTY, TOO_LONG.
    """
    token = "".join(code.split()).replace("-", "").upper()
    async with transaction(EVERY_TENANT) as tx:
        found = await _open(tx, token, now)  # before a costly hash is made for a code that does not work
    if isinstance(found, Refusal):
        return found
    who = await judge_newcomer(login, name, "", language, password, (PLATFORM_NAME,))
    if not isinstance(who, Newcomer):
        return who
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = await _open(tx, token, now)
        if isinstance(found, Refusal):
            return found
        row, tenant = found
        person = await store_person(tx, who, now)
        if isinstance(person, Refusal):
            return person
        await take(tx, row, person.id, now)
        chair = Chair(person.id, person.name, tenant.id, Role.SUPER_ADMIN)
        entered, _ = await start_session(tx, chair, address, agent, now)
        after = {"role": Role.SUPER_ADMIN, "login": person.login}
        await note(tx, entered.viewer, "take_first_run", "person", person.id, person.name, after=after)
    return entered


async def platform_id(tx: AsyncSession, now: datetime) -> UUID:
    """The platform's own tenant, made if it is missing."""
    tenant = (await tx.scalars(select(Tenant).where(col(Tenant.is_platform)))).first()
    if tenant is None:
        tenant = Tenant(name=PLATFORM_NAME, has_workshop=False, is_platform=True, created_at=now)
        tx.add(tenant)
        await tx.flush()
    return tenant.id


async def _open(tx: AsyncSession, token: str, now: datetime) -> Refusal | tuple[Invitation, Tenant]:
    found = await open_invitation(tx, token, now, first_run=True)
    return Refusal.LINK_USED if not isinstance(found, Refusal) and await _somebody_runs(tx) else found


async def _somebody_runs(tx: AsyncSession) -> bool:
    return bool(await tx.scalar(text(_RUNS)))
