"""Pages before the sign-in: plain forms that name the wrong field, keep what was typed, and let in who belongs in."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID

import pyotp
import pytest

from actions.people import seat_of
from actions.people.first_run import offer_first_run
from actions.people.second_factor import Enrolment, begin_second_factor, confirm_second_factor
from actions.people.tenants import approve_tenant
from domain.access import Role, Viewer
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
from ui import guard, plain

EVIL = '"><script>alert(1)</script>'
LONG = "x" * 9_000


async def with_password(visitor: Visitor, viewer: Viewer) -> None:
    """Gives somebody PASSWORD and leaves the browser signed out."""
    await visitor.sign_in_as(viewer)
    forget(visitor)


async def with_second_step(visitor: Visitor, viewer: Viewer) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Turns the second step on, a minute ago; returns the app and the recovery codes."""
    await visitor.sign_in_as(viewer)
    token = visitor.user.http_client.cookies[guard.COOKIE]
    now = datetime.now(UTC)
    seat = await seat_of(token, now)
    assert seat is not None
    begun = await begin_second_factor(seat, PASSWORD, "127.0.0.1", now)
    assert isinstance(begun, Enrolment), begun
    app = pyotp.TOTP(begun.secret.replace(" ", ""))
    codes = await confirm_second_factor(seat, app.at(now - timedelta(seconds=30)), now - timedelta(seconds=30))
    assert isinstance(codes, tuple), codes
    forget(visitor)
    return app, codes


# --- signing in


async def test_a_stranger_is_led_to_the_sign_in_and_back_afterwards(world: World, visitor: Visitor) -> None:
    await with_password(visitor, world.here.owner)
    assert (await get(visitor, "/alerts")).to == "/sign-in?next=/alerts"
    page = await get(visitor, "/sign-in?next=/alerts")
    assert (page.status, page.title, page.value("next")) == (200, "Sign in", "/alerts")
    answer = await post(visitor, "/sign-in", login="owner@here", password=PASSWORD, next="/alerts")
    assert (answer.status, answer.to) == (303, "/alerts")
    assert is_signed_in(visitor)


async def test_a_wrong_password_is_said_beside_the_field_and_keeps_only_the_name(
    world: World, visitor: Visitor
) -> None:
    answer = await post(visitor, "/sign-in", login="owner@here", password="wrong one", next="/alerts")
    assert answer.status == 403
    assert answer.wrong("password") == "Name or password is wrong. Check both, then try again."
    assert (answer.value("login"), answer.value("next")) == ("owner@here", "/alerts")
    assert "wrong one" not in answer.text
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/\tx"])
async def test_signing_in_never_leads_to_another_site(path: str, world: World, visitor: Visitor) -> None:
    await with_password(visitor, world.here.owner)
    assert (await get(visitor, f"/sign-in?next={quote(path)}")).value("next") == "/"
    answer = await post(visitor, "/sign-in", login="owner@here", password=PASSWORD, next=path)
    assert (answer.status, answer.to) == (303, "/")


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-in/code", "/forgot", "/register", "/first-run", "/invitation/any", "/reset/any",
     "/account/password"],
)  # fmt: skip
async def test_a_form_from_another_site_does_nothing(path: str, world: World, visitor: Visitor) -> None:
    await with_password(visitor, world.here.owner)
    answer = await post(visitor, path, "https://evil.example", login="owner@here", password=PASSWORD)
    assert answer.status in (303, 403, 410)
    assert not is_signed_in(visitor)


