"""The public page of a passport: a genuine one with its files; of one that was changed or ended, only that it is so."""

import asyncio
from threading import Event
from typing import Any

import httpx
import pytest

from actions import passports
from actions.passports import make_next
from api.passports import check_passport
from domain.passport import Verdict
from storage.passports import PassportRow
from tests.actions.test_jobs import NOW
from tests.actions.test_passports import completed, passport_of
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.doors import execute
from ui.pages.customer import passport as page

FORGED = "q7jx-forged"


async def issued(world: World) -> PassportRow:
    job_id = await completed(world)
    await make_next(NOW)
    return await passport_of(world, job_id)


async def ask(visitor: Visitor, row: PassportRow, what: str = "") -> httpx.Response:
    return await visitor.user.http_client.get(f"/p/{row.id}{what}")


async def test_a_genuine_passport_is_shown_with_its_files(world: World, visitor: Visitor) -> None:
    row = await issued(world)
    shown = await ask(visitor, row)
    assert shown.status_code == 200 and 'data-verdict="genuine"' in shown.text and "Skoda Octavia" in shown.text
    data, paper = await ask(visitor, row, "/passport.json"), await ask(visitor, row, "/passport.pdf")
    for file in (data.content, paper.content):
        assert (await passports.check_file(file)).verdict is Verdict.GENUINE
    said = await check_passport(row.id)
    assert (said.verdict, said.record, said.pdf) == (Verdict.GENUINE, row.record, f"/p/{row.id}/passport.pdf")


async def test_nothing_is_shown_of_a_record_that_was_changed_by_no_way(world: World, visitor: Visitor) -> None:
    row = await issued(world)
    forged = "UPDATE passport SET record = record || jsonb_build_object('workshop', CAST(:said AS text),"
    await execute(forged + " 'photos', jsonb_build_array(repeat('ab', 32))) WHERE id = :id", said=FORGED, id=row.id)
    shown = await ask(visitor, row)
    assert 'data-verdict="changed"' in shown.text and FORGED not in shown.text
    for what in ("/passport.json", "/passport.pdf", f"/photos/{'ab' * 32}"):
        answer = await ask(visitor, row, what)
        assert (answer.status_code, answer.content) == (404, b""), what
    said = await check_passport(row.id)
    assert (said.verdict, said.record, said.pdf) == (Verdict.CHANGED, None, None)


async def test_of_a_passport_that_was_ended_there_are_no_files(world: World, visitor: Visitor) -> None:
    row = await issued(world)
    assert await passports.revoke(row.job_id, "wrong roll", world.here.owner, NOW, again=False) is None
    assert "wrong roll" in (await ask(visitor, row)).text
    assert [(await ask(visitor, row, f"/passport.{kind}")).status_code for kind in ("json", "pdf")] == [404, 404]


async def test_papers_are_drawn_one_after_the_other_and_who_is_too_many_is_told_to_come_again(
    world: World, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing, most = 0, 0

    def draw(*_: Any) -> bytes:
        nonlocal drawing, most
        drawing += 1
        most = max(most, drawing)
        ends.wait()
        drawing -= 1
        return b"%PDF-1.3\n%%EOF\n"

    row, ends = await issued(world), Event()
    monkeypatch.setattr(page, "_drawn", draw)
    asked = [asyncio.create_task(ask(visitor, row, "/passport.pdf")) for _ in range(page.PAPERS_WAITING_MAX + 3)]
    done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    ends.set()
    answers = await asyncio.gather(*asked)
    assert {task.result().status_code for task in done} == {503}
    assert sorted({answer.status_code for answer in answers}) == [200, 503]
    assert most == page.PAPERS_AT_ONCE
