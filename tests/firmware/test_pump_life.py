"""The pump node in the real interpreter: commands, settings, cards, reconnecting, and a program that crashes."""

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingest import wire
from tests.firmware.virtual_node import GRID, PumpRig
from tests.private_mosquitto import PrivateMosquitto
from tools.virtual_board import write_keys


@pytest.fixture
async def pump(broker: PrivateMosquitto, tmp_path: Path) -> AsyncIterator[PumpRig]:
    async with PumpRig(broker, tmp_path) as rig:
        yield rig


def soon() -> int:
    return int(time.time()) + 60


async def test_the_first_state_of_a_boot_says_the_settings(pump: PumpRig) -> None:
    first = pump.states[0]
    assert first["settings_version"] == 1
    assert first["settings"]["pins"]["relay"] == 25
    assert "settings" not in await pump.next_state()


async def test_settings_that_are_sent_are_used_and_reported(pump: PumpRig) -> None:
    command = {"kind": "set", "settings": {"starts_per_hour": 7}, "version": 2, "expires": soon()}
    command_id = await pump.command(command)
    assert await pump.reason(command_id) is None
    said = await pump.said_state(lambda state: state.get("settings_version") == 2 and "settings" in state)
    assert said["settings"]["starts_per_hour"] == 7
    await pump.board.power_cycle()
    await pump.until(lambda: pump.state["boot_id"] == 2)
    kept = next(state for state in pump.states if state["boot_id"] == 2)
    assert (kept["settings"]["starts_per_hour"], kept["settings_version"]) == (7, 2)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"kind": "set", "settings": {"pins": {"ready": 32}}, "version": 2}, "pins.ready: GPIO32 is grid already"),
        ({"kind": "set", "settings": {"min_off_ms": -1}, "version": 2}, "min_off_ms: a whole number, 0…600000"),
        ({"kind": "set", "settings": {}, "version": 0}, "older"),
        ({"kind": "set", "settings": [], "version": 2}, "malformed"),
        ({"kind": "restart", "expires": 1_000}, "expired"),
        ({"kind": "restart", "expires": None}, "malformed"),
        ({"kind": "self-destruct"}, "unknown"),
    ],
)
async def test_a_command_that_cannot_be_is_refused_and_says_why(
    pump: PumpRig, command: dict[str, Any], reason: str
) -> None:
    assert await pump.reason(await pump.command({"expires": soon(), **command})) == reason
    assert pump.board.resets == []


async def test_a_restart_is_done_once_however_often_it_comes(pump: PumpRig) -> None:
    command = {"id": "restart-1", "kind": "restart", "expires": soon()}
    await pump.command(command)
    again = await pump.next_state(lambda state: bool(state["boot_id"] == 2))
    assert again["reset"] == "hard"
    await pump.command(command)
    await pump.until(lambda: len([ack for ack in pump.acks if ack["id"] == "restart-1"]) == 2)
    await pump.next_state()
    assert pump.board.resets == ["hard"]


async def test_nothing_but_identify_is_done_while_the_motor_is_on(pump: PumpRig) -> None:
    await pump.start_motor()
    for kind in ("restart", "update"):
        assert await pump.reason(await pump.command({"kind": kind, "expires": soon()})) == "running"
    assert await pump.reason(await pump.command({"kind": "identify", "expires": soon()})) is None
    await pump.until(lambda: pump.board.is_on(2))
    assert pump.is_on


async def test_changed_pins_are_used_after_a_restart_of_its_own(pump: PumpRig) -> None:
    command = {"kind": "set", "settings": {"pins": {"relay": 26}}, "version": 2, "expires": soon()}
    assert await pump.reason(await pump.command(command)) is None
    said = await pump.next_state(lambda state: bool(state["boot_id"] == 2))
    assert said["settings"]["pins"]["relay"] == 26
    while not pump.board.is_on(26):
        await pump.answer(await pump.grant(await pump.next_state()))
    await pump.said_state(lambda state: bool(state["motor_on"]))


async def test_other_settings_that_come_at_once_do_not_take_the_restart_back(pump: PumpRig) -> None:
    for version, settings in ((2, {"pins": {"led": 4}}), (3, {"starts_per_hour": 7})):
        await pump.command({"kind": "set", "settings": settings, "version": version, "expires": soon()})
    await pump.until(lambda: pump.board.resets == ["hard"])


