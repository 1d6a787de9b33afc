"""The fleet of virtual pits: the real firmware in believable air, through its incidents, on a real broker."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.firmware.pit_rig import DEVICE, TENANT, PitServer
from tests.private_mosquitto import PrivateMosquitto
from tests.virtual.climate import Room, climate
from tests.virtual.fleet import Card
from tests.virtual.script import Incident, Kind
from tools.virtual_pits import VirtualPit

ROOT = Path(__file__).resolve().parents[2]


def card(role: str = "steady", **fields: object) -> Card:
    return Card(**{"tenant": TENANT, "device": DEVICE, "password": "p", "seed": 4, "role": role, **fields})  # type: ignore[arg-type]


@asynccontextmanager
async def playing(
    broker: PrivateMosquitto, folder: Path, played: Card, incidents: tuple[Incident, ...] = ()
) -> AsyncIterator[VirtualPit]:
    pit = VirtualPit(played, "127.0.0.1", broker.port, folder, interval_s=2)
    pit._incidents = incidents
    task = asyncio.create_task(pit.run())
    try:
        yield pit
        assert not task.done(), "it never ends by itself"
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_pit_measures_the_air_of_its_room(broker: PrivateMosquitto, tmp_path: Path) -> None:
    async with PitServer(broker) as server, playing(broker, tmp_path, card(sensors="climate", boots=1)):
        reading = await server.next_reading()
        assert server.readings[-1][0] == 2, "boots are numbered on from the card's"
        assert reading.ts is not None
        air = climate(Room(4), reading.ts / 1_000)
        assert reading.t_c == pytest.approx(air.t_c, abs=0.5)
        assert reading.rh_pct == pytest.approx(air.rh_pct, abs=3)
        assert reading.p_hpa == pytest.approx(air.p_hpa, abs=2)
        assert reading.iaq == pytest.approx(air.iaq, abs=5)
        assert reading.pm25 is None


async def test_a_lost_network_is_seen_by_its_last_will_and_made_good_afterwards(
    broker: PrivateMosquitto, tmp_path: Path
) -> None:
    loss = Incident(Kind.WIFI_LOSS, first_s=4, lasts_s=6, every_s=1_000)
    async with PitServer(broker) as server, playing(broker, tmp_path, card(), (loss,)):
        await server.until(lambda: server.avail == ["online", "offline", "online"], 40)
        await server.until(lambda: len(server.readings) >= 7, 30)
        seqs = [seq for _, seq in server.readings]
        assert set(seqs) == set(range(1, max(seqs) + 1))


async def test_a_power_cut_makes_a_new_boot(broker: PrivateMosquitto, tmp_path: Path) -> None:
    cut = Incident(Kind.POWER_CUT, first_s=4, lasts_s=1, every_s=1_000)
    async with PitServer(broker) as server, playing(broker, tmp_path, card(), (cut,)):
        await server.until(lambda: (2, 1) in server.readings, 30)


async def test_a_device_without_the_time_says_so(broker: PrivateMosquitto, tmp_path: Path) -> None:
    async with PitServer(broker) as server, playing(broker, tmp_path, card("noclock")):
        reading = await server.next_reading()
        assert reading.ts is None
        assert reading.up_ms is not None


async def test_a_loose_sensor_is_found_out_by_its_driver(broker: PrivateMosquitto, tmp_path: Path) -> None:
    loose = Incident(Kind.BROKEN_FRAMES, first_s=3, lasts_s=30, every_s=1_000)
    async with PitServer(broker) as server, playing(broker, tmp_path, card(sensors="climate"), (loose,)):
        await server.until(lambda: any(state["sensors"]["bme680"] != "ok" for state in server.states[1:]), 30)
        assert server.refused == []


async def test_the_program_ends_with_whoever_started_it(broker: PrivateMosquitto, tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.json"
    fleet.write_text(json.dumps([asdict(card()), asdict(card("off", device="pp-2"))]), encoding="utf-8")
    command = [sys.executable, "-m", "tools.virtual_pits", "--broker", f"mqtt://127.0.0.1:{broker.port}"]
    async with PitServer(broker) as server:
        process = subprocess.Popen(
            [*command, "--fleet", str(fleet), "--period", "2", "--until-input-ends"], stdin=subprocess.PIPE, cwd=ROOT
        )
        try:
            await server.until(lambda: server.readings, 30)
            assert process.stdin is not None
            process.stdin.close()
            assert await asyncio.to_thread(process.wait, 10) == 0
        finally:
            process.kill()
