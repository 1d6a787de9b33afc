"""A real Mosquitto with the files that PitPilot writes for it: what arrives proves who may say and hear what."""

import asyncio
import contextlib
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from ingest.broker_acl import (
    DEVICE_READS,
    DEVICE_WRITES,
    SALT_BYTES,
    DeviceLogin,
    Login,
    WrongBrokerName,
    acl_file,
    hash_password,
    password_file,
)
from tests.private_mosquitto import PrivateMosquitto

SHOP, OTHER_SHOP = "shop-1", "shop-2"
SERVER = "pitpilot-server"
TENANTS = {"pit-1": SHOP, "pit-2": SHOP, "pit-3": OTHER_SHOP}
WAIT_S = 60.0


@dataclass
class Rights:
    """The broker's two files and the passwords behind them."""

    folder: Path
    passwords: dict[str, str] = field(default_factory=dict)

    def write(self, tenants: dict[str, str]) -> None:
        server = Login(SERVER, self._hash(SERVER))
        devices = [DeviceLogin(name, self._hash(name), tenant) for name, tenant in tenants.items()]
        (self.folder / "passwords").write_text(password_file(server, devices))
        (self.folder / "acl").write_text(acl_file(server, devices))

    def _hash(self, name: str) -> str:
        password = self.passwords.setdefault(name, secrets.token_urlsafe())
        return hash_password(password, secrets.token_bytes(SALT_BYTES))


@pytest.fixture
def rights(tmp_path: Path) -> Rights:
    made = Rights(tmp_path)
    made.write(TENANTS)
    return made


@pytest.fixture
def mosquitto(rights: Rights) -> Iterator[PrivateMosquitto]:
    with PrivateMosquitto(password_file=rights.folder / "passwords", acl_file=rights.folder / "acl") as broker:
        yield broker


@contextlib.asynccontextmanager
async def connected(
    broker: PrivateMosquitto, rights: Rights, name: str, password: str | None = None
) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        username=name,
        password=rights.passwords[name] if password is None else password,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=WAIT_S,
    ) as client:
        yield client


async def heard_until(listener: aiomqtt.Client, last: str) -> list[str]:
    """Topics of the messages that arrive, up to the one named: a broker keeps the order of one publisher's messages."""
    topics: list[str] = []
    async with asyncio.timeout(WAIT_S):
        async for message in listener.messages:
            topics.append(str(message.topic))
            if topics[-1] == last:
                break
    return topics


async def test_a_device_is_heard_on_its_own_topics_and_nowhere_else(
    mosquitto: PrivateMosquitto, rights: Rights
) -> None:
    own = f"v1/{SHOP}/pit-1"
    allowed = [f"{own}/{leaf}" for leaf in DEVICE_WRITES]
    denied = [
        *(f"{own}/{leaf}" for leaf in DEVICE_READS),
        own,
        f"{own}/other",
        f"{own}/telemetry/deeper",
        f"v1/{SHOP}/pit-2/telemetry",
        f"v1/{OTHER_SHOP}/pit-1/telemetry",
        f"v1/{OTHER_SHOP}/pit-3/ack",
        "v2/anything",
        "homeassistant/sensor/pit-1/config",
    ]
    async with connected(mosquitto, rights, SERVER) as server:
        await server.subscribe([("v1/#", 1), ("homeassistant/#", 1)])
        for topic in [*denied, *allowed]:
            async with connected(mosquitto, rights, "pit-1") as device:
                with contextlib.suppress(aiomqtt.MqttError):  # some versions close the connection after a denied one
                    await device.publish(topic, "said", qos=1)
        assert await heard_until(server, allowed[-1]) == allowed


async def test_a_device_hears_its_own_commands_whatever_it_subscribes_to(
    mosquitto: PrivateMosquitto, rights: Rights
) -> None:
    own = f"v1/{SHOP}/pit-1"
    said = [
        f"v1/{SHOP}/pit-2/cmd",
        f"v1/{OTHER_SHOP}/pit-1/cmd",
        f"v1/{OTHER_SHOP}/pit-3/got",
        f"{own}/telemetry",
        "homeassistant/sensor/pit-1/config",
        f"{own}/got",
        f"{own}/cmd",
    ]
    async with connected(mosquitto, rights, SERVER) as server, connected(mosquitto, rights, "pit-1") as device:
        await device.subscribe([("#", 1), (f"v1/{SHOP}/pit-2/cmd", 1), ("v1/+/pit-1/cmd", 1)])
        for topic in said:
            await server.publish(topic, "said", qos=1)
        heard = await heard_until(device, f"{own}/cmd")
        assert set(heard) == {f"{own}/got", f"{own}/cmd"}


