"""Turns on a real broker with the real firmware: the grant reaches the relay, the stop takes it away, cards work."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from actions.pumps import asking, cards, motors
from domain.pump.state import Run
from domain.pump.words import Mode
from tests.ingest.pump_site import GRID, LIMITS, Site, comes_true
from tests.private_mosquitto import PrivateMosquitto
from tests.pump_parts import Coop, add_motor, assert_books_balance, balance, fetch, make_coop, state_of


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def broker() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as started:
        yield started


@pytest.fixture
async def coop(database: str) -> Coop:
    coop = await make_coop("here", members=3)
    assert not isinstance(await motors.change_limits(dict(LIMITS), coop.owner), str)
    return coop


@pytest.fixture
async def site(coop: Coop, broker: PrivateMosquitto, tmp_path: Path) -> AsyncIterator[Site]:
    place = Site(coop, broker, tmp_path)
    async with place.serving():
        yield place


async def is_heard() -> bool:
    return await fetch("SELECT 1 FROM motor WHERE heard_at_ms IS NOT NULL AND may_start_at_ms IS NOT NULL") != []


async def started(coop: Coop, seconds: int, member: int = 0, device_id: str = "") -> Run:
    run = await asking.start(device_id or coop.device_id, seconds, coop.members[member], now(), key=uuid4())
    assert isinstance(run, Run), run
    return run


async def is_in(run: Run, state: str) -> bool:
    return await state_of(run) == state


async def test_start_reaches_the_relay_and_stop_takes_it_away(coop: Coop, site: Site) -> None:
    async with site.motor(coop.device_id) as motor:
        await comes_true(is_heard)
        run = await started(coop, 600)
        await comes_true(lambda: motor.is_on)
        await comes_true(lambda: is_in(run, "running"))
        assert isinstance(await asking.stop(run.id, coop.members[0], now()), Run)
        await comes_true(lambda: not motor.is_on)
        await comes_true(lambda: is_in(run, "completed"))
    [(used_ms, captured_s)] = await fetch("SELECT used_ms, captured_s FROM run")
    assert captured_s == used_ms // 1000
    assert await balance(coop.members[0]) == (3_600 - captured_s, 0)
    await assert_books_balance()


async def test_a_turn_ends_at_zero_on_the_device_itself_and_the_next_one_begins(coop: Coop, site: Site) -> None:
    async with site.motor(coop.device_id) as motor:
        await comes_true(is_heard)
        one, two = await started(coop, 5), await started(coop, 5, member=1)
        await comes_true(lambda: is_in(one, "completed"))
        await comes_true(lambda: is_in(two, "running"))
        assert motor.is_on
        await comes_true(lambda: is_in(two, "completed"))
        assert not motor.is_on
    assert await balance(coop.members[0]) == await balance(coop.members[1]) == (3_595, 0)
    await assert_books_balance()


async def test_a_power_cut_holds_the_turn_and_the_grids_return_goes_on_with_it(coop: Coop, site: Site) -> None:
    async with site.motor(coop.device_id) as motor:
        await comes_true(is_heard)
        run = await started(coop, 600)
        await comes_true(lambda: is_in(run, "running"))
        motor.board.set_pin(GRID, 0)
        await comes_true(lambda: is_in(run, "hold"))
        assert not motor.is_on
        motor.board.set_pin(GRID, 1)
        await comes_true(lambda: is_in(run, "running"))
        assert motor.is_on


async def test_two_motors_of_a_group_are_never_on_together(coop: Coop, site: Site) -> None:
    await add_motor(coop, "pump-second")
    assert site.parts is not None
    await site.parts.directory.load()
    async with site.motor(coop.device_id) as first, site.motor("pump-second") as second:
        await comes_true(is_heard)
        runs = [
            await started(coop, 5),
            await started(coop, 5, member=1, device_id="pump-second"),
            await started(coop, 5, member=2),
        ]
        seen = set()
        for run in runs:
            await comes_true(lambda run=run: is_in(run, "running"))  # type: ignore[misc]
            seen.add((first.is_on, second.is_on))
        await comes_true(lambda: is_in(runs[2], "completed"))
    assert seen == {(True, False), (False, True)}
    assert site.both_on == 0
    await assert_books_balance()


async def test_a_card_starts_a_turn_and_the_next_tap_stops_it(coop: Coop, site: Site) -> None:
    member = coop.members[0]
    assert await cards.register("04:a1:b2:c3", member.person_id, "blue", coop.owner, now()) is None
    async with site.motor(coop.device_id) as motor:
        await comes_true(is_heard)
        motor.board.hold_card(bytes.fromhex("04a1b2c3"))
        await comes_true(lambda: motor.is_on)
        motor.board.hold_card(None)
        motor.board.hold_card(bytes.fromhex("deadbeef"))  # nobody's: counted, and changes nothing
        await comes_true(lambda: fetch("SELECT 1 FROM unknown_card WHERE uid = 'DEADBEEF'"))
        assert motor.is_on
        motor.board.hold_card(None)
        motor.board.hold_card(bytes.fromhex("04a1b2c3"))
        await comes_true(lambda: not motor.is_on)
        await comes_true(lambda: fetch("SELECT 1 FROM run WHERE state = 'completed'"))
    assert await fetch("SELECT member_id, mode FROM run") == [(member.person_id, "auto")]


async def test_in_card_mode_a_turn_lasts_as_long_as_the_card_stays(coop: Coop, site: Site) -> None:
    assert await cards.register("04A1B2C3", coop.members[0].person_id, "", coop.owner, now()) is None
    assert await motors.set_mode(coop.device_id, Mode.CARD, coop.owner) is None
    async with site.motor(coop.device_id) as motor:
        await comes_true(is_heard)
        motor.board.hold_card(bytes.fromhex("04a1b2c3"))
        await comes_true(lambda: motor.is_on)
        motor.board.hold_card(None)
        await comes_true(lambda: not motor.is_on)
        await comes_true(lambda: fetch("SELECT 1 FROM run WHERE state = 'completed'"))
    assert await fetch("SELECT end_reason FROM run") == [("card_removed",)]
