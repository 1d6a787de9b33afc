"""The pump node in the real interpreter: grants that must light nothing, and rubbish that must harm nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.virtual_node import RELAY, PumpRig
from tests.private_mosquitto import PrivateMosquitto


@pytest.fixture
async def pump(broker: PrivateMosquitto, tmp_path: Path) -> AsyncIterator[PumpRig]:
    async with PumpRig(broker, tmp_path) as rig:
        yield rig


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ttl_ms": 15_001}, "ttl"),
        ({"ttl_ms": 1}, "late"),
        ({"echo": {"boot_id": 0, "seq": 1}}, "boot"),
        ({"echo": {"boot_id": 1, "seq": 100_000}}, "seq"),
        ({"fence": None}, "malformed"),
        ({"budget_ms": "all"}, "malformed"),
    ],
)
async def test_a_bad_grant_is_refused_and_says_why(pump: PumpRig, changes: dict[str, Any], reason: str) -> None:
    assert await pump.reason(await pump.grant(**changes)) == reason
    assert not pump.is_on


async def test_late_duplicated_retained_and_replayed_grants_light_nothing(pump: PumpRig) -> None:
    first = await pump.next_state()
    command = await pump.grant(first)
    assert await pump.reason(command) is None
    await pump.until(lambda: pump.is_on)
    again = await pump.grant(first, id=command)
    await pump.until(lambda: len([ack for ack in pump.acks if ack["id"] == again]) == 2)
    assert pump.acks[-1]["reason"] == "duplicate"
    await pump.stop()
    await pump.until(lambda: not pump.is_on)
    assert await pump.reason(await pump.grant(first, fence=pump.fence)) == "before_off"
    fresh = await pump.next_state()
    assert await pump.reason(await pump.grant(fresh, fence=pump.fence - 1)) == "fence"
    assert len([edge for edge in pump.board.edges if edge.pin == RELAY and edge.level]) == 1


async def test_a_grant_that_the_broker_kept_is_refused(pump: PumpRig) -> None:
    state = await pump.next_state()
    await pump.command(
        {
            "kind": "run",
            "run_id": "kept",
            "fence": 0,
            "echo": {"boot_id": state["boot_id"] + 1, "seq": 1},
            "ttl_ms": 15_000,
            "budget_ms": 600_000,
            "id": "kept",
        },
        retain=True,
    )
    await pump.answer("kept")
    await pump.board.power_cycle()
    await pump.until(lambda: [ack["reason"] for ack in pump.acks if ack["id"] == "kept"][1:] == ["retained"])
    assert not pump.is_on


async def test_rubbish_on_its_topic_harms_nothing(pump: PumpRig) -> None:
    await pump.start_motor()
    for payload in (
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"kind":"run"}',
        b'{"kind":[]}',
        b'{"id":1}',
        b"x" * 50_000,
    ):
        await pump.raw(payload)
        await pump.raw(payload, "got")
    assert (await pump.next_state())["motor_on"]
    assert pump.board.resets == []
