"""Job pages are fed by one reading for each change, however many are open."""

from dataclasses import replace
from uuid import UUID

import pytest

from storage.jobs import JobRow
from tests.actions.test_jobs import CAR, NEW, made
from tests.conftest import World
from tests.ui.conftest import Visitor
from tests.ui.job_parts import feeding
from ui import job_feed

__all__ = ["feeding"]


async def test_a_change_is_read_once_for_all_open_pages(
    visitor: Visitor, world: World, feeding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[UUID] = []
    really = job_feed.open_jobs_of

    async def counted(tenant_id: UUID) -> tuple[JobRow, ...]:
        read.append(tenant_id)
        return await really(tenant_id)

    await visitor.sign_in_as(world.here.owner)
    for _ in range(2):
        await visitor.user.open("/jobs/list")
    await visitor.user.should_see("No jobs yet")
    monkeypatch.setattr(job_feed, "open_jobs_of", counted)
    await made(world.here.owner, NEW)
    await made(world.there.owner, replace(NEW, vehicle=replace(CAR, make="Trabant")))
    await visitor.user.should_see(CAR.model, retries=30)
    await visitor.user.should_not_see("Trabant")
    assert read == [world.here.tenant_id]
