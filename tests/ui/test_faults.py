"""When a page can't be shown: an honest one instead, in the person's language, which tells nothing of our insides."""

import asyncio
from pathlib import Path

import pytest
from nicegui import app
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from structlog.testing import capture_logs

from tests.conftest import World
from tests.ui.conftest import Visitor
from ui import faults
from ui import page as page_module
from ui.page import page

PAGES = Path(page_module.__file__).parent / "pages"
SECRET = "password=hunter2"


@pytest.fixture
def answers(visitor: Visitor) -> Visitor:
    faults.install(app)
    return visitor


async def test_a_page_may_take_longer_than_niceguis_three_seconds(answers: Visitor) -> None:
    @page("/slow")
    async def slow() -> None:
        await asyncio.sleep(3.2)

    assert (await answers.user.http_client.get("/slow")).status_code == 200


async def test_a_page_whose_database_does_not_answer_says_so_and_when_to_come_again(
    answers: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_module, "BUILT_WITHIN_S", 0.05)

    @page("/slow")
    async def slow(request: Request) -> None:
        await asyncio.sleep(10)

    @page("/away")
    async def away() -> None:
        raise OperationalError("SELECT 1", {}, Exception(SECRET))

    for path in ("/slow", "/away"):
        answer = await answers.user.http_client.get(path, headers={"accept-language": "hi"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, str(faults.RETRY_AFTER_S))
        assert 'lang="hi"' in answer.text and f'href="{path}"' in answer.text
        assert SECRET not in answer.text


async def test_an_address_that_leads_nowhere_is_told_so(answers: Visitor) -> None:
    answer = await answers.user.http_client.get("/no-such-page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


async def test_forms_before_the_sign_in_say_it_too_while_the_database_is_away(
    answers: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception(SECRET))

    monkeypatch.setattr("ui.pages.sign_in.is_empty", away)
    answer = await answers.user.http_client.get("/sign-in")
    assert answer.status_code == 503
    assert "PitPilot is slow at the moment" in answer.text


async def test_no_fault_writes_a_link_into_the_log() -> None:
    request = Request(
        {"type": "http", "method": "GET", "path": "/reset/link-of-somebody", "query_string": b"", "headers": []}
    )
    with capture_logs() as logged:
        for fault in (RuntimeError("broken"), RuntimeError(faults.NO_RESPONSE)):
            await faults._on_fault(request, fault)
        await faults._on_database_away(request, OperationalError("SELECT 1", {}, Exception("away")))
    assert [line["path"] for line in logged] == ["/reset"] * 3


async def test_what_nobody_expected_is_a_number_on_the_page_and_no_more() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []})
    answer = await faults._on_fault(request, RuntimeError(SECRET))
    assert answer.status_code == 500
    assert b"in the log under" in answer.body and SECRET.encode() not in answer.body


def test_every_page_is_registered_by_our_own_way() -> None:
    bare = [str(file) for file in PAGES.rglob("*.py") if "ui.page(" in file.read_text(encoding="utf-8")]
    assert bare == []
