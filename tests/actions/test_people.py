"""Signing in and out: what opens a session, what keeps it, and that a wrong name says nothing."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import bcrypt
import pytest
from sqlalchemy.exc import IntegrityError

from actions import passwords
from actions.people import (
    LOGIN_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    SESSION_IDLE,
    SESSION_LONGEST,
    Seat,
    SignedIn,
    add_person,
    seat_of,
    set_look,
    sign_in,
    sign_out,
    throttle,
)
from domain.access import Role
from domain.refusals import Refusal, TryLater
from storage.seats import TOUCH_EVERY
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
NOW = datetime.now(UTC).replace(microsecond=0)
PASSWORD = "correct horse"
WRONG = Refusal.WRONG_CREDENTIALS


@pytest.fixture
async def asha(world: World) -> AsyncIterator[UUID]:
    """An owner with a password."""
    yield await add_person("Asha@here", "Asha", PASSWORD, world.here.tenant_id, Role.OWNER, "bn")


async def enter(login: str = "Asha@here", password: str = PASSWORD, now: datetime = NOW) -> SignedIn:
    answer = await sign_in(login, password, "10.0.0.9", "Browser", now)
    assert isinstance(answer, SignedIn), answer
    return answer


async def refusal(login: str, password: str) -> Refusal | None:
    answer = await sign_in(login, password, "", "", NOW)
    return answer if isinstance(answer, Refusal) else None


async def seat(token: str, now: datetime = NOW) -> Seat:
    found = await seat_of(token, now)
    assert found is not None
    return found


async def test_name_and_password_open_a_session_for_the_tenant(world: World, asha: UUID) -> None:
    entered = await enter()
    assert (entered.viewer.person_id, entered.viewer.tenant_id) == (asha, world.here.tenant_id)
    assert (entered.viewer.role, entered.expires_at) == (Role.OWNER, NOW + SESSION_LONGEST)
    found = await seat(entered.token)
    assert found.viewer == entered.viewer
    assert (found.tenant_name, found.zone, found.language, found.theme) == (
        "Workshop here", "Asia/Kolkata", "bn", "system",
    )  # fmt: skip
    assert (found.has_workshop, found.has_pump) == (True, False)


@pytest.mark.parametrize("login", ["asha@here", "ASHA@HERE", "  Asha@here "])
async def test_a_login_is_known_however_it_is_written(asha: UUID, login: str) -> None:
    assert (await enter(login)).viewer.person_id == asha


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("Asha@here", "wrong"), ("Asha@here", ""), ("Asha@here", PASSWORD + " "), ("Asha@here", PASSWORD.upper()),
        ("nobody@here", PASSWORD), ("", PASSWORD), ("", ""), ("owner@here", "!"), ("owner@here", ""),
        ("Asha@here\x00", PASSWORD), ("Asha\n@here", PASSWORD), ("\ud800", PASSWORD), ("' OR 1=1 --", PASSWORD),
        ("%", PASSWORD), ("Asha@here", "\ud800"), ("Asha@here", "a\x00b"),
        ("a" * (LOGIN_CHARS_MAX + 1), PASSWORD), ("Asha@here", "é" * PASSWORD_CHARS_MAX),
        ("Asha@here", "x" * (PASSWORD_CHARS_MAX + 1)),
    ],
)  # fmt: skip
async def test_whatever_is_wrong_gets_the_same_answer(asha: UUID, login: str, password: str) -> None:
    assert await refusal(login, password) is WRONG
    assert await fetch("SELECT count(*) FROM web_session") == [(0,)]


async def test_an_unknown_name_costs_a_comparison_too(asha: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the time that the answer takes would say which names exist."""
    compared = []

    async def verify(password: str, hash_: str | None, *, known: bool) -> TryLater | tuple[bool, str | None]:
        compared.append(hash_ is None)
        return await passwords.verify(password, hash_, known=known)

    monkeypatch.setattr("actions.people.credentials.verify", verify)
    await refusal("nobody@here", PASSWORD)
    await refusal("Asha@here", "wrong")
    assert compared == [True, False]


@pytest.mark.parametrize(
    ("login", "password"),
    [("Asha@here", "wrong"), ("nobody@here", PASSWORD), ("a" * (LOGIN_CHARS_MAX + 1), PASSWORD), ("", "")],
)
async def test_no_refusal_comes_before_its_time_whatever_there_was_to_compare(
    asha: UUID, monkeypatch: pytest.MonkeyPatch, login: str, password: str
) -> None:
    monkeypatch.setattr(throttle, "REFUSED_AFTER_S", 0.2)
    began_s = time.monotonic()
    assert await refusal(login, password) is WRONG
    assert time.monotonic() - began_s >= 0.2


async def test_the_token_is_stored_as_a_hash_only(asha: UUID) -> None:
    token = (await enter()).token
    [(token_hash, address, agent)] = await fetch("SELECT token_hash, address, agent FROM web_session")
    assert token.encode() not in token_hash
    assert (len(token_hash), address, agent) == (32, "10.0.0.9", "Browser")
    assert len(token) >= 43  # 256 bits


