"""The broker that production runs: a real Mosquitto with the shipped configuration, script and first rights."""

import contextlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy import first_rights
from ingest.broker_acl import SALT_BYTES, DeviceLogin, Login, hash_password
from ingest.broker_address import BrokerAddress
from ingest.broker_probe import accepts
from ingest.broker_rights import ACL, PASSWORDS, write_rights
from storage.embedded_ports import free_port
from tests.private_mosquitto import find_mosquitto

SHIPPED = Path(__file__).parents[1] / "deploy" / "mosquitto"
WAIT_S = 15.0
SERVER = "pitpilot-server"
SALT = bytes(SALT_BYTES)
IS_ROOT = os.geteuid() == 0


@dataclass
class Broker:
    """The shipped Mosquitto configuration at work, with paths and ports of this test."""

    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    tls_port: int

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def address(self, username: str, password: str) -> BrokerAddress:
        return BrokerAddress("127.0.0.1", self.port, username, password)


def certificate(folder: Path) -> None:
    """A key and a certificate for `localhost` that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def lay_out(folder: Path, port: int, tls_port: int) -> None:
    """The container's tree below `folder`, with the shipped files: only paths and ports differ."""
    shutil.copytree(SHIPPED, folder / "config")
    listeners = folder / "config" / "listeners"
    (listeners / "tls.conf.example").rename(listeners / "tls.conf")
    for name in ("data", "rights", "own"):
        (folder / name).mkdir()
    certificate(folder / "certificates")
    for path in (folder / "config" / "mosquitto.conf", listeners / "tls.conf"):
        text = path.read_text().replace("/mosquitto/", f"{folder}/")
        text = text.replace("listener 1883", f"listener {port} 127.0.0.1")
        path.write_text(text.replace("listener 8883", f"listener {tls_port} 127.0.0.1"))


def give_to_mosquitto(folder: Path) -> None:
    """Where root runs the tests, the broker runs as the user `mosquitto`, as in its container."""
    if IS_ROOT:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "mosquitto", "mosquitto")


@pytest.fixture
def broker() -> Iterator[Broker]:
    folder = Path(tempfile.mkdtemp(prefix="pitpilot-mosquitto-"))
    port = free_port()
    tls_port = free_port({port})
    lay_out(folder, port, tls_port)
    assert first_rights.main(folder / "rights", f"mqtt://{SERVER}:its%20password@broker") == 0
    give_to_mosquitto(folder)
    config = folder / "config"
    command = ["sh", *map(str, (config / "run.sh", config / "mosquitto.conf", folder / "rights", folder / "own"))]
    path = f"{Path(find_mosquitto()).parent}:{os.environ['PATH']}"
    rights: dict[str, Any] = {"user": "mosquitto", "group": "mosquitto", "extra_groups": []} if IS_ROOT else {}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={"PATH": path}, **rights)
    running = Broker(folder, process, port, tls_port)
    try:
        deadline = time.monotonic() + WAIT_S
        while " running" not in running.log:
            assert process.poll() is None and time.monotonic() < deadline, running.log
            time.sleep(0.02)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)
        shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def connected(address: BrokerAddress, **options: Any) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        timeout=WAIT_S,
        **options,
    ) as client:
        yield client


async def until_accepted(address: BrokerAddress) -> None:
    deadline = time.monotonic() + WAIT_S
    while not await accepts(address, protocol_level=4):
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_the_shipped_broker_lets_in_the_server_and_nobody_else(broker: Broker) -> None:
    assert await accepts(broker.address(SERVER, "its password"), protocol_level=5)
    assert not await accepts(broker.address(SERVER, "wrong"), protocol_level=5)
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", broker.port):
            raise AssertionError("somebody without a name was let in")
    assert not re.search("Error|Unknown|Warning|recommended", broker.log), broker.log


async def test_a_new_device_is_let_in_as_soon_as_its_rights_are_written(broker: Broker) -> None:
    server = Login(SERVER, hash_password("its password", SALT))
    device = broker.address("pit-1", "its own")
    assert not await accepts(device, protocol_level=4)
    async with connected(broker.address(SERVER, "its password")) as listening:
        await listening.subscribe("v1/#", qos=1)
        logins = [DeviceLogin("pit-1", hash_password("its own", SALT), "shop-1")]
        assert write_rights(broker.folder / "rights", server, logins)
        assert not write_rights(broker.folder / "rights", server, logins), "the same again is no change"
        give_to_mosquitto(broker.folder / "rights")
        await until_accepted(device)
        for size, qos in ((20_000, 0), (12_000, 1)):
            with contextlib.suppress(aiomqtt.MqttError):  # the larger one ends its connection
                async with connected(device) as speaking:
                    await speaking.publish("v1/shop-1/pit-1/telemetry", b"x" * size, qos=qos)
        message = await anext(aiter(listening.messages))
        assert isinstance(message.payload, bytes) and len(message.payload) == 12_000
    modes = {path.name: path.stat().st_mode & 0o777 for path in (broker.folder / "rights").iterdir()}
    assert modes == {PASSWORDS: 0o640, ACL: 0o640}


async def test_devices_come_in_by_tls(broker: Broker) -> None:
    trusting = ssl.create_default_context(cafile=str(broker.folder / "certificates" / "fullchain.pem"))
    address = BrokerAddress("localhost", broker.tls_port, SERVER, "its password", tls=True)
    async with connected(address, tls_context=trusting) as client:
        await client.publish("v1/shop-1/pit-1/cmd", "hello", qos=1)


def test_the_broker_ends_with_the_script_that_runs_it(broker: Broker) -> None:
    broker.process.send_signal(signal.SIGTERM)
    assert broker.process.wait(WAIT_S) == 0
    assert "terminating" in broker.log and (broker.folder / "data" / "mosquitto.db").exists()


def test_the_first_rights_stay_and_a_wrong_address_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert first_rights.main(tmp_path, f"mqtt://{SERVER}:one@broker") == 0
    before = (tmp_path / PASSWORDS).read_text()
    assert first_rights.main(tmp_path, f"mqtt://{SERVER}:two@broker") == 0
    assert (tmp_path / PASSWORDS).read_text() == before
    assert first_rights.main(tmp_path, "mqtt://broker") == 1
    assert "PITPILOT_MQTT_URL" in capsys.readouterr().err