async def test_a_card_is_an_event_that_is_sent_until_it_is_committed(pump: PumpRig) -> None:
    pump.board.hold_card(bytes.fromhex("04a1b2c3"))
    await pump.until(lambda: len(pump.events) == 1)
    came = pump.events[0]
    assert (came["kind"], came["uid"], came["present"], came["seq"]) == ("card", "04A1B2C3", True, 1)
    pump.broker.restart()  # nobody has committed it: it comes again
    await pump.until(lambda: [event["seq"] for event in pump.events] == [1, 1])
    assert pump.events[1]["age_ms"] > came["age_ms"]
    got = {"boot_id": came["boot_id"], "readings": [], "events": [[1, 1]]}
    await pump.raw(json.dumps(got).encode(), "got")
    pump.board.hold_card(None)
    await pump.until(lambda: len(pump.events) == 3)
    gone = pump.events[2]
    assert (gone["uid"], gone["present"], gone["seq"]) == ("04A1B2C3", False, 2)
    pump.broker.restart()
    await pump.until(lambda: len(pump.events) == 4)
    assert pump.events[3]["seq"] == 2


async def test_it_comes_back_when_broker_or_access_point_come_back(pump: PumpRig) -> None:
    pump.broker.restart()
    await pump.next_state()
    pump.board.set_wifi(False)
    pump.broker.kill()
    pump.broker.start()
    pump.board.set_wifi(True)
    await pump.next_state()
    assert pump.board.resets == []
    assert pump.states[-1]["boot_id"] == 1


async def test_a_program_that_crashes_again_and_again_ends_in_safe_mode(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    write_keys(tmp_path, {"bad_boots": 6})
    async with PumpRig(broker, tmp_path) as pump:
        assert pump.state["safe_mode"]
        assert (pump.state["fault"], pump.state["motor_on"], pump.is_on) == ("safe_mode", False, False)
        assert await pump.reason(await pump.grant()) == "unknown"
        assert await pump.reason(await pump.stop()) is None
        await pump.next_state(lambda state: bool(state["fence"] == pump.fence))
        assert not pump.is_on
        assert await pump.reason(await pump.command({"kind": "restart", "expires": soon()})) is None
        again = await pump.next_state(lambda state: bool(state["boot_id"] == 2))
        assert "safe_mode" not in again


async def test_a_new_firmware_stays_on_trial_until_the_server_has_confirmed_that_it_hears_it(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    def trial() -> int:
        return bytes.fromhex(json.loads((tmp_path / "nvs.json").read_text())["slots"]["state"])[0] >> 2

    (tmp_path / "nvs.json").write_text(json.dumps({"slots": {"state": f"{3 << 2:02x}"}}))
    async with PumpRig(broker, tmp_path) as pump:
        await pump.until(lambda: bool(pump.events))
        assert pump.events[0]["kind"] == "trial" and isinstance(
            wire.event(json.dumps(pump.events[0]).encode()), wire.Event
        )
        await pump.next_state()
        await pump.next_state()
        assert trial() == 3, "being connected is not enough"
        await pump.raw(b'{"boot_id": 1, "readings": [], "events": [[1, 1]]}', "got")
        await pump.until(lambda: trial() == 0)
        assert len({event["seq"] for event in pump.events}) == 1


async def test_settings_that_no_longer_fit_are_given_up_for_the_defaults(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    async with PumpRig(broker, tmp_path, settings={"an_old_name": 3}) as pump:
        assert pump.states[0]["settings_version"] == 0
        assert pump.states[0]["settings"]["min_off_ms"] == 30_000


async def test_the_same_firmware_runs_where_there_is_no_micropython(broker: PrivateMosquitto, tmp_path: Path) -> None:
    async with PumpRig(broker, tmp_path, interpreter=[sys.executable, "-B"]) as pump:
        await pump.start_motor()
        cut_us = pump.board.set_pin(GRID, 0)
        assert await pump.off_within_us(cut_us) < 100_000
        pump.broker.restart()
        await pump.next_state()
        command = {"kind": "restart", "expires": soon()}
        assert await pump.reason(await pump.command(command)) is None
        await pump.next_state(lambda state: bool(state["boot_id"] == 2))


async def test_outputs_that_a_soft_reset_left_on_are_off_before_anything_else(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    write_keys(tmp_path, {"outputs": [26, 5]})
    pump = PumpRig(broker, tmp_path, settings={"pins": {"relay": 26}})
    pump.board.outputs.update({25: 1, 26: 1, 5: 1})
    async with pump:
        assert [(edge.pin, edge.level) for edge in pump.board.edges[:3]] == [(25, 0), (5, 0), (26, 0)]
