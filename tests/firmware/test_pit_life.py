"""The pit node in the real interpreter, with 96 kB of heap: its sensors, its commands, its life with the network."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.pit_rig import PitRig
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
async def pit(broker: PrivateMosquitto, tmp_path: Path, shipped: Path) -> AsyncIterator[PitRig]:
    async with PitRig(broker, tmp_path, program=shipped) as rig:
        yield rig


async def test_it_says_that_it_is_there_how_it_is_and_what_it_measures(pit: PitRig) -> None:
    first = await pit.next_reading()
    assert (first.t_c, first.rh_pct, first.p_hpa) == (24.6, 52.1, 948.3)
    assert first.ts is not None
    state = await pit.next_state()
    assert pit.avail == ["online"]
    assert state["sensors"] == {"dht22": "ok", "bme280": "absent", "bme680": "ok", "pms5003": "warming_up"}
    assert (state["boot_id"], state["settings_version"], state["settings"]["interval_s"]) == (1, 1, 2)


async def test_each_sensor_speaks_for_itself_and_one_that_fails_costs_only_its_own_values(pit: PitRig) -> None:
    await pit.next_reading()
    pit.board.set_chip("bme280")
    pit.board.set_air(t_c=31.5)
    await pit.next_state(lambda state: state["sensors"]["bme280"] == "ok")
    assert (await pit.next_reading()).t_c == 31.5
    pit.board.set_fault("bme280", "silent")
    await pit.next_state(lambda state: state["sensors"]["bme280"] == "no_answer")
    reading = await pit.next_reading()
    assert (reading.t_c, reading.p_hpa) == (31.5, None), "the DHT22's"
    pit.board.set_fault("dht22", "ones")
    await pit.next_state(lambda state: state["sensors"]["dht22"] == "checksum")


async def test_it_measures_on_while_the_broker_is_away_and_replays_in_order(pit: PitRig) -> None:
    await pit.next_reading()
    pit.broker.save()  # of the server's session it shall know after its death
    pit.broker.kill()
    heard = len(pit.readings)
    await asyncio.sleep(9)
    pit.broker.start()
    await pit.until(lambda: len(pit.readings) >= heard + 5)
    assert pit.readings == sorted(pit.readings)
    assert {seq for _, seq in pit.readings} == set(range(1, pit.readings[-1][1] + 1))


async def test_a_power_cut_makes_a_new_boot_and_its_last_will_speaks(pit: PitRig) -> None:
    await pit.next_reading()
    await pit.board.power_cycle()
    await pit.until(lambda: any(boot == 2 for boot, _ in pit.readings))
    assert "offline" in pit.avail
    await pit.until(lambda: pit.states and pit.states[-1]["boot_id"] == 2)


@pytest.mark.parametrize(
    ("command", "ok", "reason"),
    [
        ({"kind": "identify"}, True, ""),
        ({"kind": "set", "settings": {"interval_s": 1}, "version": 2}, False, "interval_s: a whole number, 2…3600"),
        (
            {"kind": "set", "settings": {"pins": {"dht": 34}}, "version": 2},
            False,
            "pins.dht: GPIO34 can't be an output",
        ),
        ({"kind": "set", "settings": {"colour": 1}, "version": 2}, False, "colour: unknown"),
        ({"kind": "update", "url": 3, "size": 4, "version": "2.0.0", "sha256": ""}, True, ""),
        ({"kind": "restart", "expires": 1_000}, False, "expired"),
    ],
)
async def test_a_command_is_answered_with_the_truth(
    pit: PitRig, command: dict[str, Any], ok: bool, reason: str
) -> None:
    await pit.next_reading()
    ack = await pit.command(command)
    assert (ack["ok"], ack["reason"]) == (ok, reason)


async def test_an_interval_that_is_set_is_used_reported_and_kept(pit: PitRig) -> None:
    await pit.next_reading()
    assert (await pit.command({"kind": "set", "settings": {"interval_s": 3}, "version": 5}))["ok"]
    state = await pit.next_state(lambda state: state["settings_version"] == 5)
    assert state["settings"]["interval_s"] == 3
    first, second = await pit.next_reading(), await pit.next_reading()
    assert first.up_ms is not None
    assert second.up_ms is not None
    assert 2_900 <= second.up_ms - first.up_ms <= 3_300
    await pit.board.power_cycle()
    state = await pit.next_state(lambda state: state["boot_id"] == 2)
    assert (state["settings"]["interval_s"], state["settings_version"]) == (3, 5)


async def test_a_restart_that_is_asked_for_loses_no_reading(pit: PitRig) -> None:
    await pit.next_reading()
    pit.is_committing = False
    await pit.next_reading()
    assert (await pit.command({"kind": "restart"}))["ok"]
    await pit.until(lambda: pit.states[-1]["boot_id"] == 2 if pit.states else False)
    pit.is_committing = True
    await pit.until(lambda: (2, 1) in pit.readings)
    after = pit.readings[pit.readings.index((2, 1)) - 2 :]
    assert after[0][0] == 1, "what the first boot measured comes before what the second did"
    assert {seq for boot, seq in pit.readings if boot == 1} == set(
        range(1, max(seq for boot, seq in pit.readings if boot == 1) + 1)
    )
