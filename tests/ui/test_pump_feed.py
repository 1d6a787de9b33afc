"""Pump pages are fed by one reading for each change, however many are open."""

import asyncio
from collections.abc import AsyncIterator, Collection
from uuid import UUID, uuid4

import pytest

from actions.pumps import wallets
from storage.pump_followed import PumpState
from tests.pump_parts import Coop, Hall, make_coop
from tests.ui.conftest import Visitor
from tests.ui.pump_pages import feeding_pages, open_hall, opened
from ui import pump_feed


@pytest.fixture
async def coop(database: str) -> Coop:
    return await make_coop("here", members=1)


@pytest.fixture
async def hall(coop: Coop) -> AsyncIterator[Hall]:
    async with open_hall(coop) as place:
        yield place


async def test_a_change_is_read_once_for_all_open_pages(
    visitor: Visitor, coop: Coop, hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[set[UUID]] = []
    really = pump_feed.state_of

    async def counted(tenant_id: UUID, members: Collection[UUID]) -> PumpState:
        read.append(set(members))
        return await really(tenant_id, members)

    member = coop.members[0]
    async with feeding_pages(visitor):
        for _ in range(3):
            await opened(visitor, member, "/my-pump")
        monkeypatch.setattr(pump_feed, "state_of", counted)
        await wallets.recharge(member.person_id, 60, coop.owner, hall.now, key=uuid4())
        await visitor.user.should_see("61", retries=20)
        assert read == [{member.person_id}]


async def test_another_tenants_change_is_not_read(visitor: Visitor, coop: Coop, hall: Hall) -> None:
    there = await make_coop("there", members=1)
    async with feeding_pages(visitor):
        await opened(visitor, coop.members[0], "/my-pump")
        before = dict(visitor.feeds.pumps._due_s)
        await wallets.recharge(there.members[0].person_id, 60, there.owner, hall.now, key=uuid4())
        await asyncio.sleep(0.3)
        assert visitor.feeds.pumps._due_s == before
