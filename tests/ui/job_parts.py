"""What the tests of jobs' pages share: a job that is there, and hands on a page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from nicegui import ElementFilter, ui
from nicegui.element import Element
from nicegui.testing.user_interaction import UserInteraction

from actions.announce import hear
from actions.jobs.create import Created, NewJob, create
from domain.access import Viewer
from storage import jobs
from storage.jobs import JobRow
from storage.session import transaction
from tests.actions.test_jobs import NEW
from tests.ui.conftest import Visitor
from tests.ui.doors import PATIENCE


async def made_now(by: Viewer, new: NewJob = NEW) -> UUID:
    answer = await create(new, by, datetime.now(UTC), key=uuid4())
    assert isinstance(answer, Created)
    return answer.job_id


async def row_of(by: Viewer, job_id: UUID) -> JobRow:
    async with transaction(by.tenant_id) as tx:
        row = await jobs.one(tx, by.tenant_id, job_id)
    assert row is not None
    return row


async def sees(visitor: Visitor, words: str) -> None:
    await visitor.user.should_see(words, retries=PATIENCE)


def only(visitor: Visitor, kind: type[Element]) -> Element:
    with visitor.user:
        [found] = ElementFilter(kind=kind)
    return found


def tell(visitor: Visitor, element: Element, event: str, said: object) -> None:
    """As a browser does."""
    UserInteraction(visitor.user, {element}, None).trigger(event, said)


def type_into(visitor: Visitor, label: str, text: str) -> None:
    """The newest field of this label: that of the open dialog."""
    with visitor.user:
        found = [e for e in visitor.user.find(kind=ui.input).elements if e.props.get("aria-label") == label]
    UserInteraction(visitor.user, {max(found, key=lambda e: e.id)}, label).clear().type(text)


@pytest.fixture
async def feeding(visitor: Visitor) -> AsyncIterator[None]:
    heard = asyncio.Event()
    tasks = [asyncio.create_task(hear(heard.set)), asyncio.create_task(visitor.feeds.jobs.run())]
    await heard.wait()
    yield
    for task in tasks:
        task.cancel()