async def test_the_servers_workers_share_what_devices_say(mosquitto: PrivateMosquitto, rights: Rights) -> None:
    topic = f"v1/{SHOP}/pit-1/telemetry"
    async with connected(mosquitto, rights, SERVER) as worker, connected(mosquitto, rights, "pit-1") as device:
        await worker.subscribe("$share/ingest/v1/+/+/telemetry", qos=1)
        await device.publish(topic, "said", qos=1)
        assert await heard_until(worker, topic) == [topic]


@pytest.mark.parametrize("name, password", [("pit-1", "wrong"), ("pit-1", ""), (SERVER, "wrong"), ("nobody", "wrong")])
async def test_a_wrong_login_is_refused(mosquitto: PrivateMosquitto, rights: Rights, name: str, password: str) -> None:
    with pytest.raises(aiomqtt.MqttError):
        async with connected(mosquitto, rights, name, password):
            raise AssertionError("it was let in")


async def test_a_reload_lets_a_new_device_in_without_dropping_another(
    mosquitto: PrivateMosquitto, rights: Rights
) -> None:
    async with connected(mosquitto, rights, SERVER) as server, connected(mosquitto, rights, "pit-1") as old:
        await server.subscribe("v1/#", qos=1)
        rights.passwords["pit-4"] = secrets.token_urlsafe()
        with pytest.raises(aiomqtt.MqttError):
            async with connected(mosquitto, rights, "pit-4"):
                raise AssertionError("it was let in too early")

        rights.write({**TENANTS, "pit-4": OTHER_SHOP})
        mosquitto.reload()
        async with asyncio.timeout(WAIT_S), contextlib.AsyncExitStack() as stack:
            new = await first_connection(stack, mosquitto, rights, "pit-4")
            await new.publish(f"v1/{OTHER_SHOP}/pit-4/telemetry", "new", qos=1)
            await old.publish(f"v1/{SHOP}/pit-1/telemetry", "still there", qos=1)
            heard = await heard_until(server, f"v1/{SHOP}/pit-1/telemetry")
        assert heard == [f"v1/{OTHER_SHOP}/pit-4/telemetry", f"v1/{SHOP}/pit-1/telemetry"]


async def test_a_reload_locks_a_removed_device_out(mosquitto: PrivateMosquitto, rights: Rights) -> None:
    rights.write({"pit-2": SHOP})
    mosquitto.reload()
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                async with connected(mosquitto, rights, "pit-1"):
                    await asyncio.sleep(0.05)  # the broker reads the files in its next round
            except aiomqtt.MqttError:
                break


async def first_connection(
    stack: contextlib.AsyncExitStack, broker: PrivateMosquitto, rights: Rights, name: str
) -> aiomqtt.Client:
    """Connects as soon as the broker, which reads its files in its next round, lets it."""
    while True:
        try:
            return await stack.enter_async_context(connected(broker, rights, name))
        except aiomqtt.MqttError:
            await asyncio.sleep(0.05)


@pytest.mark.skipif(shutil.which("mosquitto_passwd") is None, reason="compares with Mosquitto's own tool")
def test_a_hash_has_the_form_of_mosquittos_own(tmp_path: Path) -> None:
    theirs = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", theirs, "pit-1", "secret"], check=True)
    name, _, line = theirs.read_text().strip().partition(":")
    _, kind, iterations, salt, digest = line.split("$")
    ours = hash_password("secret", bytes(SALT_BYTES)).split("$")
    assert [kind, iterations, len(salt), len(digest)] == [*ours[1:3], len(ours[3]), len(ours[4])]
    assert name == "pit-1"


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a/b", "#", "+", "pit\nuser root", "ü", "x" * 65, "-x"])
def test_a_name_that_could_mean_something_else_is_refused(name: str) -> None:
    with pytest.raises(WrongBrokerName):
        Login(name, "hash")
    with pytest.raises(WrongBrokerName):
        DeviceLogin("pit-1", "hash", name)


def test_no_right_is_a_pattern_and_no_password_shows_in_a_text() -> None:
    device = DeviceLogin("pit-1", hash_password("secret", bytes(SALT_BYTES)), SHOP)
    rules = acl_file(Login(SERVER, "hash"), [device])
    assert "%" not in rules and "pattern" not in rules
    assert "$7$" not in repr(device)
