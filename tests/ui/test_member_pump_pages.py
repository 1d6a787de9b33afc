"""A member's pages: one state, one number, one button, and a ledger in which every second is explained."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from nicegui import ui

from actions.pumps import groups, requests, shedding
from domain.minute_requests import RequestState
from storage import pump_lists
from storage.session import transaction
from tests.pump_parts import Coop, Hall, add_motor, assert_books_balance, balance, make_coop, press_start
from tests.ui.conftest import Visitor
from tests.ui.pump_pages import button_of, feeding_pages, open_hall, opened, press_the_button


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


async def test_a_member_comes_to_the_pump_after_signing_in(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await visitor.sign_in_as(coop.members[0])
    answer = await visitor.user.http_client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/my-pump")


async def test_off_says_the_minutes_and_what_start_would_do(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await opened(visitor, coop.members[0], "/my-pump")
    for words in ("OFF", "60", "minutes are yours", "Nobody is waiting", "You would start now.", "Start 20\u00a0min"):
        await visitor.user.should_see(words)


async def test_start_runs_stop_ends_and_what_is_left_comes_back(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    member = coop.members[0]
    await opened(visitor, member, "/my-pump")
    press_the_button(visitor)
    await visitor.user.should_see("STARTING", retries=20)
    await hall.run_for(60)
    await visitor.user.should_see("RUNNING", retries=20)
    await visitor.user.should_see("What is left goes back to your balance.")
    press_the_button(visitor)
    await visitor.user.should_see("STOPPING", retries=20)
    await hall.run_for(10)
    await visitor.user.should_see("OFF", retries=20)
    available_s, held_s = await balance(member)
    assert held_s == 0
    assert 3_500 <= available_s < 3_600
    await assert_books_balance()


async def test_a_second_member_waits_sees_everybody_and_may_leave(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    await press_start(hall, coop, coop.members[0], 30)
    await hall.run_for(30)
    await press_start(hall, coop, coop.members[1], 10)
    await opened(visitor, coop.members[2], "/my-pump")
    await visitor.user.should_see("1 is waiting")
    press_the_button(visitor)
    for words in ("WAITING #2", "#2", "Starts at about", "Person 1 here, running", "Person 2 here", "You"):
        await visitor.user.should_see(words, retries=20)
    press_the_button(visitor)
    await visitor.user.should_see("Get in line for 20\u00a0min", retries=20)
    assert await balance(coop.members[2]) == (3_600, 0)


async def test_a_cut_of_the_grid_is_hold_with_its_reason_and_charges_nothing(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    await press_start(hall, coop, coop.members[0], 20)
    await hall.run_for(30)
    await opened(visitor, coop.members[0], "/my-pump")
    await visitor.user.should_see("RUNNING")
    assert await shedding.begin(coop.owner, hall.now) is None
    await hall.run_for(5)
    for words in ("HOLD", "Power is cut since", "kept for you", "You are not charged.", "End my turn"):
        await visitor.user.should_see(words, retries=20)


async def test_each_motor_has_the_line_of_its_own_group(
    visitor: Visitor, coop: Coop, hall: Hall, feeding: None
) -> None:
    await add_motor(coop, "pump-beside")
    await add_motor(coop, "pump-north")
    north = await groups.create("North field", coop.owner, hall.now)
    assert isinstance(north, UUID)
    assert await groups.move("pump-north", north, coop.owner, hall.now) is None
    for device_id in ("pump-beside", "pump-north"):
        hall.controller(coop, device_id)
    await hall.run_for(40)
    await press_start(hall, coop, coop.members[0], 30)
    await hall.run_for(30)
    await opened(visitor, coop.members[2], "/my-pump")
    await visitor.user.should_see("Person 1 here is using the motor")
    with visitor.user:
        [motor] = visitor.user.find(kind=ui.select).elements
    motor.value = "pump-beside"
    await visitor.user.should_see("Person 1 here is using Motor here")
    await visitor.user.should_see("Get in line for 20\u00a0min")
    motor.value = "pump-north"
    await visitor.user.should_see("You would start now.")
    await visitor.user.should_see("Start 20\u00a0min")
    await visitor.user.should_not_see("Person 1 here, running")
    press_the_button(visitor)
    await visitor.user.should_see("STARTING", retries=20)
    await hall.run_for(10)
    await visitor.user.should_see("RUNNING", retries=20)


async def test_who_has_too_little_reads_how_much_a_turn_takes(visitor: Visitor, hall: Hall, coop: Coop) -> None:
    poor = await make_coop("poor", members=1, minutes=3)
    await opened(visitor, poor.members[0], "/my-pump")
    await visitor.user.should_see("A turn takes at least 5\u00a0min.")
    assert button_of(visitor).props["press"]["is_enabled"] is False


async def test_a_refused_press_says_why_and_the_button_works_again(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await opened(visitor, coop.members[0], "/my-pump")
    turn = button_of(visitor).props["turn"]
    hall.close()  # nobody leads: motors can't be reached
    press_the_button(visitor)
    await visitor.user.should_see("Motors can't be reached at this moment.", retries=20)
    assert button_of(visitor).props["turn"] > turn


async def test_minutes_are_asked_for_once_and_may_be_withdrawn(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    member = coop.members[0]
    await opened(visitor, member, "/my-minutes")
    await visitor.user.should_see("60\u00a0min")
    visitor.press("Ask for minutes")
    await visitor.user.should_see("The owner reads it")
    visitor.press("Ask")
    await visitor.user.should_see("Asked. You see the answer here.")
    await visitor.user.should_see("Not answered yet")
    visitor.press("Withdraw")
    await visitor.user.should_see("Withdrawn")
    async with transaction(coop.tenant_id) as tx:
        asked = await pump_lists.minute_requests(tx, RequestState.WITHDRAWN, member.person_id)
    assert [row.seconds for row in asked.rows] == [3_600]
    assert await requests.approve(asked.rows[0].id, coop.owner, hall.now) == "already_decided"


async def test_the_ledger_explains_every_second_of_a_turn(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    started = await press_start(hall, coop, coop.members[0], 10)
    await hall.run_for(700)
    assert started.amount_s == 600
    await opened(visitor, coop.members[0], "/my-ledger")
    document = (await visitor.user.http_client.get("/my-ledger")).text
    for words in (
        "Set aside for a turn",
        "Motor ran",
        "All minutes of the turn used",
        "Motor here",
        "Last turns",
        "Finished",
    ):
        assert words in document, words
    await assert_books_balance()


async def test_the_page_is_installable_and_its_worker_keeps_nothing_of_anybody(
    visitor: Visitor, coop: Coop, hall: Hall
) -> None:
    client = visitor.user.http_client
    manifest = (await client.get("/manifest.webmanifest", headers={"Accept-Language": "bn"})).json()
    assert (manifest["start_url"], manifest["display"]) == ("/my-pump", "standalone")
    for icon in manifest["icons"]:
        assert (await client.get(icon["src"])).status_code == 200
    worker = await client.get("/service-worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.text.count(".add(") == 1
    offline = (await client.get("/offline")).text
    assert "No connection" in offline
    assert "Person" not in offline


async def test_another_persons_turn_is_not_stopped_from_an_old_page(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await opened(visitor, coop.members[1], "/my-pump")
    await press_start(hall, coop, coop.members[0])
    await hall.run_for(30)
    press_the_button(visitor, "stop")
    assert (await balance(coop.members[0]))[1] > 0
