"""How every page of signed-in people is registered: with time for a slow database, and an honest answer beyond that."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from nicegui import ui
from starlette.responses import Response

from storage.session import DATABASE_AWAY
from ui import faults

BUILT_WITHIN_S = 15.0  # longer than a page may wait for a connection to the database (storage.session)
NICEGUIS_WITHIN_S = BUILT_WITHIN_S + 5.0  # so that our answer comes first

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def page(
    path: str, *, kept_s: float | None = None
) -> Callable[[Callable[Asked, Awaitable[Answer]]], Callable[Asked, Awaitable[Answer]]]:
    """Like NiceGUI's `ui.page`; while the database is slow or away the page says so, with status 503. `kept_s`: for how
    long the page waits for a browser that is away, if longer than others.
    """

    def register(build: Callable[Asked, Awaitable[Answer]]) -> Callable[Asked, Awaitable[Answer]]:
        @wraps(build)
        async def built(*args: Asked.args, **asked: Asked.kwargs) -> Answer | Response:
            try:
                async with asyncio.timeout(BUILT_WITHIN_S):
                    return await build(*args, **asked)
            except (TimeoutError, *DATABASE_AWAY) as fault:
                log.warning("page not built in time", path=path, error=f"{type(fault).__name__}: {fault}")
                return faults.late(ui.context.client.request)

        ui.page(path, response_timeout=NICEGUIS_WITHIN_S, reconnect_timeout=kept_s)(built)
        return build

    return register
