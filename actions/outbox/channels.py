"""A person's own channels: added with an address, proved by a code that was sent there, tried, removed."""

import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import keys
from actions.outbox import ways
from actions.outbox.post import is_usable
from actions.outbox.putting import Notice, Receiver, put_for_channel
from actions.people import throttle
from actions.people.credentials import check_own_password
from actions.people.seats import Seat
from actions.people.trail import note
from domain.access import Intent, Viewer
from domain.outbox import MessageStatus
from domain.refusals import Refusal, TryLater
from domain.throttling import ASKING
from domain.ways import Way, shown, understand
from storage.session import EVERY_TENANT, transaction
from storage.tables import Channel

CHANNEL_PURPOSE, CODE_PURPOSE = "addresses of channels", "codes of channels"
CODE, TEST = "channel_code", "channel_test"
CHANNELS_MAX = 5
CODE_DIGITS, CODE_TRIES_MAX, CODE_LASTS = 6, 5, timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel as its person sees it, with the last message that went to it; one that waits for the end of quiet hours
    does not count.
    """

    id: UUID
    way: Way
    shown: str
    created_at: datetime
    verified_at: datetime | None
    last_status: MessageStatus | None
    last_at: datetime | None
    """When that message was last tried, or put if it never was."""
    last_error: str


async def channels_of(seat: Seat) -> list[ChannelRow]:
    """The person's own channels, the oldest first."""
    async with transaction(EVERY_TENANT) as tx:
        rows = await tx.execute(
            text(
                "SELECT c.id, c.way, c.shown, c.created_at, c.verified_at, m.status,"
                " coalesce(m.tried_at, m.created_at), coalesce(m.last_error, '') FROM channel c"
                " LEFT JOIN LATERAL (SELECT status, tried_at, created_at, last_error FROM message"
                " WHERE channel_id = c.id AND status <> 'withdrawn' AND (attempts > 0 OR next_try_at <= created_at)"
                " ORDER BY created_at DESC LIMIT 1) m ON true"
                " WHERE c.person_id = :person ORDER BY c.created_at, c.id"
            ),
            {"person": seat.viewer.person_id},
        )
        return [_row(row) for row in rows.all()]


def _row(row: Row[Any]) -> ChannelRow:
    values = list(row)
    values[1], values[5] = Way(values[1]), MessageStatus(values[5]) if values[5] else None
    return ChannelRow(*values)


