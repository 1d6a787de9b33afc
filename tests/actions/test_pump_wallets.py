"""Minutes that are sold, taken back, asked for: each once, however often and by however many it is clicked."""

import asyncio
from uuid import uuid4

import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from actions.pumps import requests, wallets
from domain.minute_requests import MinuteRequest, RequestRefusal, RequestState
from domain.refusals import Refusal
from domain.wallet import Wallet, WalletRefusal
from storage import pump_ledger
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import trail
from tests.pump_parts import BEGAN, Coop, assert_books_balance, balance, fetch, make_coop


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here", minutes=0)


async def test_ten_clicks_at_once_recharge_once(coop: Coop) -> None:
    key, member = uuid4(), coop.members[0]
    clicks = [wallets.recharge(member.person_id, 1_800, coop.owner, BEGAN, key=key) for _ in range(10)]
    answers = await asyncio.gather(*clicks)
    assert all(isinstance(answer, Wallet) and answer.available_s == 1_800 for answer in answers)
    assert await balance(member) == (1_800, 0)
    assert await trail(coop.tenant_id) == ["recharge_wallet"]


async def test_the_same_key_with_another_payload_is_refused(coop: Coop) -> None:
    key = uuid4()
    await wallets.recharge(coop.members[0].person_id, 600, coop.owner, BEGAN, key=key)
    for member, seconds in ((coop.members[0], 601), (coop.members[1], 600)):
        answer = await wallets.recharge(member.person_id, seconds, coop.owner, BEGAN, key=key)
        assert answer is WalletRefusal.KEY_REUSED
    await assert_books_balance()


@pytest.mark.parametrize("seconds", [0, -60, 10**12])
async def test_seconds_that_cannot_be_move_nothing(coop: Coop, seconds: int) -> None:
    answer = await wallets.recharge(coop.members[0].person_id, seconds, coop.owner, BEGAN, key=uuid4())
    assert answer in (WalletRefusal.NOT_POSITIVE, WalletRefusal.AMOUNT_TOO_LARGE)
    assert await fetch("SELECT 1 FROM transfer") == []


async def test_no_more_is_taken_back_than_is_available(coop: Coop) -> None:
    member_id = coop.members[0].person_id
    await wallets.recharge(member_id, 600, coop.owner, BEGAN, key=uuid4())
    too_much = await wallets.reverse(member_id, 601, "sold twice", coop.owner, BEGAN, key=uuid4())
    assert too_much is WalletRefusal.BALANCE_TOO_LOW
    assert await wallets.reverse(member_id, 60, " ", coop.owner, BEGAN, key=uuid4()) is Refusal.EMPTY
    await wallets.reverse(member_id, 500, "sold twice", coop.owner, BEGAN, key=uuid4())
    await wallets.adjust(member_id, 50, "for the outage", coop.owner, BEGAN, key=uuid4())
    await wallets.adjust(member_id, -20, "slip of the finger", coop.owner, BEGAN, key=uuid4())
    assert await balance(coop.members[0]) == (130, 0)
    async with transaction(EVERY_TENANT) as tx:
        sums = await pump_ledger.sums(tx, coop.tenant_id)
    assert sums == {"issued": -100, "adjustment": -30, "available": 130}
    assert sum(sums.values()) == 0


async def test_neither_a_member_nor_a_stranger_moves_anybodys_minutes(coop: Coop) -> None:
    there = await make_coop("there")
    member = coop.members[0]
    answer = await wallets.recharge(member.person_id, 600, member, BEGAN, key=uuid4())
    assert answer is Refusal.NOT_ALLOWED
    answer = await wallets.recharge(member.person_id, 600, there.owner, BEGAN, key=uuid4())
    assert answer is Refusal.NOT_FOUND


async def test_a_request_is_approved_once_by_whoever_is_first(coop: Coop) -> None:
    asked = await requests.ask(900, "for the wheat", coop.members[0], BEGAN, key=uuid4())
    assert isinstance(asked, MinuteRequest)
    answers = await asyncio.gather(*(requests.approve(asked.id, coop.owner, BEGAN) for _ in range(5)))
    assert sum(isinstance(answer, MinuteRequest) for answer in answers) == 1
    assert {answer for answer in answers if not isinstance(answer, MinuteRequest)} == {RequestRefusal.ALREADY_DECIDED}
    assert await balance(coop.members[0]) == (900, 0)
    assert await fetch("SELECT status FROM minute_request") == [(RequestState.APPROVED,)]


async def test_requests_are_the_members_own_and_not_too_many(coop: Coop) -> None:
    [member, other] = coop.members
    key = uuid4()
    first = await requests.ask(900, "", member, BEGAN, key=key)
    assert await requests.ask(900, "", member, BEGAN, key=key) == first
    assert await requests.ask(901, "", member, BEGAN, key=key) is Refusal.KEY_USED
    assert await requests.withdraw(key, other, BEGAN) is Refusal.NOT_FOUND
    for _ in range(2):
        await requests.ask(60, "", member, BEGAN, key=uuid4())
    assert await requests.ask(60, "", member, BEGAN, key=uuid4()) is RequestRefusal.TOO_MANY
    withdrawn = await requests.withdraw(key, member, BEGAN)
    assert isinstance(withdrawn, MinuteRequest)
    assert withdrawn.state is RequestState.WITHDRAWN
    assert await requests.decline(key, "", coop.owner, BEGAN) is RequestRefusal.ALREADY_DECIDED


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE wallet SET available_s = available_s - 601", errors.CheckViolation),
        ("UPDATE wallet SET held_s = -1", errors.CheckViolation),
        ("UPDATE transfer SET seconds = 1", errors.InsufficientPrivilege),
        ("DELETE FROM transfer", errors.InsufficientPrivilege),
        ("DELETE FROM run_event", errors.InsufficientPrivilege),
    ],
)
async def test_the_database_itself_keeps_the_ledger(coop: Coop, statement: str, error: type[Exception]) -> None:
    await wallets.recharge(coop.members[0].person_id, 600, coop.owner, BEGAN, key=uuid4())
    with pytest.raises(DBAPIError) as refused:
        await fetch(statement)
    assert isinstance(refused.value.orig, error)
