"""Who comes in by certificate: a device whose authority is ours, while its certificate holds, and as itself alone."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from actions import device_credentials, keys
from actions.device_authority import authority_of
from actions.device_certificates import Authority, make_authority, sign
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World
from tests.device_parts import Node, claimed_node, client_context, new_key, now, open_keys, request_for
from tests.ingest.parts import stored
from tests.ingest.site import SOON_S, TRY_S, Site, site, speaks
from tests.shipped_mosquitto import SERVER, SERVER_PASSWORD

__all__ = ["site"]


async def is_let_in(site: Site, chain: str, key: ec.EllipticCurvePrivateKey) -> bool:
    context = client_context(site.broker.trusted, chain, key)
    with contextlib.suppress(aiomqtt.MqttError):
        async with aiomqtt.Client("localhost", site.broker.mtls_port, tls_context=context, timeout=TRY_S):
            return True
    return False


@pytest.fixture
async def node(site: Site, world: World) -> Node:
    """A device that has come in by its certificate."""
    made = await claimed_node(world.here.owner, with_certificate=True)
    await site.until_connects(made)
    return made


async def authority(world: World) -> Authority:
    async with transaction(EVERY_TENANT) as tx:
        return await authority_of(tx, world.here.tenant_id, now())


def self_signed(common: str, key: ec.EllipticCurvePrivateKey, at: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


async def test_the_user_is_the_certificates_name_whatever_the_device_calls_itself(
    site: Site, world: World, node: Node
) -> None:
    neighbour = await claimed_node(world.here.owner)
    await site.until_connects(neighbour)
    for username, password in ((SERVER, SERVER_PASSWORD), (neighbour.id, neighbour.credential.password)):
        async with site.client(node, username=username, password=password) as device, site.listening() as server:
            await device.subscribe([("#", 1)])
            await server.publish(f"{neighbour.tree}/cmd", "not for it", qos=1)
            await server.publish(f"{node.tree}/cmd", "for it", qos=1)
            async with asyncio.timeout(SOON_S):
                assert str((await anext(aiter(device.messages))).topic) == f"{node.tree}/cmd"
            await speaks(device, node, 1)
    async with asyncio.timeout(SOON_S):
        while await stored() != [(node.id, 1, 1)]:
            await asyncio.sleep(0.05)


async def test_nobody_comes_in_without_a_certificate_nor_by_its_name_and_a_password(site: Site, node: Node) -> None:
    trusting = client_context(site.broker.trusted, node.credential.certificate or "", node.key or new_key())
    assert await site.connects(node)
    for port, context in ((site.broker.mtls_port, None), (site.broker.tls_port, trusting), (site.broker.port, None)):
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                "localhost", port, username=node.id, password="", tls_context=context, timeout=TRY_S
            ):
                raise AssertionError(f"let in at {port}")


async def test_certificates_of_others_are_refused(site: Site, world: World, node: Node) -> None:
    key, tenant_id = new_key(), world.here.tenant_id
    keys.open(bytes(32))  # another installation, which knows the same names
    foreign = make_authority(tenant_id, now())
    open_keys()
    assert not await is_let_in(site, sign(foreign, node.id, tenant_id, key.public_key(), now()).chain, key)
    assert not await is_let_in(site, self_signed(node.id, key, now()), key)

    assert node.key is not None  # a device that plays authority
    (leaf, _) = x509.load_pem_x509_certificates((node.credential.certificate or "").encode())
    forged = sign(Authority(leaf, node.key), "pp-other", tenant_id, key.public_key(), now()).chain
    assert not await is_let_in(site, forged + (node.credential.certificate or ""), key)


async def test_a_certificate_that_has_run_out_or_does_not_hold_yet_is_refused(
    site: Site, world: World, node: Node
) -> None:
    key, own = new_key(), await authority(world)
    for at in (now() - timedelta(days=366), now() + timedelta(days=1)):
        signed = sign(own, node.id, world.here.tenant_id, key.public_key(), at)
        assert not await is_let_in(site, signed.chain, key)
    assert await is_let_in(site, sign(own, node.id, world.here.tenant_id, key.public_key(), now()).chain, key)


async def test_a_revoked_certificate_is_refused_and_others_of_the_workshop_are_not(
    site: Site, world: World, node: Node
) -> None:
    other = await claimed_node(world.here.owner, with_certificate=True)
    await site.until_connects(other)
    assert await device_credentials.revoke(node.id, world.here.owner, now()) is None
    await site.until_connects(node, expected=False)
    assert await site.connects(other)


async def test_a_renewed_certificate_works_and_the_old_one_no_longer_does(site: Site, node: Node) -> None:
    fresh = new_key()
    renewed = await device_credentials.renew(node.credential.key or "", request_for(fresh), now())
    assert isinstance(renewed, device_credentials.Credential) and renewed.certificate
    await site.until_connects(node, expected=False)
    assert await is_let_in(site, renewed.certificate, fresh)
