"""Sends what is due. A message is leased in one transaction, sent outside of any, and marked in another: a process that
dies in between leaves it to be sent again when the lease is over. So each is sent at least once, and bears its id for
whoever may get it twice.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text

from actions import keys
from actions.keys import Unsealable
from actions.outbox import ways
from actions.outbox.channels import CHANNEL_PURPOSE, CODE
from actions.outbox.post import Letter, Undeliverable, deliver
from actions.outbox.putting import ADDRESS_PURPOSE, GATEWAY_PURPOSE, SECRET_PURPOSE
from domain.customer_news import addressed
from domain.notify import News
from domain.outbox import MessageStatus, after_failure, wait_s
from domain.ways import Way
from storage.session import EVERY_TENANT, transaction

AT_ONCE = 4
LOOK_EVERY_S = 1.0
SEND_WITHIN_S = 30.0
LEASE = timedelta(seconds=120)  # longer than waiting for a thread and sending may take together
HIDDEN = "…"
NOTHING_KEPT = Letter("", "")
ASKED_FOR = "customer_link"
"""The one message that a customer gets without having agreed to others (actions/customers/send_link.py)."""
CALLING = frozenset({News.RAISED, News.WORSE, News.UNACKNOWLEDGED})

Wording = Callable[[str, Mapping[str, Any], str, str], Letter]
"""Finds the words: of a reason, its facts, a language and a zone."""
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_LEASE = """
    WITH due AS (SELECT id FROM message WHERE status IN ('waiting', 'failed') AND next_try_at <= :now
        ORDER BY next_try_at, id LIMIT :most FOR UPDATE SKIP LOCKED)
    UPDATE message m SET attempts = m.attempts + 1, tried_at = :now, next_try_at = :leased
    FROM due, tenant t WHERE m.id = due.id AND t.id = m.tenant_id
    RETURNING m.id, m.person_id, m.channel_id, m.way, m.language, m.reason, m.facts, m.attempts, m.address_sealed,
        m.secret_sealed, t.zone, m.about"""

# What may have changed since it was put: the channel, the person's language and place here, the alert.
_NOW = """
    SELECT c.person_id, c.address_sealed, c.verified_at IS NOT NULL, p.language,
        coalesce(p.suspended_at, s.suspended_at) IS NOT NULL, coalesce(a.resolved_at, a.acknowledged_at) IS NOT NULL,
        g.tenant_id, g.gateway_sealed, u.id IS NOT NULL AND u.notices_agreed_at IS NULL
    FROM message m LEFT JOIN channel c ON c.id = m.channel_id LEFT JOIN person p ON p.id = m.person_id
    LEFT JOIN membership s ON s.person_id = m.person_id AND s.tenant_id = m.tenant_id
    LEFT JOIN customer_notices g ON g.tenant_id = m.tenant_id AND g.gateway_way = m.way
    LEFT JOIN customer u ON u.id = CASE WHEN m.about LIKE 'customer:%' THEN CAST(substr(m.about, 10) AS uuid) END
    LEFT JOIN alert a ON a.id = CASE WHEN m.about LIKE 'alert:%' THEN CAST(substr(m.about, 7) AS uuid) END
    WHERE m.id = :id"""

_MARK = """
    UPDATE message SET status = :status, next_try_at = :at, last_error = :error, subject = :subject, text = :text,
        done_at = CASE WHEN :done THEN CAST(:now AS timestamptz) END,
        secret_sealed = CASE WHEN :status = 'sent' THEN NULL ELSE secret_sealed END
    WHERE id = :id AND attempts = :attempts"""


@dataclass(slots=True)
class SenderCounters:
    """What the sender did since its start."""

    sent: int = 0
    failed: int = 0
    """Attempts in vain."""
    given_up: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class _Leased:
    id: UUID
    person_id: UUID | None
    channel_id: UUID | None
    way: str
    language: str
    reason: str
    facts: Mapping[str, Any]
    attempts: int
    address_sealed: bytes | None
    secret_sealed: bytes | None
    zone: str
    about: str


@dataclass(frozen=True, slots=True)
class _Ready:
    """An opened message: where to, in which words, and the words that are kept."""

    address: str
    letter: Letter
    kept: Letter


def utc_now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """Any number of processes may each run one."""

    def __init__(
        self,
        words: Wording,
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
        send: Callable[[Way, str, Letter, str, ways.Offer], None] = deliver,
    ) -> None:
        self.counters = SenderCounters()
        self._words, self._clock, self._chance, self._send = words, clock, chance, send

    async def run(self) -> None:
        """Sends for ever."""
        threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sender")
        try:
            while True:
                if not await self.round(threads):
                    await asyncio.sleep(LOOK_EVERY_S)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    async def round(self, threads: ThreadPoolExecutor | None = None) -> int:
        """Sends up to AT_ONCE messages that are due; returns how many were."""
        leased = await self._lease(self._clock())
        await asyncio.gather(*(self._handle(message, threads) for message in leased))
        return len(leased)

    async def _lease(self, now: datetime) -> Sequence[_Leased]:
        async with transaction(EVERY_TENANT) as tx:
            rows = await tx.execute(text(_LEASE), {"now": now, "leased": now + LEASE, "most": AT_ONCE})
            return [_Leased(*row) for row in rows.all()]

    async def _handle(self, message: _Leased, threads: ThreadPoolExecutor | None) -> None:
        try:
            ready = await self._open(message)
        except Unsealable:
            await self._mark(message, MessageStatus.GIVEN_UP, "sealed with another secret of the installation")
            return
        except (LookupError, TypeError, ValueError):  # must not stop the others
            log.exception("a message has no words", message=str(message.id), reason=message.reason)
            await self._mark(message, MessageStatus.GIVEN_UP, "there are no words for it")
            return
        if isinstance(ready, str):
            await self._mark(message, MessageStatus.WITHDRAWN, ready)
            return
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await asyncio.get_running_loop().run_in_executor(
                    threads, self._send, Way(message.way), ready.address, ready.letter, str(message.id), ways.offer()
                )
        except (Undeliverable, TimeoutError) as error:
            why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
            await self._mark(message, after_failure(message.attempts), why, ready.kept)
        except Exception as error:  # noqa: BLE001  # a plug-in may break in any way; its text may hold the address
            log.error("sending a message broke", message=str(message.id), way=message.way, error=type(error).__name__)
            await self._mark(message, after_failure(message.attempts), type(error).__name__, ready.kept)
        else:
            await self._mark(message, MessageStatus.SENT, "", ready.kept)

    async def _open(self, message: _Leased) -> _Ready | str:
        """What is to be sent now, or why nobody needs it any more."""
        async with transaction(EVERY_TENANT) as tx:
            row = (await tx.execute(text(_NOW), {"id": message.id})).one()
        owner, channel_address, is_verified, language, is_out, is_settled, tenant_id, gateway, is_unwanted = row
        if is_unwanted and message.reason != ASKED_FOR:
            return "the customer does not agree any more"
        if message.reason in CALLING and is_settled:
            return "the alert was over or acknowledged"
        if message.about.startswith("alert:") and is_out:
            return "the person has no access any more"
        if message.address_sealed is not None:
            address = keys.unseal(ADDRESS_PURPOSE, message.address_sealed, message.id)
            if address.isdigit():
                if gateway is None:
                    return "the gateway was removed"
                template = keys.unseal(GATEWAY_PURPOSE, gateway, tenant_id).decode()
                address = addressed(template, address.decode()).encode()
        elif channel_address is not None and (is_verified or message.reason == CODE):
            address = keys.unseal(CHANNEL_PURPOSE, channel_address, owner)
        else:
            return "the address was removed"
        sealed = message.secret_sealed
        secret = json.loads(keys.unseal(SECRET_PURPOSE, sealed, message.id)) if sealed is not None else {}
        spoken = str(language or message.language)
        return _Ready(
            address.decode(),
            self._word(message, secret, spoken),
            self._word(message, dict.fromkeys(secret, HIDDEN), spoken),
        )

    def _word(self, message: _Leased, secret: Mapping[str, str], language: str) -> Letter:
        facts = {**message.facts, **secret}
        base, path = ways.offer().base, facts.get("path", "")
        facts["link"] = base + path if base and path else ""
        return self._words(message.reason, facts, language, message.zone)

    async def _mark(self, message: _Leased, status: MessageStatus, why: str, kept: Letter = NOTHING_KEPT) -> None:
        """Unless somebody else has leased it meanwhile."""
        now = self._clock()
        is_failure = status is MessageStatus.FAILED
        pause = timedelta(seconds=wait_s(message.attempts, self._chance())) if is_failure else timedelta()
        bound = {
            "id": message.id, "attempts": message.attempts, "status": status, "now": now, "at": now + pause,
            "done": not is_failure, "error": why, "subject": kept.subject, "text": kept.text,
        }  # fmt: skip
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(text(_MARK), bound)
        counters = self.counters
        counters.sent += status is MessageStatus.SENT
        counters.failed += is_failure or status is MessageStatus.GIVEN_UP
        counters.given_up += status is MessageStatus.GIVEN_UP
        counters.withdrawn += status is MessageStatus.WITHDRAWN
        if status is MessageStatus.GIVEN_UP:
            log.warning("a message was given up", message=str(message.id), way=message.way, why=why)
