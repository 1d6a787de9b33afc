"""The own account: names, looks, second step, sessions, keys; and open pages that follow what changes about them."""

from datetime import UTC, datetime

import pyotp
import pytest
from nicegui import nicegui, ui

from actions.announce import Announcement, Topic
from actions.people import SignedIn, seat_of, sign_in
from actions.people.members import change_role, suspend_person
from actions.people.seats import Door
from domain.access import Role
from tests.conftest import World
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import (
    choose,
    execute,
    fill,
    find,
    get,
    invitation_to,
    one,
    post,
    press,
    record_shown_out,
    record_ways,
    see,
    until,
)  # fmt: skip
from ui import guard, open_pages
from ui.components.copy_link import CopyLines, CopySecret
from ui.components.segmented import Segmented
from ui.pages.account.agents import agent_icon, agent_words

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"
CHROME = "Mozilla/5.0 (Linux; Android 14; SM-X200) AppleWebKit/537.36 Chrome/150.0 Safari/537.36"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0"


async def test_a_name_is_changed_and_taken_back(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await fill(visitor, "Name", "")
    await press(visitor, "Save")
    await see(visitor, "Enter your name.")
    await fill(visitor, "Name", "Ravi K")
    await press(visitor, "Save")
    await see(visitor, "Saved.")
    assert await one("SELECT name FROM person WHERE login = 'staff@here'") == "Ravi K"
    await press(visitor, "Undo")

    async def taken_back() -> bool:
        return await one("SELECT name FROM person WHERE login = 'staff@here'") == "Staff Here"

    await until(taken_back)


async def test_looks_are_the_persons_on_every_page(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    ways = record_ways(monkeypatch)
    await choose(visitor, Segmented, "choose", "dark", "Theme")
    language = await find(visitor, ui.select, "Language")
    language.value = "bn"
    await until(lambda: ways == ["again", "again"])
    assert await one("SELECT theme || language FROM person WHERE login = 'staff@here'") == "darkbn"


async def test_the_second_step_is_turned_on_with_an_app_and_brings_recovery_codes(
    world: World, visitor: Visitor
) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await press(visitor, "Turn on")
    await see(visitor, "First show that it is you.")
    await fill(visitor, "Password", "wrong one")
    await press(visitor, "Go on")
    await see(visitor, "This is not your password.")
    await fill(visitor, "Password", PASSWORD)
    await press(visitor, "Go on")
    await see(visitor, "QR code of the secret")
    secret = await find(visitor, CopySecret)
    await fill(visitor, "Code", "000000")
    await press(visitor, "Turn on")
    await see(visitor, "That code is wrong or was used already.")
    await fill(visitor, "Code", pyotp.TOTP(secret.text.replace(" ", "")).now())
    await press(visitor, "Turn on")
    await see(visitor, "Keep these recovery codes now")
    codes = await find(visitor, CopyLines)
    assert len(set(codes.text.splitlines())) == 10
    await press(visitor, "I have kept them")
    await see(visitor, "10 left; each works once.")
    await press(visitor, "Turn off")
    await see(visitor, "Turn off the second step?")
    await fill(visitor, "Code", codes.text.splitlines()[0])
    await press(visitor, "Turn off")
    await see(visitor, "The second step is off.")


async def test_the_devices_are_listed_and_all_others_signed_out(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.staff)
    other = await sign_in("staff@here", PASSWORD, "10.0.0.7", IPHONE, datetime.now(UTC))
    assert isinstance(other, SignedIn)
    await visitor.user.open("/account")
    await see(visitor, "This one", "Safari, iPhone", "10.0.0.7")
    await press(visitor, "Sign out all others")
    await see(visitor, "You stay signed in here.")
    await press(visitor, "Sign out all others")
    await see(visitor, "1 device is signed out.")
    await visitor.user.should_not_see("Safari, iPhone")
    assert await seat_of(other.token, datetime.now(UTC)) is None


async def test_a_key_is_shown_once_and_refused_once_revoked(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/account")
    await press(visitor, "New key")
    await press(visitor, "Make the key")
    await see(visitor, "Enter a name by which you know it again.")
    await fill(visitor, "Name", "Accounting")
    await press(visitor, "Make the key")
    await see(visitor, "Keep this key now")
    shown = await find(visitor, CopySecret)
    seat = await seat_of(shown.text, datetime.now(UTC))
    assert seat is not None
    assert [scope.value for scope in seat.viewer.scopes] == ["read"]
    await press(visitor, "I have kept it")
    await see(visitor, "Accounting")
    await visitor.user.should_not_see(shown.text)
    await press(visitor, "Revoke")
    await see(visitor, "A revoked key never works again.")
    await press(visitor, "Revoke")
    await see(visitor, "Accounting is revoked.")
    assert await seat_of(shown.text, datetime.now(UTC)) is None


async def test_a_member_sees_the_own_account_and_nothing_of_the_workshop(world: World, visitor: Visitor) -> None:
    path = await invitation_to(world.here.owner, Role.MEMBER, "Salma")
    await post(visitor, path, name="Salma", login="salma", password="mango tractor violet seven")
    assert (await get(visitor, "/")).to == "/account"
    await visitor.user.open("/account")
    await see(visitor, "Your devices")
    await visitor.user.should_not_see("API keys")
    for path in ("/people", "/alerts", "/devices", "/tenants", "/accounts", "/audit", "/people/import"):
        await visitor.user.open(path)
        await see(visitor, "Your role can't open this page")


@pytest.mark.parametrize(
    ("agent", "door", "words", "icon"),
    [
        (IPHONE, Door.WEB, "Safari, iPhone", "smartphone"),
        (CHROME, Door.WEB, "Chrome, Android", "smartphone"),
        (EDGE, Door.WEB, "Edge, Windows", "computer"),
        ("okhttp/5", Door.PHONE, "App on a phone", "smartphone"),
        ("", Door.WEB, "Unknown browser", "computer"),
    ],
)
def test_a_browser_is_known_by_its_header(agent: str, door: Door, words: str, icon: str) -> None:
    assert (agent_words(agent, door), agent_icon(agent, door)) == (words, icon)


# --- open pages


async def test_an_open_page_of_a_suspended_person_is_led_to_the_sign_in(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_pages, "CUT_AFTER_S", 0.01)
    await visitor.sign_in_as(world.here.staff)
    client = await visitor.user.open("/")
    ways = record_shown_out(monkeypatch)
    await open_pages.check([client])
    assert ways == []
    assert await suspend_person(world.here.owner, world.here.staff.person_id, datetime.now(UTC)) is None
    open_pages._on(Announcement(Topic.PERSON, world.here.tenant_id, id=str(world.here.staff.person_id)))
    await until(lambda: ways == [guard.SIGN_IN])
    await open_pages.sweep()
    assert ways == [guard.SIGN_IN], "led away once, whoever noticed first"


async def test_a_page_that_was_shown_out_is_dead_also_for_a_browser_that_does_not_follow(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_shown_out(monkeypatch)
    await visitor.sign_in_as(world.here.staff)
    client, pressed = await visitor.user.open("/"), []
    with client:
        held = ui.button("Held", on_click=lambda: pressed.append(1))
    press_it = {"client_id": client.id, "id": held.id, "listener_id": next(iter(held._event_listeners)), "args": []}
    nicegui._on_event("any", dict(press_it))
    assert (pressed, len(visitor.feeds.alerts._pages)) == ([1], 1)
    assert await suspend_person(world.here.owner, world.here.staff.person_id, datetime.now(UTC)) is None
    await open_pages.check([client])
    await until(lambda: client.is_deleted)
    nicegui._on_event("any", dict(press_it))
    assert (pressed, len(visitor.feeds.alerts._pages)) == ([1], 0), "it neither acts nor hears any more"
    again = {"client_id": client.id, "tab_id": visitor.user.tab_id, "document_id": "another"}
    assert await nicegui._on_handshake("another", again) is False, "and its browser loads the page anew"


async def test_an_open_page_loads_again_with_another_role_and_leaves_for_another_tenant(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in_as(world.here.staff)
    first = await visitor.user.open("/")
    ways = record_shown_out(monkeypatch)
    staff, now = world.here.staff.person_id, datetime.now(UTC)
    assert await change_role(world.here.owner, staff, Role.OWNER, now) is None
    await open_pages.check([first])
    await until(lambda: ways == ["again"])
    second = await visitor.user.open("/")
    await execute(
        "UPDATE membership SET tenant_id = :there WHERE person_id = :person", there=world.there.tenant_id, person=staff
    )
    await execute("UPDATE web_session SET tenant_id = :there WHERE person_id = :person",
                  there=world.there.tenant_id, person=staff)  # fmt: skip
    await open_pages.check([second])
    await until(lambda: ways == ["again", "/"])


async def test_a_page_of_somebody_else_stays_open(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/")
    ways = record_shown_out(monkeypatch)
    assert await suspend_person(world.here.owner, world.here.staff.person_id, datetime.now(UTC)) is None
    await open_pages.sweep()
    assert ways == []
