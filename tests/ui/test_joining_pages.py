"""How people and tenants come to be, and new passwords: plain forms, like the sign-in."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from actions.people.first_run import offer_first_run
from actions.people.tenants import approve_tenant
from domain.access import Role
from tests.conftest import World
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import (
    STRONG,
    execute,
    forget,
    get,
    invitation_to,
    is_signed_in,
    make_super_admin,
    one,
    post,
    reset_for,
)

# --- the first run


async def test_an_empty_installation_is_begun_with_the_code_from_the_log(database: str, visitor: Visitor) -> None:
    code = await offer_first_run(datetime.now(UTC))
    assert (await get(visitor, "/sign-in")).to == "/first-run"
    who = {"name": "Anita Rao", "login": "anita@example.com", "password": STRONG}
    wrong = await post(visitor, "/first-run", code="AAAA-BBBB", **who)
    assert "enter this code" in wrong.wrong("code")
    assert (wrong.value("name"), wrong.value("login")) == ("Anita Rao", "anita@example.com")
    assert STRONG not in wrong.text
    begun = await post(visitor, "/first-run", code=code or "", **who)
    assert (begun.status, begun.to) == (303, "/")
    assert (await get(visitor, "/")).to == "/tenants"
    await visitor.user.open("/tenants")
    await visitor.user.should_see("No tenants yet")
    forget(visitor)
    assert (await get(visitor, "/first-run")).to == "/sign-in", "nobody else begins"


async def test_the_first_run_names_every_field_that_is_empty(database: str, visitor: Visitor) -> None:
    answer = await post(visitor, "/first-run")
    assert answer.status == 422
    assert answer.wrong("code") == "Enter the code from the log."
    for field in ("name", "login", "password"):
        assert answer.wrong(field).startswith("Enter ")


# --- invitations


async def test_an_invited_person_chooses_a_password_and_is_in(world: World, visitor: Visitor) -> None:
    path = await invitation_to(world.here.owner, Role.STAFF, "Ravi Kulkarni", "ravi@example.com")
    page = await get(visitor, path)
    assert page.title == "Join Workshop here"
    assert "Owner Here invites you as staff." in page.said
    assert (page.value("name"), page.value("login")) == ("Ravi Kulkarni", "ravi@example.com")
    weak = await post(visitor, path, name="Ravi K", login="ravi", password="short")
    assert weak.wrong("password").startswith("Too short.")
    assert (weak.value("name"), weak.value("login")) == ("Ravi K", "ravi")
    taken = await post(visitor, path, name="Ravi K", login="owner@here", password=STRONG)
    assert taken.wrong("login").startswith("Somebody has this name already.")
    assert (await post(visitor, path, name="Ravi K", login="ravi", password=STRONG)).to == "/"
    await visitor.user.open("/")
    await visitor.user.should_see("Ravi K")
    await visitor.user.should_see("Staff · Workshop here")


async def test_a_link_that_leads_nowhere_says_why_and_what_to_do(world: World, visitor: Visitor) -> None:
    used = await invitation_to(world.here.owner)
    await post(visitor, used, name="Ravi", login="ravi", password=STRONG)
    expired, revoked = await invitation_to(world.here.owner), await invitation_to(world.here.owner)
    await execute("UPDATE invitation SET expires_at = now() - interval '1 hour' WHERE used_at IS NULL")
    fresh = await invitation_to(world.here.owner)
    forget(visitor)
    await execute("UPDATE invitation SET revoked_at = now(), expires_at = now() + interval '1 hour' WHERE id ="
                  " (SELECT id FROM invitation WHERE used_at IS NULL AND expires_at < now() ORDER BY created_at DESC"
                  " LIMIT 1)")  # fmt: skip
    for path, title in (
        (used, "This link was used already"),
        (expired, "This link has expired"),
        (revoked, "This link was taken back"),
        (fresh + "x", "This link is not complete"),
        ("/invitation/%22%3E%3Cscript%3E", "This link is not complete"),
    ):
        for page in (await get(visitor, path), await post(visitor, path, name="R", login="r", password=STRONG)):
            assert (page.status, page.title) == (410, title)
            assert "Ask who invited you for a new one." in page.said
            assert "<script>" not in page.text
    assert not is_signed_in(visitor)


async def test_whoever_is_signed_in_joins_beside_the_roles_they_hold_and_switches(
    world: World, visitor: Visitor
) -> None:
    path = await invitation_to(world.there.owner, Role.STAFF)
    await visitor.sign_in_as(world.here.owner)
    page = await get(visitor, path)
    assert "You are signed in as Owner Here." in page.said
    assert (await post(visitor, path)).to == "/"
    await visitor.user.open("/")
    await visitor.user.should_see("Staff · Workshop there")
    await visitor.user.should_see("Workshop here")
    await post(visitor, "/switch", tenant=str(world.here.tenant_id))
    await visitor.user.open("/")
    await visitor.user.should_see("Owner · Workshop here")


@pytest.mark.parametrize("tenant", ["another", "", "nonsense"])
async def test_nobody_switches_to_a_tenant_that_is_not_theirs(tenant: str, world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    wanted = str(world.there.tenant_id) if tenant == "another" else tenant
    assert (await post(visitor, "/switch", tenant=wanted)).to == "/"
    await visitor.user.open("/")
    await visitor.user.should_see("Owner · Workshop here")


# --- passwords


async def test_a_reset_link_sets_a_new_password_once(world: World, visitor: Visitor) -> None:
    path = await reset_for(world.here.owner, world.here.staff)
    page = await get(visitor, path)
    assert "Staff Here, choose a new password." in page.said
    assert 'value="staff@here" autocomplete="username"' in page.text
    assert (await post(visitor, path, password="1234567890")).wrong("password")
    done = await post(visitor, path, password=STRONG)
    assert done.to == "/sign-in?done=reset"
    assert "The new password is set." in (await get(visitor, done.to)).said
    assert (await post(visitor, "/sign-in", login="staff@here", password=STRONG)).status == 303
    again = await get(visitor, path)
    assert (again.status, again.title) == (410, "This link was used already")


async def test_asking_for_a_new_password_says_the_same_for_a_name_that_nobody_has(
    world: World, visitor: Visitor
) -> None:
    known = await post(visitor, "/forgot", login="staff@here")
    unknown = await post(visitor, "/forgot", login="nobody@here")
    assert known.text == unknown.text
    await visitor.sign_in_as(world.here.owner)
    await visitor.user.open("/people")
    await visitor.user.should_see("Forgot the password")


async def test_changing_the_own_password_names_the_wrong_one(world: World, visitor: Visitor) -> None:
    assert (await get(visitor, "/account/password")).to == "/sign-in?next=/account/password"
    assert (await get(visitor, "/.well-known/change-password")).to == "/account/password"
    await visitor.sign_in_as(world.here.staff)
    path = "/account/password"
    assert (await post(visitor, path, old="wrong", password=STRONG)).wrong("old").startswith("This is not your")
    assert (await post(visitor, path, old=PASSWORD, password="short")).wrong("password").startswith("Too short.")
    assert (await post(visitor, path, old=PASSWORD, password="")).wrong("password") == "Enter the new password."
    assert (await post(visitor, path, old=PASSWORD, password=STRONG)).to == "/account?done=password"
    await visitor.user.open("/account?done=password")
    await visitor.user.should_see("Your other devices are signed out.")


# --- registering


async def test_a_registered_tenant_waits_until_it_is_approved(world: World, visitor: Visitor) -> None:
    root = await make_super_admin()
    form = {
        "tenant": "Wakad Detailing", "has_workshop": "yes", "zone": "Asia/Kolkata", "owner": "Meera Iyer",
        "contact": "+91 98220 11440", "login": "meera@example.com", "password": STRONG,
    }  # fmt: skip
    done = await post(visitor, "/register", **form)
    assert done.title == "Registered"
    assert "+91 98220 11440" in done.said
    waits = await post(visitor, "/sign-in", login="meera@example.com", password=STRONG)
    assert "Your registration waits for approval." in waits.said
    tenant_id = UUID(str(await one("SELECT id FROM tenant WHERE name = 'Wakad Detailing'")))
    assert await approve_tenant(root, tenant_id, datetime.now(UTC)) is None
    assert (await post(visitor, "/sign-in", login="meera@example.com", password=STRONG)).to == "/"


async def test_a_registration_names_each_wrong_field_and_keeps_the_others(world: World, visitor: Visitor) -> None:
    empty = await post(visitor, "/register")
    assert empty.status == 422
    for field in ("tenant", "owner", "contact", "login", "password"):
        assert empty.wrong(field).startswith("Enter ")
    assert "Choose at least one." in empty.said
    form = {"tenant": "Wakad", "has_pump": "yes", "owner": "Meera", "contact": "1", "login": "m", "password": STRONG}
    nowhere = await post(visitor, "/register", zone="Mars/Base", **form)
    assert nowhere.wrong("zone") == "Choose a time zone of the list."
    assert (nowhere.value("tenant"), nowhere.value("contact")) == ("Wakad", "1")
    assert 'name="has_pump" value="yes" checked' in nowhere.text
