"""Certificates of devices, and who signs them: one root for the installation, below it one authority for each tenant.

A broker is told of the root alone. Mosquitto reads its authorities only when it starts, but its revocation lists
whenever it is told to; so a new tenant needs no restart, and a device brings its authority's certificate along. The
root is derived from the installation's secret: whoever has the secret makes the same certificate, bit for bit, and
nothing about it is stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from actions import keys

VALID_FOR = timedelta(days=365)
REQUEST_CHARS_MAX = 4_096
RSA_BITS = range(2_048, 4_097)
CURVES = (ec.SECP256R1, ec.SECP384R1)
CLOCK_SKEW = timedelta(minutes=10)  # a broker whose clock is behind must not find anything "not yet valid"
# An authority, and what it revokes, hold as long as nobody says otherwise: a list that ran out while PitPilot was away
# would lock every device out of a broker that still works.
NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280, 4.1.2.5
_ROOT_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's group, FIPS 186-4, D.1.2.3

DeviceKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return _pem(self.certificate)


@dataclass(frozen=True, slots=True)
class Signed:
    """A device's certificate: `chain` is PEM, its own first, then its authority's; `serial` in hexadecimal digits."""

    chain: str
    serial: str
    not_before: datetime
    not_after: datetime


def root() -> Authority:
    """The installation's root. The same in every process with the same secret."""
    return _root(keys.key("device root"))


def root_list() -> str:
    """What the root has revoked: nothing. A broker that checks lists wants at least one to be there."""
    return revocation_list(root(), [], 1, _ROOT_BEGAN)


def make_authority(tenant_id: UUID, now: datetime) -> Authority:
    """A new authority for a tenant."""
    key = ec.generate_private_key(ec.SECP256R1())
    above = root()
    builder = (
        _builder(key.public_key(), above.certificate.subject, x509.random_serial_number())
        .subject_name(_name(str(tenant_id), "PitPilot devices"))
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(NO_END)
        .add_extension(_issued_by(above), critical=False)
    )
    return Authority(_as_authority(builder, 0).sign(above.key, SHA256()), key)


def key_of_request(pem: str) -> DeviceKey | None:
    """The public key of a signing request, or None if it can't be read, is not signed by that key, or is too weak.

    Nothing else of the request matters: what a certificate says is ours to say.
    """
    if len(pem) > REQUEST_CHARS_MAX:
        return None
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if not signed:
        return None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key if isinstance(key.curve, CURVES) else None
    return key if isinstance(key, rsa.RSAPublicKey) and key.key_size in RSA_BITS else None


def sign(authority: Authority, device_id: str, tenant_id: UUID, key: DeviceKey, now: datetime) -> Signed:
    """A certificate for a device: good for a year, to come in as a client, under its id as the broker's user name."""
    began, ends = now.replace(microsecond=0) - CLOCK_SKEW, now.replace(microsecond=0) + VALID_FOR
    serial = x509.random_serial_number()
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = (
        _builder(key, authority.certificate.subject, serial)
        .subject_name(_name(str(tenant_id), device_id))
        .not_valid_before(began)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_others=False), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(_issued_by(authority), critical=False)
        .sign(authority.key, SHA256())
    )
    return Signed(_pem(certificate) + authority.pem, format(serial, "x"), began, ends)


def revocation_list(authority: Authority, revoked: Iterable[tuple[str, datetime]], number: int, at: datetime) -> str:
    """What an authority has revoked, as PEM: serials in hexadecimal digits, and when."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at)
        .next_update(NO_END)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_issued_by(authority), critical=False)
    )
    for serial, revoked_at in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(revoked_at)
        builder = builder.add_revoked_certificate(entry.build())
    signed = builder.sign(authority.key, SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.PEM).decode()


def listed(crl: str) -> set[str]:
    """The serials on a revocation list, in hexadecimal digits."""
    return {format(entry.serial_number, "x") for entry in x509.load_pem_x509_crl(crl.encode())}


@cache
def _root(secret: bytes) -> Authority:
    key = ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, ec.SECP256R1())
    name = _name("PitPilot", "PitPilot device root")
    builder = _builder(key.public_key(), name, 1).subject_name(name)
    builder = _as_authority(builder.not_valid_before(_ROOT_BEGAN).not_valid_after(NO_END), 1)
    return Authority(builder.sign(key, SHA256(), ecdsa_deterministic=True), key)


def _builder(key: DeviceKey, issuer: x509.Name, serial: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True).add_extension(
        _key_usage(signs_others=True), critical=True
    )


def _key_usage(*, signs_others: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_others,
        key_cert_sign=signs_others,
        crl_sign=signs_others,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(authority: Authority) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
