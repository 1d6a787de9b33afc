"""Who asks: the person behind a request or an open page, looked up in the database each time."""

from datetime import UTC, datetime
from urllib.parse import quote

from nicegui import Client, ui
from starlette.requests import HTTPConnection

from actions.people import Seat, cookies, seat_of
from actions.people.seats import Door
from domain.access import Intent

COOKIE = cookies.SESSION
SIGN_IN = "/sign-in"


async def seat(request: HTTPConnection) -> Seat | None:
    """The signed-in person of a request, or None; tokens and keys of programs open no page."""
    token = request.cookies.get(COOKIE)
    found = await seat_of(token, datetime.now(UTC)) if token else None
    return found if found is not None and found.door is Door.WEB else None


async def page_seat() -> Seat | None:
    """For page functions: who opens the page."""
    request = ui.context.client.request
    return await seat(request) if request else None


async def still(intent: Intent) -> Seat | None:
    """For event handlers: the page's person, if still signed in and still allowed; else says so and returns None.

    Looks into the database again, because a page may stay open for days.
    """
    found = await page_seat()
    if found is None:
        ui.navigate.to(SIGN_IN)
        return None
    return found if found.viewer.may(intent) else None


def close_pages_of(token: str) -> None:
    """Sends every open page of a session to the sign-in page, as after signing out in another tab."""
    for client in list(Client.instances.values()):
        if client.request is not None and client.request.cookies.get(COOKIE) == token:
            with client:
                ui.navigate.to(SIGN_IN)


def sign_in_href(path: str) -> str:
    """The sign-in page that leads back to a path of ours."""
    return f"{SIGN_IN}?next={quote(path)}" if path.startswith("/") and not path.startswith("//") else SIGN_IN
