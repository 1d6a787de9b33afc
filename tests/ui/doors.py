"""What the tests of account pages share: forms as browsers post them, people of the platform, links."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TypeVar

import httpx
import pyotp
import pytest
from nicegui import Client, ElementFilter, ui
from nicegui.element import Element
from nicegui.testing.user_interaction import UserInteraction
from nicegui.testing.user_navigate import UserNavigate
from sqlalchemy import text

from actions.people import SignedIn, seat_of
from actions.people.first_run import offer_first_run, take_first_run
from actions.people.invitations import Invited, invite
from actions.people.resets import ResetLink, make_reset_link
from actions.people.second_factor import Enrolment, begin_second_factor, confirm_second_factor
from domain.access import Role, Viewer
from storage.session import EVERY_TENANT, transaction
from tests.ui.conftest import PASSWORD, Visitor
from ui import guard, open_pages

STRONG = "mango tractor violet seven"
PATIENCE = 600
"""Looks, 0.05 to 0.1 s apart, until a test gives up."""

Kind = TypeVar("Kind", bound=Element)


@dataclass(frozen=True)
class Answer:
    """What a plain page answered."""

    status: int
    text: str
    to: str
    """Where a redirect leads; empty if it does not."""

    @property
    def title(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text)
        return unescape(found[1]) if found else ""

    @property
    def said(self) -> str:
        """Everything that can be read, without markup."""
        return unescape(re.sub(r"<[^>]+>", " ", self.text.partition("<body>")[2]))

    def wrong(self, field: str) -> str:
        """What stands below a field that was refused; empty if it was not."""
        found = re.search(rf'<p id="{field}-below"><svg.*?</svg><span>(.*?)</span>', self.text, re.DOTALL)
        return unescape(found[1]) if found else ""

    def value(self, field: str) -> str:
        """What stands in a field."""
        found = re.search(rf'<input[^>]*name="{field}"[^>]*?value="([^"]*)"', self.text)
        return unescape(found[1]) if found else ""


async def get(visitor: Visitor, path: str) -> Answer:
    return _answer(await visitor.user.http_client.get(path))


async def post(visitor: Visitor, path: str, origin: str = "", **fields: str) -> Answer:
    """Posts a form; with `origin`, as a page of that site would."""
    headers = {"origin": origin} if origin else {}
    return _answer(await visitor.user.http_client.post(path, data=fields, headers=headers))


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.text, response.headers.get("location", ""))


def forget(visitor: Visitor) -> None:
    """As another browser."""
    visitor.user.http_client.cookies.clear()


def is_signed_in(visitor: Visitor) -> bool:
    return guard.COOKIE in visitor.user.http_client.cookies


async def make_super_admin() -> Viewer:
    """Somebody who runs the platform."""
    now = datetime.now(UTC)
    code = await offer_first_run(now)
    assert code
    answer = await take_first_run(code, "root@platform", "Root", STRONG, "en", "127.0.0.1", "tests", now)
    assert isinstance(answer, SignedIn), answer
    return answer.viewer


async def invitation_to(by: Viewer, role: Role = Role.STAFF, name: str = "Ravi", contact: str = "") -> str:
    """The path of a fresh invitation."""
    made = await invite(by, role, name, contact, datetime.now(UTC))
    assert isinstance(made, Invited), made
    return f"/invitation/{made.token}"


async def reset_for(by: Viewer, whom: Viewer) -> str:
    """The path of a fresh link for a new password."""
    made = await make_reset_link(by, whom.person_id, datetime.now(UTC))
    assert isinstance(made, ResetLink), made
    return f"/reset/{made.token}"


async def one(statement: str, **bound: object) -> object:
    """The one value that a query answers."""
    async with transaction(EVERY_TENANT) as tx:
        return (await tx.execute(text(statement), bound)).scalar_one()


async def execute(statement: str, **bound: object) -> None:
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(text(statement), bound)


async def see(visitor: Visitor, *texts: str) -> None:
    """Waits until the page says each of them."""
    for said in texts:
        await visitor.user.should_see(said, retries=PATIENCE)


async def until(check: Callable[[], bool | Awaitable[bool]]) -> None:
    """Waits until something is so."""
    for _ in range(PATIENCE):
        so = check()
        if so if isinstance(so, bool) else await so:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never became so")


async def find(visitor: Visitor, kind: type[Kind], label: str = "") -> Kind:
    """The newest element of a kind, by its label: the one in the dialog that is open, if one is."""
    for _ in range(PATIENCE):
        with visitor.user:
            found = [e for e in ElementFilter(kind=kind) if label in ("", *_labels(e))]
        if found:
            return max(found, key=lambda element: element.id)
        await asyncio.sleep(0.05)
    raise AssertionError(f"there is no {kind.__name__} {label}")


def _labels(element: Element) -> tuple[object, ...]:
    return element.props.get("aria-label"), element.props.get("label")


async def press(visitor: Visitor, label: str) -> None:
    """Presses the newest button of this label."""
    UserInteraction(visitor.user, {await find(visitor, ui.button, label)}, None).click()


async def fill(visitor: Visitor, label: str, value: str) -> None:
    """Types into the newest field of this label."""
    (await find(visitor, ui.input, label)).value = value


async def choose(visitor: Visitor, kind: type[Element], event: str, value: object, label: str = "") -> None:
    """Makes one of our own components say what the browser would."""
    UserInteraction(visitor.user, {await find(visitor, kind, label)}, None).trigger(event, value)


def record_ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where open pages are led from now on: a path, or "again"."""
    ways: list[str] = []

    def to(_self: UserNavigate, target: str, *_args: object, **_kwargs: object) -> None:
        ways.append(target)

    monkeypatch.setattr(UserNavigate, "to", to)
    monkeypatch.setattr(UserNavigate, "reload", lambda _self: ways.append("again"))
    return ways


def record_shown_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where pages are led by `open_pages` from now on: a path, or "again"."""
    ways: list[str] = []

    async def say_where(_client: Client, path: str | None) -> None:
        ways.append(path or "again")

    monkeypatch.setattr(open_pages, "_say_where", say_where)
    return ways


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
