"""Virtual devices on a real broker: what a server sees of them through lost networks, power cuts and restarts."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from domain.readings import Reject, judge
from ingest import wire
from tests.private_mosquitto import PrivateMosquitto
from tests.virtual_device import Broker, Card, Clock, Timing, VirtualDevice

QUICK = Timing(measure_every_s=0.05, state_every_s=0.1, resend_after_s=0.2, retry_first_s=0.05)
PATIENCE_S = 15.0


@pytest.fixture
def mosquitto() -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto() as broker:
        yield broker


def card(role: str = "steady", **fields: Any) -> Card:
    return Card(tenant="acme", device="pp-1", password="p", seed=4, role=role, **fields)


class Server:
    """Hears everything; says `/got` for what it hears while it is `confirming`."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.confirming = True
        self.heard: list[aiomqtt.Message] = []

    async def run(self) -> None:
        async for message in self._client.messages:
            self.heard.append(message)
            if self.confirming and message.topic.matches("+/+/+/telemetry"):
                said = self._parsed(message)
                seqs = [reading.seq for reading in said.readings]
                await self.say_got(str(message.topic), wire.got(said.boot_id, [(seqs[0], seqs[-1])], []))

    async def say_got(self, telemetry_topic: str, payload: bytes) -> None:
        await self._client.publish(telemetry_topic.replace("telemetry", "got"), payload, qos=1)

    def payloads(self, leaf: str) -> list[bytes]:
        return [_bytes(m) for m in self.heard if m.topic.matches(f"v1/acme/+/{leaf}")]

    def telemetry(self) -> list[wire.Telemetry]:
        return [self._parsed(m) for m in self.heard if m.topic.matches("+/+/+/telemetry")]

    def seqs(self, boot_id: int = 1) -> list[int]:
        return [r.seq for said in self.telemetry() if said.boot_id == boot_id for r in said.readings]

    @staticmethod
    def _parsed(message: aiomqtt.Message) -> wire.Telemetry:
        said = wire.telemetry(_bytes(message))
        assert isinstance(said, wire.Telemetry), said
        return said


def _bytes(message: aiomqtt.Message) -> bytes:
    assert isinstance(message.payload, bytes)
    return message.payload


@asynccontextmanager
async def serving(mosquitto: PrivateMosquitto) -> AsyncIterator[Server]:
    async with aiomqtt.Client("127.0.0.1", mosquitto.port) as client:
        await client.subscribe("v1/#", qos=1)
        server = Server(client)
        task = asyncio.create_task(server.run())
        try:
            yield server
        finally:
            task.cancel()
            await asyncio.wait([task])


@asynccontextmanager
async def playing(
    mosquitto: PrivateMosquitto, folder: Path, played: Card | None = None, clock: Clock | None = None
) -> AsyncIterator[VirtualDevice]:
    device = VirtualDevice(played or card(), Broker("127.0.0.1", mosquitto.port), folder, clock, QUICK)
    task = asyncio.create_task(device.run())
    try:
        yield device
        assert not task.done(), "it never ends by itself"
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


async def test_it_says_that_it_is_there_how_it_is_and_what_it_measures(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path):
        await until(lambda: len(server.payloads("state")) >= 2 and {1, 2, 3} <= {*server.seqs()})
        assert server.payloads("avail") == [b"online"]
    first, second = (wire.state(payload) for payload in server.payloads("state")[:2])
    assert isinstance(first, wire.State)
    assert isinstance(second, wire.State)
    assert (first.boot_id, first.seq, second.seq) == (1, 1, 2)
    assert None not in (first.fw, first.ip, first.rssi, first.up_s, first.ts)
    reading = server.telemetry()[0].readings[0]
    assert reading.ts is not None
    assert judge(reading.seq, reading.ts * 1_000, reading.values, reading.ts * 1_000) is None


async def test_it_sends_again_until_it_is_confirmed_and_then_no_more(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path) as device:
        server.confirming = False
        await until(lambda: server.seqs().count(1) >= 3)
        assert device.boot is not None
        assert device.boot.ring.seqs[0] == 1, "an acknowledgement by the broker confirms nothing"
        server.confirming = True
        await until(lambda: device.boot and not {*range(1, 6)} & {*device.boot.ring.seqs})
        confirmed = server.seqs().count(1)
        await asyncio.sleep(3 * QUICK.resend_after_s)
        assert server.seqs().count(1) == confirmed


async def test_it_drops_what_the_server_refused_for_good(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path) as device:
        server.confirming = False
        await until(lambda: {1, 2, 3} <= {*server.seqs()})
        await server.say_got("v1/acme/pp-1/telemetry", wire.got(1, [(1, 1)], [(2, 3)]))
        await until(lambda: device.boot and device.boot.ring.refused == 2)
        await until(lambda: device.boot and device.boot.ring.seqs[:1] == [4])


async def test_confirmations_of_an_older_boot_and_nonsense_change_nothing(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path, card(boots=5)) as device:
        server.confirming = False
        await until(lambda: server.seqs(boot_id=6))
        for payload in (wire.got(5, [(1, 100)], []), b"nonsense"):
            await server.say_got("v1/acme/pp-1/telemetry", payload)
        await until(lambda: server.seqs(boot_id=6).count(1) >= 2)
        assert device.boot is not None
        assert device.boot.ring.seqs[0] == 1


