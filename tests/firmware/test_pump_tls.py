"""TLS on the device: the server's chain and name are both checked, and a certificate of its own is shown (mTLS)."""

import asyncio
import contextlib
import random
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.firmware.virtual_node import PumpRig
from tests.private_mosquitto import PORTS, PrivateMosquitto
from tools.virtual_board import write_keys


class Authority:
    """A certificate authority with a folder for what it signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of tests")])
        self.file = folder / "ca.pem"
        self._write(self.file, self._sign(self._name, self._key.public_key(), is_authority=True))

    def make(self, name: str, address: str | None = None) -> tuple[Path, Path]:
        """A certificate for a name, and its key, as files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert_file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        self._write(cert_file, self._sign(subject, key.public_key(), address=address))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
        )
        return cert_file, key_file

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        is_authority: bool = False,
        address: str | None = None,
    ) -> x509.Certificate:
        names: list[x509.GeneralName] = [x509.DNSName("localhost")] if address is None else [x509.DNSName(address)]
        if not is_authority:
            names.append(x509.IPAddress(IPv4Address("127.0.0.2")))
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def authority() -> Iterator[Authority]:
    """In a folder where the broker may read, also after it has dropped root."""
    with tempfile.TemporaryDirectory(prefix="authority-") as folder:
        Path(folder).chmod(0o755)
        yield Authority(Path(folder))


@pytest.fixture
def tls_port() -> int:
    for port in random.sample(PORTS, 20):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


@pytest.fixture
def broker(authority: Authority, tls_port: int) -> Iterator[PrivateMosquitto]:
    """It listens twice: in the clear for the test, and over TLS, asking for a certificate, for the device."""
    cert_file, key_file = authority.make("localhost")
    key_file.chmod(0o644)
    settings = (
        f"listener {tls_port} 127.0.0.1",
        f"cafile {authority.file}",
        f"certfile {cert_file}",
        f"keyfile {key_file}",
        "allow_anonymous true",
        "require_certificate true",
    )
    with PrivateMosquitto(settings=settings) as started:
        yield started


def rig(
    broker: PrivateMosquitto, flash: Path, port: int, ca_file: Path, client: tuple[Path, Path], host: str = "localhost"
) -> PumpRig:
    pump = PumpRig(broker, flash)
    write_keys(
        flash,
        {
            "server": {
                "host": host,
                "port": port,
                "tls": True,
                "ca": str(ca_file),
                "cert": str(client[0]),
                "key": str(client[1]),
            }
        },
    )
    return pump


async def test_a_device_shows_its_certificate_to_a_server_that_it_trusts(
    broker: PrivateMosquitto, tls_port: int, authority: Authority, tmp_path: Path
) -> None:
    async with rig(broker, tmp_path / "flash", tls_port, authority.file, authority.make("pump-1")) as pump:
        await pump.start_motor()
        assert pump.board.resets == []


@pytest.mark.parametrize("what_is_wrong", ["chain", "name"])
async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(
    broker: PrivateMosquitto, tls_port: int, authority: Authority, tmp_path: Path, what_is_wrong: str
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    trusted = Authority(stranger).file if what_is_wrong == "chain" else authority.file
    host = "127.0.0.1" if what_is_wrong == "name" else "localhost"
    pump = rig(broker, tmp_path / "flash", tls_port, trusted, authority.make("pump-1"), host)
    async with pump.board:
        for _ in range(100):
            if "connection:" in pump.board.log:
                break
            await asyncio.sleep(0.1)
        assert "connection: no connection" in pump.board.log
    assert "as pump-1" not in broker.log
