"""The staff's own page: who begins there, what it is given, and what reaches it while it is open."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from nicegui.testing import User
from sqlalchemy import text

from actions.announce import Announcement, Topic, _deliver
from domain.access import Role
from domain.jobs.plans import CHECKLISTS, STAGE_CHECKS
from domain.jobs.words import Event, JobRefusal, Stage, State
from domain.limits import Level
from storage.session import EVERY_TENANT, transaction
from tests.api.doors import raise_alert
from tests.conftest import World
from tests.ui.conftest import Visitor
from ui.components.work_tablet import WorkTablet
from ui.pages.staff.work_words import work_words
from ui.texts import speaking


def tablet(user: User) -> WorkTablet:
    [found] = user.find(kind=WorkTablet).elements
    return found


async def test_staff_begin_at_their_work_and_reach_the_overview_from_there(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.staff)
    from_elsewhere = ("", "http://test/sign-in", "http://test/invitation/x", "http://elsewhere/work")
    for referer, status in (*((href, 303) for href in from_elsewhere), ("http://test/work", 200)):
        headers = {"Referer": referer} if referer else {}
        answer = await visitor.user.http_client.get("/", headers=headers, follow_redirects=False)
        assert (answer.status_code, answer.headers.get("location")) == (status, "/work" if status == 303 else None)
    await visitor.sign_in_as(world.here.owner)
    answer = await visitor.user.http_client.get("/", follow_redirects=False)
    assert answer.status_code == 200


async def test_the_tablet_gets_the_pits_their_alerts_and_who_holds_it(
    world: World, visitor: Visitor, refresh_hub: Callable[[], Awaitable[None]]
) -> None:
    await raise_alert(world.here, level=Level.CRITICAL, at=datetime.now(UTC))
    await raise_alert(world.there)
    await refresh_hub()
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/work")
    await visitor.user.should_see("Pit 1 here")
    await visitor.user.should_see("Close the door and run the filter.")
    props: dict[str, Any] = tablet(visitor.user).props
    assert props["owner"]["id"] == f"{world.here.tenant_id}:{world.here.staff.person_id}"
    assert [alert["pit"] for alert in props["alerts"]] == [str(world.here.pit_id)]
    assert visitor.user.client is not None and visitor.user.client.page.dark is False  # workshop lamps


async def test_a_change_of_a_job_of_this_workshop_lets_the_tablet_read_again(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/work")
    shown = tablet(visitor.user)
    for tenant_id, turn in ((world.there.tenant_id, 0), (world.here.tenant_id, 1)):
        _deliver(Announcement(Topic.JOB, tenant_id, id="x"))
        assert shown.props["turn"] == turn


async def test_without_a_workshop_the_page_says_so(world: World, visitor: Visitor) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE tenant SET has_workshop = false, has_pump = true WHERE id = :id"),
            {"id": world.here.tenant_id},
        )
    await visitor.sign_in_as(world.here.staff)
    await visitor.user.open("/work")
    await visitor.user.should_see("No workshop here")


@pytest.mark.parametrize("language", ["en", "hi", "bn"])
def test_everything_that_can_happen_to_a_job_has_a_word(language: Any) -> None:
    with speaking(language):
        words = work_words()
    names = words["names"]
    assert set(names["states"]) == set(State) and set(names["stages"]) == set(Stage)
    assert set(names["events"]) == set(Event) and set(words["refusals"]) >= set(JobRefusal)
    items = {item for table in (STAGE_CHECKS, CHECKLISTS) for found in table.values() for item in found}
    assert set(names["checks"]) == items and all(names["checks"].values())


async def test_a_member_of_the_pump_has_no_tablet(world: World, visitor: Visitor) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text("UPDATE membership SET role = 'member' WHERE person_id = :id"), {"id": world.here.staff.person_id}
        )
    await visitor.sign_in_as(replace(world.here.staff, role=Role.MEMBER))
    await visitor.user.open("/work")
    await visitor.user.should_see("Your role can't open this page")
