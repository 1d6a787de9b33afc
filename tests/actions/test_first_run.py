"""The first run: whoever reads the log becomes the first super_admin, and nobody after them."""

import asyncio
from datetime import timedelta

import pytest

from actions.people import SignedIn, seat_of
from actions.people.first_run import CODE_LASTS, is_empty, is_first_run, offer_first_run, take_first_run
from actions.people.invitations import Invited, accept_invitation, invitation_of, invitations, invite, join
from domain.access import Role
from domain.refusals import Refusal, Weakness
from tests.actions.accounts import HOME, NOW, trail
from tests.actions.senders import fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes", "database")
GOOD = "a lamp that hums at noon"


async def code() -> str:
    made = await offer_first_run(NOW)
    assert made is not None
    return made


async def take(said: str, login: str = "root", password: str = GOOD, at_s: float = 0) -> object:
    return await take_first_run(said, login, "Root", password, "en", HOME, "", NOW + timedelta(seconds=at_s))


async def test_the_code_makes_the_platform_and_whoever_runs_it() -> None:
    assert (await is_empty(), await is_first_run()) == (True, True)
    entered = await take(await code())
    assert isinstance(entered, SignedIn)
    seat = await seat_of(entered.token, NOW)
    assert seat is not None
    assert (seat.is_platform, seat.viewer.role, seat.has_workshop, seat.has_pump) == (
        True, Role.SUPER_ADMIN, False, False,
    )  # fmt: skip
    assert (await is_empty(), await is_first_run()) == (False, False)
    assert await offer_first_run(NOW) is None
    assert await trail(seat.viewer.tenant_id) == ["sign_in", "take_first_run"]


async def test_the_code_may_be_typed_as_people_type() -> None:
    assert isinstance(await take(f" {(await code()).lower().replace('-', ' ')} "), SignedIn)


async def test_a_weak_password_or_a_wrong_code_leaves_the_door_open_for_the_right_one() -> None:
    made = await code()
    assert await take("A" * 32) is Refusal.LINK_UNKNOWN
    assert await take("") is Refusal.LINK_UNKNOWN
    assert await take(made, password="root") is Weakness.TOO_SHORT
    assert await take(made, login="") is Refusal.EMPTY
    assert await take(made, at_s=CODE_LASTS.total_seconds()) is Refusal.LINK_EXPIRED
    assert isinstance(await take(made), SignedIn)


async def test_each_start_gives_a_code_and_of_all_who_use_one_at_once_one_gets_in() -> None:
    codes = [await code() for _ in range(3)]
    answers = await asyncio.gather(*(take(each, f"root{n}") for n, each in enumerate(codes)))
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert answers.count(Refusal.LINK_USED) == 2
    assert await fetch("SELECT count(*) FROM membership WHERE role = 'super_admin'") == [(1,)]
    assert await fetch("SELECT count(*) FROM person") == [(1,)]


async def test_a_code_that_is_left_over_is_no_invitation_to_run_the_platform() -> None:
    used, left = await code(), await code()
    entered = await take(used)
    assert isinstance(entered, SignedIn)
    token = left.replace("-", "")
    assert await invitation_of(token, NOW) is Refusal.LINK_UNKNOWN
    answer = await accept_invitation(token, "eve", "Eve", GOOD, "en", HOME, "", NOW)
    assert answer is Refusal.LINK_UNKNOWN
    seat = await seat_of(entered.token, NOW)
    assert seat is not None
    assert await join(seat, token, NOW) is Refusal.LINK_UNKNOWN
    assert await invitations(seat.viewer, NOW, open_only=False) == []
    assert await fetch("SELECT count(*) FROM person") == [(1,)]


async def test_with_tenants_but_nobody_to_run_the_platform_the_code_is_offered_but_the_sign_in_stays(
    world: World,
) -> None:
    assert (await is_empty(), await is_first_run()) == (False, True)
    assert isinstance(await take(await code()), SignedIn)


async def test_an_owners_invitation_is_no_code_and_the_code_is_stored_as_a_hash(world: World) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", "", NOW)
    assert isinstance(made, Invited)
    said = await code()
    assert await take(made.token) is Refusal.LINK_UNKNOWN
    hashes = [bytes(row[0]) for row in await fetch("SELECT token_hash FROM invitation")]
    assert not any(said.replace("-", "").encode() in hash_ for hash_ in hashes)
    assert len(said.replace("-", "")) == 32  # 160 bits
