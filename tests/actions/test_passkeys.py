"""Passkeys are made and removed by their person only, and what is no answer does no harm."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.people import Seat
from actions.people.oidc import OuterIdentity, link_identity, unlink_identity
from actions.people.passkey_answers import credential_of
from actions.people.passkeys import PASSKEYS_MAX, add_passkey, begin_passkey, passkeys_of, remove_passkey
from domain.access import Role
from domain.refusals import Refusal
from domain.ways import Way
from tests.actions.accounts import HOME, NOW, PASSWORD, add, seated
from tests.actions.passkeys import RP, ask, authenticator, begin, come_in, with_passkey
from tests.actions.posting import give_channel
from tests.actions.senders import execute, fetch
from tests.authenticator import Authenticator
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


@pytest.fixture
async def bina(world: World) -> Seat:
    await add(world.there, Role.STAFF, "bina@there")
    return await seated("bina@there")


async def test_to_make_one_shows_the_password_again(asha: Seat) -> None:
    assert await begin_passkey(asha, "wrong", RP, HOME, NOW) is Refusal.WRONG_CREDENTIALS
    assert await fetch("SELECT count(*) FROM passkey_challenge") == [(0,)]


SPOILT: dict[str, Callable[[Authenticator], Authenticator]] = {
    "another origin": lambda own: replace(own, origin="https://evil.example"),
    "another host": lambda own: replace(own, host="evil.example"),
    "no finger, face or PIN": lambda own: replace(own, verifies=False),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
async def test_one_that_was_made_wrong_is_not_stored(
    asha: Seat, spoil: Callable[[Authenticator], Authenticator]
) -> None:
    asked = await begin(asha)
    made = spoil(authenticator()).make(asked.options)
    assert await add_passkey(asha, asked.ticket, made, "Phone", RP, NOW) is Refusal.PASSKEY_REFUSED
    assert await passkeys_of(asha) == []


async def test_what_one_was_asked_another_can_not_answer(asha: Seat, bina: Seat) -> None:
    asked = await begin(asha)
    made = authenticator().make(asked.options)
    assert await add_passkey(bina, asked.ticket, made, "Phone", RP, NOW) is Refusal.PASSKEY_EXPIRED
    assert await add_passkey(asha, asked.ticket, made, "Phone", RP, NOW) is Refusal.PASSKEY_EXPIRED
    to_sign_in = await ask()
    assert await add_passkey(asha, to_sign_in.ticket, made, "Phone", RP, NOW) is Refusal.PASSKEY_EXPIRED
    assert await passkeys_of(asha) == await passkeys_of(bina) == []


async def test_a_question_to_make_one_signs_nobody_in(asha: Seat) -> None:
    own, asked = await with_passkey(asha), await begin(asha)
    options = json.dumps({**json.loads(asked.options), "rpId": RP.id})
    assert await come_in(asked.ticket, own.use(options)) is Refusal.PASSKEY_EXPIRED


async def test_their_person_is_told_of_each_by_every_way_that_reaches_them(asha: Seat) -> None:
    await give_channel(asha.viewer, Way.WEBHOOK, "https://hooks.example.com/asha")
    await with_passkey(asha, "Phone")
    assert await fetch("SELECT reason, facts ->> 'passkey' FROM message") == [("passkey_added", "Phone")]


async def test_what_is_stored_already_is_not_stored_for_somebody_else(asha: Seat, bina: Seat) -> None:
    own, asked = await with_passkey(asha), await begin(bina)
    made = own.make(asked.options)
    assert await add_passkey(bina, asked.ticket, made, "Mine now", RP, NOW) is Refusal.PASSKEY_KNOWN
    assert len(await passkeys_of(asha)) == 1


async def test_browsers_are_told_which_they_have_and_there_is_a_most(asha: Seat) -> None:
    for n in range(PASSKEYS_MAX):
        await with_passkey(asha, f"Key {n}")
        if n == 1:
            assert len(json.loads((await begin(asha)).options)["excludeCredentials"]) == 2
    assert await begin_passkey(asha, PASSWORD, RP, HOME, NOW) is Refusal.TOO_MANY


@pytest.mark.parametrize(
    ("name", "fault"), [(" ", Refusal.EMPTY), ("\x00", Refusal.EMPTY), ("x" * 61, Refusal.TOO_LONG)]
)
async def test_a_name_that_no_page_could_show_is_refused(asha: Seat, name: str, fault: Refusal) -> None:
    asked = await begin(asha)
    assert await add_passkey(asha, asked.ticket, authenticator().make(asked.options), name, RP, NOW) is fault


async def test_nobody_removes_anothers_and_the_last_way_in_stays(asha: Seat, bina: Seat) -> None:
    await with_passkey(asha)
    [row] = await passkeys_of(asha)
    assert await remove_passkey(bina, row.id, NOW) is Refusal.NOT_FOUND
    await execute("UPDATE person SET password_hash = '!' WHERE login = 'asha@here'")
    assert await remove_passkey(asha, row.id, NOW) is Refusal.LAST_WAY_IN
    assert await link_identity(asha, OuterIdentity("https://id.example", "1", "", ""), NOW) is None
    assert await unlink_identity(asha, "https://id.example", "1", NOW) is None
    assert await link_identity(asha, OuterIdentity("https://id.example", "1", "", ""), NOW) is None
    assert await remove_passkey(asha, row.id, NOW) is None
    assert await unlink_identity(asha, "https://id.example", "1", NOW) is Refusal.LAST_WAY_IN


# Nonsense

ANY_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    "nonsense", ["", "null", "[]", "{", '{"rawId": 1}', '{"rawId": "é"}', "[" * 5_000, "x" * 9_000]
)
async def test_nonsense_for_an_answer_opens_nothing(asha: Seat, nonsense: str) -> None:
    await with_passkey(asha)
    assert await come_in((await ask()).ticket, nonsense) is Refusal.PASSKEY_REFUSED
    asked = await begin(asha)
    assert await add_passkey(asha, asked.ticket, nonsense, "Phone", RP, NOW) is Refusal.PASSKEY_REFUSED


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature", "userHandle"]), junk=ANY_JSON)
async def test_any_part_of_an_answer_may_be_anything(asha: Seat, part: str, junk: object) -> None:
    own = authenticator()
    if not await passkeys_of(asha):
        own = await with_passkey(asha)
    await execute("DELETE FROM throttle")
    asked = await ask()
    said = json.loads(own.use(asked.options))
    said["response"][part] = junk
    answer = await come_in(asked.ticket, json.dumps(said))
    assert answer is Refusal.PASSKEY_REFUSED or (part == "userHandle" and junk is None)


@given(ANY_JSON)
def test_any_json_may_be_asked_which_passkey_it_is_of(said: object) -> None:
    assert credential_of(json.dumps(said)) is None or isinstance(credential_of(json.dumps(said)), bytes)
