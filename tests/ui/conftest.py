"""Pages for NiceGUI's simulated user, on a real database, with whoever signs in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from nicegui import ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction
from sqlalchemy import text

from actions.live import hub
from actions.passwords import hashed
from actions.people.seats import SESSION_LONGEST
from actions.people.secrets_once import digest, fresh
from actions.warm import warm
from domain.access import Viewer
from storage.session import EVERY_TENANT, transaction
from storage.tables import WebSession
from tests.conftest import World
from ui import guard, pages, theme
from ui.pages import Feeds

PASSWORD = "correct horse battery"
LOOKS = 50
"""How often a page is looked at, every 0.1 s, before what it should say is missed: NiceGUI's three are too few for a
machine that does other things as well."""
_should_see = User.should_see


async def _should_see_soon(user: User, *args: Any, retries: int = LOOKS, **named: Any) -> None:
    await _should_see(user, *args, retries=retries, **named)


User.should_see = _should_see_soon  # type: ignore[method-assign,assignment]


def _is_asked(pressed: ui.button) -> bool:
    return any(isinstance(above, ui.dialog) and above.value for above in pressed.ancestors())


Show = Callable[[Callable[[], Any]], Any]


@dataclass
class Visitor:
    """The simulated user with a way to sign in."""

    user: User
    feeds: Feeds

    def press(self, label: str) -> None:
        """Presses the newest button of this label: the one in the dialog that is open, if one is."""
        with self.user:
            found = [e for e in self.user.find(kind=ui.button).elements if e.text == label]
        UserInteraction(self.user, {max(found, key=lambda e: (_is_asked(e), e.id))}, label).click()

    async def sign_in_as(self, viewer: Viewer) -> None:
        """Gives the user's browser a session of this person, and the person PASSWORD; the audit trail says nothing."""
        token = fresh()
        async with transaction(EVERY_TENANT) as tx:
            await tx.execute(
                text("UPDATE person SET password_hash = :hash WHERE id = :id"),
                {"hash": await hashed(PASSWORD), "id": viewer.person_id},
            )
            tx.add(
                WebSession(
                    token_hash=digest(token),
                    person_id=viewer.person_id,
                    tenant_id=viewer.tenant_id,
                    expires_at=datetime.now(UTC) + SESSION_LONGEST,
                    address="127.0.0.1",
                    agent="tests",
                )
            )
        self.user.http_client.cookies.set(guard.COOKIE, token)


@pytest.fixture(autouse=True)
def quickly(quick_hashes: None) -> None:
    """People sign in on pages again and again."""


@pytest.fixture
async def visitor(database: str, user: User) -> Visitor:
    """A browser in front of all pages; nobody is signed in yet."""
    hub.pits.clear()
    theme.install()
    return Visitor(user, pages.install(secure=False))


@pytest.fixture
def refresh_hub(world: World) -> Callable[[], Awaitable[None]]:
    """Fills the hub from the database, as at start."""

    async def refresh() -> None:
        hub.pits.clear()
        await warm(hub, datetime.now(UTC))

    return refresh


@pytest.fixture
def show(user: User) -> Show:
    """Opens a page with what is made."""

    async def opened(make: Callable[[], Any]) -> None:
        theme.install()
        ui.page("/part")(make)
        await user.open("/part")

    return opened
