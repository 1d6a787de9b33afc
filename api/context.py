"""What handlers need from the wiring and from the moment: the hub, the public address, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from actions.live import Hub


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """`public_url` is the address by which browsers reach PitPilot, or empty: as they ask."""

    hub: Hub
    public_url: str
    clock: Callable[[], datetime] = utc_now


def context(request: Request) -> Context:
    found = request.app.state.context
    if not isinstance(found, Context):
        raise TypeError("api.rest.mount sets the context")
    return found


NOT_KEPT = {"Cache-Control": "no-store"}


def not_kept(response: Response) -> None:
    """Keeps browsers and proxies from storing what is one person's to see."""
    response.headers.update(NOT_KEPT)


def now(request: Request) -> datetime:
    """The moment, by the clock of the application."""
    return context(request).clock()


Wired = Annotated[Context, Depends(context)]
Now = Annotated[datetime, Depends(now)]
