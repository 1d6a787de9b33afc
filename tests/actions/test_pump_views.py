"""What pages show of pumps, read in the viewer's own tenant while turns run."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from actions.pumps import asking, requests, wallets
from domain.minute_requests import MinuteRequest, RequestState
from domain.pump.words import RunState, WaitsFor
from domain.wallet import TransferKind
from storage import pump_history, pump_lists, pump_reads
from storage.pump_views import MotorWord
from storage.session import EVERY_TENANT, transaction
from tests.pump_parts import Coop, Hall, make_coop, press_start

STEADY_S = 40


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here", members=3)


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    place = Hall()
    await place.open()
    place.controller(coop)
    await place.run_for(STEADY_S)
    yield place
    place.close()


async def test_a_member_sees_the_own_turn_the_place_in_line_and_everybody_before(coop: Coop, hall: Hall) -> None:
    for member in coop.members:
        await press_start(hall, coop, member)
        await hall.run_for(5)
    await hall.run_for(60)
    async with transaction(coop.tenant_id) as tx:
        first = await pump_reads.member_pump(tx, coop.members[0].person_id, hall.now)
        last = await pump_reads.member_pump(tx, coop.members[2].person_id, hall.now)
    [motor] = first.motors
    assert (motor.word, motor.online, motor.motor_on, motor.waiting) == (MotorWord.RUNNING, True, True, 2)
    assert first.run is not None
    assert first.run.is_counting
    assert 60 <= first.run.used_s <= 75
    assert first.place is None
    assert (first.wallet.available_s, first.wallet.held_s) == (3_000, 600)
    assert last.place is not None
    assert (last.place.number, last.place.waits_for) == (2, WaitsFor.TURN)
    assert last.place.wait_s is not None
    assert 1_100 < last.place.wait_s < 1_250
    assert [place.member_name for place in last.line] == ["Person 2 here", "Person 3 here"]
    assert last.line[0].waits_for is WaitsFor.SLOT


async def test_a_device_that_falls_silent_is_unknown_and_its_run_holds_with_the_reason(coop: Coop, hall: Hall) -> None:
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    hall.deaf.add(coop.device_id)
    await hall.run_for(20)
    async with transaction(coop.tenant_id) as tx:
        [group] = await pump_reads.groups(tx, hall.now)
    [motor] = group.motors
    assert (motor.word, motor.online) == (MotorWord.HOLD, False)
    assert motor.run is not None
    assert motor.run.hold_cause == "silent"
    assert not motor.run.is_counting, "it was last heard ON, but nobody may see minutes go by that nobody measures"


async def test_a_statement_explains_every_second(coop: Coop, hall: Hall) -> None:
    member = coop.members[0]
    run = await press_start(hall, coop, member)
    await hall.run_for(60)
    await asking.extend(run.id, 120, member, hall.now, key=uuid4())
    await hall.run_for(60)
    await asking.stop(run.id, member, hall.now)
    await hall.run_for(5)
    await wallets.reverse(member.person_id, 600, "Sold twice", coop.owner, hall.now, key=uuid4())
    day = hall.now.date()
    async with transaction(coop.tenant_id) as tx:
        said = await pump_history.statement(tx, member.person_id, day, day)
    assert said is not None
    assert [(line.kind, line.seconds, line.change_s, line.balance_s) for line in said.lines] == [
        (TransferKind.RECHARGE, 3_600, 3_600, 3_600),
        (TransferKind.HOLD, 600, 0, 3_600),
        (TransferKind.HOLD, 120, 0, 3_600),
        (TransferKind.CAPTURE, 120, -120, 3_480),
        (TransferKind.RELEASE, 600, 0, 3_480),
        (TransferKind.REVERSAL, 600, -600, 2_880),
    ]
    assert (said.opening_s, said.closing_s, said.used_s) == (0, 2_880, 120)
    assert said.opening_s + sum(line.change_s for line in said.lines) == said.closing_s
    assert {line.motor_name for line in said.lines if line.run_id} == {"Motor here"}


async def test_history_usage_and_csv_tell_of_the_same_seconds(coop: Coop, hall: Hall) -> None:
    for member in coop.members[:2]:
        run = await press_start(hall, coop, member)
        await hall.run_for(60)
        await asking.stop(run.id, member, hall.now)
        await hall.run_for(20)
    day = hall.now.date()
    async with transaction(coop.tenant_id) as tx:
        runs = await pump_history.runs(tx)
        usage = await pump_history.usage(tx, day, day)
        told = await pump_history.run_history(tx, runs.rows[0].id)
        assert await pump_history.run_history(tx, runs.rows[0].id, coop.members[0].person_id) is None
    assert runs.total == 2
    assert {run.state for run in runs.rows} == {RunState.COMPLETED}
    charged = sum(run.captured_s or 0 for run in runs.rows)
    assert usage.days[0].seconds == charged == sum(member.seconds for member in usage.members)
    assert told is not None
    assert [event.state for event in told.events][-1] is RunState.COMPLETED
    pages = [page async for page in pump_history.csv_pages(coop.tenant_id, day, day)]
    lines = "".join(pages).splitlines()
    assert len(lines) == 3
    assert sum(int(line.rsplit(",", 1)[1]) for line in lines[1:]) == charged


async def test_lists_hold_the_own_tenants_rows_only(coop: Coop, hall: Hall) -> None:
    there = await make_coop("there")
    asked = await requests.ask(900, "for the wheat", coop.members[0], hall.now, key=uuid4())
    assert isinstance(asked, MinuteRequest)
    await press_start(hall, coop, coop.members[1])
    async with transaction(there.tenant_id) as tx:
        assert (await pump_history.runs(tx)).total == 0
        assert (await pump_lists.minute_requests(tx)).total == 0
        assert (await pump_lists.balances(tx)).total == 2
        assert await pump_history.statement(tx, coop.members[0].person_id, hall.now.date(), hall.now.date()) is None
        assert await pump_lists.cards(tx) == []
        assert await pump_lists.unknown_cards(tx) == []
        assert await pump_lists.windows(tx) == []
    async with transaction(coop.tenant_id) as tx:
        found = await pump_lists.minute_requests(tx, RequestState.PENDING)
        assert [row.note for row in found.rows] == ["for the wheat"]
        balances = await pump_lists.balances(tx, search="person 2")
        assert [(row.open_state, row.held_s) for row in balances.rows] == [(RunState.STARTING, 600)]
    async with transaction(EVERY_TENANT) as tx:
        tenants = await pump_reads.all_tenants(tx, hall.now)
        assert [(tenant.name, len(tenant.motors)) for tenant in tenants] == [("Coop here", 1), ("Coop there", 1)]
        assert await pump_lists.incidents(tx) == []
