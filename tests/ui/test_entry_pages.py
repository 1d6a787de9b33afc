"""Signing in: plain forms that name the wrong field, keep what was typed, and let in who belongs in."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from actions.people import seat_of
from actions.people.tokens import PhoneTokens, sign_in_phone
from domain.access import Scope
from tests.api.test_role_intent_table import KEY, give_key
from tests.conftest import World
from tests.ui.conftest import PASSWORD, Visitor
from tests.ui.doors import (
    forget,
    get,
    is_signed_in,
    one,
    post,
    with_password,
    with_second_step,
)
from ui import guard, plain

EVIL = '"><script>alert(1)</script>'
LONG = "x" * 9_000


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


async def test_what_is_missing_is_said_beside_each_field_by_us_and_counts_as_no_guess(
    world: World, visitor: Visitor
) -> None:
    assert "novalidate>" in (await get(visitor, "/sign-in")).text, "a browser would say it in its own language"
    for _ in range(7):
        answer = await post(visitor, "/sign-in", login=" ", password="")
        assert (answer.status, answer.wrong("login"), answer.wrong("password")) == (
            422, "Enter the name that you sign in with.", "Enter your password.",
        )  # fmt: skip
    await with_second_step(visitor, world.here.staff)
    forget(visitor)
    await post(visitor, "/sign-in", login="staff@here", password=PASSWORD)
    for field in ("code", "spare"):
        answer = await post(visitor, "/sign-in/code", **{field: " "})
        assert (answer.status, answer.wrong(field)) == (422, "Enter the code.")
    assert await one("SELECT coalesce(max(failures), 0) FROM throttle") == 0


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


async def test_a_token_or_key_of_a_program_opens_no_page(world: World, visitor: Visitor) -> None:
    await visitor.sign_in_as(world.here.owner)
    await give_key(world.here.owner, frozenset(Scope))
    phone = await sign_in_phone("owner@here", PASSWORD, "", "127.0.0.1", "", datetime.now(UTC))
    assert isinstance(phone, PhoneTokens)
    assert (await get(visitor, "/account/password")).status == 200
    for token in (KEY, phone.access):
        visitor.user.http_client.cookies.set(guard.COOKIE, token)
        for path in ("/people", "/account", "/account/password"):
            assert (await get(visitor, path)).to.startswith("/sign-in"), path


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


def test_a_path_of_ours_is_told_from_another_site() -> None:
    assert [plain.safe_path(path) for path in ("/a?b=1", "//x", "/\\x", "x", "", "/\n")] == [
        "/a?b=1", "/", "/", "/", "/", "/",
    ]  # fmt: skip
