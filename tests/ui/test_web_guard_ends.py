"""How a request ends at the outermost layer when what answers it does not: cut off by a stop, or broken."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import faults
from ui.web_guard import WebGuard

SCOPE = {
    "type": "http", "method": "GET", "path": "/pits", "query_string": b"", "headers": [(b"host", b"here")],
    "scheme": "http", "server": ("here", 80), "client": ("127.0.0.1", 1),
}  # fmt: skip


async def serve(app: ASGIApp, *, is_stopping: bool = False) -> list[Message]:
    """What the guard sends for one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await WebGuard(app, is_stopping=lambda: is_stopping)(dict(SCOPE), receive, send)
    return sent


async def cut_off(*_: Any) -> None:
    raise asyncio.CancelledError


async def test_what_a_stop_cuts_off_is_told_to_come_again() -> None:
    [start, body] = await serve(cut_off, is_stopping=True)
    assert start["status"] == 503
    assert b"is stopping" in body["body"]


async def test_who_cancels_without_a_stop_hears_of_it() -> None:
    with pytest.raises(asyncio.CancelledError):
        await serve(cut_off)


async def test_a_fault_that_was_answered_and_logged_is_not_logged_again_by_the_server() -> None:
    async def answered_and_raised(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("sorry", 500)(scope, receive, send)
        raise RuntimeError("as Starlette does after its handler")

    assert [message.get("status") for message in await serve(answered_and_raised)] == [500, None]


async def test_a_fault_in_the_middle_of_an_answer_reaches_the_server_which_breaks_the_connection() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        await serve(half)


async def test_a_caller_who_went_away_in_the_middle_is_no_fault_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    answer = await faults._on_fault(Request(dict(SCOPE)), RuntimeError("No response returned."))
    assert answer.status_code == 503
    assert "error" not in capsys.readouterr().out.lower()
