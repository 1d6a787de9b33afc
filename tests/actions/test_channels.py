"""A person's own channels: nothing goes to an address before its reader has proved to be the person."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from actions.outbox import ways
from actions.outbox.channels import (
    CHANNELS_MAX,
    CODE_LASTS,
    CODE_TRIES_MAX,
    add_channel,
    channels_of,
    remove_channel,
    send_code,
    try_channel,
    verify_channel,
)
from actions.outbox.sender import Sender
from actions.people import Seat
from domain.access import Role
from domain.outbox import MessageStatus
from domain.refusals import Refusal, TryLater
from domain.ways import Way
from tests.actions.accounts import HOME, PASSWORD, add, seated, trail
from tests.actions.posting import Clock, mail_offer
from tests.actions.senders import execute, fetch
from tests.conftest import World
from tests.post_office import MailBox, mail_server
from ui.notices import worded


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as taking:
        ways.open(mail_offer(taking))
        yield taking
        ways.open(ways.Offer())


@pytest.fixture
async def seat(world: World, quick_hashes: None) -> Seat:
    await add(world.here, Role.OWNER, "bina@home")
    return await seated("bina@home")


async def added(seat: Seat, clock: Clock, address: str = "bina@example.com") -> UUID:
    answer = await add_channel(seat, Way.MAIL, address, clock(), password=PASSWORD)
    assert isinstance(answer, UUID), answer
    return answer


def code_in(box: MailBox) -> str:
    return next(word.strip(".") for word in box.text().split() if word.strip(".").isdigit() and len(word) == 7)


async def test_whoever_only_found_an_open_page_adds_no_mail_address_by_which_to_come_in_again(
    seat: Seat, box: MailBox
) -> None:
    for password in ("", "a guess"):
        answer = await add_channel(seat, Way.MAIL, "eve@example.com", Clock()(), password=password, asked_by=HOME)
        assert answer is Refusal.WRONG_CREDENTIALS
    assert await channels_of(seat) == []


async def test_an_address_counts_after_the_code_that_was_sent_there(seat: Seat, world: World, box: MailBox) -> None:
    clock = Clock()
    channel_id = await added(seat, clock)
    await Sender(worded, clock).round()
    assert box.subjects == ["Your code for PitPilot"] and box.mails[0]["to"] == "bina@example.com"
    wrong = "000000" if code_in(box) != "000000" else "000001"
    assert await verify_channel(seat, channel_id, wrong, clock()) is Refusal.WRONG_CODE
    assert await verify_channel(seat, channel_id, f" {code_in(box)} ", clock()) is None
    [channel] = await channels_of(seat)
    assert (channel.way, channel.shown, channel.last_status) == (Way.MAIL, "b…@example.com", MessageStatus.SENT)
    assert channel.verified_at is not None
    assert (await trail(world.here))[-2:] == ["add_channel", "verify_channel"]


async def test_a_code_dies_of_age_and_of_guessing(seat: Seat, box: MailBox) -> None:
    clock = Clock()
    channel_id = await added(seat, clock)
    await Sender(worded, clock).round()
    code = code_in(box)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(CODE_TRIES_MAX):
        assert await verify_channel(seat, channel_id, wrong, clock()) is Refusal.WRONG_CODE
    assert await verify_channel(seat, channel_id, code, clock()) is Refusal.LINK_EXPIRED
    clock.go_on(minutes=2)
    assert await send_code(seat, channel_id, clock()) is None
    await Sender(worded, clock).round()
    clock.go_on(seconds=CODE_LASTS.total_seconds())
    assert await verify_channel(seat, channel_id, code_in(box), clock()) is Refusal.LINK_EXPIRED


async def test_nobody_floods_an_address_with_codes(seat: Seat, box: MailBox) -> None:
    clock = Clock()
    channel_id = await added(seat, clock)
    answers = [await send_code(seat, channel_id, clock()) for _ in range(8)]
    assert isinstance(answers[-1], TryLater)


async def test_a_test_goes_to_a_verified_channel_only(seat: Seat, box: MailBox) -> None:
    clock = Clock()
    channel_id = await added(seat, clock)
    assert await try_channel(seat, channel_id, clock()) is Refusal.NOT_POSSIBLE_NOW
    await execute("UPDATE channel SET verified_at = :now", now=clock())
    assert await try_channel(seat, channel_id, clock()) is None
    await Sender(worded, clock).round()
    assert "A test message from PitPilot" in box.subjects


async def test_a_channel_is_its_persons_alone(seat: Seat, world: World, box: MailBox) -> None:
    clock = Clock()
    channel_id = await added(seat, clock)
    await add(world.here, Role.OWNER, "eve@home")
    eve = await seated("eve@home")
    assert await channels_of(eve) == []
    assert await remove_channel(eve, channel_id, clock()) is Refusal.NOT_FOUND
    assert await verify_channel(eve, channel_id, "123456", clock()) is Refusal.NOT_FOUND
    assert await remove_channel(seat, channel_id, clock()) is None
    assert await fetch("SELECT FROM channel") == []


@pytest.mark.parametrize(
    ("way", "typed"),
    [(Way.MAIL, "bina"), (Way.WEBHOOK, "ftp://example.com/x"), (Way.TELEGRAM, "tgram://wrong/1"),
     (Way.SMS, "json://127.0.0.1/x"), (Way.SMS, "twilio://x/y"), (Way.WHATSAPP, "")],
)  # fmt: skip
async def test_what_no_service_understands_is_refused(seat: Seat, box: MailBox, way: Way, typed: str) -> None:
    assert await add_channel(seat, way, typed, Clock()()) is Refusal.ADDRESS_UNUSABLE


async def test_mail_is_offered_only_where_it_is_set_up(seat: Seat) -> None:
    assert Way.MAIL not in ways.offered()
    assert await add_channel(seat, Way.MAIL, "bina@example.com", Clock()()) is Refusal.ADDRESS_UNUSABLE


async def test_a_person_has_each_address_once_and_few_of_them(seat: Seat, box: MailBox) -> None:
    clock = Clock()
    await added(seat, clock)
    assert await add_channel(seat, Way.MAIL, "bina@example.com", clock(), password=PASSWORD) is Refusal.ALREADY_SO
    for n in range(1, CHANNELS_MAX):
        clock.go_on(hours=2)
        await add_channel(seat, Way.MAIL, f"bina{n}@example.com", clock(), password=PASSWORD)
    assert await add_channel(seat, Way.MAIL, "more@example.com", clock(), password=PASSWORD) is Refusal.TOO_MANY
