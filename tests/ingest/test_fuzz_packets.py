"""Ten thousand malformed MQTT packets and payloads, the same each time: nothing of them is stored that is not a
plausible reading of the device that may say it, and afterwards broker and consumer go on as if nothing had been.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from domain.readings import FACTS, METRICS
from tests.conftest import World
from tests.ingest.parts import at_a_broker, counted, fetch, topic, until
from tests.ingest.payloads import batch, fuzzed, reading, single
from tests.private_mosquitto import PrivateMosquitto

SEED = 20_261_121
PACKETS, PAYLOADS = 5_000, 5_000
AT_ONCE = 40
ANSWER_WITHIN_S = 30.0
CONNECT, PUBLISH, SUBSCRIBE = 0x10, 0x30, 0x82


# What is sent


def text(said: bytes) -> bytes:
    return len(said).to_bytes(2, "big") + said


def packet(kind: int, body: bytes) -> bytes:
    """With its length in the variable form that MQTT has."""
    length, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return bytes([kind]) + length + body


def connect(name: bytes, level: int = 4, flags: int = 0x02, more: bytes = b"") -> bytes:
    properties = b"\x00" if level == 5 else b""
    return packet(CONNECT, text(b"MQTT") + bytes([level, flags]) + b"\x00\x3c" + properties + text(name) + more)


def publish(where: bytes, payload: bytes, *, qos: int = 0, retain: bool = False) -> bytes:
    number = b"\x00\x07" if qos else b""
    return packet(PUBLISH | qos << 1 | retain, text(where) + number + payload)


def good_packets(where: bytes) -> list[bytes]:
    """One of each kind, that the broken ones are made of."""
    will = text(where) + text(b"gone")
    payload = single(1, ts=0)
    return [
        connect(b"a"), connect(b"b", 5), connect(b"c", 4, 0x2E, will), connect(b"d", 4, 0xC2, text(b"u") + text(b"p")),
        publish(where, payload), publish(where, payload, qos=1), publish(where, payload, qos=2),
        publish(where, payload, retain=True), packet(SUBSCRIBE, b"\x00\x01" + text(b"v1/#") + b"\x01"),
        packet(0xA2, b"\x00\x02" + text(b"v1/#")), packet(0x40, b"\x00\x07"), packet(0x50, b"\x00\x07"),
        packet(0x62, b"\x00\x07"), packet(0x70, b"\x00\x07"), packet(0xC0, b""), packet(0xE0, b""),
        packet(0xF0, b"\x00"), packet(0x00, b""),
    ]  # fmt: skip


def broken_packets(where: bytes, count: int) -> Iterator[bytes]:
    """Good ones with bites taken out or put in, wrong lengths and kinds, and noise."""
    chance = random.Random(SEED)
    good = good_packets(where)
    for bitten in fuzzed(good, count, SEED):
        match chance.randrange(6):
            case 0:
                yield chance.randbytes(chance.randint(1, 200))
            case 1:
                yield bytes([chance.randrange(256)]) + bitten[1:]
            case 2:  # a length that is a lie, or longer than MQTT has
                yield bitten[:1] + chance.choice([b"\x00", b"\x7f", b"\xff\xff\xff\x7f", b"\xff" * 5]) + bitten[2:]
            case _:
                yield bitten


def strange_topics(world: World) -> list[bytes]:
    here, there = topic(world.here).encode(), topic(world.there).encode()
    return [
        here, here, here, here, there.replace(b"pp-there", b"pp-here"), here.replace(b"v1", b"v9"),
        here.replace(b"telemetry", b"state"), here.replace(b"telemetry", b"got"), here + b"/more", here[:-1],
        b"v1//pp-here/telemetry", b"v1/" + b"x" * 2_000 + b"/y/telemetry", b"v1/\xc3\xa9/\xf0\x9f\x92\xa7/telemetry",
        b"v1/a/b/telemetry", b"/", b"v1", "v1/\u202e/x/telemetry".encode(),
    ]  # fmt: skip


def broken_messages(world: World, count: int) -> Iterator[bytes]:
    """Whole packets with payloads that are broken, or where they do not belong."""
    chance = random.Random(SEED)
    now_ms = time.time_ns() // 1_000_000
    good = [single(2, ts=now_ms), batch(reading(3, ts=now_ms), reading(4, up_ms=5), up_ms=9_000), single(5, up_ms=3)]
    topics = strange_topics(world)
    for payload in fuzzed(good, count, SEED):
        where = chance.choice(topics)
        yield publish(where, payload, qos=chance.randrange(2), retain=chance.random() < 0.05)


# How


async def send_broken(port: int, packets: Iterator[bytes]) -> int:
    """Sends each packet on a connection of its own, half of them after a proper greeting; returns how many."""
    sent = 0
    for one in packets:
        with suppress(OSError):  # the broker hangs up on most of them
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                if sent % 2:
                    writer.write(connect(f"fuzz{id(packets)}".encode()))
                    await reader.readexactly(4)
                writer.write(one)
                writer.write_eof()
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await reader.read()
            except (asyncio.IncompleteReadError, TimeoutError):
                pass  # it hung up at once, or waits for the rest
            finally:
                writer.close()
        sent += 1
    return sent


async def send_messages(port: int, name: bytes, packets: Iterator[bytes]) -> int:
    """Sends whole packets one after the other; begins anew where the broker hangs up."""
    sent, waiting = 0, list(packets)
    while waiting:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(connect(name))
            await reader.readexactly(4)
            while waiting:
                writer.write(waiting.pop())
                sent += 1
                if sent % 50 == 0:
                    await writer.drain()
            await writer.drain()
            writer.write(packet(0xC0, b""))
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await _pong(reader)
            writer.close()
    return sent


async def _pong(reader: asyncio.StreamReader) -> None:
    """Reads on until the broker has answered all that was sent before the ping."""
    while (await reader.readexactly(2))[0] != 0xD0:
        await reader.readexactly(2)


async def test_ten_thousand_broken_packets_and_payloads_stop_nobody(world: World) -> None:
    with PrivateMosquitto() as broker:
        async with at_a_broker(broker.port) as (_, link):
            where = topic(world.here).encode()
            packets = broken_packets(where, PACKETS)
            shares = [islice(packets, PACKETS // AT_ONCE) for _ in range(AT_ONCE)]
            sent = sum(await asyncio.gather(*(send_broken(broker.port, share) for share in shares)))
            sent += await send_messages(broker.port, b"fuzz", broken_messages(world, PAYLOADS))
            assert sent == PACKETS + PAYLOADS
            await until(lambda: link.connected)

            last = 4_000_000
            good = publish(where, single(last, boot_id=77, ts=time.time_ns() // 1_000_000), qos=1)
            assert await send_messages(broker.port, b"device", iter([good])) == 1
            await arrives(last)
            assert "running" in broker.log and link.connected
    await expect_nothing_strange(world)


async def arrives(seq: int) -> None:
    async with asyncio.timeout(60):
        while not await fetch("SELECT 1 FROM reading WHERE boot_id = 77 AND seq = :seq", seq=seq):
            await asyncio.sleep(0.05)


async def expect_nothing_strange(world: World) -> None:
    """Whatever was stored is a plausible reading of the one device, in its own tenant; the rest was counted."""
    columns = ", ".join(METRICS)
    stored = await fetch(f"SELECT tenant_id, device_id, {columns} FROM reading")
    assert {row[:2] for row in stored} == {(world.here.tenant_id, "pp-here")}
    for row in stored:
        for metric, value in zip(METRICS, row[2:], strict=True):
            assert value is None or FACTS[metric].lowest <= value <= FACTS[metric].highest, (metric, value)
    refused = await counted()
    assert len({reason for _, reason in refused}) >= 6
    assert sum(refused.values()) > PAYLOADS // 2
