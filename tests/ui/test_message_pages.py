"""Pages about messages: ways to be reached, wishes, the tenant's log, and links that are mailed as well."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from nicegui import ui

from actions.outbox import Notice, Plain, put, ways
from actions.outbox.sender import Sender
from actions.people import tenants as people_tenants
from domain.access import Role
from domain.outbox import ATTEMPTS_MAX
from domain.refusals import Refusal
from domain.ways import Way
from storage.session import transaction
from tests.actions.posting import Clock, mail_offer
from tests.conftest import World
from tests.post_office import MailBox, mail_server
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import choose, execute, fill, find, forget, make_super_admin, one, post, press, see, until
from ui.components.segmented import Segmented
from ui.notices import worded

BINA = "bina@example.com"


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_server() as taking:
        ways.open(mail_offer(taking))
        yield taking
        ways.open(ways.Offer())


async def sent() -> None:
    """Everything that waits now is sent."""
    while await Sender(worded).round():
        pass


def code_in(box: MailBox) -> str:
    return next(word.strip(".") for word in box.text().split() if word.strip(".").isdigit() and len(word) == 7)


async def test_somebody_adds_a_mail_address_proves_it_tries_it_and_removes_it(
    visitor: Visitor, world: World, box: MailBox
) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await see(visitor, "Ways to reach you", "PitPilot can't reach you outside of its pages yet")
    await press(visitor, "Add a way")
    await fill(visitor, "Mail address", "bina")
    await press(visitor, "Send the code")
    await see(visitor, "be an address of this kind")
    await fill(visitor, "Mail address", BINA)
    await press(visitor, "Send the code")
    await see(visitor, "This is not your password. Try again.")
    await fill(visitor, "Password", PASSWORD)
    await press(visitor, "Send the code")
    await see(visitor, "It was sent to b…@example.com and works for 30 minutes.")
    await sent()
    await fill(visitor, "Code", "123")
    await press(visitor, "Verify")
    await see(visitor, "Enter the 6 digits of the message.")
    await fill(visitor, "Code", code_in(box))
    await press(visitor, "Verify")
    await see(visitor, "Mail b…@example.com", "Last message sent at")
    await press(visitor, "Send a test")
    await see(visitor, "A message is on its way.")
    await sent()
    assert box.subjects[-1] == "A test message from PitPilot"
    await press(visitor, "Remove")
    await see(visitor, "Nothing goes there any more")
    visitor.press("Remove")
    await see(visitor, "PitPilot can't reach you outside of its pages yet")


async def test_a_way_that_does_not_work_says_why(visitor: Visitor, world: World, box: MailBox) -> None:
    box.refusing = True
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await press(visitor, "Add a way")
    await fill(visitor, "Mail address", BINA)
    await fill(visitor, "Password", PASSWORD)
    await press(visitor, "Send the code")
    await see(visitor, "It was sent to")
    await sent()
    await see(visitor, "come again later")


async def test_wishes_are_kept_with_quiet_hours(visitor: Visitor, world: World) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await see(visitor, "Quiet hours", "Tell me about")
    with visitor.user:
        [quiet] = [box for box in visitor.user.find(kind=ui.checkbox).elements if box.text == "Quiet hours"]
        quiet.value = True
    await see(visitor, "By the clock of Asia/Kolkata")
    await fill(visitor, "From", "21:30")

    async def is_kept() -> bool:
        stored = await one(
            "SELECT notify->>'quiet' FROM membership WHERE person_id = :id", id=world.here.staff.person_id
        )
        return stored == '["21:30", "07:00"]'

    await until(is_kept)


async def test_a_member_of_a_pump_is_asked_about_the_account_only(visitor: Visitor, world: World) -> None:
    await execute("UPDATE membership SET role = 'member' WHERE person_id = :id", id=world.here.staff.person_id)
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await see(visitor, "Sign-ins from new places and changed passwords")
    await visitor.user.should_not_see("Critical alerts only")


async def give_up(world: World, clock: Clock) -> UUID:
    async with transaction(world.here.tenant_id) as tx:
        notice = Notice("channel_test", {"tenant": "Workshop here"})
        id_ = await put(tx, world.here.tenant_id, notice, Plain(Way.MAIL, BINA, "en"), "x", clock())
    for _ in range(ATTEMPTS_MAX):
        await Sender(worded, clock).round()
        clock.go_on(hours=1)
    assert id_ is not None
    return id_


async def test_the_owner_sees_what_was_given_up_and_starts_it_again(
    visitor: Visitor, world: World, box: MailBox
) -> None:
    box.refusing = True
    id_ = await give_up(world, Clock())
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/messages")
    await see(visitor, "1 message given up", "A test message from PitPilot", "b…@example.com", "Given up")
    await visitor.user.open(f"/messages/{id_}")
    await see(visitor, "Messages of Workshop here reach you here.", "come again later", "Send again")
    await press(visitor, "Send again")
    box.refusing = False

    async def is_sent() -> bool:
        await sent()
        return len(box.mails) == 1

    await until(is_sent)
    await visitor.user.open("/messages")
    await see(visitor, "1 message sent")


async def test_the_log_is_filtered_and_says_when_nothing_fits(visitor: Visitor, world: World, box: MailBox) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/messages")
    await see(visitor, "Nothing was sent yet")
    await give_up(world, Clock(datetime.now(UTC).replace(microsecond=0)))
    await visitor.user.open("/messages")
    await see(visitor, "A test message from PitPilot")
    await fill(visitor, "Search", "nobody")
    await see(visitor, "No message fits")
    await fill(visitor, "Search", "B…@")
    await see(visitor, "A test message from PitPilot")


async def test_the_owner_settles_when_owners_are_called(visitor: Visitor, world: World) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/messages")
    await see(visitor, "Calling the owners")
    (await find(visitor, ui.select, "If nobody acknowledges")).value = 30

    async def is_kept() -> bool:
        return (
            await one("SELECT notify->>'escalate_after_min' FROM tenant WHERE id = :id", id=world.here.tenant_id)
            == "30"
        )

    await until(is_kept)


async def test_an_invitation_goes_by_mail_too(visitor: Visitor, world: World, box: MailBox) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await press(visitor, "Invite")
    await see(visitor, "A mail address gets the link too.")
    await fill(visitor, "Name", "Bina")
    await fill(visitor, "Phone or mail", BINA)
    await choose(visitor, Segmented, "choose", "staff", "")
    await press(visitor, "Make the link")
    await see(visitor, "The link for Bina", f"It is mailed to {BINA} too")
    await sent()
    assert box.subjects == ["Owner Here invites you to Workshop here"]
    assert "https://pits.example.com/invitation/" in box.text()
    assert "invitation/" not in str(await one("SELECT text || facts::text FROM message"))


async def test_a_new_password_goes_by_mail_in_the_persons_language(
    visitor: Visitor, world: World, box: MailBox
) -> None:
    staff = world.here.staff.person_id
    await execute("UPDATE person SET contact = :mail, language = 'hi' WHERE id = :id", mail=BINA, id=staff)
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(f"/people/{staff}")
    await press(visitor, "Make a link")
    await see(visitor, f"It is mailed to {BINA} too")
    await sent()
    assert box.subjects == ["PitPilot के लिए नया पासवर्ड"] and "/reset/" in box.text()


async def test_nothing_is_said_of_mail_where_none_goes_out(visitor: Visitor, world: World) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await press(visitor, "Invite")
    await see(visitor, "For your list; nothing is sent.")


async def test_an_owner_reads_at_the_sign_in_why_the_tenant_was_suspended(
    visitor: Visitor, world: World, box: MailBox
) -> None:
    root = await make_super_admin()
    for viewer in (world.here.owner, world.here.staff):
        await visitor.sign_in_as(viewer)
    await execute("UPDATE person SET contact = :mail WHERE login = 'owner@here'", mail=BINA)
    now = datetime.now(UTC)
    assert await people_tenants.suspend_tenant(root, world.here.tenant_id, "Two months unpaid", now) is None
    forget(visitor)
    answer = await post(visitor, "/sign-in", login="owner@here", password=PASSWORD)
    assert answer.status == 403 and "The reason given: Two months unpaid" in answer.said
    wrong = await post(visitor, "/sign-in", login="owner@here", password="not the password at all")
    other = await post(visitor, "/sign-in", login="staff@here", password=PASSWORD)
    assert "unpaid" not in wrong.said + other.said and "suspended" in other.said
    await sent()
    assert "Workshop here is suspended" in box.subjects and "Two months unpaid" in box.text()
    assert await people_tenants.reason_for_owner("owner@here", Refusal.SUSPENDED) == ""
    assert root.role is Role.SUPER_ADMIN
