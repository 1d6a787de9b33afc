"""The page of the audit trail: who may see it, what the filters leave, how it reads, and what it exports."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from nicegui import ui

from actions import audit
from actions.cameras.trail import Deed as CameraDeed
from actions.device_trail import Deed
from actions.jobs.trail import Deed as JobDeed
from domain.access import Intent, Viewer
from storage.session import transaction
from tests.api.doors import token_of
from tests.conftest import World
from tests.ui.conftest import Visitor
from ui import guard
from ui.components.data_table import PAGE_SIZE
from ui.pages.owner.audit_asked import Asked, export_query
from ui.pages.owner.audit_names import INTENTS, KINDS
from ui.pages.owner.audit_words import NOTHING, Difference, differences, object_word, summary

ROOT = Path(__file__).parent.parent.parent
ZONE = "Asia/Kolkata"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"


async def record(by: Viewer, name: str, kind: str = "limits", intent: str = "change_limits", **after: Any) -> None:
    async with transaction(by.tenant_id) as tx:
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent=intent,
            kind=kind,
            object_id="7",
            object_name=name,
            before={"warning_high": 29.5},
            after=after or {"warning_high": 28.5},
            address="192.0.2.9",
        )


async def enter(visitor: Visitor, viewer: Viewer) -> None:
    """Signs somebody in without leaving a row in the trail, as a real sign-in does."""
    visitor.user.http_client.cookies.set(guard.COOKIE, await token_of(viewer))


async def test_staff_do_not_see_it_and_are_not_led_to_it(world: World, visitor: Visitor) -> None:
    await record(world.here.owner, "Pit 1")
    await enter(visitor, world.here.staff)
    await visitor.user.open("/audit")
    await visitor.user.should_see("Your role can't open this page")
    await visitor.user.should_not_see("Pit 1")
    await visitor.user.should_not_see("Audit trail")
    await visitor.user.open("/audit/1")
    await visitor.user.should_see("Your role can't open this page")


async def test_the_owner_sees_the_own_trail_only(world: World, visitor: Visitor) -> None:
    await record(world.here.owner, "Pit 1 here: pm25")
    await record(world.there.owner, "Pit 9 there")
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit")
    await visitor.user.should_see("Last change:")
    await visitor.user.should_see("Pit 1 here: PM2.5")
    await visitor.user.should_see("Warning above: 29.5 → 28.5")
    await visitor.user.should_not_see("Pit 9 there")


async def test_an_empty_trail_and_a_filter_that_finds_nothing_say_so(world: World, visitor: Visitor) -> None:
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit")
    await visitor.user.should_see("Nothing was changed yet")
    await visitor.user.open("/audit?kind=alert&since=2026-01-01")
    await visitor.user.should_see("No change fits")


async def test_a_filter_in_the_address_is_applied_and_a_chosen_one_changes_what_is_shown(
    world: World, visitor: Visitor
) -> None:
    await record(world.here.owner, "Pit 1")
    await record(world.here.staff, "Dust alert", kind="alert", intent="acknowledge_alert")
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit?kind=alert")
    await visitor.user.should_see("Dust alert")
    await visitor.user.should_not_see("Pit 1")
    with visitor.user:
        kind = next(e for e in visitor.user.find(kind=ui.select).elements if "limits" in e.options)
        kind.value = "limits"
    await visitor.user.should_see("Pit 1")
    await visitor.user.should_not_see("Dust alert")


async def test_older_rows_come_page_by_page_and_back_again(world: World, visitor: Visitor) -> None:
    for i in range(PAGE_SIZE + 2):
        await record(world.here.owner, f"Row <{i}>")
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit")
    await visitor.user.should_see(f"Row <{PAGE_SIZE + 1}>")
    await visitor.user.should_not_see("Row <1>")
    visitor.press("Older")
    await visitor.user.should_see("Row <0>")
    await visitor.user.should_not_see("Row <2>")
    visitor.press("Newer")
    await visitor.user.should_see("Row <2>")
    await visitor.user.should_not_see("Row <0>")


async def test_one_row_shows_before_and_after_and_where_it_came_from(world: World, visitor: Visitor) -> None:
    await record(world.here.owner, "Pit 1: t_c")
    await record(world.there.owner, "x")
    await record(world.there.owner, "Pit 9 there")
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit/1")
    for text in ("Change limits: Pit 1", "Warning above", "29.5", "28.5", "192.0.2.9", world.here.owner.name):
        await visitor.user.should_see(text)
    for path in ("/audit/2", "/audit/0", "/audit/x", "/audit/99999999999999999999999", "/audit/-1"):
        await visitor.user.open(path)
        await visitor.user.should_see("There is no such row")
        await visitor.user.should_not_see("Pit 9 there")


async def test_the_export_is_led_to_with_the_filters(world: World, visitor: Visitor) -> None:
    await record(world.here.owner, "Pit 1")
    await enter(visitor, world.here.owner)
    await visitor.user.open("/audit?kind=limits&since=2026-11-20&until=2026-11-21")
    links = [e.content for e in visitor.user.find(kind=ui.html).elements if "export.csv" in e.content]
    assert links
    assert "kind=limits&amp;since=2026-11-20T00%3A00%3A00%2B05%3A30&amp;until=2026-11-22T00%3A00" in links[0]


# How it reads


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, {"name": "Pit 3"}, [Difference("Name", NOTHING, "Pit 3")]),
        ({"name": "Pit 3"}, None, [Difference("Name", "Pit 3", NOTHING)]),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2.25}, [Difference("B", "2", "2.25")]),
        ({"role": "staff"}, {"role": "owner"}, [Difference("Role", "Staff", "Owner")]),
        ({"on": False}, {"on": True}, [Difference("On", "No", "Yes")]),
        ({"x": {"warning_low": None}}, {"x": {"warning_low": 3}}, [Difference("X · Warning below", NOTHING, "3")]),
        (None, {"until": "2026-11-21T08:00:00+00:00"}, [Difference("Until", NOTHING, "21 Nov 2026, 13:30:00")]),
        ({"scopes": ["a"]}, {"scopes": ["a", "b"]}, [Difference("Scopes", "a", "a, b")]),
        ({"note": "same"}, {"note": "same"}, []),
        (None, {"agent": CHROME}, [Difference("Browser or program", NOTHING, "Chrome, Linux")]),
    ],
)
def test_a_difference_reads_like_a_sentence(
    before: dict[str, Any] | None, after: dict[str, Any] | None, expected: list[Difference]
) -> None:
    assert differences(before, after, ZONE) == expected


def test_differences_in_one_line() -> None:
    found = differences({"warning_high": 29.5, "rule": None}, {"warning_high": 28.5, "rule": None, "note": "wet"}, ZONE)
    assert summary(found) == "Warning above: 29.5 → 28.5; Note: wet"
    assert object_word("Pit 1: t_c") != "Pit 1: t_c"
    assert object_word("MH 12: AB") == "MH 12: AB"


def test_an_address_can_only_ask_for_what_can_be_meant() -> None:
    asked = Asked.of({"person": "x", "since": "2026-13-01", "until": "0001-01-01", "thing": "7", "next": "//evil"})
    assert asked == Asked()
    asked = Asked.of({"kind": "alert", "thing": "7", "until": "2026-11-21"})
    assert asked.query() == "?kind=alert&thing=7&until=2026-11-21"
    assert asked.but(kind="limits", thing="").query() == "?kind=limits&until=2026-11-21"
    assert asked.rows(ZONE).until == datetime(2026, 11, 22, tzinfo=ZoneInfo(ZONE))
    assert "until=2026-11-22T00%3A00%3A00%2B05%3A30" in export_query(asked.rows(ZONE))


def test_every_intent_and_kind_that_actions_record_has_a_word() -> None:
    """Read from the sources: what a row is called is written where it is recorded."""
    said: set[tuple[str, str]] = {(deed, "device") for deed in Deed} | {(deed, "job") for deed in JobDeed}
    said |= {(deed, "camera") for deed in CameraDeed}
    for file in (ROOT / "actions").rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        said |= set(re.findall(r'note\(\s*tx,[^"{}]*?"([a-z_]+)",\s*"([a-z_]+)"', source))
        for intent, kind in re.findall(r'intent=Intent\.([A-Z_]+),\s*kind="([a-z_]+)"', source):
            said.add((Intent[intent], kind))
    assert len(said) > 35
    assert {intent for intent, _ in said} <= set(INTENTS)
    assert {kind for _, kind in said} <= set(KINDS)
