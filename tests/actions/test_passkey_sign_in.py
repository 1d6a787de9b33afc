"""Passkeys by the protocol: what a software authenticator answers opens the account; no other answer does."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from actions.people import Seat, SecondStep, SignedIn, seat_of, sign_in
from actions.people.housekeeping import sweep
from actions.people.passkey_answers import CHALLENGE_LASTS, Asked
from actions.people.passkey_sign_in import ask_as_second_step, ask_for_passkey, may_use_passkey
from actions.people.passkeys import passkeys_of, remove_passkey
from domain.access import Role
from domain.refusals import Refusal, TryLater
from domain.throttling import ADDRESS
from tests.actions.accounts import ELSEWHERE, HOME, LATER, NOW, PASSWORD, add, seated, switch_on_second_factor, trail
from tests.actions.passkeys import ELSEWHERE_RP, RP, ask, authenticator, come_in, with_passkey
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


async def test_a_passkey_opens_the_account_that_it_was_made_for_without_name_password_or_code(
    asha: Seat, world: World
) -> None:
    own = await with_passkey(asha)
    await switch_on_second_factor(asha)
    asked = await ask()
    assert "allowCredentials" not in asked.options or json.loads(asked.options)["allowCredentials"] == []
    answer = await come_in(asked.ticket, own.use(asked.options))
    assert isinstance(answer, SignedIn)
    seat = await seat_of(answer.token, NOW)
    assert seat is not None and seat.viewer == asha.viewer
    assert (await trail(world.here))[-3:] == ["add_passkey", "switch_on_second_factor", "sign_in"]
    [row] = await passkeys_of(asha)
    assert (row.name, row.rp_id, row.used_at) == ("Phone", RP.id, NOW)


WRONG: dict[str, Callable[[Authenticator], Authenticator]] = {
    "another origin": lambda own: replace(own, origin="https://evil.example"),
    "another port": lambda own: replace(own, origin=RP.origin + ":8443"),
    "without TLS": lambda own: replace(own, origin="http://pits.example.com"),
    "another host's passkey": lambda own: replace(own, host="evil.example"),
    "no finger, face or PIN": lambda own: replace(own, verifies=False),
    "another key": lambda own: replace(own, key=authenticator().key),
    "another person's handle": lambda own: replace(own, user=b"x" * 16),
    "a passkey that nobody stored": lambda own: replace(own, credential_id=b"x" * 32),
    "a copy that counts from the beginning": lambda own: replace(own, count=-1),
}


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG.keys())
async def test_an_answer_that_is_wrong_in_one_thing_opens_nothing(
    asha: Seat, spoil: Callable[[Authenticator], Authenticator]
) -> None:
    own = await with_passkey(asha)
    for _ in range(2):
        asked = await ask()
        assert isinstance(await come_in(asked.ticket, own.use(asked.options)), SignedIn)
    asked = await ask()
    assert await come_in(asked.ticket, spoil(own).use(asked.options)) is Refusal.PASSKEY_REFUSED
    assert [row.used_at for row in await passkeys_of(asha)] == [NOW]


async def test_an_answer_works_once_and_a_wrong_one_uses_the_question_up(asha: Seat) -> None:
    own, asked = await with_passkey(asha), await ask()
    answer = own.use(asked.options)
    assert isinstance(await come_in(asked.ticket, answer), SignedIn)
    assert await come_in(asked.ticket, answer) is Refusal.PASSKEY_EXPIRED
    another = await ask()
    assert await come_in(another.ticket, answer) is Refusal.PASSKEY_REFUSED
    assert await come_in(another.ticket, own.use(another.options)) is Refusal.PASSKEY_EXPIRED


async def test_of_one_answer_sent_twice_at_once_one_opens(asha: Seat) -> None:
    own, asked = await with_passkey(asha), await ask()
    answer = own.use(asked.options)
    answers = await asyncio.gather(*(come_in(asked.ticket, answer) for _ in range(4)))
    assert sum(isinstance(each, SignedIn) for each in answers) == 1


async def test_a_question_is_open_for_a_few_minutes_and_then_forgotten(asha: Seat) -> None:
    own, asked = await with_passkey(asha), await ask()
    late = NOW + CHALLENGE_LASTS
    assert await come_in(asked.ticket, own.use(asked.options), late) is Refusal.PASSKEY_EXPIRED
    await ask()
    await sweep(late + timedelta(seconds=1))
    assert await fetch("SELECT count(*) FROM passkey_challenge") == [(0,)]


async def test_a_passkey_that_does_not_count_may_go_on_not_counting(asha: Seat) -> None:
    own = await with_passkey(asha)
    own.step = 0
    for _ in range(2):
        asked = await ask()
        assert isinstance(await come_in(asked.ticket, own.use(asked.options)), SignedIn)


async def test_a_removed_passkey_opens_nothing_any_more(asha: Seat, world: World) -> None:
    own = await with_passkey(asha)
    [row] = await passkeys_of(asha)
    asked = await ask()
    assert await remove_passkey(asha, row.id, NOW) is None
    assert await come_in(asked.ticket, own.use(asked.options)) is Refusal.PASSKEY_REFUSED
    assert await remove_passkey(asha, row.id, NOW) is Refusal.NOT_FOUND
    assert (await trail(world.here))[-1] == "remove_passkey"


async def test_whoever_is_suspended_does_not_come_in_by_passkey_either(asha: Seat) -> None:
    own, asked = await with_passkey(asha), await ask()
    await execute("UPDATE person SET suspended_at = :now WHERE login = 'asha@here'", now=NOW)
    assert await come_in(asked.ticket, own.use(asked.options)) is Refusal.SUSPENDED


async def test_an_address_that_asks_and_never_answers_has_to_wait_and_a_right_answer_clears_it(asha: Seat) -> None:
    own = await with_passkey(asha)
    asked = [await ask() for _ in range(ADDRESS.free)]
    assert isinstance(await come_in(asked[0].ticket, own.use(asked[0].options)), SignedIn)
    for _ in range(ADDRESS.free):
        await ask()
    assert isinstance(await ask_for_passkey(RP, HOME, NOW), TryLater)
    assert isinstance(await ask_for_passkey(RP, ELSEWHERE, NOW), Asked)


# As the second step


async def step_of(login: str) -> str:
    step = await sign_in(login, PASSWORD, HOME, "Browser", LATER)
    assert isinstance(step, SecondStep), step
    return step.ticket


async def test_after_the_password_a_passkey_stands_for_the_code(asha: Seat) -> None:
    own = await with_passkey(asha)
    await switch_on_second_factor(asha)
    step = await step_of("asha@here")
    assert await may_use_passkey(step, RP, LATER)
    asked = await ask_as_second_step(step, RP, LATER)
    assert isinstance(asked, Asked) and len(json.loads(asked.options)["allowCredentials"]) == 1
    assert isinstance(await come_in(asked.ticket, own.use(asked.options), LATER), SignedIn)


async def test_after_the_password_of_one_the_passkey_of_another_opens_nothing(asha: Seat, bina: Seat) -> None:
    await with_passkey(asha)
    others = await with_passkey(bina)
    await switch_on_second_factor(asha)
    asked = await ask_as_second_step(await step_of("asha@here"), RP, LATER)
    assert isinstance(asked, Asked)
    assert await come_in(asked.ticket, others.use(asked.options), LATER) is Refusal.PASSKEY_REFUSED


async def test_without_the_password_there_is_no_question_for_the_second_step(asha: Seat) -> None:
    await with_passkey(asha)
    await switch_on_second_factor(asha)
    assert await ask_as_second_step("made.up.ticket", RP, LATER) is Refusal.SECOND_STEP_EXPIRED
    step = await step_of("asha@here")
    assert await ask_as_second_step(step, ELSEWHERE_RP, LATER) is Refusal.NOT_FOUND
    assert not await may_use_passkey(step, ELSEWHERE_RP, LATER)
    await execute("UPDATE person SET password_changed_at = :now WHERE login = 'asha@here'", now=LATER)
    assert await ask_as_second_step(step, RP, LATER) is Refusal.SECOND_STEP_EXPIRED
