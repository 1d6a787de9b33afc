"""What tests of accounts share: quick passwords, people who sign in, and an authenticator app."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp

from actions.people import Seat, SignedIn, add_person, seat_of, sign_in
from actions.people.second_factor import begin_second_factor, confirm_second_factor
from domain.access import Role
from tests.actions.senders import execute, fetch
from tests.conftest import Workshop

NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "10.0.0.9", "203.0.113.7"


async def enter(login: str, address: str = HOME, now: datetime = NOW, **more: Any) -> SignedIn:
    answer = await sign_in(login, PASSWORD, address, "Browser", now, **more)
    assert isinstance(answer, SignedIn), answer
    return answer


async def seated(login: str, now: datetime = NOW) -> Seat:
    """Somebody who has just signed in by password."""
    found = await seat_of((await enter(login, now=now)).token, now)
    assert found is not None
    return found


async def add(shop: Workshop, role: Role, login: str) -> UUID:
    """Somebody with PASSWORD."""
    return await add_person(login, login.partition("@")[0].title(), PASSWORD, shop.tenant_id, role)


async def trail(shop_or_tenant: Workshop | UUID) -> list[str]:
    """The intents in a tenant's audit trail, in order."""
    tenant_id = shop_or_tenant if isinstance(shop_or_tenant, UUID) else shop_or_tenant.tenant_id
    rows = await fetch("SELECT intent FROM audit WHERE tenant_id = :id ORDER BY n", id=tenant_id)
    return [intent for (intent,) in rows]


async def until(true: Callable[[], bool]) -> None:
    """Waits for what an announcement brings."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


async def add_platform() -> UUID:
    """The platform's own tenant; returns its id."""
    await execute(
        "INSERT INTO tenant (id, name, zone, language, has_workshop, has_pump, raw_days, created_at, is_platform)"
        " VALUES (gen_random_uuid(), 'Platform', 'UTC', 'en', false, false, 30, :now, true)",
        now=NOW,
    )
    [(tenant_id,)] = await fetch("SELECT id FROM tenant WHERE is_platform")
    return UUID(str(tenant_id))


async def add_super_admin(login: str = "root@platform") -> Seat:
    """Somebody who runs the platform, signed in."""
    await add_person(login, "Root", PASSWORD, await add_platform(), Role.SUPER_ADMIN)
    return await seated(login)


@dataclass
class App:
    """An authenticator app that was shown the secret."""

    secret: str

    def code(self, at: datetime) -> str:
        return pyotp.TOTP(self.secret).at(at)


async def switch_on_second_factor(seat: Seat, now: datetime = NOW) -> tuple[App, tuple[str, ...]]:
    """Gives a person a second factor; returns their app and their recovery codes. The code of `now` is used up."""
    enrolment = await begin_second_factor(seat, PASSWORD, HOME, now)
    assert not isinstance(enrolment, str) and hasattr(enrolment, "secret"), enrolment
    app = App(enrolment.secret)
    codes = await confirm_second_factor(seat, app.code(now), now)
    assert isinstance(codes, tuple), codes
    return app, codes


LATER = NOW + timedelta(minutes=2)
"""When the app shows another code than NOW."""
