"""Certificates of devices: each tenant's authority signs for its own, the root for all, and lists say what is over."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy import text

from actions import device_certificates, device_credentials, keys
from actions.device_authority import authority_of, current_lists
from actions.device_certificates import CLOCK_SKEW, key_of_request, listed, revocation_list, root, root_list
from storage.session import EVERY_TENANT, transaction
from tests.conftest import SECRET, World
from tests.device_parts import claimed_node, new_key, now, open_keys, request_for


@pytest.fixture(autouse=True)
def _keys() -> None:
    open_keys()


def chain_of(pem: str) -> tuple[x509.Certificate, x509.Certificate]:
    leaf, authority = x509.load_pem_x509_certificates(pem.encode())
    return leaf, authority


def name_of(name: x509.Name) -> tuple[str, str]:
    return str(name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value), str(
        name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    )


async def test_a_certificate_says_who_the_device_is_and_whose_and_nothing_that_the_request_wished(world: World) -> None:
    node = await claimed_node(world.here.owner, with_certificate=True)
    leaf, authority = chain_of(node.credential.certificate or "")
    assert node.key is not None and leaf.public_key() == node.key.public_key()
    assert name_of(leaf.subject) == (str(world.here.tenant_id), node.id)
    assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=365) + CLOCK_SKEW
    leaf.verify_directly_issued_by(authority)
    authority.verify_directly_issued_by(root().certificate)


async def test_every_workshop_has_an_authority_of_its_own_and_keeps_it(world: World) -> None:
    here, again, there = [
        chain_of((await claimed_node(by, with_certificate=True)).credential.certificate or "")[1]
        for by in (world.here.owner, world.here.owner, world.there.owner)
    ]
    assert here == again and here.public_key() != there.public_key()
    assert name_of(here.subject)[0] == str(world.here.tenant_id)


async def test_two_first_certificates_at_once_come_from_one_authority(world: World) -> None:
    async def made() -> bytes:
        async with transaction(EVERY_TENANT) as tx:
            return (await authority_of(tx, world.here.tenant_id, now())).certificate.public_bytes(Encoding.DER)

    assert len(set(await asyncio.gather(*(made() for _ in range(4))))) == 1


async def test_an_authoritys_key_is_stored_sealed_and_opens_with_the_installations_secret_only(world: World) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await authority_of(tx, world.here.tenant_id, now())
    keys.open(bytes(32))
    async with transaction(EVERY_TENANT) as tx:
        with pytest.raises(keys.Unsealable):
            await authority_of(tx, world.here.tenant_id, now())
        sealed = (await tx.execute(text("SELECT key_sealed FROM device_authority"))).scalar_one()
    with pytest.raises(ValueError):
        load_der_private_key(bytes(sealed)[keys.NONCE_BYTES :], None)


def test_the_root_is_the_same_in_every_process_and_another_in_every_installation() -> None:
    first, its_list = root().pem, root_list()
    device_certificates._root.cache_clear()
    assert (root().pem, root_list()) == (first, its_list)
    keys.open(bytes(32))
    assert root().certificate.public_key() != x509.load_pem_x509_certificate(first.encode()).public_key()
    keys.open(SECRET)
    assert root().pem == first


def test_only_sound_requests_are_taken() -> None:
    assert key_of_request(request_for(ec.generate_private_key(ec.SECP384R1())))
    assert key_of_request(request_for(rsa.generate_private_key(65_537, 2_048)))
    short = rsa.generate_private_key(65_537, 1_024)  # noqa: S505  # that is the point
    for key in (short, ec.generate_private_key(ec.SECP224R1())):
        assert key_of_request(request_for(key)) is None
    edwards = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .sign(ed25519.Ed25519PrivateKey.generate(), None)
    )
    assert key_of_request(edwards.public_bytes(Encoding.PEM).decode()) is None
    assert key_of_request(request_for(new_key()) + "x" * 5_000) is None


def test_a_request_for_somebody_elses_key_is_refused() -> None:
    one, other = new_key(), new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(one, hashes.SHA256())
    der = request.public_bytes(Encoding.DER)
    points = [k.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) for k in (one, other)]
    forged = x509.load_der_x509_csr(der.replace(points[0], points[1]))
    assert key_of_request(forged.public_bytes(Encoding.PEM).decode()) is None


async def test_a_list_is_signed_anew_when_something_changed_and_later_than_the_one_before(world: World) -> None:
    by = world.here.owner
    nodes = [await claimed_node(by, with_certificate=True) for _ in range(3)]
    serials = [format(chain_of(node.credential.certificate or "")[0].serial_number, "x") for node in nodes]
    at = now()
    seen: list[str] = []
    for count in range(4):
        async with transaction(EVERY_TENANT) as tx:
            first = await current_lists(tx, at)
            assert await current_lists(tx, at) == first, "the same again is no change"
        assert listed(first[0]) == set(serials[:count])
        seen += first
        if count < 3:
            await device_credentials.revoke(nodes[count].id, by, at)
    moments = [x509.load_pem_x509_crl(crl.encode()).last_update_utc for crl in seen]
    assert moments == sorted(set(moments)) and moments[-1] < datetime.now(UTC), "of two, OpenSSL takes the later one"


async def test_what_has_run_out_needs_not_be_listed(world: World) -> None:
    by, node = world.here.owner, await claimed_node(world.here.owner, with_certificate=True)
    await device_credentials.revoke(node.id, by, now())
    async with transaction(EVERY_TENANT) as tx:
        assert len(listed((await current_lists(tx, now()))[0])) == 1
        assert len(listed((await current_lists(tx, now() + timedelta(days=366)))[0])) == 0


def test_a_list_is_signed_by_its_authority() -> None:
    authority = device_certificates.make_authority(uuid4(), now())
    crl = x509.load_pem_x509_crl(revocation_list(authority, [("a1", now())], 7, now()).encode())
    assert crl.is_signature_valid(authority.key.public_key())
    assert not crl.is_signature_valid(root().key.public_key())
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