async def test_signing_out_and_switching_from_another_site_do_nothing(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    token = visitor.user.http_client.cookies[guard.COOKIE]
    for path in ("/sign-out", "/switch", "/leave-support"):
        await post(visitor, path, "https://evil.example", tenant=str(world.there.tenant_id))
    seat = await seat_of(token, datetime.now(UTC))
    assert seat is not None
    assert seat.viewer.tenant_id == world.here.tenant_id


@pytest.mark.parametrize("path", ["/sign-in", "/forgot", "/register", "/first-run"])
async def test_what_was_typed_never_becomes_markup(path: str, world: World, visitor: Visitor) -> None:
    fields = dict.fromkeys(("login", "next", "code", "name", "tenant", "owner", "contact", "zone"), EVIL)
    assert "<script>alert" not in (await post(visitor, path, **fields)).text
    assert "<script>alert" not in (await get(visitor, f"{path}?next={EVIL}&done={EVIL}&lang={EVIL}")).text


async def test_a_form_that_is_too_long_is_read_as_empty(world: World, visitor: Visitor) -> None:
    answer = await post(visitor, "/forgot", login=LONG)
    assert (answer.status, answer.wrong("login")) == (422, "Enter the name that you sign in with.")


async def test_too_many_tries_say_how_long_to_wait(world: World, visitor: Visitor) -> None:
    answer = await post(visitor, "/sign-in", login="owner@here", password="wrong")
    for _ in range(20):
        if answer.status == 429:
            break
        answer = await post(visitor, "/sign-in", login="owner@here", password="wrong")
    assert answer.status == 429
    assert re.search(r"The way is open again in\s+\d+\s+seconds", answer.said)
    assert re.search(r'data-wait-s="\d+" data-unit-s="1"', answer.text)
    assert answer.value("login") == "owner@here"


async def test_pages_before_the_sign_in_speak_the_language_that_was_pressed(world: World, visitor: Visitor) -> None:
    assert (await get(visitor, "/sign-in")).title == "Sign in"
    page = await get(visitor, "/sign-in?lang=hi")
    assert '<html lang="hi"' in page.text
    assert '<html lang="hi"' in (await get(visitor, "/forgot")).text, "remembered for the next page"


async def test_pages_before_the_sign_in_bring_no_script_of_their_own_and_are_kept_nowhere(
    world: World, visitor: Visitor
) -> None:
    response = await visitor.user.http_client.get("/sign-in")
    assert response.headers["cache-control"] == "no-store"
    assert "script-src 'self';" in response.headers["content-security-policy"]
    assert not re.search(r"<script(?! src=)|\son\w+=|style=", response.text)
    assert len(response.content) < 10_000


async def test_the_cookie_is_out_of_scripts_reach(world: World, visitor: Visitor) -> None:
    await with_password(visitor, world.here.owner)
    response = await visitor.user.http_client.post("/sign-in", data={"login": "owner@here", "password": PASSWORD})
    for cookie in response.headers.get_list("set-cookie"):
        if "Max-Age=0" not in cookie:
            assert {"httponly", "samesite=lax"} <= set(cookie.lower().split("; "))


async def test_signing_out_ends_the_session(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    token = visitor.user.http_client.cookies[guard.COOKIE]
    assert (await post(visitor, "/sign-out")).to == "/sign-in"
    assert await seat_of(token, datetime.now(UTC)) is None


# --- the second step


async def test_the_second_step_asks_for_the_apps_code(world: World, visitor: Visitor) -> None:
    app, _codes = await with_second_step(visitor, world.here.owner)
    step = await post(visitor, "/sign-in", login="owner@here", password=PASSWORD, next="/alerts")
    assert step.to == "/sign-in/code?next=%2Falerts"
    assert not is_signed_in(visitor)
    assert (await get(visitor, step.to)).title == "Enter the code"
    wrong = await post(visitor, "/sign-in/code", code="000000", next="/alerts")
    assert wrong.wrong("code") == "That code is wrong or was used already. Wait for the next one, then enter it."
    right = await post(visitor, "/sign-in/code", code=app.at(datetime.now(UTC)), next="/alerts")
    assert (right.status, right.to) == (303, "/alerts")
    assert is_signed_in(visitor)


async def test_a_lost_phone_has_a_way_back_by_a_recovery_code_that_works_once(world: World, visitor: Visitor) -> None:
    _app, codes = await with_second_step(visitor, world.here.owner)
    for status in (303, 403):
        forget(visitor)
        await post(visitor, "/sign-in", login="owner@here", password=PASSWORD)
        answer = await post(visitor, "/sign-in/code", spare=codes[0])
        assert answer.status == status
    assert answer.wrong("spare") == "That recovery code is wrong or was used already."
    assert "<details open>" in answer.text
    assert "The owner can turn the second step off for you" in answer.said


async def test_a_second_step_without_a_first_one_begins_at_the_password(world: World, visitor: Visitor) -> None:
    assert (await get(visitor, "/sign-in/code")).to == "/sign-in"
    answer = await post(visitor, "/sign-in/code", code="123456", next="/alerts")
    assert answer.to == "/sign-in?next=%2Falerts&done=late"
    assert "That took too long" in (await get(visitor, answer.to)).said


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


def test_a_path_of_ours_is_told_from_another_site() -> None:
    assert [plain.safe_path(path) for path in ("/a?b=1", "//x", "/\\x", "x", "", "/\n")] == [
        "/a?b=1", "/", "/", "/", "/", "/",
    ]  # fmt: skip
