"""Guessing is slow for whoever guesses, and signing in stays open for whoever the account belongs to."""

import asyncio
import time
from datetime import timedelta

import pytest

from actions import passwords
from actions.people import SignedIn, sign_in
from actions.people.housekeeping import sweep
from actions.people.throttle import network_of
from domain.access import Role
from domain.refusals import Refusal, TryLater
from domain.throttling import ACCOUNT, ADDRESS, FORGET_AFTER, PAIR
from tests.actions.accounts import ELSEWHERE, HOME, NOW, PASSWORD, add, enter, until
from tests.actions.senders import execute, fetch
from tests.conftest import World

pytestmark = pytest.mark.usefixtures("quick_hashes")
WRONG = Refusal.WRONG_CREDENTIALS


@pytest.fixture(autouse=True)
async def asha(world: World) -> None:
    await add(world.here, Role.OWNER, "asha@here")


async def guess(login: str = "asha@here", address: str = ELSEWHERE, after_s: float = 0, device: str = "") -> object:
    return await sign_in(login, "wrong", address, "", NOW + timedelta(seconds=after_s), device=device)


async def attack(login: str = "asha@here", device: str = "") -> None:
    """As many failures as are free, from one address."""
    for _ in range(PAIR.free):
        assert await guess(login, device=device) is WRONG


async def come_in(address: str = ELSEWHERE, after_s: float = 0, device: str = "") -> object:
    at = NOW + timedelta(seconds=after_s)
    return await sign_in("asha@here", PASSWORD, address, "Browser", at, device=device)


@pytest.mark.parametrize("login", ["asha@here", "nobody@here"])
async def test_after_five_failures_each_next_one_doubles_the_wait(login: str) -> None:
    await attack(login=login)
    at, waits = 0.0, []
    for _ in range(4):
        later = await guess(login, after_s=at)
        assert isinstance(later, TryLater)
        waits.append(later.wait_s)
        assert isinstance(await guess(login, after_s=at + later.wait_s - 1), TryLater)
        at += later.wait_s
        assert await guess(login, after_s=at) is WRONG
    assert waits == [5, 10, 20, 40]


async def test_fifty_guesses_at_once_count_as_fifty() -> None:
    answers = await asyncio.gather(*(guess() for _ in range(50)))
    assert answers.count(WRONG) == PAIR.free
    assert sum(isinstance(answer, TryLater) for answer in answers) == 50 - PAIR.free


async def test_during_the_wait_even_the_right_password_is_not_judged_and_then_it_opens_and_all_is_forgotten() -> None:
    await attack()
    assert isinstance(await come_in(), TryLater)
    assert isinstance(await come_in(after_s=5), SignedIn)
    assert await guess(after_s=5) is WRONG


async def test_a_strangers_guesses_do_not_slow_down_the_owner_at_home() -> None:
    await enter("asha@here", HOME)
    await execute("DELETE FROM throttle")
    for n in range(ACCOUNT.free):
        assert await guess(address=f"203.0.113.{n}") is WRONG
    assert isinstance(await guess(address="198.51.100.1"), TryLater)
    assert isinstance(await come_in(HOME), SignedIn)
    assert isinstance(await come_in("198.51.100.2"), TryLater)  # nobody knows that it is the owner, for now
    assert isinstance(await come_in("198.51.100.2", after_s=ACCOUNT.longest_wait_s), SignedIn)


async def test_a_browser_that_was_in_before_comes_in_from_anywhere_in_spite_of_strangers() -> None:
    device = (await enter("asha@here", HOME)).device
    await attack()
    assert isinstance(await come_in(), TryLater)
    assert isinstance(await come_in(device=device), SignedIn)


async def test_a_stolen_mark_of_a_browser_gives_its_own_five_guesses_and_no_more() -> None:
    device = (await enter("asha@here", HOME)).device
    await attack(device=device)
    assert isinstance(await guess(device=device), TryLater)
    assert await guess() is WRONG
    assert isinstance(await guess(device=device, address=HOME), TryLater)


