"""The outbox: what is put is sent, at least once, however often the other side is away and whoever dies meanwhile."""

import asyncio
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from actions import keys
from actions.outbox import Notice, Plain, put, put_for_person, ways, withdraw
from actions.outbox.post import Letter, deliver
from actions.outbox.sender import LEASE, Sender
from actions.outbox.settings import send_again
from domain.outbox import ATTEMPTS_MAX, MessageStatus
from domain.refusals import Refusal
from domain.ways import Way
from storage.messages import MessageFilter, messages
from storage.session import EVERY_TENANT, transaction
from tests.actions.posting import BASE, Clock, give_channel, mail_offer, plain_words, stand
from tests.actions.senders import execute, fetch
from tests.conftest import SECRET, Workshop, World
from tests.post_office import Hook, MailBox, mail_server, web_server

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as taking:
        ways.open(mail_offer(taking))
        yield taking
        ways.open(ways.Offer())


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_server() as noting:
        yield noting


async def tell(
    shop: Workshop, clock: Clock, address: str = "bina@example.com", dedupe: str = "one", way: Way = Way.MAIL
) -> UUID | None:
    async with transaction(shop.tenant_id) as tx:
        notice = Notice("greeting", {"car": "MH 12 AB 1234", "path": "/t/x"}, {"word": "swordfish"}, about="job:7")
        return await put(tx, shop.tenant_id, notice, Plain(way, address, "hi"), dedupe, clock())


async def test_a_message_is_sent_in_the_receivers_language_with_its_link(world: World, box: MailBox) -> None:
    clock = Clock()
    message_id = await tell(world.here, clock)
    sender = Sender(plain_words, clock)
    assert (await sender.round(), await sender.round()) == (1, 0)
    [mail] = box.mails
    assert (mail["subject"], mail["to"], mail["X-PitPilot-Message"]) == (
        "greeting in hi", "bina@example.com", str(message_id),
    )  # fmt: skip
    assert f"link={BASE}/t/x" in box.text() and "word=swordfish" in box.text()
    assert await stand() == [("greeting", "sent", 1)]
    assert sender.counters.sent == 1


async def test_what_is_kept_of_a_message_holds_neither_its_secret_nor_its_address(world: World, box: MailBox) -> None:
    clock = Clock()
    await tell(world.here, clock)
    [(before,)] = await fetch("SELECT message::text FROM message")
    await Sender(plain_words, clock).round()
    [(after, secret)] = await fetch("SELECT message::text, secret_sealed FROM message")
    for row in (before, after):
        assert "swordfish" not in row and "bina" not in row
    assert secret is None and "word=…" in after
    with pytest.raises(Exception, match="permission denied"):
        async with transaction(world.here.tenant_id) as tx:
            await tx.execute(text("SELECT address_sealed FROM message"))


async def test_a_message_is_put_only_if_what_it_tells_is_committed(world: World, box: MailBox) -> None:
    clock = Clock()
    with pytest.raises(RuntimeError):
        async with transaction(world.here.tenant_id) as tx:
            await put(tx, world.here.tenant_id, Notice("x"), Plain(Way.MAIL, "a@example.com", "en"), "x", clock())
            raise RuntimeError("it did not happen")
    assert await stand() == []


async def test_a_second_message_of_the_same_name_is_none_but_another_tenants_is(world: World, box: MailBox) -> None:
    clock = Clock()
    assert await tell(world.here, clock) is not None
    assert await tell(world.here, clock) is None
    assert await tell(world.there, clock) is not None
    await Sender(plain_words, clock).round()
    assert len(box.mails) == 2


async def test_many_senders_at_once_send_each_message_once(world: World, box: MailBox) -> None:
    clock = Clock()
    for n in range(12):
        await tell(world.here, clock, dedupe=str(n))
    senders = [Sender(plain_words, clock) for _ in range(3)]
    for _ in range(4):
        await asyncio.gather(*(sender.round() for sender in senders))
    assert len(box.mails) == 12 == len({mail["X-PitPilot-Message"] for mail in box.mails})


async def test_a_server_that_is_away_gets_its_mail_when_it_is_back(world: World, box: MailBox) -> None:
    clock = Clock()
    sender = Sender(plain_words, clock, chance=lambda: 0.0)
    box.refusing = True
    await tell(world.here, clock)
    await sender.round()
    [(error,)] = await fetch("SELECT last_error FROM message")
    assert "come again later" in error and await stand() == [("greeting", "failed", 1)]
    clock.go_on(seconds=14)
    assert await sender.round() == 0  # not yet its turn
    clock.go_on(seconds=1)
    assert await sender.round() == 1
    clock.go_on(seconds=29)
    assert await sender.round() == 0
    box.refusing = False
    clock.go_on(seconds=1)
    assert await sender.round() == 1
    assert len(box.mails) == 1 and await stand() == [("greeting", "sent", 3)]
    assert (sender.counters.sent, sender.counters.failed) == (1, 2)


async def test_a_server_that_is_not_there_is_told_as_the_reason(world: World, box: MailBox) -> None:
    ways.open(mail_offer(MailBox(port=1)))
    clock = Clock()
    await tell(world.here, clock)
    await Sender(plain_words, clock).round()
    [(error,)] = await fetch("SELECT last_error FROM message")
    assert "refused" in error.lower()


