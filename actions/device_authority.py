"""The tenants' device authorities as they are stored: keys sealed, revocation lists signed when something changed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.device_certificates import CLOCK_SKEW, Authority, listed, make_authority, revocation_list

SEAL = "device authority"

_ADD = """
    INSERT INTO device_authority (tenant_id, certificate, key_sealed, created_at, crl, crl_number, crl_at)
    VALUES (:tenant_id, :certificate, :key_sealed, :now, :crl, 1, :crl_at) ON CONFLICT DO NOTHING"""

# Certificates that have run out need not be on a list any more.
_LISTS = """
    SELECT a.tenant_id, a.crl, a.crl_number, a.crl_at, array(
        SELECT c.serial || ' ' || extract(epoch FROM c.revoked_at)::bigint FROM device_certificate c
        WHERE c.tenant_id = a.tenant_id AND c.revoked_at IS NOT NULL AND c.not_after > :now ORDER BY c.serial)
    FROM device_authority a ORDER BY a.tenant_id"""


async def authority_of(tx: AsyncSession, tenant_id: UUID, now: datetime) -> Authority:
    """The tenant's authority, made when it is first needed. In a transaction that sees every tenant."""
    found = await _load(tx, tenant_id)
    if found is not None:
        return found
    made, began = make_authority(tenant_id, now), _backdated(now)
    der = made.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    await tx.execute(
        text(_ADD),
        {
            "tenant_id": tenant_id, "certificate": made.pem, "key_sealed": keys.seal(SEAL, der, tenant_id),
            "now": now, "crl": revocation_list(made, [], 1, began), "crl_at": began,
        },
    )  # fmt: skip
    return await _load(tx, tenant_id) or made  # another transaction may have been first


async def current_lists(tx: AsyncSession, now: datetime) -> list[str]:
    """Every authority's revocation list, signed anew where certificates were revoked since, or have run out.

    In a transaction that sees every tenant, under a lock of the caller's: two at once would both sign.
    """
    rows = await tx.execute(text(_LISTS), {"now": now})
    lists: list[str] = []
    for tenant_id, crl, number, crl_at, entries in rows.all():
        revoked = {serial: datetime.fromtimestamp(int(at), UTC) for serial, at in map(str.split, entries)}
        if listed(crl) != set(revoked):
            # Of two lists OpenSSL takes the one with the later date, which must not lie in the future.
            at = max(_backdated(now), crl_at + timedelta(seconds=1))
            crl = revocation_list(await authority_of(tx, tenant_id, now), revoked.items(), number + 1, at)
            await tx.execute(
                text("UPDATE device_authority SET crl = :crl, crl_number = :n, crl_at = :at WHERE tenant_id = :id"),
                {"crl": crl, "n": number + 1, "at": at, "id": tenant_id},
            )
        lists.append(crl)
    return lists


async def _load(tx: AsyncSession, tenant_id: UUID) -> Authority | None:
    row = (
        await tx.execute(
            text("SELECT certificate, key_sealed FROM device_authority WHERE tenant_id = :id"), {"id": tenant_id}
        )
    ).first()
    if row is None:
        return None
    key = load_der_private_key(keys.unseal(SEAL, bytes(row[1]), tenant_id), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("an authority's key is one of P-256")
    return Authority(x509.load_pem_x509_certificate(row[0].encode()), key)


def _backdated(now: datetime) -> datetime:
    return now.replace(microsecond=0) - CLOCK_SKEW
