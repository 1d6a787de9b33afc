"""What is mailed about accounts: invitations, new passwords, changed ones, sign-ins from new places."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from actions.outbox import ways
from actions.outbox.sender import Sender
from actions.people import Seat
from actions.people.invitations import Invited, invitation_of, invite, renew_invitation, revoke_invitation
from actions.people.profile import change_password, set_notify
from actions.people.resets import MAILED_EVERY, ResetLink, ask_for_reset, make_reset_link, reset_of, reset_password
from domain.access import Role
from domain.notify import NotifyPrefs
from domain.refusals import Refusal
from domain.ways import Way
from tests.actions.accounts import ELSEWHERE, HOME, NOW, PASSWORD, add, enter, seated, trail
from tests.actions.posting import BASE, give_channel, mail_offer, stand
from tests.actions.senders import execute, fetch
from tests.conftest import World
from tests.post_office import MailBox, mail_server
from ui.notices import worded

MAIL, OTHER = "bina@example.com", "another long password here"


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


async def send(now: datetime = NOW) -> None:
    """Everything that waits at this time."""
    while await Sender(worded, lambda: now).round():
        pass


def token_in(box: MailBox, path: str) -> str:
    [link] = [word for word in box.text().split() if word.startswith(f"{BASE}/{path}/")]
    return link.removeprefix(f"{BASE}/{path}/")


async def test_an_invitation_with_a_mail_address_is_mailed_each_time_it_is_renewed(world: World, box: MailBox) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", MAIL, NOW)
    assert isinstance(made, Invited) and made.mailed_to == MAIL
    await send()
    assert box.subjects == ["Owner Here invites you to Workshop here"] and token_in(box, "invitation") == made.token
    again = await renew_invitation(world.here.owner, made.id, NOW)
    assert isinstance(again, Invited)
    await send()
    assert not isinstance(await invitation_of(token_in(box, "invitation"), NOW), Refusal)
    assert len(box.mails) == 2


async def test_a_revoked_invitation_that_still_waits_is_not_mailed(world: World, box: MailBox) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", MAIL, NOW)
    assert isinstance(made, Invited)
    assert await revoke_invitation(world.here.owner, made.id, NOW) is None
    await send()
    assert box.mails == [] and await stand() == [("invitation", "withdrawn", 0)]


@pytest.mark.parametrize("contact", ["", "+91 98123 45678", "bina@", "bina@example.com, eve@example.com"])
async def test_nothing_is_mailed_to_what_is_no_mail_address(world: World, box: MailBox, contact: str) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", contact, NOW)
    assert isinstance(made, Invited) and made.mailed_to == ""
    assert await fetch("SELECT FROM message") == []


async def test_without_a_mail_server_nothing_is_put(world: World) -> None:
    made = await invite(world.here.owner, Role.STAFF, "Bina", MAIL, NOW)
    assert isinstance(made, Invited) and made.mailed_to == ""
    assert await fetch("SELECT FROM message") == []


async def test_a_link_for_a_new_password_is_mailed_to_the_contact(world: World, box: MailBox) -> None:
    await execute("UPDATE person SET contact = :mail WHERE id = :id", mail=MAIL, id=world.here.staff.person_id)
    made = await make_reset_link(world.here.owner, world.here.staff.person_id, NOW)
    assert isinstance(made, ResetLink) and made.mailed_to == MAIL
    await send()
    assert not isinstance(await reset_of(token_in(box, "reset"), NOW), Refusal)


async def test_who_forgot_the_password_gets_a_link_only_where_the_address_was_proved(
    seat: Seat, world: World, box: MailBox
) -> None:
    await execute("UPDATE person SET contact = 'unproved@example.com' WHERE id = :id", id=seat.viewer.person_id)
    await give_channel(seat.viewer, Way.MAIL, "unproved@example.com", verified=False)
    assert await ask_for_reset("bina@home", ELSEWHERE, NOW) is None
    assert await fetch("SELECT FROM message") == []
    await give_channel(seat.viewer, Way.MAIL, MAIL)
    await give_channel(seat.viewer, Way.WEBHOOK, "https://hooks.example.com/x")
    assert await ask_for_reset("BINA@home", ELSEWHERE, NOW) is None
    assert await ask_for_reset("bina@home", HOME, NOW + timedelta(minutes=1)) is None
    await send()
    assert [mail["to"] for mail in box.mails] == [MAIL]  # once, and to nobody else
    first = token_in(box, "reset")
    later = NOW + MAILED_EVERY + timedelta(minutes=1)
    assert await ask_for_reset("bina@home", HOME, later) is None
    await send(later)
    assert len(box.mails) == 2
    assert await reset_password(first, OTHER, later) is None  # strangers' asking did not end it
    assert await reset_of(token_in(box, "reset"), later) is Refusal.LINK_REVOKED
    assert "mail_reset_link" in await trail(world.here)


async def test_a_changed_password_is_told_unless_somebody_wished_otherwise(seat: Seat, box: MailBox) -> None:
    await give_channel(seat.viewer, Way.MAIL, MAIL)
    assert await change_password(seat, PASSWORD, OTHER, HOME, NOW) is None
    await send()
    assert box.subjects == ["Your password was changed"]
    await set_notify(seat, NotifyPrefs(account=False), NOW)
    assert await change_password(seat, OTHER, PASSWORD, HOME, NOW) is None
    await send()
    assert len(box.mails) == 1


async def test_a_sign_in_from_a_new_place_is_told_once(seat: Seat, box: MailBox) -> None:
    await give_channel(seat.viewer, Way.MAIL, MAIL)
    await enter("bina@home", HOME)
    await enter("bina@home", ELSEWHERE)
    await enter("bina@home", ELSEWHERE)
    await send()
    assert box.subjects == ["You signed in from a new place"] and ELSEWHERE in box.text()
