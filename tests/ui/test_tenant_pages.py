"""The platform: tenants wait, are approved, declined, suspended; support looks inside; accounts are taken out."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from actions.people.tenants import NewTenant, register_tenant
from domain.access import MAY, Role, Viewer
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.doors import STRONG, fill, get, make_super_admin, one, post, press, record_ways, see, until
from tests.ui.test_page_intents import PAGES


@pytest.fixture
async def root(world: World, visitor: Visitor) -> Viewer:
    """Somebody who runs the platform, signed in."""
    viewer = await make_super_admin()
    await visitor.sign_in_as(viewer)
    return viewer


@pytest.fixture
async def waiting(root: Viewer) -> UUID:
    """A tenant that waits for approval."""
    new = NewTenant(
        "Wakad <b>Films</b>", "Asia/Kolkata", "en", True, False, "Meera", "meera@example.com", "+91 98", STRONG
    )
    registered = await register_tenant(new, "127.0.0.1", datetime.now(UTC))
    assert isinstance(registered, UUID), registered
    return registered


async def test_who_waits_for_approval_stands_in_the_title_and_on_top(
    world: World, visitor: Visitor, waiting: UUID
) -> None:
    await visitor.user.open("/tenants")
    await see(visitor, "3 tenants: 1 waits for approval")
    await fill(visitor, "Search", "MEERA@")
    await see(visitor, "1 tenant")
    await fill(visitor, "Search", "nobody at all")
    await see(visitor, "No tenant fits")


async def test_a_tenant_is_declined_with_a_reason_and_approved_after_all(visitor: Visitor, waiting: UUID) -> None:
    await visitor.user.open(f"/tenants/{waiting}")
    await see(visitor, "Waits for approval")
    await press(visitor, "Decline")
    await see(visitor, "You can still approve it later.")
    await press(visitor, "Decline")
    await see(visitor, "Say why, in a few words.")
    await fill(visitor, "Why", "No such address")
    await press(visitor, "Decline")
    await see(visitor, "No such address")
    await press(visitor, "Approve after all")
    await see(visitor, "is approved: its owner may sign in.")
    assert await one("SELECT status FROM tenant WHERE id = :id", id=waiting) == "active"


async def test_a_tenant_is_suspended_and_let_in_again(world: World, visitor: Visitor, root: Viewer) -> None:
    await visitor.user.open(f"/tenants/{world.here.tenant_id}")
    await press(visitor, "Suspend")
    await see(visitor, "Everybody there is signed out within a second")
    await fill(visitor, "Why", "Not paid")
    await press(visitor, "Suspend")
    await see(visitor, "Workshop here is suspended.")
    await see(visitor, "Not paid")
    await see(visitor, "Look inside")
    await press(visitor, "Undo")
    await see(visitor, "Workshop here may sign in again.")


async def test_support_has_a_banner_on_every_page_and_a_way_back(
    world: World, visitor: Visitor, root: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await visitor.user.open(f"/tenants/{world.here.tenant_id}")
    ways = record_ways(monkeypatch)
    await press(visitor, "Enter as support")
    await see(visitor, "its owner can read that you came.")
    await press(visitor, "Enter as support")
    await until(lambda: ways[-1:] == ["/"])
    monkeypatch.undo()
    for path, intent in PAGES.items():
        if "{" not in path and intent in MAY[Role.OWNER]:
            assert "You are in Workshop here as support." in (await get(visitor, path)).text, path
    assert (await post(visitor, "/leave-support")).to == "/"
    await visitor.user.open("/tenants")
    await visitor.user.should_not_see("as support. What you do")


async def test_an_account_is_taken_out_of_every_tenant_and_let_in_again(
    world: World, visitor: Visitor, root: Viewer
) -> None:
    await visitor.user.open("/accounts")
    await see(visitor, "5 accounts")
    await fill(visitor, "Search", "staff@there")
    await see(visitor, "1 account")
    await press(visitor, "Suspend")
    await see(visitor, "Suspend Staff There everywhere?")
    await press(visitor, "Suspend")
    await see(visitor, "Staff There is suspended everywhere.")
    await press(visitor, "Undo")
    await see(visitor, "Staff There may sign in again.")


@pytest.mark.parametrize("path", ["/tenants", "/tenants/any", "/accounts"])
async def test_an_owner_has_no_business_on_the_platforms_pages(path: str, world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open(path)
    await see(visitor, "Your role can't open this page")


async def test_a_tenant_that_is_not_there_says_so(visitor: Visitor, root: Viewer) -> None:
    for tenant in (uuid4(), "nonsense", root.tenant_id):
        await visitor.user.open(f"/tenants/{tenant}")
        await see(visitor, "There is no such tenant")
    assert (await get(visitor, "/")).to == "/tenants"
