"""The pump node in the real interpreter, at a real broker: what must turn the motor off, and how soon.

Times are taken from the device's own clock at the edges of its outputs, and from the same monotonic clock here, at the
moment of the blow. The limits are limits of safety, so they are asserted. A test machine that was busy elsewhere at
that very moment can only make them look worse: nothing here is repeated until it fits.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic_ns

import pytest

from tests.firmware.virtual_node import GRID, OPTO, READY, RELAY, RUN, PumpRig
from tests.private_mosquitto import PrivateMosquitto

LOST_CONNECTION_US = 50_000
POWER_CUT_US = 100_000
LEASE_MS = 2_000
START_MS = 2_000  # until a state could be answered
TURNS = 3
LOOK_US = 150_000  # what the guard's period and a busy test machine add to the end of a lease


@pytest.fixture
async def pump(broker: PrivateMosquitto, tmp_path: Path) -> AsyncIterator[PumpRig]:
    async with PumpRig(broker, tmp_path) as rig:
        yield rig


def now_us() -> int:
    return monotonic_ns() // 1_000


async def test_a_killed_broker_turns_the_motor_off_within_50_ms(pump: PumpRig) -> None:
    await pump.start_motor()
    blow_us = now_us()
    pump.broker.kill()
    assert await pump.off_within_us(blow_us) < LOST_CONNECTION_US


async def test_a_frozen_broker_turns_it_off_when_the_lease_is_over(pump: PumpRig) -> None:
    state = await pump.start_motor(ttl_ms=LEASE_MS)
    pump.broker.freeze()
    frozen_us = now_us()
    off_us = await pump.off_within_us(frozen_us)
    assert off_us < LEASE_MS * 1_000 + LOOK_US
    assert state["lease_left_ms"] <= LEASE_MS


async def test_a_server_that_says_nothing_more_turns_it_off_when_the_lease_is_over(pump: PumpRig) -> None:
    asked_us = now_us()
    await pump.start_motor(ttl_ms=LEASE_MS)
    assert await pump.off_within_us(asked_us) < (LEASE_MS + START_MS) * 1_000 + LOOK_US
    said = await pump.next_state(lambda state: not state["motor_on"])
    assert said["on_ms"] <= LEASE_MS + LOOK_US // 1_000


async def test_a_power_cut_turns_it_off_within_100_ms(pump: PumpRig) -> None:
    await pump.start_motor()
    cut_us = pump.board.set_pin(GRID, 0)
    assert await pump.off_within_us(cut_us) < POWER_CUT_US
    said = await pump.next_state(lambda state: not state["grid"])
    assert not said["motor_on"]


async def test_lost_readiness_turns_it_off_within_100_ms(pump: PumpRig) -> None:
    await pump.start_motor()
    lost_us = pump.board.set_pin(READY, 0)
    assert await pump.off_within_us(lost_us) < POWER_CUT_US


async def test_the_relay_switches_and_the_opto_never_moves_alone_under_current(pump: PumpRig) -> None:
    await pump.start_motor()
    pump.board.set_pin(GRID, 0)
    await pump.off_edges(0)
    moves = [(edge.pin, edge.level) for edge in pump.board.edges if edge.pin in (RELAY, OPTO)]
    assert moves == [(OPTO, 1), (RELAY, 1), (RELAY, 0), (OPTO, 0)]


async def test_a_short_at_an_output_turns_the_other_one_off(pump: PumpRig) -> None:
    await pump.start_motor()
    pump.board.set_pin(RELAY, 1)  # held high from outside
    blow_us = now_us()
    pump.board.set_pin(GRID, 0)
    await pump.until(lambda: not pump.board.is_on(OPTO))
    assert [e.at_us - blow_us < POWER_CUT_US for e in pump.board.edges if e.pin == OPTO and not e.level] == [True]
    assert (await pump.next_state(lambda state: state["fault"] is not None))["fault"] == "output"


async def test_a_starved_watchdog_resets_the_chip_and_the_motor_is_off(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    async with PumpRig(broker, tmp_path, settings={"watchdog_ms": 1_000}) as pump:
        before = await pump.start_motor()
        stuck_us = now_us()
        pump.board.hang(60_000)
        assert await pump.off_within_us(stuck_us) < 1_000_000 + LOOK_US
        assert pump.board.resets == ["watchdog"]
        after = await pump.next_state(lambda state: bool(state["boot_id"] > before["boot_id"]))
        assert after["reset"] == "watchdog"
        assert not after["motor_on"]


async def test_a_program_that_crashes_turns_the_motor_off_before_it_restarts(pump: PumpRig) -> None:
    before = await pump.start_motor()
    crash_us = now_us()
    pump.board.crash()
    assert await pump.off_within_us(crash_us) < LOST_CONNECTION_US
    assert not any(edge.by_board for edge in pump.board.edges), "it did so itself"
    after = await pump.next_state(lambda state: bool(state["boot_id"] > before["boot_id"]))
    assert (after["motor_on"], after["reset"]) == (False, "hard")
    assert pump.board.resets == ["hard"]


async def test_a_killed_controller_is_off_and_nothing_of_its_old_life_lights_it(pump: PumpRig) -> None:
    before = await pump.start_motor()
    await pump.board.power_cycle()
    assert not pump.is_on
    after = await pump.next_state(lambda state: bool(state["boot_id"] > before["boot_id"]))
    assert (after["motor_on"], after["run_id"], after["on_ms"], after["seq"]) == (False, None, 0, 1)
    assert await pump.reason(await pump.grant(before)) == "boot"
    assert not pump.is_on


async def test_a_controller_that_loses_its_connection_says_offline_by_its_last_will(pump: PumpRig) -> None:
    await pump.until(lambda: pump.avail[-1:] == ["online"])
    await pump.board.power_off()
    await pump.until(lambda: pump.avail[-1:] == ["offline"])


async def test_the_time_on_is_counted_from_edge_to_edge(pump: PumpRig) -> None:
    off_by_ms = []
    for turn in range(1, TURNS + 1):  # a busy machine may halt the device between its clock and its pin, not each time
        await pump.start_motor()
        await pump.next_state()
        await pump.stop()
        said = await pump.next_state(lambda state: not state["motor_on"])
        edges = [edge.at_us for edge in pump.board.edges if edge.pin == RELAY]
        assert (len(edges), said["run_id"]) == (2 * turn, RUN)
        off_by_ms.append(abs(said["on_ms"] - (edges[-1] - edges[-2]) / 1_000))
    assert min(off_by_ms) <= 2


async def test_the_budget_ends_the_run(pump: PumpRig) -> None:
    await pump.start_motor(budget_ms=1_500)
    await pump.off_edges(0)
    said = await pump.next_state(lambda state: not state["motor_on"])
    assert 1_500 <= said["on_ms"] < 1_500 + LOOK_US // 1_000


async def test_it_rests_between_two_starts(broker: PrivateMosquitto, tmp_path: Path) -> None:
    async with PumpRig(broker, tmp_path, settings={"min_off_ms": 2_000}) as pump:
        await pump.start_motor()
        await pump.stop()
        await pump.off_edges(0)
        await pump.start_motor()
        falls = [edge.at_us for edge in pump.board.edges if edge.pin == RELAY and not edge.level]
        rises = [edge.at_us for edge in pump.board.edges if edge.pin == RELAY and edge.level]
        assert rises[1] - falls[0] >= 1_999_000


async def test_after_so_many_starts_in_an_hour_it_is_locked(broker: PrivateMosquitto, tmp_path: Path) -> None:
    async with PumpRig(broker, tmp_path, settings={"starts_per_hour": 2}) as pump:
        for _ in range(2):
            await pump.start_motor()
            await pump.stop()
            await pump.until(lambda: not pump.is_on)
        said = await pump.next_state(lambda state: not state["motor_on"])
        assert 3_500_000 < said["off_left_ms"] <= 3_600_000
        assert await pump.reason(await pump.grant(said, fence=pump.fence)) is None
        await pump.next_state()
        assert not pump.is_on


async def test_states_come_at_changes_but_never_closer_than_250_ms(pump: PumpRig) -> None:
    await pump.start_motor(ttl_ms=15_000)
    seen, begun_us = len(pump.states), now_us()
    for _ in range(20):
        pump.board.set_pin(GRID, 0)
        await pump.until(lambda: True)
        pump.board.set_pin(GRID, 1)
    await pump.next_state()
    await pump.next_state()
    spent_ms = (now_us() - begun_us) / 1_000
    assert len(pump.states) - seen <= spent_ms / 250 + 2


async def test_a_pump_that_runs_dry_is_turned_off_and_says_so_until_it_is_heard(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    settings = {
        "pins": {"current": 34},
        "thresholds": {"current_ma": {"low": 1_000}},
        "inrush_ms": 500,
        "trip_delay_ms": 500,
    }
    async with PumpRig(broker, tmp_path, settings=settings) as pump:
        pump.board.set_analogue(34, 32_768)  # the middle of the range: no current
        await pump.start_motor()
        await pump.off_edges(0)
        said = await pump.next_state(lambda state: not state["motor_on"])
        assert (said["fault"], said["current_ma"]) == ("dry_run", 0)
        assert said["on_ms"] >= 1_000
        await pump.until(lambda: bool(pump.events))
        assert (pump.events[0]["kind"], pump.events[0]["fault"], pump.events[0]["run_id"]) == (
            "fault",
            "dry_run",
            RUN,
        )
        assert await pump.reason(await pump.grant()) == "dry_run"
