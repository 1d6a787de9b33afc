"""Forms of the frame that move a session: to another tenant of the person's, and back from support."""

from datetime import UTC, datetime

from nicegui import app
from starlette.requests import Request
from starlette.responses import Response

from actions.people.sessions import switch_tenant
from actions.people.tenants import leave_support
from ui import guard, plain
from ui.pages import shell


def install() -> None:
    @app.post(shell.SWITCH, include_in_schema=False)
    async def switch(request: Request) -> Response:
        tenant_id = shell.parse_id((await plain.read_form(request)).get("tenant", ""))
        seat = await guard.seat(request)
        if seat is not None and tenant_id is not None and plain.is_same_origin(request):
            await switch_tenant(seat, tenant_id, datetime.now(UTC))  # one that is not theirs changes nothing
        return plain.see_other("/")

    @app.post(shell.LEAVE_SUPPORT, include_in_schema=False)
    async def leave(request: Request) -> Response:
        seat = await guard.seat(request)
        if seat is not None and plain.is_same_origin(request):
            await leave_support(seat, datetime.now(UTC))  # whoever is there in their own right stays
        return plain.see_other("/")
