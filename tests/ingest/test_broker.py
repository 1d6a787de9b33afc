"""The embedded broker lets in who has a password, comes back when killed, and ends when PitPilot does."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import psutil
import pytest

from ingest.broker import PAYLOAD_BYTES_MAX, BrokerAddress, BrokerError, EmbeddedBroker, WrongBrokerUrl
from ingest.broker_probe import accepts
from ingest.sender import Sender
from tests.ingest.parts import running, until

REPOSITORY = Path(__file__).parents[2]
WAIT_S = 60.0
DEVICES = {"pit-1": 'first "secret" é', "pit-2": "second secret"}


@asynccontextmanager
async def broker(devices: dict[str, str] | None = None) -> AsyncIterator[tuple[EmbeddedBroker, BrokerAddress]]:
    running = EmbeddedBroker()
    try:
        yield running, await running.start(DEVICES if devices is None else devices)
    finally:
        await running.stop()


def client(address: BrokerAddress, version: aiomqtt.ProtocolVersion) -> aiomqtt.Client:
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        protocol=version,
        timeout=WAIT_S,
    )


def server_client(address: BrokerAddress) -> aiomqtt.Client:
    return client(address, aiomqtt.ProtocolVersion.V5)


def device_client(address: BrokerAddress) -> aiomqtt.Client:
    return client(address, aiomqtt.ProtocolVersion.V311)


async def first_payload(listener: aiomqtt.Client) -> object:
    async with asyncio.timeout(WAIT_S):
        async for message in listener.messages:
            return message.payload
    raise AssertionError("the messages ended")


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_device_speaks_to_the_server_across_protocol_versions() -> None:
    async with broker() as (running, address), server_client(address) as server:
        await server.subscribe("v1/+/+/telemetry", qos=1)
        async with device_client(running.device_address("pit-1")) as device:
            await device.publish("v1/shop/pit-1/telemetry", b"x" * (PAYLOAD_BYTES_MAX - 100), qos=1)
        assert await first_payload(server) == b"x" * (PAYLOAD_BYTES_MAX - 100)


async def test_what_the_server_sends_with_an_end_reaches_devices_and_breaks_nothing() -> None:
    async with broker() as (started, address):
        sender = Sender(address, "commands", can_expire=False)
        async with running(sender.run()), device_client(started.device_address("pit-1")) as device:
            await device.subscribe("v1/shop/pit-1/cmd", qos=1)
            await until(lambda: sender.connected)
            for _ in range(2):
                assert await sender.publish("v1/shop/pit-1/cmd", b"{}", expires_s=30)
                assert await first_payload(device) == b"{}"


@pytest.mark.parametrize("name, password", [("pit-1", "wrong"), ("pit-1", DEVICES["pit-2"]), ("nobody", "wrong")])
async def test_a_wrong_login_is_not_let_in(name: str, password: str) -> None:
    async with broker() as (running, address):
        port = running.device_address("pit-1").port
        assert await accepts(running.device_address("pit-1"), protocol_level=4)
        assert not await accepts(BrokerAddress(address.host, port, name, password), protocol_level=4)
        assert not await accepts(BrokerAddress(address.host, address.port, name, password), protocol_level=5)


async def test_devices_have_no_login_on_the_servers_port() -> None:
    async with broker() as (running, address):
        as_device = running.device_address("pit-1")
        on_server_port = BrokerAddress(address.host, address.port, as_device.username, as_device.password)
        assert not await accepts(on_server_port, protocol_level=5)


async def test_it_listens_on_loopback_only_and_keeps_passwords_to_itself() -> None:
    before = children()
    async with broker() as (_, address):
        (child,) = [psutil.Process(pid) for pid in children() - before]
        assert {listener.laddr.ip for listener in child.net_connections()} == {"127.0.0.1"}
        arguments = child.cmdline()
        assert not Path(arguments[-1]).exists(), "the file that told the broker the passwords is gone"
        assert address.password not in " ".join(arguments) and address.password not in repr(address)


async def test_after_a_kill_it_is_back_on_its_ports_for_the_same_logins() -> None:
    exits: list[int] = []
    before = children()
    running = EmbeddedBroker(on_exit=exits.append)
    address = await running.start(DEVICES)
    try:
        (child,) = children() - before
        async with server_client(address):
            os.kill(child, signal.SIGKILL)
            async with asyncio.timeout(WAIT_S):
                while not (exits and await accepts(running.device_address("pit-2"), protocol_level=4)):
                    await asyncio.sleep(0.02)
        assert await accepts(address, protocol_level=5)
        assert exits == [-signal.SIGKILL]
    finally:
        await running.stop()
    assert children() == before, "neither a process nor a zombie is left"


async def test_replaced_users_are_the_only_ones_let_in_on_the_same_ports() -> None:
    async with broker() as (running, address):
        old = running.device_address("pit-1")
        await running.replace_users({"pit-3": "third secret"})
        new = running.device_address("pit-3")
        assert new.port == old.port
        assert await accepts(new, protocol_level=4) and await accepts(address, protocol_level=5)
        assert not await accepts(old, protocol_level=4)


async def test_a_broker_that_was_not_started_has_no_addresses() -> None:
    with pytest.raises(BrokerError):
        EmbeddedBroker().device_address("pit-1")


def test_it_ends_with_a_killed_parent() -> None:
    program = (
        "import asyncio, sys, structlog\n"
        "from ingest.broker import EmbeddedBroker\n"
        "structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))\n"
        "async def main():\n"
        "    broker = EmbeddedBroker()\n"
        "    print((await broker.start({})).port, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + WAIT_S
    while is_listening(port):
        assert time.monotonic() < deadline, "the broker outlived its parent"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "url, host, port, username, password, tls",
    [
        ("mqtt://app:secret@broker", "broker", 1883, "app", "secret", False),
        ("mqtts://app:secret@broker", "broker", 8883, "app", "secret", True),
        ("mqtt://app:p%40ss%2Fword@10.0.0.7:2883", "10.0.0.7", 2883, "app", "p@ss/word", False),
        ("mqtt://app:secret@[::1]:1884", "::1", 1884, "app", "secret", False),
    ],
)
def test_an_address_is_read_and_written(
    url: str, host: str, port: int, username: str, password: str, tls: bool
) -> None:
    address = BrokerAddress.from_url(url)
    assert address == BrokerAddress(host, port, username, password, tls)
    assert BrokerAddress.from_url(address.url) == address


@pytest.mark.parametrize(
    "url, complaint",
    [
        ("http://app:hidden@broker", "begins with 'http'"),
        ("mqtt://app:hidden@", "names no host"),
        ("mqtt://broker:1883", "lacks user or password"),
        ("mqtt://app@broker", "lacks user or password"),
        ("mqtt://app:hidden@broker:0x7", "wrong host or port"),
        ("mqtt://app:hidden@broker:99999", "wrong host or port"),
        ("mqtt://app:hidden@broker/topic", "goes on after the port"),
        ("mqtt://app:hid/den@broker", "wrong host or port"),
    ],
)
def test_a_wrong_address_is_refused_with_its_reason_and_without_its_password(url: str, complaint: str) -> None:
    with pytest.raises(WrongBrokerUrl, match=complaint) as refusal:
        BrokerAddress.from_url(url)
    assert "hid" not in str(refusal.value)
