"""Putting a message into the outbox, inside the transaction whose outcome it tells: rolled back, it was never meant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from domain.ways import Way, shown

ADDRESS_PURPOSE, SECRET_PURPOSE = "addresses of messages", "secrets of messages"  # purposes, no secrets
GATEWAY_PURPOSE = "gateways to customers"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told, without words: these are found when it is sent, in the receiver's language (ui/notices)."""

    reason: str
    """Which words: a key of ui.notices.WORDS."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the words need, as JSON holds it. `path` becomes `link`, an address of ours."""
    secret: Mapping[str, str] = field(default_factory=dict)
    """Facts that only the receiver may read: sealed, and left out of what is kept of the message."""
    about: str = ""
    """The thing that it tells about, as `kind:id`, to find its messages again."""


@dataclass(frozen=True, slots=True)
class Plain:
    """An address without a channel: of a customer, or of somebody who is only invited yet. By a gateway, a number."""

    way: Way
    address: str
    language: str
    person_id: UUID | None = None


_ADD = """
    INSERT INTO message (id, tenant_id, dedupe, person_id, channel_id, way, shown, address_sealed, language, reason,
        about, facts, secret_sealed, created_at, next_try_at)
    VALUES (:id, :tenant, :dedupe, :person, :channel, :way, :shown, :address, :language, :reason, :about,
        CAST(:facts AS jsonb), :secret, :now, :at)
    ON CONFLICT (tenant_id, dedupe) DO NOTHING RETURNING id"""


async def put(
    tx: AsyncSession, tenant_id: UUID, notice: Notice, to: Plain, dedupe: str, now: datetime, at: datetime | None = None
) -> UUID | None:
    """Adds a message to a plain address, not to be sent before `at`; returns its id, or None if the tenant has one of
    this `dedupe` already. The transaction may be the tenant's own or one of every tenant.
    """
    message_id = uuid4()
    bound = {
        "person": to.person_id, "channel": None, "way": to.way, "shown": shown(to.way, to.address),
        "address": keys.seal(ADDRESS_PURPOSE, to.address.encode(), message_id), "language": to.language,
    }  # fmt: skip
    return await _add(tx, message_id, tenant_id, notice, bound, dedupe, now, at)


async def put_for_person(
    tx: AsyncSession,
    tenant_id: UUID,
    notice: Notice,
    person_id: UUID,
    dedupe: str,
    now: datetime,
    at: datetime | None = None,
    *,
    only: Way | None = None,
) -> int:
    """Adds a message for each verified channel of a person, or for those of one way; returns how many were new. The
    transaction must be one of every tenant: channels are not the tenant's.
    """
    channels = await tx.execute(
        text(
            "SELECT c.id, c.way, c.shown, p.language FROM channel c JOIN person p ON p.id = c.person_id"
            " WHERE c.person_id = :person AND c.verified_at IS NOT NULL"
            " AND (CAST(:only AS text) IS NULL OR c.way = :only) ORDER BY c.created_at"
        ),
        {"person": person_id, "only": only},
    )
    new = 0
    for channel_id, way, shown_, language in channels.all():
        added = await put_for_channel(
            tx, tenant_id, notice, Receiver(person_id, channel_id, way, shown_, language), dedupe, now, at
        )
        new += added is not None
    return new


@dataclass(frozen=True, slots=True)
class Receiver:
    """One channel of a person."""

    person_id: UUID
    channel_id: UUID
    way: str
    shown: str
    language: str


async def put_for_channel(
    tx: AsyncSession,
    tenant_id: UUID,
    notice: Notice,
    to: Receiver,
    dedupe: str,
    now: datetime,
    at: datetime | None = None,
) -> UUID | None:
    """Adds a message for one channel; `dedupe` names it for this channel only."""
    bound = {
        "person": to.person_id, "channel": to.channel_id, "way": to.way, "shown": to.shown, "address": None,
        "language": to.language,
    }  # fmt: skip
    return await _add(tx, uuid4(), tenant_id, notice, bound, f"{dedupe}:{to.channel_id}", now, at)


async def withdraw(tx: AsyncSession, tenant_id: UUID, about: str, now: datetime) -> None:
    """Takes back what was not sent yet about a thing that is over, as part of the caller's transaction."""
    await tx.execute(
        text(
            "UPDATE message SET status = 'withdrawn', done_at = :now WHERE tenant_id = :tenant AND about = :about"
            " AND status IN ('waiting', 'failed')"
        ),
        {"tenant": tenant_id, "about": about, "now": now},
    )


async def _add(
    tx: AsyncSession,
    message_id: UUID,
    tenant_id: UUID,
    notice: Notice,
    bound: Mapping[str, Any],
    dedupe: str,
    now: datetime,
    at: datetime | None,
) -> UUID | None:
    secret = keys.seal(SECRET_PURPOSE, json.dumps(dict(notice.secret)).encode(), message_id) if notice.secret else None
    stored = await tx.scalar(
        text(_ADD),
        {
            **bound, "id": message_id, "tenant": tenant_id, "dedupe": dedupe, "reason": notice.reason,
            "about": notice.about, "facts": json.dumps(dict(notice.facts)), "secret": secret, "now": now,
            "at": at or now,
        },
    )  # fmt: skip
    return None if stored is None else UUID(str(stored))
