"""The pages of passkeys, with a software authenticator in place of the browser's: signing in, the second step, the own
account; and where browsers keep none.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest

from actions.people import Seat, cookies, seat_of
from actions.people.passkey_answers import Asked
from actions.people.passkeys import add_passkey, begin_passkey, passkeys_of
from domain.relying_party import RelyingParty
from tests.authenticator import Authenticator
from tests.conftest import World
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import Answer, fill, forget, get, is_signed_in, one, post, press, see, until, with_second_step
from ui import guard, passkeys

RP = RelyingParty("localhost", "http://localhost:8080")
PATH, ANSWER = "/sign-in/passkey", "/sign-in/passkey/answer"


@pytest.fixture
def at_localhost(visitor: Visitor) -> Visitor:
    """Browsers reach us by a name that they keep passkeys for."""
    passkeys.install(public_url=RP.origin)
    return visitor


@pytest.fixture
async def asha(at_localhost: Visitor, world: World) -> Seat:
    """The owner, signed in."""
    await at_localhost.sign_in_as(world.here.owner)
    return await seat(at_localhost)


async def seat(visitor: Visitor) -> Seat:
    found = await seat_of(visitor.user.http_client.cookies[guard.COOKIE], datetime.now(UTC))
    assert found is not None
    return found


async def with_passkey(seat: Seat) -> Authenticator:
    own, now = Authenticator(RP.origin), datetime.now(UTC)
    asked = await begin_passkey(seat, PASSWORD, RP, "", now)
    assert isinstance(asked, Asked), asked
    await add_passkey(seat, asked.ticket, own.make(asked.options), "Phone", RP, now)
    return own


def options_of(page: Answer) -> str:
    found = re.search(r'data-passkey="([^"]*)"', page.text)
    assert found, page.said
    return unescape(found[1])


async def test_the_sign_in_offers_a_passkey_and_one_opens_the_page_that_was_asked_for(
    at_localhost: Visitor, asha: Seat
) -> None:
    own = await with_passkey(asha)
    forget(at_localhost)
    assert "Sign in with a passkey" in (await get(at_localhost, "/sign-in?next=/alerts")).said
    page = await post(at_localhost, PATH, next="/alerts")
    assert page.status == 200 and "finger" in page.said
    answer = await post(at_localhost, ANSWER, next="/alerts", answer=own.use(options_of(page)))
    assert answer.to == "/alerts"
    assert is_signed_in(at_localhost)
    assert cookies.PASSKEY not in at_localhost.user.http_client.cookies


async def test_a_wrong_answer_is_told_and_can_be_tried_again(at_localhost: Visitor, asha: Seat) -> None:
    own = await with_passkey(asha)
    forget(at_localhost)
    page = await post(at_localhost, PATH)
    refused = await post(at_localhost, ANSWER, answer=replace(own, verifies=False).use(options_of(page)))
    assert refused.status == 403 and "This passkey opens nothing here" in refused.said
    assert not is_signed_in(at_localhost)
    used_up = await post(at_localhost, ANSWER, answer=own.use(options_of(page)))
    assert "was answered already" in used_up.said


async def test_an_answer_from_another_browser_or_another_site_opens_nothing(at_localhost: Visitor, asha: Seat) -> None:
    own = await with_passkey(asha)
    forget(at_localhost)
    page = await post(at_localhost, PATH)
    answer = own.use(options_of(page))
    evil = {"origin": "https://evil.example"}
    foreign = await at_localhost.user.http_client.post(ANSWER, data={"answer": answer}, headers=evil)
    assert foreign.status_code == 403
    at_localhost.user.http_client.cookies.delete(cookies.PASSKEY)
    assert "was answered already" in (await post(at_localhost, ANSWER, answer=answer)).said
    assert not is_signed_in(at_localhost)


async def test_after_the_password_the_code_or_a_passkey_will_do(at_localhost: Visitor, world: World) -> None:
    await with_second_step(at_localhost, world.here.owner)
    await at_localhost.sign_in_as(world.here.owner)
    own = await with_passkey(await seat(at_localhost))
    forget(at_localhost)
    login = {"login": "owner@here", "password": PASSWORD, "next": "/alerts"}
    assert (await post(at_localhost, "/sign-in", **login)).to == "/sign-in/code?next=%2Falerts"
    assert "Use a passkey instead" in (await get(at_localhost, "/sign-in/code?next=/alerts")).said
    page = await post(at_localhost, PATH, step="yes", next="/alerts")
    assert (await post(at_localhost, ANSWER, next="/alerts", answer=own.use(options_of(page)))).to == "/alerts"
    assert is_signed_in(at_localhost)


async def test_who_has_no_passkey_is_offered_none_after_the_password(at_localhost: Visitor, world: World) -> None:
    await with_second_step(at_localhost, world.here.owner)
    await post(at_localhost, "/sign-in", login="owner@here", password=PASSWORD)
    assert "passkey" not in (await get(at_localhost, "/sign-in/code")).said
    forget(at_localhost)
    assert (await post(at_localhost, PATH, step="yes")).to == "/sign-in?done=late"


async def test_where_browsers_keep_no_passkeys_none_is_offered_and_the_account_says_why(
    visitor: Visitor, world: World
) -> None:
    passkeys.install(public_url="http://192.168.1.5:8080")
    assert "passkey" not in (await get(visitor, "/sign-in")).said
    refused = await post(visitor, PATH)
    assert refused.status == 403 and "https addresses only" in refused.said
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/account")
    await see(visitor, "Browsers keep passkeys for https addresses only. Ask who runs this PitPilot for one.")


async def test_one_is_made_listed_and_removed_on_the_own_accounts_page(
    at_localhost: Visitor, asha: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Authenticator(RP.origin)

    async def browser(options: str) -> tuple[str, str]:
        return own.make(options), ""

    monkeypatch.setattr(passkeys, "make", browser)
    await at_localhost.user.open("/account")
    await press(at_localhost, "Add a passkey")
    await see(at_localhost, "Your browser makes it")
    await fill(at_localhost, "Name", "Ravi's phone")
    await fill(at_localhost, "Password", "wrong")
    await press(at_localhost, "Go on")
    await see(at_localhost, "This is not your password. Try again.")
    await fill(at_localhost, "Password", PASSWORD)
    await press(at_localhost, "Go on")
    await see(at_localhost, "Ravi's phone opens your account from now on.")
    [row] = await passkeys_of(asha)
    assert row.name == "Ravi's phone"
    await see(at_localhost, "Another passkey")
    await press(at_localhost, "Remove")
    await see(at_localhost, "Remove Ravi's phone?")
    await press(at_localhost, "Remove")

    async def is_gone() -> bool:
        return await one("SELECT count(*) FROM passkey") == 0

    await until(is_gone)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("cancelled", "Nothing was made"),
        ("known", "This device has a passkey for you here already."),
        ("impossible", "Try another browser or device."),
    ],
)
async def test_a_browser_that_makes_none_is_told_of(
    at_localhost: Visitor, asha: Seat, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    async def browser(*_: Any) -> tuple[str, str]:
        return "", fault

    monkeypatch.setattr(passkeys, "make", browser)
    await at_localhost.user.open("/account")
    await press(at_localhost, "Add a passkey")
    await see(at_localhost, "Your browser makes it")
    await fill(at_localhost, "Name", "Phone")
    await fill(at_localhost, "Password", PASSWORD)
    await press(at_localhost, "Go on")
    await see(at_localhost, said)
    assert await passkeys_of(asha) == []
