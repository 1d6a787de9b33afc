"""The second factor: no code works twice, a lost telephone has a way back, and what is stored gives nothing away."""

from datetime import timedelta

import pytest

from actions import keys
from actions.people import Seat, SecondStep, SignedIn, enter_code, sign_in
from actions.people.profile import change_password, profile
from actions.people.second_factor import (
    RECOVERY_CODES,
    SECRET_PURPOSE,
    Enrolment,
    begin_second_factor,
    confirm_second_factor,
    end_second_factor,
    new_recovery_codes,
)
from domain.access import Role
from domain.refusals import Refusal, TryLater
from tests.actions.accounts import ELSEWHERE, HOME, LATER, NOW, PASSWORD, add, seated, switch_on_second_factor, trail
from tests.actions.senders import execute, fetch
from tests.conftest import SECRET, World

pytestmark = pytest.mark.usefixtures("quick_hashes")
STEP = timedelta(seconds=30)


@pytest.fixture
async def asha(world: World) -> Seat:
    await add(world.here, Role.OWNER, "asha@here")
    return await seated("asha@here")


async def ticket() -> str:
    step = await sign_in("asha@here", PASSWORD, HOME, "Browser", LATER)
    assert isinstance(step, SecondStep), step
    return step.ticket


async def test_with_it_on_the_password_alone_opens_nothing_and_the_apps_code_does(asha: Seat, world: World) -> None:
    app, _ = await switch_on_second_factor(asha)
    answer = await enter_code(await ticket(), app.code(LATER), HOME, "Browser", LATER)
    assert isinstance(answer, SignedIn)
    assert answer.viewer.person_id == asha.viewer.person_id
    assert (await profile(asha)).second_factor_since == NOW
    assert trail_has(await trail(world.here), "switch_on_second_factor")


def trail_has(intents: list[str], *wanted: str) -> bool:
    return set(wanted) <= set(intents)


async def test_until_the_first_code_is_confirmed_nothing_changes(asha: Seat) -> None:
    assert isinstance(await begin_second_factor(asha, PASSWORD, HOME, NOW), Enrolment)
    assert await confirm_second_factor(asha, "000000", NOW) is Refusal.WRONG_CODE
    assert isinstance(await sign_in("asha@here", PASSWORD, HOME, "", LATER), SignedIn)


async def test_to_begin_one_shows_the_password_again_and_to_confirm_one_has_begun(asha: Seat) -> None:
    assert await begin_second_factor(asha, "wrong", HOME, NOW) is Refusal.WRONG_CREDENTIALS
    assert await confirm_second_factor(asha, "123456", NOW) is Refusal.NOT_POSSIBLE_NOW


