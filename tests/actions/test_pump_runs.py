"""Turns on a real database, with a controller that follows the protocol: from pressing Start to a settled wallet."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text

from actions.pumps import asking, lead, wallets
from domain.access import Viewer
from domain.pump.state import Run
from domain.pump.words import PumpRefusal, Reason, RunState
from domain.refusals import Refusal
from domain.wallet import Wallet
from storage.session import EVERY_TENANT, transaction
from tests.actions.accounts import trail
from tests.pump_parts import Coop, Hall, assert_books_balance, balance, fetch, make_coop, press_start, state_of

STEADY_S = 40
"""Longer than a controller must look good before its motor starts, whatever share of the spread it draws."""


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here")


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    """A leader and a motor that is ready to start."""
    place = Hall()
    await place.open()
    place.controller(coop)
    await place.run_for(STEADY_S)
    yield place
    place.close()


async def test_a_turn_runs_from_start_to_stop_and_costs_what_the_motor_measured(coop: Coop, hall: Hall) -> None:
    [member, _] = coop.members
    run = await press_start(hall, coop, member)
    assert run.state is RunState.STARTING
    assert await balance(member) == (3_000, 600)
    await hall.run_for(90)
    assert await state_of(run) is RunState.RUNNING
    assert hall.controller(coop).is_on
    stopped = await asking.stop(run.id, member, hall.now)
    assert isinstance(stopped, Run)
    assert stopped.state is RunState.STOPPING
    assert not hall.controller(coop).is_on
    await hall.run_for(5)
    assert await state_of(run) is RunState.COMPLETED
    assert await balance(member) == (3_600 - 90, 0)
    await assert_books_balance()
    assert await trail(coop.tenant_id) == ["recharge_wallet"] * 2 + ["start_run", "stop_run"]


async def test_every_transition_says_when_who_and_why(coop: Coop, hall: Hall) -> None:
    [member, _] = coop.members
    run = await press_start(hall, coop, member)
    await hall.run_for(20)
    await asking.stop_for(run.id, "The pipe has burst", coop.owner, hall.now)
    await hall.run_for(5)
    assert await fetch("SELECT before, state, reason, by FROM run_event ORDER BY id") == [
        (None, "waiting", "requested", member.person_id),
        ("waiting", "starting", "turn", None),
        ("starting", "running", "measured_on", None),
        ("running", "stopping", "stopped", coop.owner.person_id),
        ("stopping", "unsettled", "off_confirmed", None),
        ("unsettled", "completed", "off_confirmed", None),
    ]


async def test_a_turn_ends_at_zero_and_the_next_begins_by_itself(coop: Coop, hall: Hall) -> None:
    first, second = coop.members
    one = await press_start(hall, coop, first, minutes=5)
    two = await press_start(hall, coop, second, minutes=5)
    assert (one.state, two.state) == (RunState.STARTING, RunState.WAITING)
    await hall.run_for(330)
    assert (await state_of(one), await state_of(two)) == (RunState.COMPLETED, RunState.RUNNING)
    assert await balance(first) == (3_300, 0)
    await hall.run_for(330)
    assert await state_of(two) is RunState.COMPLETED
    assert await balance(second) == (3_300, 0)
    await assert_books_balance()


async def test_one_lease_is_in_the_database_before_a_grant_leaves_and_no_grant_is_sent_twice(
    coop: Coop, hall: Hall
) -> None:
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    grants = hall.grants(coop.device_id)
    assert len({(grant.boot_id, grant.seq) for grant in grants}) == len(grants) >= 6
    [(lease_until, granted_at)] = await fetch("SELECT lease_until_at_ms, granted_at FROM motor")
    assert lease_until > hall.now_ms
    assert granted_at is not None


async def test_a_stop_is_repeated_until_the_device_confirms_it(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    hall.deaf.add(coop.device_id)
    await asking.stop(run.id, coop.members[0], hall.now)
    await hall.run_for(4)
    stops = hall.stops(coop.device_id)
    assert len(stops) >= 4
    assert len({stop.fence for stop in stops}) == 1
    hall.deaf.clear()
    await hall.run_for(7)
    assert await state_of(run) is RunState.COMPLETED
    sent = len(hall.stops(coop.device_id))
    await hall.run_for(5)
    assert len(hall.stops(coop.device_id)) == sent


async def test_two_hundred_members_who_press_start_at_once_end_as_one_running_and_199_in_line(database: str) -> None:
    coop = await make_coop("crowd", members=200)
    hall = Hall()
    await hall.open()
    hall.controller(coop)
    await hall.run_for(STEADY_S)
    pressed = await asyncio.gather(*(press_start(hall, coop, member) for member in coop.members))
    await hall.run_for(10)
    rows = await fetch("SELECT state, count(*) FROM run GROUP BY 1 ORDER BY 1")
    assert rows == [("running", 1), ("waiting", 199)]
    assert len({run.id for run in pressed}) == 200
    line = await fetch("SELECT id FROM run WHERE state = 'waiting' ORDER BY ticket")
    asked = await fetch("SELECT run_id FROM run_event WHERE state = 'waiting' ORDER BY id")
    assert [id_ for (id_,) in asked if (id_,) in line] == [id_ for (id_,) in line]
    await assert_books_balance()
    hall.close()


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (0, PumpRefusal.AMOUNT_TOO_SMALL),
        (-600, PumpRefusal.AMOUNT_TOO_SMALL),
        (299, PumpRefusal.AMOUNT_TOO_SMALL),
        (3_601, PumpRefusal.BALANCE_TOO_LOW),
        (10**12, PumpRefusal.AMOUNT_TOO_LARGE),
    ],
)
async def test_a_turn_of_an_impossible_length_is_refused(
    coop: Coop, hall: Hall, seconds: int, refusal: PumpRefusal
) -> None:
    assert await asking.start(coop.device_id, seconds, coop.members[0], hall.now, key=uuid4()) is refusal
    assert await fetch("SELECT 1 FROM run") == []


async def test_the_same_key_gets_the_same_answer_and_another_wish_with_it_is_refused(coop: Coop, hall: Hall) -> None:
    [member, other] = coop.members
    key = uuid4()
    run = await press_start(hall, coop, member, key=key)
    again = await press_start(hall, coop, member, key=key)
    assert again.id == run.id
    assert await asking.start(coop.device_id, 900, member, hall.now, key=key) is PumpRefusal.KEY_REUSED
    assert await asking.start(coop.device_id, 600, other, hall.now, key=key) is PumpRefusal.KEY_REUSED
    assert await fetch("SELECT count(*) FROM run") == [(1,)]
    assert (await trail(coop.tenant_id)).count("start_run") == 1


async def test_a_member_has_one_open_run(coop: Coop, hall: Hall) -> None:
    await press_start(hall, coop, coop.members[0])
    answer = await asking.start(coop.device_id, 600, coop.members[0], hall.now, key=uuid4())
    assert answer is PumpRefusal.OPEN_RUN


async def test_somebody_elses_run_is_neither_stopped_nor_extended(coop: Coop, hall: Hall) -> None:
    [member, other] = coop.members
    run = await press_start(hall, coop, member)
    await hall.run_for(10)
    assert await asking.stop(run.id, other, hall.now) is PumpRefusal.UNKNOWN_RUN
    assert await asking.extend(run.id, 60, other, hall.now, key=uuid4()) is PumpRefusal.UNKNOWN_RUN
    assert await asking.stop_for(run.id, "I want it", other, hall.now) is Refusal.NOT_ALLOWED
    assert await asking.stop_for(run.id, " ", coop.owner, hall.now) is Refusal.EMPTY
    assert await state_of(run) is RunState.RUNNING


async def test_another_tenants_motor_and_runs_are_not_there(coop: Coop, hall: Hall) -> None:
    there = await make_coop("there")
    stranger = there.members[0]
    assert await asking.start(coop.device_id, 600, stranger, hall.now, key=uuid4()) is PumpRefusal.UNKNOWN_MOTOR
    run = await press_start(hall, coop, coop.members[0])
    assert await asking.stop(run.id, stranger, hall.now) is PumpRefusal.UNKNOWN_RUN
    assert await asking.stop_for(run.id, "mine", there.owner, hall.now) is PumpRefusal.UNKNOWN_RUN
    assert (
        await asking.start_for(coop.members[1].person_id, there.device_id, 600, "x", there.owner, hall.now, key=uuid4())
        is Refusal.NOT_FOUND
    )


async def test_extending_just_before_the_end_goes_on_without_a_pause(coop: Coop, hall: Hall) -> None:
    member = coop.members[0]
    run = await press_start(hall, coop, member, minutes=5)
    await hall.run_for(299)
    assert hall.controller(coop).is_on
    key = uuid4()
    answer = await asking.extend(run.id, 120, member, hall.now, key=key)
    assert isinstance(answer, Run)
    assert answer.amount_s == 420
    assert isinstance(await asking.extend(run.id, 120, member, hall.now, key=key), Run)
    assert await asking.extend(run.id, 180, member, hall.now, key=key) is PumpRefusal.KEY_REUSED
    await hall.run_for(60)
    assert await state_of(run) is RunState.RUNNING
    assert len(await fetch("SELECT 1 FROM run_event WHERE state = 'running' AND reason = 'measured_on'")) == 1
    assert await balance(member) == (3_600 - 420, 420)
    await hall.run_for(70)
    assert await state_of(run) is RunState.COMPLETED
    assert await balance(member) == (3_600 - 420, 0)
    await assert_books_balance()


async def test_a_suspended_runner_is_stopped_within_a_lease_renewal_and_the_next_begins(coop: Coop, hall: Hall) -> None:
    first, second = coop.members
    one, two = await press_start(hall, coop, first), await press_start(hall, coop, second)
    await hall.run_for(20)
    await suspend(first)
    await hall.run_for(6)
    assert await state_of(one) is RunState.COMPLETED
    [(why,)] = await fetch("SELECT end_reason FROM run WHERE id = :id", id=one.id)
    assert why == Reason.SUSPENDED
    await hall.run_for(20)
    assert await state_of(two) is RunState.RUNNING
    assert await asking.start(coop.device_id, 600, first, hall.now, key=uuid4()) is PumpRefusal.MEMBER_SUSPENDED


async def test_whoever_is_suspended_or_broke_at_the_head_is_removed_with_a_reason(database: str) -> None:
    coop = await make_coop("heads", members=4)
    hall = Hall()
    await hall.open()
    hall.controller(coop)
    await hall.run_for(STEADY_S)
    runs = [await press_start(hall, coop, member) for member in coop.members]
    await suspend(coop.members[1])
    broke = coop.members[2]
    assert isinstance(
        await wallets.reverse(broke.person_id, 3_500, "wrong member", coop.owner, hall.now, key=uuid4()), Wallet
    )
    await asking.stop(runs[0].id, coop.members[0], hall.now)
    await hall.run_for(20)
    assert [await state_of(run) for run in runs] == [
        RunState.COMPLETED, RunState.CANCELLED, RunState.CANCELLED, RunState.RUNNING,
    ]  # fmt: skip
    reasons = await fetch("SELECT end_reason FROM run ORDER BY ticket")
    assert [reason for (reason,) in reasons[1:3]] == [Reason.SUSPENDED, Reason.BALANCE_TOO_LOW]
    hall.close()


async def test_a_skip_moves_to_the_end_for_all_to_see(database: str) -> None:
    coop = await make_coop("skips", members=3)
    hall = Hall()
    await hall.open()
    runs = [await press_start(hall, coop, member) for member in coop.members]
    skipped = await asking.skip(runs[0].id, "was not there", coop.owner, hall.now)
    assert isinstance(skipped, Run)
    assert await asking.skip(runs[1].id, "me first", coop.members[2], hall.now) is Refusal.NOT_ALLOWED
    order = [id_ for (id_,) in await fetch("SELECT id FROM run ORDER BY ticket")]
    assert order == [runs[1].id, runs[2].id, runs[0].id]
    assert await fetch("SELECT skips FROM run WHERE id = :id", id=runs[0].id) == [(1,)]
    hall.close()


async def test_nobody_steps_a_motor_while_no_process_leads(coop: Coop) -> None:
    assert await asking.start(coop.device_id, 600, coop.members[0], Hall().now, key=uuid4()) is Refusal.PUMP_AWAY


async def test_a_leader_that_was_overtaken_changes_nothing_any_more(coop: Coop, hall: Hall) -> None:
    run = await press_start(hall, coop, coop.members[0])
    old = hall.lead
    assert old is not None
    await hall.open()
    lead.take(old)
    assert await asking.stop(run.id, coop.members[0], hall.now) is Refusal.PUMP_AWAY
    assert await state_of(run) is RunState.STARTING


async def suspend(member: Viewer) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE membership SET suspended_at = now() WHERE person_id = :id"), {"id": member.person_id}
        )
