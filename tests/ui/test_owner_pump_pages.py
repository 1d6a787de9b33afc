"""What owners see and do about a pump: motors and line live, minutes, cards; and the platform's view of all motors."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing.user_interaction import UserInteraction

from actions.people import add_person
from actions.pumps import cards, requests
from actions.pumps.cards import CardEvent
from domain.access import Role, Viewer
from domain.pump.words import Mode
from storage import pump_lists, pump_reads, queries
from storage.session import transaction
from tests.actions.accounts import add_platform
from tests.pump_parts import Coop, Hall, assert_books_balance, balance, make_coop, press_start
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.pump_pages import feeding_pages, open_hall, opened
from ui.components.alerts import AlertStrip
from ui.components.segmented import Segmented


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here", members=3)


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    async with open_hall(coop) as place:
        yield place


@pytest.fixture
async def feeding(visitor: Visitor) -> AsyncIterator[None]:
    async with feeding_pages(visitor):
        yield


def type_into(visitor: Visitor, label: str, text: str) -> None:
    """The newest field of this label: that of the open dialog."""
    with visitor.user:
        found = [e for e in visitor.user.find(kind=ui.input).elements if e.props.get("aria-label") == label]
    UserInteraction(visitor.user, {max(found, key=lambda e: e.id)}, label).type(text)


def press_marked(visitor: Visitor, label: str) -> None:
    """The first button without a word that screen readers call so."""
    with visitor.user:
        found = [e for e in visitor.user.find(kind=ui.button).elements if e.props.get("aria-label") == label]
    UserInteraction(visitor.user, {min(found, key=lambda e: e.id)}, label).click()


async def test_the_page_follows_the_motor_and_the_line(visitor: Visitor, coop: Coop, hall: Hall, feeding: None) -> None:
    await opened(visitor, coop.owner, "/pump")
    for words in ("Pump off", "OFF", "Ready for the next turn", "Nobody is waiting"):
        await visitor.user.should_see(words)
    await press_start(hall, coop, coop.members[0], 20)
    await press_start(hall, coop, coop.members[1], 10)
    await hall.run_for(30)
    for words in ("1 motor runs, 1 waits", "RUNNING", "Person 1 here", "Person 2 here", "at about"):
        await visitor.user.should_see(words, retries=20)


async def test_stopping_somebody_needs_a_reason_that_the_trail_keeps(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    run = await press_start(hall, coop, coop.members[0], 20)
    await hall.run_for(30)
    await opened(visitor, coop.owner, "/pump")
    visitor.press("Stop")
    await visitor.user.should_see("Stop Person 1 here's turn?")
    visitor.press("Stop")
    await visitor.user.should_see("Say why, in a few words.")
    type_into(visitor, "Reason", "The channel overflows")
    visitor.press("Stop")
    await visitor.user.should_see("The motor is being stopped.")
    await hall.run_for(10)
    assert (await balance(coop.members[0]))[1] == 0
    assert run.amount_s == 1_200


async def test_skipping_shows_to_everybody(visitor: Visitor, coop: Coop, hall: Hall, feeding: None) -> None:
    for member in coop.members:
        await press_start(hall, coop, member, 10)
    await hall.run_for(30)
    await opened(visitor, coop.owner, "/pump")
    press_marked(visitor, "Move to the end")
    await visitor.user.should_see("Move Person 2 here to the end of the line?")
    type_into(visitor, "Reason", "Asked for it")
    visitor.press("Move to the end")
    await visitor.user.should_see("moved to the end 1 time", retries=20)


async def test_a_request_is_approved_once(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await requests.ask(1_800, "Paid", coop.members[0], hall.now, key=uuid4())
    await opened(visitor, coop.owner, "/pump")
    await visitor.user.should_see("Minutes asked for")
    visitor.press("Approve")
    await visitor.user.should_see("Person 1 here has 30\u00a0min more.")
    assert await balance(coop.members[0]) == (5_400, 0)


async def test_a_double_click_on_recharge_pays_once(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    member = coop.members[0]
    await opened(visitor, coop.owner, f"/members/{member.person_id}")
    visitor.press("Recharge")
    await visitor.user.should_see("Recharge Person 1 here")
    visitor.press("Recharge")
    visitor.press("Recharge")
    await visitor.user.should_see("Done. The balance is 120\u00a0min now.")
    assert await balance(member) == (7_200, 0)
    await assert_books_balance()


async def test_taking_back_needs_a_reason_and_at_most_what_is_there(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    member = coop.members[0]
    await press_start(hall, coop, member, 30)
    await hall.run_for(5)
    await opened(visitor, coop.owner, f"/members/{member.person_id}")
    visitor.press("Take back")
    await visitor.user.should_see("Take back minutes of Person 1 here")
    type_into(visitor, "Reason", "Sold twice")
    visitor.press("Take back")
    await visitor.user.should_see("There are not so many minutes left.")
    assert (await balance(member))[0] == 1_800


async def test_an_unknown_card_is_registered_with_one_click(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    seen = CardEvent(1, 1, "card", "04A1B2C3", True, 0)
    assert await cards.tapped(coop.tenant_id, coop.device_id, seen, hall.now)
    await opened(visitor, coop.owner, f"/members/{coop.members[1].person_id}")
    await visitor.user.should_see("04A1B2C3")
    visitor.press("Register")
    await visitor.user.should_see("Register a card")
    visitor.press("Register")
    await visitor.user.should_see("The card belongs to Person 2 here now.")
    async with transaction(coop.tenant_id) as tx:
        [card] = await pump_lists.cards(tx)
        assert await pump_lists.unknown_cards(tx) == []
    assert (card.uid, card.member_id) == ("04A1B2C3", coop.members[1].person_id)


async def test_usual_cuts_are_planned_for_each_day_and_removed_one_by_one(
    visitor: Visitor, coop: Coop, hall: Hall
) -> None:
    await opened(visitor, coop.owner, "/pump")
    await visitor.user.should_see("None planned")
    visitor.press("Add")
    await visitor.user.should_see("Add a usual power cut")
    visitor.press("Add")
    await visitor.user.should_see("14:00–16:00")
    async with transaction(coop.tenant_id) as tx:
        assert [(row.weekday, row.from_minute, row.minutes) for row in await pump_lists.windows(tx)] == [
            (weekday, 840, 120) for weekday in range(7)
        ]
    visitor.press("Remove")
    await visitor.user.should_not_see("Sunday", retries=30)
    await visitor.user.should_see("Saturday", retries=30)


async def test_a_reader_takes_taps_or_cards_that_stay_in(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await opened(visitor, coop.owner, "/pump")
    with visitor.user:
        [reader] = [each for each in ElementFilter(kind=Segmented) if each.props["label"] == "Card reader"]
    UserInteraction(visitor.user, {reader}, None).trigger("choose", "card")
    await visitor.user.should_see("Saved.")
    async with transaction(coop.tenant_id) as tx:
        [group] = await pump_reads.groups(tx, hall.now)
    assert group.motors[0].mode is Mode.CARD


async def test_members_stand_in_a_list_with_their_minutes(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await press_start(hall, coop, coop.members[0], 30)
    await hall.run_for(120)
    await opened(visitor, coop.owner, "/members")
    for words in ("3 members", "Person 1 here", "60\u00a0min", "RUNNING", "Minutes used", "No card yet", "Export CSV"):
        await visitor.user.should_see(words)


async def test_a_motor_that_tripped_stands_on_top_of_the_page_and_in_the_inbox_until_somebody_has_seen_it(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    await opened(visitor, coop.owner, "/pump")
    hall.controller(coop).fault = "dry_run"
    await hall.run_for(6)
    for words in ("Motor here: protection tripped: the pump runs dry", "FAULT", "reset the controller"):
        await visitor.user.should_see(words, retries=20)
    visitor.press("Acknowledge")
    await visitor.user.should_see("Acknowledge this alert?")
    with visitor.user:  # another alert comes and goes meanwhile
        [strip] = ElementFilter(kind=AlertStrip)
        shown = strip._shown
        strip.show(())
        strip.show(shown)
    visitor.press("Acknowledge")
    await visitor.user.should_see("Seen by")
    await visitor.user.open("/alerts")
    await visitor.user.should_see("1 open alert")
    async with transaction(coop.tenant_id) as tx:
        [alert] = await queries.open_alerts(tx, hall.now)
    await visitor.user.open(f"/alerts/{alert.id}")
    for words in ("Critical", "See the motors", "Look at pump and water", "Motor here"):
        await visitor.user.should_see(words)


async def test_the_platforms_page_follows_every_tenants_motors(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    platform_id = await add_platform()
    person_id = await add_person("root@x", "Root", PASSWORD, platform_id, Role.SUPER_ADMIN)
    await opened(visitor, Viewer(person_id, "Root", platform_id, Role.SUPER_ADMIN), "/motors")
    await visitor.user.should_see("1 motor")
    hall.controller(coop).fault = "overload"
    await hall.run_for(6)
    for words in ("FAULT", "1 motor needs a look", "Coop here, Motor here", "Protection tripped: the motor is overl"):
        await visitor.user.should_see(words, retries=40)


async def test_the_platform_sees_the_motors_of_all_tenants(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    other = await make_coop("there", members=1)
    platform_id = await add_platform()
    person_id = await add_person("root@x", "Root", PASSWORD, platform_id, Role.SUPER_ADMIN)
    root = Viewer(person_id, "Root", platform_id, Role.SUPER_ADMIN)
    await opened(visitor, root, "/motors")
    for words in ("Motor here", "Motor there", "Nothing", "1 motor needs a look"):
        await visitor.user.should_see(words)
    assert other.tenant_id != coop.tenant_id
