"""The broker that production runs: a real Mosquitto with the shipped configuration, script and first rights."""

import contextlib
import re
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from deploy import first_rights
from ingest.broker_acl import SALT_BYTES, DeviceLogin, Login, hash_password
from ingest.broker_address import BrokerAddress
from ingest.broker_probe import accepts
from ingest.broker_rights import ACL, AUTHORITY, PASSWORDS, REVOKED, write_rights
from tests.shipped_mosquitto import (
    SERVER,
    SERVER_PASSWORD,
    WAIT_S,
    Broker,
    connected,
    give_to_mosquitto,
    laid_out,
    shipped_mosquitto,
)

SALT = bytes(SALT_BYTES)
URL = f"mqtt://{SERVER}:its%20password@broker"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with laid_out() as folder:
        assert first_rights.main(folder / "rights", URL, tmp_path) == 0
        with shipped_mosquitto(folder) as running:
            yield running


async def until_accepted(address: BrokerAddress) -> None:
    deadline = time.monotonic() + WAIT_S
    while not await accepts(address, protocol_level=4):
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_the_shipped_broker_lets_in_the_server_and_nobody_else(broker: Broker) -> None:
    assert await accepts(broker.address(SERVER, SERVER_PASSWORD), protocol_level=5)
    assert not await accepts(broker.address(SERVER, "wrong"), protocol_level=5)
    with pytest.raises(aiomqtt.MqttError):
        async with aiomqtt.Client("127.0.0.1", broker.port):
            raise AssertionError("somebody without a name was let in")
    assert not re.search("Error|Unknown|Warning|recommended", broker.log), broker.log


async def test_a_new_device_is_let_in_as_soon_as_its_rights_are_written(broker: Broker) -> None:
    server = Login(SERVER, hash_password(SERVER_PASSWORD, SALT))
    device = broker.address("pit-1", "its own")
    assert not await accepts(device, protocol_level=4)
    async with connected(broker.address(SERVER, SERVER_PASSWORD)) as listening:
        await listening.subscribe("v1/#", qos=1)
        logins = [DeviceLogin("pit-1", hash_password("its own", SALT), "shop-1")]
        assert write_rights(broker.rights, server, logins)
        assert not write_rights(broker.rights, server, logins), "the same again is no change"
        give_to_mosquitto(broker.rights)
        await until_accepted(device)
        for size, qos in ((1_100_000, 0), (12_000, 1)):
            with contextlib.suppress(aiomqtt.MqttError):  # the larger one ends its connection
                async with connected(device) as speaking:
                    await speaking.publish("v1/shop-1/pit-1/telemetry", b"x" * size, qos=qos)
        message = await anext(aiter(listening.messages))
        assert isinstance(message.payload, bytes) and len(message.payload) == 12_000
    modes = {path.name: path.stat().st_mode & 0o777 for path in broker.rights.iterdir()}
    assert modes == dict.fromkeys((PASSWORDS, ACL, AUTHORITY, REVOKED), 0o640)


async def test_devices_come_in_by_tls(broker: Broker) -> None:
    trusting = ssl.create_default_context(cafile=str(broker.trusted))
    address = BrokerAddress("localhost", broker.tls_port, SERVER, SERVER_PASSWORD, tls=True)
    async with connected(address, tls_context=trusting) as client:
        await client.publish("v1/shop-1/pit-1/cmd", "hello", qos=1)


def test_the_broker_ends_with_the_script_that_runs_it(broker: Broker) -> None:
    broker.process.send_signal(signal.SIGTERM)
    assert broker.process.wait(WAIT_S) == 0
    assert "terminating" in broker.log and (broker.folder / "data" / "mosquitto.db").exists()


def test_the_first_rights_stay_and_a_wrong_address_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rights, data = tmp_path / "rights", tmp_path / "data"
    rights.mkdir()
    assert first_rights.main(rights, f"mqtt://{SERVER}:one@broker", data) == 0
    before = {path.name: path.read_text() for path in rights.iterdir()}
    assert set(before) == {PASSWORDS, ACL, AUTHORITY, REVOKED}
    assert first_rights.main(rights, f"mqtt://{SERVER}:two@broker", data) == 0
    assert {path.name: path.read_text() for path in rights.iterdir()} == before
    assert first_rights.main(rights, "mqtt://broker", data) == 1
    assert "PITPILOT_MQTT_URL" in capsys.readouterr().err


def test_a_secret_that_others_may_read_is_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret").write_text("00" * 32)
    (tmp_path / "secret").chmod(0o644)
    assert first_rights.main(tmp_path, URL, tmp_path) == 1
    assert "others may read it" in capsys.readouterr().err