async def add_channel(
    seat: Seat, way: Way, typed: str, now: datetime, *, password: str = "", asked_by: str = ""
) -> Refusal | TryLater | UUID:
    """Adds a channel that is not used before it is verified, and sends the code. A mail address needs the own password,
    if there is one: a link for a new one may go there, so whoever only found an open page must not add theirs.
    `asked_by`: the network address. NOT_ALLOWED, ADDRESS_UNUSABLE, WRONG_CREDENTIALS, ALREADY_SO (the person has this
    address), TOO_MANY.
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    address = understand(way, typed)
    is_known_service = way in (Way.MAIL, Way.WEBHOOK) or (address is not None and is_usable(address))
    if address is None or way not in ways.offered() or not is_known_service:
        return Refusal.ADDRESS_UNUSABLE
    person_id = seat.viewer.person_id
    if way is Way.MAIL and (fault := await check_own_password(person_id, password, asked_by, now)):
        return fault
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text("SELECT FROM person WHERE id = :id FOR UPDATE"), {"id": person_id})
        rows = await tx.execute(
            text("SELECT address_sealed FROM channel WHERE person_id = :id AND way = :way"),
            {"id": person_id, "way": way},
        )
        if address.encode() in [keys.unseal(CHANNEL_PURPOSE, sealed, person_id) for sealed in rows.scalars()]:
            return Refusal.ALREADY_SO
        count = await tx.scalar(text("SELECT count(*) FROM channel WHERE person_id = :id"), {"id": person_id})
        if int(count or 0) >= CHANNELS_MAX:
            return Refusal.TOO_MANY
        channel = Channel(
            person_id=person_id,
            way=way,
            address_sealed=keys.seal(CHANNEL_PURPOSE, address.encode(), person_id),
            shown=shown(way, address),
            created_at=now,
        )
        tx.add(channel)
        await tx.flush()
        after = {"way": way, "address": channel.shown}
        await note(tx, seat.viewer, "add_channel", "channel", channel.id, channel.shown, after=after)
    sent = await send_code(seat, channel.id, now)
    return sent if isinstance(sent, TryLater) else channel.id


async def send_code(seat: Seat, channel_id: UUID, now: datetime) -> Refusal | TryLater | None:
    """Sends a fresh code; an earlier one becomes useless. NOT_ALLOWED, NOT_FOUND, ALREADY_SO (it is verified)."""
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    asked = await throttle.attempt({throttle.key_of("channel code", str(seat.viewer.person_id)): ASKING}, now)
    if isinstance(asked, TryLater):
        return asked
    async with transaction(EVERY_TENANT) as tx:
        channel = await _lock(tx, seat.viewer, channel_id)
        if channel is None:
            return Refusal.NOT_FOUND
        if channel.verified_at is not None:
            return Refusal.ALREADY_SO
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        channel.code_hash, channel.code_tries, channel.code_until = _hash(channel.id, code), 0, now + CODE_LASTS
        await tx.flush()
        notice = Notice(CODE, {"tenant": seat.tenant_name}, {"code": code})
        await _put(tx, seat, channel, notice, now)
    return None


async def verify_channel(seat: Seat, channel_id: UUID, code: str, now: datetime) -> Refusal | None:
    """Proves with the code that the person reads what comes there. NOT_ALLOWED, NOT_FOUND, ALREADY_SO, WRONG_CODE,
    LINK_EXPIRED (too late, or too often wrong: ask for another code).
    """
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        channel = await _lock(tx, seat.viewer, channel_id)
        if channel is None:
            return Refusal.NOT_FOUND
        if channel.verified_at is not None:
            return Refusal.ALREADY_SO
        is_over = channel.code_until is None or channel.code_until <= now or channel.code_tries >= CODE_TRIES_MAX
        if channel.code_hash is None or is_over:
            return Refusal.LINK_EXPIRED
        channel.code_tries += 1
        if not hmac.compare_digest(channel.code_hash, _hash(channel.id, _digits(code))):
            return Refusal.WRONG_CODE
        channel.verified_at, channel.code_hash, channel.code_until = now, None, None
        after = {"way": channel.way, "address": channel.shown}
        await note(tx, seat.viewer, "verify_channel", "channel", channel.id, channel.shown, after=after)
    return None


async def try_channel(seat: Seat, channel_id: UUID, now: datetime) -> Refusal | TryLater | None:
    """Sends a message that says no more than that it came. NOT_ALLOWED, NOT_FOUND, NOT_POSSIBLE_NOW (not verified)."""
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    asked = await throttle.attempt({throttle.key_of("channel test", str(seat.viewer.person_id)): ASKING}, now)
    if isinstance(asked, TryLater):
        return asked
    async with transaction(EVERY_TENANT) as tx:
        channel = await _lock(tx, seat.viewer, channel_id)
        if channel is None:
            return Refusal.NOT_FOUND
        if channel.verified_at is None:
            return Refusal.NOT_POSSIBLE_NOW
        await _put(tx, seat, channel, Notice(TEST, {"tenant": seat.tenant_name}), now)
    return None


async def remove_channel(seat: Seat, channel_id: UUID, now: datetime) -> Refusal | None:
    """Forgets an address; what waits for it is withdrawn. NOT_ALLOWED, NOT_FOUND."""
    if not seat.viewer.may(Intent.CHANGE_OWN_ACCOUNT):
        return Refusal.NOT_ALLOWED
    async with transaction(EVERY_TENANT) as tx:
        channel = await _lock(tx, seat.viewer, channel_id)
        if channel is None:
            return Refusal.NOT_FOUND
        before = {"way": channel.way, "address": channel.shown}
        await tx.delete(channel)
        await tx.flush()
        await note(tx, seat.viewer, "remove_channel", "channel", channel_id, channel.shown, before=before)
    return None


async def _put(tx: AsyncSession, seat: Seat, channel: Channel, notice: Notice, now: datetime) -> None:
    """To the person's own channel, in the language that they read this page in."""
    to = Receiver(seat.viewer.person_id, channel.id, channel.way, channel.shown, seat.language)
    await put_for_channel(tx, seat.viewer.tenant_id, notice, to, f"{notice.reason}:{uuid4()}", now)


async def _lock(tx: AsyncSession, by: Viewer, channel_id: UUID) -> Channel | None:
    channel = await tx.get(Channel, channel_id, with_for_update=True)
    return channel if channel is not None and channel.person_id == by.person_id else None


def _hash(channel_id: UUID, code: str) -> bytes:
    return hmac.new(keys.key(CODE_PURPOSE), channel_id.bytes + code.encode(), hashlib.sha256).digest()


def _digits(typed: str) -> str:
    """As people type it: in groups, in the digits of their own script."""
    return "".join(str(unicodedata.decimal(c, "")) for c in typed[:100])