@pytest.mark.parametrize("device", ["x", "a.b.c", "é" * 50])
async def test_a_made_up_mark_of_a_browser_is_worth_nothing(device: str) -> None:
    await attack()
    assert isinstance(await come_in(device=device), TryLater)


async def test_a_mark_opens_no_other_account(world: World) -> None:
    await add(world.here, Role.STAFF, "bina@here")
    device = (await enter("bina@here", HOME)).device
    await attack()
    assert isinstance(await come_in(device=device), TryLater)


async def test_one_address_that_tries_many_accounts_is_slowed_down_too(world: World) -> None:
    for n in range(ADDRESS.free):
        assert await guess(f"person{n}@here") is WRONG
    assert isinstance(await guess("another@here"), TryLater)
    assert await guess("another@here", address="198.51.100.1") is WRONG


async def test_an_own_account_does_not_buy_more_guesses_at_others(world: World) -> None:
    await add(world.here, Role.STAFF, "eve@here")
    for n in range(ADDRESS.free):
        await guess(f"person{n}@here")
    for _ in range(2):
        assert isinstance(await sign_in("eve@here", PASSWORD, ELSEWHERE, "", NOW), TryLater)
    opens = ADDRESS.first_wait_s
    assert await guess("x@here", after_s=opens) is WRONG
    assert isinstance(await guess("y@here", after_s=opens), TryLater)
    at = NOW + timedelta(seconds=opens + ADDRESS.first_wait_s * 2)
    assert isinstance(await sign_in("eve@here", PASSWORD, ELSEWHERE, "", at), SignedIn)
    [(failures,)] = await fetch("SELECT max(failures) FROM throttle")
    assert failures == ADDRESS.free + 1


async def test_failures_are_forgotten_after_a_quiet_day() -> None:
    await attack()
    a_day_later = FORGET_AFTER.total_seconds() + 1
    assert await guess(after_s=a_day_later) is WRONG
    assert await guess(after_s=a_day_later) is WRONG
    await sweep(NOW + 2 * FORGET_AFTER + timedelta(minutes=1))
    assert await fetch("SELECT count(*) FROM throttle") == [(0,)]


async def test_what_was_typed_as_a_name_is_not_kept() -> None:
    await guess("my secret password")
    rows = await fetch("SELECT key FROM throttle")
    assert rows and not any("secret" in key for (key,) in rows)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_household_with_ipv6_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


async def crowd(monkeypatch: pytest.MonkeyPatch, login: str = "person{}@here") -> list[object]:
    """Guesses of a hundred strangers at once, from as many addresses, at hashes that take their time."""
    compare = passwords._compare

    def slowly(*arguments: str) -> tuple[bool, str | None]:
        time.sleep(0.05)
        return compare(*arguments)

    monkeypatch.setattr(passwords, "_compare", slowly)
    return await asyncio.gather(*(guess(login.format(n), f"203.0.113.{n}") for n in range(100)))


async def test_a_crowd_of_strangers_is_refused_in_part_and_keeps_nobody_waiting_who_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "WAITING_MAX", 16)
    device = (await enter("asha@here", HOME)).device
    strangers = asyncio.create_task(crowd(monkeypatch))
    await until(lambda: len(passwords._door()._strangers) == passwords.WAITING_MAX)
    assert isinstance(await come_in(device=device), SignedIn)
    assert passwords._door()._strangers, "the crowd was through before"
    answers = await strangers
    assert answers.count(TryLater(passwords.CROWDED_WAIT_S)) > 0
    assert answers.count(WRONG) >= passwords.WAITING_MAX


async def test_who_was_refused_for_the_crowd_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAITING_MAX", 4)
    answers = await crowd(monkeypatch, "asha@here")
    judged = answers.count(WRONG)
    assert judged < len(answers)
    [(failures,)] = await fetch("SELECT max(failures) FROM throttle")
    assert failures <= judged
