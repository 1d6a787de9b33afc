"""The broker that production runs: a real Mosquitto with the shipped configuration and script, where only paths and
ports are a test's own."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingest.broker_address import BrokerAddress
from storage.embedded_ports import free_port
from tests.private_mosquitto import find_mosquitto

SHIPPED = Path(__file__).parents[1] / "deploy" / "mosquitto"
WAIT_S = 60.0
SERVER, SERVER_PASSWORD = "pitpilot-server", "its password"
IS_ROOT = os.geteuid() == 0


@dataclass
class Broker:
    """The shipped Mosquitto configuration at work: devices come in by password with TLS, or by certificate."""

    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    tls_port: int
    mtls_port: int

    @property
    def rights(self) -> Path:
        return self.folder / "rights"

    @property
    def trusted(self) -> Path:
        """The certificate that clients must trust to trust the broker."""
        return self.folder / "certificates" / "fullchain.pem"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def address(self, username: str, password: str) -> BrokerAddress:
        return BrokerAddress("127.0.0.1", self.port, username, password)


@contextmanager
def shipped_mosquitto(folder: Path) -> Iterator[Broker]:
    """Runs the broker on a folder that `lay_out` made and whose rights are written."""
    give_to_mosquitto(folder)
    config = folder / "config"
    command = ["sh", *map(str, (config / "run.sh", config / "mosquitto.conf", folder / "rights", folder / "own"))]
    path = f"{Path(find_mosquitto()).parent}:{os.environ['PATH']}"
    rights: dict[str, Any] = {"user": "mosquitto", "group": "mosquitto", "extra_groups": []} if IS_ROOT else {}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env={"PATH": path}, **rights)
    running = Broker(folder, process, *_ports(folder))
    try:
        deadline = time.monotonic() + WAIT_S
        while " running" not in running.log:
            assert process.poll() is None and time.monotonic() < deadline, running.log
            time.sleep(0.02)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


@contextmanager
def laid_out() -> Iterator[Path]:
    """The container's tree in a folder of its own, with the shipped files: only paths and ports differ."""
    folder = Path(tempfile.mkdtemp(prefix="pitpilot-mosquitto-"))
    shutil.copytree(SHIPPED, folder / "config")
    listeners = folder / "config" / "listeners"
    for name in ("data", "rights", "own"):
        (folder / name).mkdir()
    _certificate(folder / "certificates")
    ports: dict[str, int] = {}
    for listener in ("1883", "8883", "8884"):
        ports[listener] = free_port(set(ports.values()))
    for name in ("tls", "mtls"):
        (listeners / f"{name}.conf.example").rename(listeners / f"{name}.conf")
    for path in (folder / "config" / "mosquitto.conf", *listeners.glob("*.conf")):
        text = path.read_text().replace("/mosquitto/", f"{folder}/")
        for listener, port in ports.items():
            text = text.replace(f"listener {listener}\n", f"listener {port} 127.0.0.1\n")
        path.write_text(text)
    (folder / "ports").write_text(" ".join(map(str, ports.values())))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def give_to_mosquitto(folder: Path) -> None:
    """Where root runs the tests, the broker runs as the user `mosquitto`, as in its container. What comes into the
    folder later is for its group to read, as on the container's volume.
    """
    if IS_ROOT:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "mosquitto", "mosquitto")
        for path in folder.rglob("rights"):
            path.chmod(0o2770)


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


def _ports(folder: Path) -> list[int]:
    return [int(port) for port in (folder / "ports").read_text().split()]


def _certificate(folder: Path) -> None:
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
