"""Rows of firmware releases: what was uploaded, who runs what, and the downloads that devices were offered.

All of it is the platform's, so every function takes a transaction that sees every tenant.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from domain.firmware import Channel, Manifest, NodeKind


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release without its bytes. `size` is the whole bundle's, `sha256` too."""

    id: UUID
    kind: NodeKind
    version: str
    channel: Channel
    sha256: str
    size: int
    files: int
    note: str
    uploaded_by: str | None
    """The person's name."""
    uploaded_at: datetime
    withdrawn_at: datetime | None
    devices: int
    """How many run it, of all tenants."""


@dataclass(frozen=True, slots=True)
class VersionCount:
    """How many devices of a kind run a version; None: they have not said which."""

    kind: NodeKind
    version: str | None
    devices: int
    tenants: int
    heard: int
    """Of them, those heard within the last minute."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A download that is open: whose it is, and of what."""

    device_id: str
    tenant_id: UUID
    release_id: UUID
    version: str
    bundle: bytes


_FIRMWARE_DEVICE = "d.kind <> 'foreign' AND d.removed_at IS NULL AND d.revoked_at IS NULL"
_RELEASES = f"""
    SELECT r.id, r.kind, r.version, r.channel, r.sha256, r.size, r.files, r.note, p.name, r.uploaded_at, r.withdrawn_at,
        (SELECT count(*) FROM device d JOIN device_presence s ON s.device_id = d.id
         WHERE d.kind = r.kind AND s.firmware = r.version AND {_FIRMWARE_DEVICE})
    FROM firmware_release r LEFT JOIN person p ON p.id = r.uploaded_by"""


async def releases(tx: AsyncSession) -> list[ReleaseRow]:
    """Every release, the newest first."""
    rows = await tx.execute(text(f"{_RELEASES} ORDER BY r.uploaded_at DESC, r.id"))
    return [_release(row) for row in rows.all()]


async def release(tx: AsyncSession, release_id: UUID) -> ReleaseRow | None:
    row = (await tx.execute(text(f"{_RELEASES} WHERE r.id = :id"), {"id": release_id})).first()
    return _release(row) if row else None


async def lock_release(tx: AsyncSession, release_id: UUID) -> ReleaseRow | None:
    """The same, locked until the transaction ends."""
    await tx.execute(text("SELECT 1 FROM firmware_release WHERE id = :id FOR UPDATE"), {"id": release_id})
    return await release(tx, release_id)


async def add(
    tx: AsyncSession,
    release_id: UUID,
    tenant_id: UUID,
    manifest: Manifest,
    sha256: str,
    bundle: bytes,
    note: str,
    by: UUID,
    now: datetime,
) -> bool:
    """False if there is one of this kind and version."""
    added = await tx.execute(
        text(
            "INSERT INTO firmware_release (id, tenant_id, kind, version, channel, sha256, size, files, bundle, note,"
            " uploaded_by, uploaded_at) VALUES (:id, :tenant_id, :kind, :version, :channel, :sha256, :size, :files,"
            " :bundle, :note, :by, :now) ON CONFLICT (kind, version) DO NOTHING RETURNING 1"
        ),
        {
            "id": release_id, "tenant_id": tenant_id, "kind": manifest.kind, "version": manifest.version,
            "channel": manifest.channel, "sha256": sha256, "size": len(bundle), "files": len(manifest.files),
            "bundle": bundle, "note": note, "by": by, "now": now,
        },
    )  # fmt: skip
    return added.first() is not None


async def withdraw(tx: AsyncSession, release_id: UUID, now: datetime | None) -> None:
    """`now` None puts it back."""
    await tx.execute(
        text("UPDATE firmware_release SET withdrawn_at = :now WHERE id = :id"), {"now": now, "id": release_id}
    )


async def versions(tx: AsyncSession, heard_since: datetime) -> list[VersionCount]:
    """Who runs what, by kind, then by how many."""
    rows = await tx.execute(
        text(
            "SELECT d.kind, s.firmware, count(*), count(DISTINCT d.tenant_id),"
            " count(*) FILTER (WHERE s.heard_at >= :since) FROM device d"
            f" LEFT JOIN device_presence s ON s.device_id = d.id WHERE {_FIRMWARE_DEVICE} GROUP BY 1, 2"
            " ORDER BY 1, 3 DESC, 2"
        ),
        {"since": heard_since},
    )
    return [VersionCount(NodeKind(kind), *rest) for kind, *rest in rows.all()]


async def newest_for(tx: AsyncSession, kind: str) -> list[ReleaseRow]:
    """Stable releases of a kind that were not withdrawn."""
    rows = await tx.execute(
        text(f"{_RELEASES} WHERE r.kind = :kind AND r.channel = 'stable' AND r.withdrawn_at IS NULL"), {"kind": kind}
    )
    return [_release(row) for row in rows.all()]


async def offer(
    tx: AsyncSession, token_hash: bytes, tenant_id: UUID, device_id: str, release_id: UUID, until: datetime
) -> None:
    """Opens a download. What this device was offered of other releases ends; of the same one it may still be on its
    way there.
    """
    await tx.execute(
        text(
            "DELETE FROM firmware_download WHERE device_id = :id AND (release_id <> :release_id OR expires_at < :until"
            " - interval '1 day')"
        ),
        {"id": device_id, "release_id": release_id, "until": until},
    )
    await tx.execute(
        text(
            "INSERT INTO firmware_download (token_hash, tenant_id, device_id, release_id, expires_at)"
            " VALUES (:hash, :tenant_id, :device_id, :release_id, :until)"
        ),
        {
            "hash": token_hash, "tenant_id": tenant_id, "device_id": device_id, "release_id": release_id,
            "until": until,
        },
    )  # fmt: skip


async def fetch(tx: AsyncSession, token_hash: bytes, now: datetime) -> Offered | None:
    """What may be downloaded by a token; None if it is unknown or over, or the device may not speak any more."""
    row = (
        await tx.execute(
            text(
                "UPDATE firmware_download f SET fetched_at = :now FROM device d, firmware_release r"
                " WHERE f.token_hash = :hash AND f.expires_at > :now AND d.id = f.device_id AND r.id = f.release_id"
                f" AND d.enabled AND {_FIRMWARE_DEVICE} AND r.withdrawn_at IS NULL"
                " RETURNING f.device_id, f.tenant_id, f.release_id, r.version, r.bundle"
            ),
            {"hash": token_hash, "now": now},
        )
    ).first()
    return Offered(*row) if row else None


def _release(row: Any) -> ReleaseRow:
    id_, kind, version, channel, *rest = row
    return ReleaseRow(id_, NodeKind(kind), version, Channel(channel), *rest)