async def test_after_the_last_attempt_it_is_given_up_until_the_owner_starts_it_again(
    world: World, box: MailBox
) -> None:
    clock, shop = Clock(), world.here
    sender = Sender(plain_words, clock)
    box.refusing = True
    message_id = await tell(shop, clock)
    assert message_id is not None
    for _ in range(ATTEMPTS_MAX + 2):
        await sender.round()
        clock.go_on(hours=1)
    assert await stand() == [("greeting", "given_up", ATTEMPTS_MAX)] and sender.counters.given_up == 1
    assert await send_again(shop.staff, message_id, clock()) is Refusal.NOT_ALLOWED
    assert await send_again(world.there.owner, message_id, clock()) is Refusal.NOT_FOUND
    assert await send_again(shop.owner, message_id, clock()) is None
    box.refusing = False
    await sender.round()
    assert "swordfish" in box.text() and await stand() == [("greeting", "sent", 1)]
    assert await send_again(shop.owner, message_id, clock()) is Refusal.NOT_POSSIBLE_NOW


async def test_a_process_killed_between_sending_and_noting_leaves_it_to_be_sent_again(
    world: World, hook: Hook, database: str
) -> None:
    clock = Clock()
    message_id = await tell(world.here, clock, f"{hook.url}/gateway", way=Way.WEBHOOK)
    dying = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.actions.dying_sender", database, cwd=ROOT)
    assert await asyncio.wait_for(dying.wait(), 30) == -signal.SIGKILL
    assert len(hook.calls) == 1 and await stand() == [("greeting", "waiting", 1)]
    ways.open(ways.Offer(private_hosts=True))
    sender = Sender(plain_words, clock)
    assert await sender.round() == 0  # leased to the dead one
    clock.go_on(seconds=LEASE.total_seconds() + 60)
    assert await sender.round() == 1
    ways.open(ways.Offer())
    assert await stand() == [("greeting", "sent", 2)]
    bodies = [(headers["Idempotency-Key"], body["id"]) for _, headers, body in hook.calls]
    assert bodies == [(str(message_id), str(message_id))] * 2  # by which its receiver knows it again


async def test_what_waits_for_a_removed_channel_is_withdrawn(world: World, box: MailBox) -> None:
    clock, shop = Clock(), world.here
    await give_channel(shop.owner, Way.MAIL, "owner@example.com")
    await give_channel(shop.owner, Way.MAIL, "unproved@example.com", verified=False)
    async with transaction(EVERY_TENANT) as tx:
        put_ = await put_for_person(tx, shop.tenant_id, Notice("greeting"), shop.owner.person_id, "x", clock())
    assert put_ == 1  # not to the one that nobody proved
    await execute("DELETE FROM channel")
    await Sender(plain_words, clock).round()
    assert box.mails == [] and await stand() == [("greeting", "withdrawn", 1)]


async def test_a_tenant_takes_back_what_nobody_needs_any_more_and_nobody_elses(world: World, box: MailBox) -> None:
    clock = Clock()
    await tell(world.here, clock)
    await tell(world.there, clock)
    async with transaction(world.here.tenant_id) as tx:
        await withdraw(tx, world.here.tenant_id, "job:7", clock())
        await withdraw(tx, world.there.tenant_id, "job:7", clock())
    await Sender(plain_words, clock).round()
    assert len(box.mails) == 1 and sorted(await stand()) == [("greeting", "sent", 1), ("greeting", "withdrawn", 0)]


async def test_a_message_sealed_with_another_secret_is_given_up_and_said_so(world: World, box: MailBox) -> None:
    clock = Clock()
    await tell(world.here, clock)
    keys.open(b"another secret, of 32 bytes also")
    try:
        await Sender(plain_words, clock).round()
    finally:
        keys.open(SECRET)
    [(status, error)] = await fetch("SELECT status, last_error FROM message")
    assert status == MessageStatus.GIVEN_UP and "another secret" in error


async def test_a_message_that_breaks_stops_no_other(world: World, box: MailBox) -> None:
    def words(reason: str, facts: Mapping[str, Any], language: str, zone: str) -> Letter:
        if facts.get("car") == "none":
            raise KeyError("nobody has words for it")
        return plain_words(reason, facts, language, zone)

    def send(way: Way, address: str, letter: Letter, message_id: str, offer: ways.Offer) -> None:
        if address.startswith("broken"):
            raise AttributeError("a plug-in's bug")
        deliver(way, address, letter, message_id, offer)

    clock, shop = Clock(), world.here
    async with transaction(shop.tenant_id) as tx:
        wordless = Notice("greeting", {"car": "none"})
        await put(tx, shop.tenant_id, wordless, Plain(Way.MAIL, "a@example.com", "en"), "1", clock())
    await tell(shop, clock, "broken@example.com", "2")
    await tell(shop, clock, dedupe="3")
    await Sender(words, clock, send=send).round()
    rows = await fetch("SELECT status, last_error FROM message ORDER BY dedupe")
    assert rows == [("given_up", "there are no words for it"), ("failed", "AttributeError"), ("sent", "")]
    assert len(box.mails) == 1


async def test_the_log_is_paged_and_shows_no_other_tenants_messages(world: World, box: MailBox) -> None:
    clock, shop = Clock(), world.here
    for n in range(5):
        await tell(shop, clock, dedupe=str(n))
        clock.go_on(seconds=1)
    await tell(world.there, clock)
    async with transaction(shop.tenant_id) as tx:
        first = await messages(tx, MessageFilter(), None, 3)
        rest = await messages(tx, MessageFilter(), (first[-1].created_at, first[-1].id), 3)
        assert len({row.id for row in first + rest}) == 5 == len(first + rest)
        assert await messages(tx, MessageFilter(status=MessageStatus.SENT), None, 3) == []
        assert len(await messages(tx, MessageFilter(search="B…@EXAMPLE", way=Way.MAIL, about="job:7"), None, 9)) == 5
