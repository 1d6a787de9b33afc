"""What tests of devices' identity share: keys, signing requests, and a claimed device."""

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from actions import device_claims, devices, keys
from actions.device_claims import Claimed
from actions.device_credentials import Credential
from domain.access import Viewer
from domain.claims import Link
from tests.conftest import SECRET, Workshop

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def open_keys() -> None:
    """Unlocks what the installation's secret protects, as the program does at start."""
    keys.open(SECRET)


def now() -> datetime:
    return datetime.now(UTC)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def request_for(key: PrivateKey, common: str = "whatever the device likes") -> str:
    """A signing request in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass(frozen=True)
class Node:
    """A device that has claimed itself. `key` is its private key, if it came with a signing request."""

    claimed: Claimed
    key: ec.EllipticCurvePrivateKey | None = None

    @property
    def credential(self) -> Credential:
        return self.claimed.credential

    @property
    def id(self) -> str:
        return self.credential.device_id

    @property
    def tree(self) -> str:
        return f"v1/{self.credential.tenant_id}/{self.id}"

    def tls(self, trusted: Path) -> ssl.SSLContext:
        """What it shows to a broker with the certificate `trusted`: its own chain."""
        assert self.key is not None and self.credential.certificate is not None
        return client_context(trusted, self.credential.certificate, self.key)


async def registered(by: Viewer, name: str = "Node by the door", shop: Workshop | None = None) -> str:
    """Registers a device, in the workshop's first pit if one is named; returns its id."""
    device_id = await devices.register(name, devices.Kind.PIT, shop.pit_id if shop else None, by, now())
    assert device_id.startswith("pp-"), device_id
    return device_id


async def registered_poller(by: Viewer) -> str:
    """Registers a pump's controller that only speaks HTTP; returns its id."""
    device_id = await devices.register("Pump 2", devices.Kind.PUMP, None, by, now(), Link.HTTP)
    assert device_id.startswith("pp-"), device_id
    return device_id


async def code_for(device_id: str, by: Viewer) -> str:
    offered = await device_claims.make_code(device_id, by, now())
    assert isinstance(offered, device_claims.ClaimCode), offered
    return offered.code


async def claimed_node(by: Viewer, *, with_certificate: bool = False, device_id: str | None = None) -> Node:
    """A device of this owner's that has gone the whole way."""
    key = new_key() if with_certificate else None
    code = await code_for(device_id or await registered(by), by)
    claimed = await device_claims.claim(code, request_for(key) if key else None, "192.0.2.7", now())
    assert isinstance(claimed, Claimed), claimed
    return Node(claimed, key)


def client_context(trusted: Path, chain: str, key: PrivateKey) -> ssl.SSLContext:
    """A TLS client with this certificate chain."""
    context = ssl.create_default_context(cafile=str(trusted))
    with tempfile.NamedTemporaryFile() as file:
        file.write(chain.encode() + key_pem(key))
        file.flush()
        context.load_cert_chain(file.name)
    return context