async def test_an_agent_or_address_of_any_length_is_cut(asha: UUID) -> None:
    assert isinstance(await sign_in("Asha@here", PASSWORD, "1" * 500, "x" * 5_000, NOW), SignedIn)
    assert await fetch("SELECT length(address), length(agent) FROM web_session") == [(60, 200)]


async def test_a_suspended_person_is_told_so_only_after_the_right_password(asha: UUID) -> None:
    entered = await enter()
    await execute("UPDATE person SET suspended_at = :now WHERE id = :id", now=NOW, id=asha)
    assert await refusal("Asha@here", PASSWORD) is Refusal.SUSPENDED
    assert await refusal("Asha@here", "wrong") is WRONG
    assert await seat_of(entered.token, NOW) is None


async def test_a_person_without_a_tenant_can_not_enter(asha: UUID) -> None:
    entered = await enter()
    await execute("DELETE FROM membership WHERE person_id = :id", id=asha)
    assert await refusal("Asha@here", PASSWORD) is Refusal.SUSPENDED
    assert await seat_of(entered.token, NOW) is None


async def test_a_changed_role_holds_from_the_next_click(asha: UUID) -> None:
    token = (await enter()).token
    await execute("UPDATE membership SET role = 'staff' WHERE person_id = :id", id=asha)
    assert (await seat(token)).viewer.role is Role.STAFF


async def test_a_session_ends_when_it_is_not_used_for_a_week(asha: UUID) -> None:
    token = (await enter()).token
    assert await seat_of(token, NOW + SESSION_IDLE - timedelta(seconds=1)) is not None
    other = (await enter()).token
    assert await seat_of(other, NOW + SESSION_IDLE) is None


async def test_use_keeps_a_session_alive_until_its_longest(asha: UUID) -> None:
    token = (await enter()).token
    for days in range(0, SESSION_LONGEST.days, 5):
        assert await seat_of(token, NOW + timedelta(days=days)) is not None
    assert await seat_of(token, NOW + SESSION_LONGEST) is None


async def test_the_last_use_is_written_at_most_once_a_minute(asha: UUID) -> None:
    token = (await enter()).token
    for seconds, written in ((30, 0), (60, 0), (61, 61), (100, 61), (122, 122)):
        await seat(token, NOW + timedelta(seconds=seconds))
        assert await fetch("SELECT used_at FROM web_session") == [(NOW + timedelta(seconds=written),)]
    assert timedelta(minutes=1) == TOUCH_EVERY


async def test_signing_out_ends_this_session_and_no_other(asha: UUID) -> None:
    here, elsewhere = (await enter()).token, (await enter()).token
    for later in (NOW, NOW + timedelta(hours=1)):
        await sign_out(here, later)
    assert await seat_of(here, NOW) is None
    assert await seat_of(elsewhere, NOW) is not None
    assert await fetch("SELECT ended_at FROM web_session WHERE ended_at IS NOT NULL") == [(NOW,)]


@pytest.mark.parametrize("token", ["", "x", "é" * 100])
async def test_a_token_that_nobody_got_opens_nothing(asha: UUID, token: str) -> None:
    await enter()
    assert await seat_of(token, NOW) is None
    await sign_out(token, NOW)


async def test_a_bcrypt_password_from_elsewhere_works_once_more_and_becomes_argon2(asha: UUID) -> None:
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await execute("UPDATE person SET password_hash = :old WHERE id = :id", old=old, id=asha)
    assert await refusal("Asha@here", "wrong") is WRONG
    assert await fetch("SELECT password_hash FROM person WHERE id = :id", id=asha) == [(old,)]
    await enter()
    [(new,)] = await fetch("SELECT password_hash FROM person WHERE id = :id", id=asha)
    assert new.startswith("$argon2id$")
    await enter()


@pytest.mark.parametrize("password", ["x" * 100, "a\x00b", "é" * 40])
async def test_what_bcrypt_can_not_hash_is_a_wrong_password(asha: UUID, password: str) -> None:
    old = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    await execute("UPDATE person SET password_hash = :old WHERE id = :id", old=old, id=asha)
    assert await refusal("Asha@here", password) is WRONG


async def test_a_login_belongs_to_one_person_however_it_is_written(world: World, asha: UUID) -> None:
    with pytest.raises(IntegrityError):
        await add_person("ASHA@here", "Another", PASSWORD, world.there.tenant_id, Role.STAFF)


async def test_theme_and_language_are_remembered_one_by_one(asha: UUID) -> None:
    entered = await enter()
    await set_look(entered.viewer, "dark", None)
    assert [(s.theme, s.language) for s in [await seat(entered.token)]] == [("dark", "bn")]
    await set_look(entered.viewer, None, "hi")
    assert [(s.theme, s.language) for s in [await seat(entered.token)]] == [("dark", "hi")]
