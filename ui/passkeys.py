"""Whether a page's browser can keep passkeys for us, and what it is asked through ui/static/passkeys.js."""

import json
from typing import Any

from nicegui import ui
from starlette.requests import HTTPConnection

from domain.refusals import Refusal
from domain.relying_party import RelyingParty, relying_party
from ui.theme import static_url

SCRIPT = "passkeys.js"
ANSWERED_WITHIN_S = 150.0  # a little longer than the browser itself waits for its person


class _Reached:
    public_url = ""


_reached = _Reached()


def install(*, public_url: str) -> None:
    """`public_url`: by which address browsers reach us; empty: as they ask."""
    _reached.public_url = public_url


def here(connection: HTTPConnection) -> Refusal | RelyingParty:
    """Whom a passkey would be made for at the address that was asked, or why none can be."""
    return relying_party(_reached.public_url, connection.url.scheme, connection.headers.get("host", ""))


def add_script() -> None:
    """For pages that call `make`."""
    ui.add_head_html(f'<script src="{static_url(SCRIPT)}"></script>')


async def make(options: str) -> tuple[str, str]:
    """Has the page's browser make a passkey; returns its answer and, instead of one, `cancelled`, `known` (there is one
    on that device) or `impossible`.

    Raises:
        TimeoutError: the browser said nothing; it may have been closed.
    """
    call = f"return await pitpilotPasskeys.make({json.dumps(json.loads(options))})"
    said: dict[str, Any] = await ui.run_javascript(call, timeout=ANSWERED_WITHIN_S)
    return str(said.get("answer", "")), str(said.get("fault", ""))
