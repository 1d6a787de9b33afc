"""The firmware's MQTT client, run by CPython, at a real broker and at one that misbehaves."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.by_path import pure
from tests.private_mosquitto import PrivateMosquitto

mqtt, ticks = pure("core.mqtt"), pure("core.ticks")
Heard = list[tuple[str, bytes, bool]]


def client(name: str = "a device", heard: Heard | None = None, **given: Any) -> Any:
    def note(topic: str, payload: bytes, retained: bool) -> None:
        if heard is not None:
            heard.append((topic, payload, retained))

    return mqtt.Mqtt(name, ticks.Clock(), on_message=note, **given)


async def until(holds: Callable[[], object], within_s: float = 60) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def misbehaving(answer: bytes) -> AsyncIterator[int]:
    """A server that says the same to everybody and then listens; yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_what_is_published_arrives_also_what_the_broker_kept(broker: PrivateMosquitto) -> None:
    heard: Heard = []
    device = client(heard=heard)
    await device.connect("127.0.0.1", broker.port)
    await device.publish("kept", b"from before", qos=1, retain=True)
    for topic in ("kept", "live"):
        await device.subscribe(topic)
    for qos in (0, 1):
        await device.publish("live", b"\x00\xff" * qos, qos=qos)
    await until(lambda: len(heard) == 3)
    assert heard == [("kept", b"from before", True), ("live", b"", False), ("live", b"\x00\xff", False)]
    await device.close()
    assert await device.closed() == "closed here"


async def test_what_came_meanwhile_arrives_when_the_session_is_kept(broker: PrivateMosquitto) -> None:
    heard: Heard = []
    device = client(heard=heard, clean=False)
    assert await device.connect("127.0.0.1", broker.port) is False
    await device.subscribe("t")
    await device.close()
    other = client("another")
    await other.connect("127.0.0.1", broker.port)
    await other.publish("t", b"meanwhile", qos=1)
    assert await device.connect("127.0.0.1", broker.port) is True
    await until(lambda: heard == [("t", b"meanwhile", False)])
    await device.close()
    await other.close()


async def test_the_will_is_published_only_when_nobody_said_goodbye(broker: PrivateMosquitto) -> None:
    heard: Heard = []
    watcher = client("watcher", heard)
    await watcher.connect("127.0.0.1", broker.port)
    await watcher.subscribe("avail")
    polite, lost = client("polite", will=("avail", b"polite")), client("lost", will=("avail", b"lost"))
    for device in (polite, lost):
        await device.connect("127.0.0.1", broker.port)
    await polite.close()
    lost._writer.transport.abort()
    await until(lambda: heard)
    await asyncio.sleep(0.1)
    assert [payload for _, payload, _ in heard] == [b"lost"]
    await watcher.close()


async def test_a_message_that_is_too_long_is_acknowledged_counted_and_the_next_one_arrives(
    broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: Heard = []
    device = client(heard=heard)
    monkeypatch.setattr(mqtt, "SENT_MAX", 9_000)
    other = client("another")
    for each in (device, other):
        await each.connect("127.0.0.1", broker.port)
    await device.subscribe("t")
    await other.publish("t", b"x" * 8_000, qos=1)
    await other.publish("t", b"short", qos=1)
    await until(lambda: heard)
    assert heard == [("t", b"short", False)]
    assert device.oversized == 1
    with pytest.raises(mqtt.MqttError, match="too long"):
        await device.publish("t", b"x" * 2_560)
    await device.publish("t", b"and goes on", qos=1)
    await device.close()
    await other.close()


async def test_many_publications_at_once_are_all_acknowledged(broker: PrivateMosquitto) -> None:
    device = client()
    await device.connect("127.0.0.1", broker.port)
    await asyncio.gather(*(device.publish("t", b"%d" % number, qos=1) for number in range(100)))
    assert device._waiting == {}
    await device.close()


async def test_a_wrong_password_says_so(tmp_path: Path) -> None:
    salt = bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", b"right", salt, 101)
    password_file = tmp_path / "passwords"
    parts = [base64.b64encode(part).decode() for part in (salt, key)]
    password_file.write_text(f"device:$7$101${parts[0]}${parts[1]}\n")
    with PrivateMosquitto(password_file=password_file) as broker:
        await client(user="device", password="right").connect("127.0.0.1", broker.port)
        with pytest.raises(mqtt.MqttError, match="not authorised"):
            await client(user="device", password="wrong").connect("127.0.0.1", broker.port)


async def test_a_frozen_broker_is_given_up_and_whatever_waits_is_told(broker: PrivateMosquitto) -> None:
    reasons: list[str] = []
    device = client(keepalive_s=1, on_down=reasons.append)
    await device.connect("127.0.0.1", broker.port)
    broker.freeze()
    try:
        with pytest.raises(mqtt.MqttError, match="silent for 1"):
            await device.publish("t", b"", qos=1, within_s=5)
        assert not device.is_up
        assert (await device.closed()).startswith("silent")
        assert len(reasons) == 1
    finally:
        broker.thaw()


async def test_a_broker_that_takes_nothing_any_more_is_given_up(
    broker: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "WRITE_WITHIN_S", 0.3)
    monkeypatch.setattr(mqtt, "SENT_MAX", 9_000)
    device = client(keepalive_s=60)
    await device.connect("127.0.0.1", broker.port)
    broker.freeze()
    try:
        with pytest.raises(mqtt.MqttError, match="sending failed"):
            for _ in range(5_000):
                await device.publish("t", b"x" * 8_000)
        assert not device.is_up
    finally:
        broker.thaw()


async def test_nothing_is_sent_over_a_connection_that_is_gone(broker: PrivateMosquitto) -> None:
    device = client()
    await device.connect("127.0.0.1", broker.port)
    broker.kill()
    assert (await device.closed()).startswith("lost")
    with pytest.raises(mqtt.MqttError, match="not connected"):
        await device.publish("t", b"")
    with pytest.raises(mqtt.MqttError, match="no connection"):
        await device.connect("127.0.0.1", broker.port)
    broker.start()
    await device.connect("127.0.0.1", broker.port)
    await device.close()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"\x30\x02\x00\x00", "not an MQTT broker"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no answer"),
        (b"\x20\x02\x00\x05", "refused: not authorised"),
        (b"\x20\xff\xff\xff\xff\xff", "four bytes"),
        (b"\x20\x02\x00", "no answer"),
    ],
)
async def test_a_server_that_is_no_broker_is_left_with_a_reason(answer: bytes, reason: str) -> None:
    async with misbehaving(answer) as port:
        with pytest.raises(mqtt.MqttError, match=reason):
            await client().connect("127.0.0.1", port, within_s=1)


@pytest.mark.parametrize("rubbish", [b"\x32\x01\x00", b"\x30\x03\x00\x01\xff", b"\x30\xff\xff\xff\xff\x01"])
async def test_a_broken_packet_ends_the_connection(rubbish: bytes) -> None:
    async with misbehaving(b"\x20\x02\x00\x00" + rubbish) as port:
        device = client()
        await device.connect("127.0.0.1", port)
        assert (await asyncio.wait_for(device.closed(), 2)).startswith("broken packet")
