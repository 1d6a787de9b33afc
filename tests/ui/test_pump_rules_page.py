"""The owner sets the pump's limits, with problems by the field, and sorts motors into groups."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from nicegui import ui
from nicegui.testing.user_interaction import UserInteraction

from actions.pumps import groups
from tests.pump_parts import Coop, Hall, add_motor, fetch, make_coop
from tests.ui.conftest import Visitor
from tests.ui.pump_pages import open_hall, opened


@pytest.fixture
async def coop(database: str) -> Coop:
    found = await make_coop("here", members=1)
    await add_motor(found, "pump-second")
    return found


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    async with open_hall(coop) as place:
        place.controller(coop, "pump-second")
        await place.run_for(40)
        yield place


def enter(visitor: Visitor, label: str, value: float | None) -> None:
    with visitor.user:
        [field] = [e for e in visitor.user.find(kind=ui.number).elements if e.props.get("aria-label") == label]
        field.value = value


async def test_limits_show_their_defaults_and_say_below_the_field_what_is_wrong(visitor: Visitor, coop: Coop) -> None:
    await opened(visitor, coop.owner, "/pump/rules")
    await visitor.user.should_see("Default 5 min. Nobody starts for less.")
    enter(visitor, "Shortest turn", 10)
    enter(visitor, "People in line", 0)
    visitor.press("Save limits")
    await visitor.user.should_see("Enter 1 to 2,000, or nothing.")
    enter(visitor, "People in line", 40)
    enter(visitor, "Longest turn", 5)
    visitor.press("Save limits")
    await visitor.user.should_see("The shortest turn is longer than the longest one.")
    enter(visitor, "Longest turn", None)
    visitor.press("Save limits")
    await visitor.user.should_see("Saved. It holds from now on")
    assert await fetch("SELECT limits FROM pump_settings") == [({"minimum_run_s": 600, "line_max": 40},)]


async def test_a_group_is_made_renamed_and_gets_a_motor(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    await opened(visitor, coop.owner, "/pump/rules")
    visitor.press("New group")
    await visitor.user.should_see("Make group")
    with visitor.user:
        [name] = [e for e in visitor.user.find(kind=ui.input).elements if e.props.get("aria-label") == "Name"]
    UserInteraction(visitor.user, {name}, "Name").type("North field")
    visitor.press("Make group")
    await visitor.user.should_see("Move motors into it next.")
    visitor.press("Move")
    await visitor.user.should_see("to another group")
    visitor.press("Move")
    await visitor.user.should_see("is in North field now.")
    rows = await fetch(
        "SELECT g.name, count(m.device_id) FROM interlock_group g LEFT JOIN motor m ON m.group_id = g.id"
        " GROUP BY g.name, g.created_at ORDER BY g.created_at"
    )
    assert rows == [("Motors", 1), ("North field", 1)]


async def test_a_group_without_motors_is_removed(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    assert isinstance(await groups.create("North field", coop.owner, hall.now), UUID)
    await opened(visitor, coop.owner, "/pump/rules")
    visitor.press("Remove")
    await visitor.user.should_see("North field is removed.")
    await visitor.user.should_not_see("Remove")
