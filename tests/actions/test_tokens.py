"""Tokens for phones: short access, rotating refresh, and a copied token ends the session for both hands."""

from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from actions import keys
from actions.people import Seat, seat_of, sign_out
from actions.people.members import suspend_person
from actions.people.seats import SESSION_IDLE, Door
from actions.people.second_factor import RECOVERY_CODES
from actions.people.sessions import sessions_of, switch_tenant
from actions.people.tokens import ACCESS_LASTS, PhoneTokens, refresh, sign_in_phone
from domain.access import ALL_SCOPES, Intent, Role, Scope
from domain.refusals import Refusal
from tests.actions.accounts import HOME, LATER, NOW, PASSWORD, add, seated, switch_on_second_factor, trail
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
async def bina(world: World) -> None:
    await add(world.here, Role.STAFF, "bina@here")


async def phone(code: str = "", scopes: frozenset[Scope] = ALL_SCOPES) -> PhoneTokens:
    answer = await sign_in_phone("bina@here", PASSWORD, code, HOME, "App/1", NOW, scopes=scopes)
    assert isinstance(answer, PhoneTokens), answer
    return answer


async def renewed(tokens: PhoneTokens, after: timedelta = timedelta(minutes=1)) -> PhoneTokens:
    answer = await refresh(tokens.refresh, NOW + after)
    assert isinstance(answer, PhoneTokens), answer
    return answer


async def test_an_access_token_opens_for_ten_minutes_and_a_refresh_token_gives_the_next_one(bina: None) -> None:
    first = await phone()
    seat = await seat_of(first.access, NOW + ACCESS_LASTS - timedelta(seconds=1))
    assert seat is not None and (seat.door, seat.viewer.role) == (Door.PHONE, Role.STAFF)
    assert await seat_of(first.access, NOW + ACCESS_LASTS) is None
    second = await renewed(first, ACCESS_LASTS)
    assert await seat_of(second.access, NOW + ACCESS_LASTS) is not None
    assert second.refresh != first.refresh
    assert second.refresh_expires_at == first.refresh_expires_at


async def test_a_refresh_token_that_is_shown_twice_ends_the_session_for_everybody(bina: None, world: World) -> None:
    stolen = await phone()
    thief = await renewed(stolen)
    assert await refresh(stolen.refresh, NOW) is Refusal.REFRESH_REUSED
    assert await seat_of(thief.access, NOW) is None
    assert await refresh(thief.refresh, NOW) is Refusal.SUSPENDED
    assert (await trail(world.here))[-1] == "end_session_with_copied_tokens"


async def test_other_sessions_of_the_person_go_on(bina: None) -> None:
    other, stolen = await phone(), await phone()
    await renewed(stolen)
    await refresh(stolen.refresh, NOW)
    assert await seat_of(other.access, NOW) is not None


async def test_an_access_token_is_refused_at_once_when_its_person_is_suspended(bina: None, world: World) -> None:
    tokens = await phone()
    assert await suspend_person(world.here.owner, tokens.viewer.person_id, NOW) is None
    assert await seat_of(tokens.access, NOW) is None
    assert await refresh(tokens.refresh, NOW) is Refusal.SUSPENDED


@pytest.mark.parametrize("by", ["access", "refresh"])
async def test_signing_out_ends_the_session_of_an_access_token(bina: None, by: str) -> None:
    tokens = await phone()
    await sign_out(getattr(tokens, by), NOW)
    is_out = await seat_of(tokens.access, NOW) is None
    assert is_out is (by == "access")  # a refresh token is for refreshing only


async def test_a_session_that_is_not_used_for_a_week_is_not_refreshed(bina: None) -> None:
    tokens = await phone()
    assert await refresh(tokens.refresh, NOW + SESSION_IDLE) is Refusal.SUSPENDED
    for _ in range(4):
        tokens = await renewed(tokens, timedelta(0))
    assert await refresh(tokens.refresh, tokens.refresh_expires_at) is Refusal.LINK_EXPIRED
    assert await refresh("made up", NOW) is Refusal.LINK_UNKNOWN


async def test_a_phone_is_among_the_sessions_of_its_person(bina: None) -> None:
    tokens = await phone()
    seat: Seat = await seated("bina@here")
    assert {(row.door, row.agent) for row in await sessions_of(seat, NOW)} == {
        (Door.WEB, "Browser"), (Door.PHONE, "App/1"),
    }  # fmt: skip
    assert tokens.device


async def test_tokens_reach_no_further_than_their_scopes(bina: None) -> None:
    tokens = await phone(scopes=frozenset({Scope.READ}))
    for each in (tokens, await renewed(tokens)):
        seat = await seat_of(each.access, NOW + timedelta(minutes=1))
        assert seat is not None
        assert seat.viewer.may(Intent.SEE_PITS) and not seat.viewer.may(Intent.ACKNOWLEDGE_ALERT)
        assert not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT)


async def test_a_second_factor_is_asked_for_in_the_same_breath(bina: None) -> None:
    app, codes = await switch_on_second_factor(await seated("bina@here"))
    assert len(codes) == RECOVERY_CODES
    for code, answer in (("", Refusal.CODE_NEEDED), ("000000", Refusal.WRONG_CODE)):
        assert await sign_in_phone("bina@here", PASSWORD, code, HOME, "", LATER) is answer
    assert isinstance(await sign_in_phone("bina@here", PASSWORD, app.code(LATER), HOME, "", LATER), PhoneTokens)
    assert await sign_in_phone("bina@here", "wrong", app.code(LATER), HOME, "", LATER) is Refusal.WRONG_CREDENTIALS


async def test_a_token_made_for_one_tenant_does_nothing_in_another(bina: None, world: World) -> None:
    tokens = await phone()
    await execute(
        "INSERT INTO membership (tenant_id, person_id, role, created_at) VALUES (:tenant, :person, 'owner', :now)",
        tenant=world.there.tenant_id, person=tokens.viewer.person_id, now=NOW,
    )  # fmt: skip
    seat = await seat_of(tokens.access, NOW)
    assert seat is not None
    assert await switch_tenant(seat, world.there.tenant_id, NOW) is None
    assert await seat_of(tokens.access, NOW) is None
    assert (await renewed(tokens)).viewer.tenant_id == world.there.tenant_id


async def test_only_what_we_signed_for_this_purpose_is_an_access_token(bina: None) -> None:
    tokens = await phone()
    key = OctKey.import_key(keys.key("access tokens"))
    claims = jwt.decode(tokens.access, key, algorithms=["HS256"]).claims
    header, body, signature = tokens.access.split(".")
    foreign = OctKey.import_key(keys.key("second steps of signing in"))
    endless = {name: value for name, value in claims.items() if name != "exp"}
    for made_up in (
        f"{header}.{body}.{'A' * len(signature)}",
        f"{header}.{body}.",
        jwt.encode({"alg": "HS256"}, claims, foreign),
        jwt.encode({"alg": "HS256"}, endless, key),
        jwt.encode({"alg": "HS256"}, {**claims, "iss": "elsewhere"}, key),
        "eyJhbGciOiJub25lIn0." + body + ".",
        tokens.refresh,
    ):
        assert await seat_of(made_up, NOW) is None


async def test_a_phones_session_has_no_token_that_opens_pages(bina: None) -> None:
    await phone()
    [(kind, scopes)] = await fetch("SELECT kind, scopes FROM web_session")
    assert (kind, set(scopes)) == ("phone", set(Scope))
