"""Signing in by an outer provider, against a real one; and everything that could be wrong with what comes back."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from joserfc.jwk import RSAKey

from actions.people import Seat, cookies, seat_of
from actions.people.invitations import Invited, invite
from actions.people.oidc import LinkTicket, OuterIdentity, identities_of, link_identity, link_ticket
from api import oidc
from domain.access import Role
from tests.actions.accounts import HOME, NOW, PASSWORD, add, enter, seated, switch_on_second_factor
from tests.api.doors import HOST, client
from tests.api.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, provider_for
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
CALLBACK = f"{HOST}/sign-in/oidc/callback"
AWAY = "/sign-in?done=away"


@dataclass
class Way:
    """A browser in front of PitPilot and its provider."""

    provider: OpenIdProvider
    browser: AsyncClient
    app: FastAPI

    async def leave(self, **query: str) -> str:
        """Where PitPilot sends the browser."""
        answer = await self.browser.get("/sign-in/oidc", params=query)
        assert answer.status_code in (302, 303)
        return answer.headers["location"]

    async def at_provider(self, location: str) -> str:
        """Where the provider sends it back to."""
        async with AsyncClient() as outside:
            answer = await outside.get(location)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def go(self, **query: str) -> httpx.Response:
        """There and back."""
        return await self.browser.get(await self.at_provider(await self.leave(**query)))

    async def seat(self) -> Seat | None:
        return await seat_of(self.browser.cookies.get(cookies.SESSION) or "", NOW)


@pytest.fixture
async def way(world: World) -> AsyncIterator[Way]:
    app = FastAPI()
    async with provider_for(CALLBACK) as provider, client(app) as browser:
        oidc.mount(app, oidc.Provider(provider.issuer, CLIENT_ID, CLIENT_SECRET))
        yield Way(provider, browser, app)


@pytest.fixture
async def asha(world: World, way: Way) -> Seat:
    """An owner whose account of the provider is linked."""
    await add(world.here, Role.OWNER, "asha@here")
    seat = await seated("asha@here")
    await link_identity(seat, OuterIdentity(way.provider.issuer, "sub-1"), NOW)
    return seat


async def test_a_linked_account_signs_in_and_goes_on_to_where_it_was_going(way: Way, asha: Seat) -> None:
    answer = await way.go(next="/alerts")
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts")
    seat = await way.seat()
    assert seat is not None and seat.viewer.person_id == asha.viewer.person_id
    set_cookies = answer.headers.get_list("set-cookie")
    session = next(one for one in set_cookies if one.startswith(cookies.SESSION))
    assert "HttpOnly" in session and "SameSite=lax" in session
    assert any(one.startswith(cookies.DEVICE) for one in set_cookies)
    assert oidc.STATE_COOKIE not in way.browser.cookies


async def test_the_provider_is_asked_with_state_nonce_and_a_challenge(way: Way) -> None:
    asked = parse_qs(urlsplit(await way.leave()).query)
    assert asked["redirect_uri"] == [CALLBACK]
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    assert all(len(asked[name][0]) >= 20 for name in ("state", "nonce", "code_challenge"))


async def test_an_unlinked_account_is_told_so_and_nobody_is_signed_in(way: Way, world: World) -> None:
    await add(world.here, Role.OWNER, "asha@here")  # the provider says this very mail address
    answer = await way.go()
    assert answer.headers["location"] == "/sign-in?done=unlinked"
    assert await way.seat() is None


async def test_our_second_factor_is_asked_for_next(way: Way, asha: Seat) -> None:
    await switch_on_second_factor(asha)
    answer = await way.go(next="/alerts")
    assert answer.headers["location"] == "/sign-in/code?next=%2Falerts"
    assert cookies.SECOND_STEP in way.browser.cookies
    assert await way.seat() is None


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"])
async def test_it_never_goes_on_to_another_site(way: Way, asha: Seat, next_path: str) -> None:
    assert (await way.go(next=next_path)).headers["location"] == "/"


# What comes back wrong

WRONG: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "somebody else"},
    "another nonce": lambda claims: {**claims, "nonce": "replayed"},
    "expired": lambda claims: {**claims, "exp": int(time.time()) - 600},
    "without a subject": lambda claims: {k: v for k, v in claims.items() if k != "sub"},
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
async def test_an_id_token_that_is_not_for_us_and_now_opens_nothing(
    way: Way, asha: Seat, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    way.provider.spoil = spoil
    assert (await way.go()).headers["location"] == AWAY
    assert await way.seat() is None


async def test_an_id_token_that_somebody_else_signed_opens_nothing(way: Way, asha: Seat) -> None:
    way.provider.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    assert (await way.go()).headers["location"] == AWAY
    assert await way.seat() is None


async def test_an_answer_in_another_browser_opens_nothing(way: Way, asha: Seat) -> None:
    """Somebody sends a victim the address with their own code, to have them signed in as themselves."""
    back = await way.at_provider(await way.leave())
    async with client(way.app) as victim:
        assert (await victim.get(back)).headers["location"] == AWAY
        assert cookies.SESSION not in victim.cookies


async def test_an_answer_with_another_state_or_a_code_used_before_opens_nothing(way: Way, asha: Seat) -> None:
    back = await way.at_provider(await way.leave())
    assert (await way.browser.get(back.replace("state=", "state=x"))).headers["location"] == AWAY
    await way.go()
    assert (await way.browser.get(back)).headers["location"] == AWAY


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x", "?error=access_denied&state=x", "?code=a&code=b&state=%00"]
)
async def test_nonsense_at_the_way_back_opens_nothing(way: Way, asha: Seat, query: str) -> None:
    await way.leave()
    assert (await way.browser.get(f"/sign-in/oidc/callback{query}")).headers["location"] == AWAY


async def test_while_the_provider_is_down_the_sign_in_says_so(way: Way) -> None:
    way.provider.is_down = True
    assert await way.leave(next="/alerts") == "/sign-in?done=away&next=%2Falerts"
    way.provider.is_down = False
    assert (await way.leave()).startswith(way.provider.issuer)


# Invitations and linking


async def test_an_invitation_is_accepted_with_an_outer_account(way: Way, world: World) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", "", NOW)
    assert isinstance(made, Invited)
    way.provider.person = {"sub": "sub-2", "name": "Bina Das", "email": "bina@mail.example"}
    assert (await way.go(invitation=made.token)).headers["location"] == "/"
    seat = await way.seat()
    assert seat is not None and (seat.viewer.name, seat.viewer.role) == ("Bina Das", Role.STAFF)
    assert (await way.go(invitation=made.token)).headers["location"] == f"/invitation/{made.token}"


async def test_whoever_has_an_account_is_led_to_join_with_it(way: Way, world: World, asha: Seat) -> None:
    made = await invite(world.there.owner, Role.STAFF, "Asha", "", NOW)
    assert isinstance(made, Invited)
    location = (await way.go(invitation=made.token)).headers["location"]
    assert location.startswith("/sign-in?done=identity_taken&next=%2Finvitation%2F")


async def ticket_of(seat: Seat) -> str:
    made = await link_ticket(seat, PASSWORD, HOME, NOW)
    assert isinstance(made, LinkTicket)
    return made.token


async def test_the_own_account_is_linked_from_its_own_page_only(way: Way, world: World) -> None:
    await add(world.here, Role.STAFF, "bina@here")
    token = (await enter("bina@here")).token
    bina = await seat_of(token, NOW)
    assert bina is not None
    for ticket in ("yes", await ticket_of(await seated("bina@here"))):
        way.browser.cookies.set(cookies.SESSION, token)
        assert (await way.go(link=ticket)).headers["location"] == AWAY
    assert await identities_of(bina) == []
    assert (await way.go(link=await ticket_of(bina))).headers["location"] == "/account?done=linked"
    assert [row.subject for row in await identities_of(bina)] == ["sub-1"]