async def test_a_code_works_once_and_neither_does_an_earlier_one(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    assert isinstance(await enter_code(await ticket(), app.code(LATER), HOME, "", LATER), SignedIn)
    for replayed in (app.code(LATER), app.code(LATER - STEP)):
        assert await enter_code(await ticket(), replayed, HOME, "", LATER) is Refusal.WRONG_CODE
    assert isinstance(await enter_code(await ticket(), app.code(LATER + STEP), HOME, "", LATER), SignedIn)


@pytest.mark.parametrize(("off", "fits"), [(-STEP, True), (STEP, True), (-2 * STEP, False), (2 * STEP, False)])
async def test_a_telephones_clock_may_be_half_a_minute_off(asha: Seat, off: timedelta, fits: bool) -> None:
    app, _ = await switch_on_second_factor(asha)
    answer = await enter_code(await ticket(), app.code(LATER + off), HOME, "", LATER)
    assert isinstance(answer, SignedIn) is fits


async def test_a_code_may_be_typed_in_groups_and_in_the_digits_of_ones_own_script(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    code = app.code(LATER).translate({ord("0") + n: chr(ord("০") + n) for n in range(10)})
    assert isinstance(await enter_code(await ticket(), f" {code[:3]} {code[3:]}", HOME, "", LATER), SignedIn)


async def test_a_recovery_code_works_once(asha: Seat) -> None:
    _, codes = await switch_on_second_factor(asha)
    assert len(set(codes)) == RECOVERY_CODES
    assert isinstance(await enter_code(await ticket(), codes[0].upper(), HOME, "", LATER), SignedIn)
    assert await enter_code(await ticket(), codes[0], HOME, "", LATER) is Refusal.WRONG_CODE
    assert (await profile(asha)).recovery_codes_left == RECOVERY_CODES - 1


async def test_new_recovery_codes_take_the_place_of_the_old_ones(asha: Seat) -> None:
    app, old = await switch_on_second_factor(asha)
    fresh = await new_recovery_codes(asha, app.code(LATER), LATER)
    assert isinstance(fresh, tuple) and not set(fresh) & set(old)
    assert await enter_code(await ticket(), old[0], HOME, "", LATER) is Refusal.WRONG_CODE
    assert isinstance(await enter_code(await ticket(), fresh[0], HOME, "", LATER), SignedIn)


async def test_it_goes_off_only_with_a_code(asha: Seat) -> None:
    app, codes = await switch_on_second_factor(asha)
    assert await end_second_factor(asha, "000000", LATER) is Refusal.WRONG_CODE
    assert await end_second_factor(asha, app.code(LATER), LATER) is None
    assert isinstance(await sign_in("asha@here", PASSWORD, HOME, "", LATER), SignedIn)
    assert await end_second_factor(asha, codes[0], LATER) is Refusal.SECOND_FACTOR_OFF
    assert await fetch("SELECT count(*) FROM recovery_code") == [(0,)]


async def test_while_it_is_on_nobody_puts_another_app_in_its_place(asha: Seat) -> None:
    await switch_on_second_factor(asha)
    assert await begin_second_factor(asha, PASSWORD, HOME, LATER) is Refusal.SECOND_FACTOR_ON
    assert await confirm_second_factor(asha, "123456", LATER) is Refusal.SECOND_FACTOR_ON


async def test_whoever_has_the_password_guesses_few_codes(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    answers = [await enter_code(await ticket(), f"{n:06}", ELSEWHERE, "", LATER) for n in range(8)]
    assert answers[:5] == [Refusal.WRONG_CODE] * 5
    assert all(isinstance(answer, TryLater) for answer in answers[5:])
    assert isinstance(await enter_code(await ticket(), app.code(LATER), HOME, "", LATER), SignedIn)


async def test_the_way_from_password_to_code_is_short_and_ends_with_the_password(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    first = await ticket()
    late = LATER + timedelta(minutes=5)
    assert await enter_code(first, app.code(late), HOME, "", late) is Refusal.SECOND_STEP_EXPIRED
    assert await change_password(asha, PASSWORD, "quite another long one", HOME, LATER) is None
    assert await enter_code(first, app.code(LATER), HOME, "", LATER) is Refusal.SECOND_STEP_EXPIRED


@pytest.mark.parametrize("made_up", ["", "x", "a.b.c", "é.é.é"])
async def test_a_made_up_ticket_is_none(asha: Seat, made_up: str) -> None:
    assert await enter_code(made_up, "123456", HOME, "", NOW) is Refusal.SECOND_STEP_EXPIRED


async def test_an_access_token_is_no_ticket_nor_the_other_way_round(asha: Seat) -> None:
    """Each purpose signs with a key of its own."""
    await switch_on_second_factor(asha)
    purposes = {keys.key(purpose) for purpose in ("access tokens", "second steps of signing in", SECRET_PURPOSE)}
    assert len(purposes) == 3


async def test_what_is_stored_gives_neither_the_secret_nor_a_code_away(asha: Seat) -> None:
    app, codes = await switch_on_second_factor(asha)
    [(sealed,)] = await fetch("SELECT totp_secret FROM person WHERE totp_secret IS NOT NULL")
    hashes = [bytes(row[0]) for row in await fetch("SELECT code_hash FROM recovery_code")]
    assert app.secret.encode() not in bytes(sealed)
    assert not any(code.replace("-", "").encode() in hash_ for code in codes for hash_ in hashes)


async def test_a_secret_moved_to_another_person_or_sealed_elsewhere_opens_nothing(asha: Seat, world: World) -> None:
    app, _ = await switch_on_second_factor(asha)
    [(sealed,)] = await fetch("SELECT totp_secret FROM person WHERE totp_secret IS NOT NULL")
    with pytest.raises(keys.Unsealable):
        keys.unseal(SECRET_PURPOSE, bytes(sealed), world.here.owner.person_id)
    keys.open(b"another installation's secret....")
    with pytest.raises(keys.Unsealable):
        keys.unseal(SECRET_PURPOSE, bytes(sealed), asha.viewer.person_id)
    keys.open(SECRET)
    assert keys.unseal(SECRET_PURPOSE, bytes(sealed), asha.viewer.person_id).decode() == app.secret


async def test_a_suspended_person_does_not_get_in_by_code_either(asha: Seat) -> None:
    app, _ = await switch_on_second_factor(asha)
    given = await ticket()
    await execute("UPDATE membership SET suspended_at = :now WHERE person_id = :id", now=NOW, id=asha.viewer.person_id)
    assert await enter_code(given, app.code(LATER), HOME, "", LATER) is Refusal.SUSPENDED