async def test_it_measures_on_while_the_network_is_lost_and_replays_every_reading(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path) as device:
        await until(lambda: {1, 2, 3} <= {*server.seqs()})
        device.lose_wifi()
        await until(lambda: server.payloads("avail") == [b"online", b"offline"])  # the second one is its last will
        assert device.boot is not None
        boot, measured, heard = device.boot, device.boot.ring.last_seq, max(server.seqs())
        await until(lambda: boot.ring.last_seq >= measured + 30)
        assert max(server.seqs()) == heard
        device.find_wifi()
        await until(lambda: max(server.seqs()) > measured + 30 and len(boot.ring) <= 2)
        assert {*server.seqs()} == {*range(1, max(server.seqs()) + 1)}
        assert server.payloads("avail")[2:] == [b"online"]
        assert max(len(said.readings) for said in server.telemetry()) <= 20


async def test_it_comes_back_to_a_broker_that_was_killed(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    async with playing(mosquitto, tmp_path) as device:
        await until(lambda: device.boot and device.boot.connections)
        mosquitto.kill()
        mosquitto.start()
        async with serving(mosquitto) as server:
            await until(lambda: 1 in server.seqs())
            await until(lambda: device.boot and len(device.boot.ring) <= 2)


async def test_a_power_cut_ends_it_without_a_word_and_the_next_boot_has_a_higher_number(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server:
        async with playing(mosquitto, tmp_path) as device:
            await until(lambda: server.seqs(boot_id=1))
            device.cut_power()
            await until(lambda: server.payloads("avail") == [b"online", b"offline"])
            await until(lambda: device.boot is None)
            device.restore_power()
            await until(lambda: server.seqs(boot_id=2))
            assert server.seqs(boot_id=2)[0] == 1
        async with playing(mosquitto, tmp_path):
            await until(lambda: server.seqs(boot_id=3))


async def test_power_may_go_while_the_network_is_lost(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path) as device:
        await until(lambda: server.seqs(boot_id=1))
        device.lose_wifi()
        device.cut_power()
        await until(lambda: device.boot is None)
        device.restore_power()
        device.find_wifi()
        await until(lambda: server.seqs(boot_id=2))


async def test_a_device_without_a_clock_says_only_how_long_it_is_up(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path, card("noclock")):
        await until(lambda: {1, 2, 3} <= {*server.seqs()})
        said = server.telemetry()
        assert {r.ts for message in said for r in message.readings} == {None}
        ups = [r.up_ms or 0 for message in said for r in message.readings]
        assert ups == sorted(ups)
        assert all((message.up_ms or 0) >= (r.up_ms or 0) for message in said for r in message.readings)


async def test_a_loose_wire_gives_frames_that_no_server_believes(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    hurried = Clock(speed=60.0)  # the first minute of the role's incidents passes in a second
    async with serving(mosquitto) as server, playing(mosquitto, tmp_path, card("flaky"), hurried):
        await until(lambda: Reject.IMPLAUSIBLE in judgements(server))
        await until(lambda: judgements(server)[-1] is None)  # and the wire holds again


def judgements(server: Server) -> list[Reject | None]:
    readings = [r for said in server.telemetry() for r in said.readings]
    return [judge(r.seq, (r.ts or 0) * 1_000, r.values, (r.ts or 0) * 1_000) for r in readings]


def ask_to_stop(program: asyncio.subprocess.Process) -> None:
    program.send_signal(signal.SIGTERM)


def end_its_input(program: asyncio.subprocess.Process) -> None:
    assert program.stdin is not None
    program.stdin.close()


@pytest.mark.parametrize("end", [ask_to_stop, end_its_input])
async def test_the_program_plays_what_is_switched_on_and_leaves_politely(
    mosquitto: PrivateMosquitto, tmp_path: Path, end: Callable[[asyncio.subprocess.Process], None]
) -> None:
    fleet = tmp_path / "fleet.json"
    common = {"tenant": "acme", "password": "p", "seed": 1}
    cards = [{**common, "device": "pp-on", "role": "dusty"}, {**common, "device": "pp-off", "role": "off"}]
    fleet.write_text(json.dumps(cards), encoding="utf-8")
    async with serving(mosquitto) as server:
        program = await start_program(mosquitto, fleet)
        await until(lambda: server.seqs())
        end(program)
        assert await asyncio.wait_for(program.wait(), PATIENCE_S) == 0
        await until(lambda: server.payloads("avail") == [b"online", b"offline"])
        assert {str(m.topic).split("/")[2] for m in server.heard} == {"pp-on"}


async def start_program(mosquitto: PrivateMosquitto, fleet: Path) -> asyncio.subprocess.Process:
    address = f"mqtt://127.0.0.1:{mosquitto.port}"
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.virtual_device", "--broker", address, "--fleet", str(fleet), "--period", "0.1"),
        "--until-input-ends",
        stdin=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
