"""What tests of the outbox share: an hour that passes when told to, words, channels, and messages as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from actions import keys
from actions.outbox.channels import CHANNEL_PURPOSE
from actions.outbox.post import Letter
from actions.outbox.ways import MailServer, Offer
from domain.access import Viewer
from domain.ways import Way, shown
from storage.session import EVERY_TENANT, transaction
from storage.tables import Channel
from tests.actions.senders import execute, fetch
from tests.post_office import MailBox

BASE = "https://pits.example.com"


@dataclass
class Clock:
    """Stands still until told otherwise."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **span: float) -> None:
        self.now += timedelta(**span)


def plain_words(reason: str, facts: Mapping[str, Any], language: str, zone: str) -> Letter:
    """Facts as they are, without the translations."""
    said = ", ".join(f"{name}={facts[name]}" for name in sorted(facts))
    return Letter(f"{reason} in {language}", said)


def mail_offer(box: MailBox) -> Offer:
    return Offer(MailServer("127.0.0.1", box.port, "plain", "pits@example.com"), BASE, private_hosts=True)


async def give_channel(viewer: Viewer, way: Way, address: str, *, verified: bool = True) -> UUID:
    """A channel as it is when its person has entered the code."""
    now = datetime.now(UTC)
    channel = Channel(
        id=uuid4(),
        person_id=viewer.person_id,
        way=way,
        address_sealed=keys.seal(CHANNEL_PURPOSE, address.encode(), viewer.person_id),
        shown=shown(way, address),
        created_at=now,
        verified_at=now if verified else None,
    )
    async with transaction(EVERY_TENANT) as tx:
        tx.add(channel)
    return channel.id


async def wish(viewer: Viewer, stored: str) -> None:
    """What the person wants to be told, as it is stored."""
    await execute(
        "UPDATE membership SET notify = CAST(:stored AS jsonb) WHERE person_id = :id",
        stored=stored,
        id=viewer.person_id,
    )


async def stand() -> list[tuple[str, str, int]]:
    """Each message's reason, state and number of attempts, in the order in which they were put."""
    rows = await fetch("SELECT reason, status, attempts FROM message ORDER BY created_at, reason, shown")
    return [(reason, status, attempts) for reason, status, attempts in rows]
