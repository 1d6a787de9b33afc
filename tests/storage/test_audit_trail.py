"""Reading the audit trail: what filters find, that pages join without a gap, that the index does it, and the CSV."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from actions import audit
from domain.access import Viewer
from storage.audit_trail import TrailChoices, TrailFilter, choices, csv_pages, harmless, trail, trail_row
from storage.session import transaction
from tests.conftest import World

START = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = 30_000  # of each tenant, one a minute

# Sixteen intents, six kinds, a thousand things, and four rows in five by the owner: with hashes of nothing.
_FILL = """
    INSERT INTO audit SELECT %(tenant)s, n, %(start)s + n * interval '1 minute',
        CASE WHEN n %% 5 = 0 THEN %(staff)s ELSE %(owner)s END::uuid, 'name ' || n, 'intent_' || n %% 16,
        'kind_' || n %% 6, (n %% 1000)::text, 'thing', NULL, NULL, '', '', '' FROM generate_series(1, %(rows)s) n"""


async def record(by: Viewer, name: str, *, intent: str = "change_limits", kind: str = "limits", **more: Any) -> None:
    async with transaction(by.tenant_id) as tx:
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent=intent,
            kind=kind,
            object_id=more.pop("object_id", "1"),
            object_name=name,
            before=None,
            after=more or None,
        )


async def found(world: World, wanted: TrailFilter) -> list[int]:
    async with transaction(world.here.tenant_id) as tx:
        return [link.entry.n for link in await trail(tx, wanted, None, 50)]


async def test_each_filter_finds_its_rows_the_newest_first(world: World) -> None:
    owner, staff = world.here.owner, world.here.staff
    await record(owner, "Pit 1")
    await record(staff, "Pit 1", intent="acknowledge_alert", kind="alert", object_id="7")
    await record(world.there.owner, "Pit 1")
    await record(owner, "Pit 2", object_id="7")
    assert await found(world, TrailFilter()) == [3, 2, 1]
    assert await found(world, TrailFilter(person_id=staff.person_id)) == [2]
    assert await found(world, TrailFilter(intent="change_limits")) == [3, 1]
    assert await found(world, TrailFilter(kind="alert")) == [2]
    assert await found(world, TrailFilter(kind="limits", object_id="7")) == [3]
    assert await found(world, TrailFilter(person_id=world.there.owner.person_id)) == []
    async with transaction(world.here.tenant_id) as tx:
        at = [link.entry.at for link in reversed(await trail(tx, TrailFilter(), None, 50))]
    assert await found(world, TrailFilter(since=at[1])) == [3, 2]
    assert await found(world, TrailFilter(until=at[1])) == [1]
    assert await found(world, TrailFilter(since=at[0], until=at[2])) == [2, 1]
    assert await found(world, TrailFilter(since=at[2] + timedelta(seconds=1))) == []
    assert await found(world, TrailFilter(until=at[0])) == []


async def test_the_choices_are_what_the_own_trail_holds(world: World) -> None:
    owner, staff = world.here.owner, world.here.staff
    async with transaction(world.here.tenant_id) as tx:
        assert await choices(tx) == TrailChoices([], [], [])
    for _ in range(3):
        await record(owner, "a")
    await record(staff, "b", intent="acknowledge_alert", kind="alert")
    await record(world.there.owner, "c", intent="invite_person", kind="person")
    async with transaction(world.here.tenant_id) as tx:
        assert await choices(tx) == TrailChoices(
            [(owner.person_id, owner.name), (staff.person_id, staff.name)],
            ["acknowledge_alert", "change_limits"],
            ["alert", "limits"],
        )


async def test_pages_join_without_a_gap_while_rows_are_added(world: World) -> None:
    for i in range(7):
        await record(world.here.owner, f"n{i}")
    seen: list[int] = []
    before: int | None = None
    while True:
        async with transaction(world.here.tenant_id) as tx:
            page = await trail(tx, TrailFilter(), before, 3)
        if not page:
            break
        seen += [link.entry.n for link in page]
        before = seen[-1]
        await record(world.here.owner, "newer")
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_a_row_of_another_tenant_is_not_there(world: World) -> None:
    await record(world.there.owner, "secret of there")
    async with transaction(world.here.tenant_id) as tx:
        assert await trail_row(tx, 1) is None
    assert [page async for page in csv_pages(world.here.tenant_id, TrailFilter(), "UTC")][1:] == []


# Long trails


@pytest.fixture
async def long_trails(world: World, superuser: psycopg.AsyncConnection[Any]) -> World:
    for shop in (world.here, world.there):
        bound = {"tenant": shop.tenant_id, "start": START, "rows": ROWS}
        bound |= {"owner": str(shop.owner.person_id), "staff": str(shop.staff.person_id)}
        await superuser.execute(_FILL, bound)
    await superuser.execute("ANALYZE audit")
    await superuser.commit()
    return world


Read = Callable[[AsyncSession, UUID], Any]
READS: dict[str, Read] = {
    "everything": lambda tx, owner: trail(tx, TrailFilter(), 9_000, 50),
    "a person": lambda tx, owner: trail(tx, TrailFilter(person_id=owner), 9_000, 50),
    "an intent": lambda tx, owner: trail(tx, TrailFilter(intent="intent_3"), 9_000, 50),
    "a kind": lambda tx, owner: trail(tx, TrailFilter(kind="kind_3"), 9_000, 50),
    "a thing": lambda tx, owner: trail(tx, TrailFilter(kind="kind_3", object_id="33"), None, 50),
    "a day long ago": lambda tx, owner: trail(
        tx, TrailFilter(since=START + timedelta(days=2), until=START + timedelta(days=3)), None, 50
    ),
    "the choices": lambda tx, owner: choices(tx),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_no_read_looks_at_more_of_a_long_trail_than_it_shows(long_trails: World, read: Read) -> None:
    here = long_trails.here
    async with transaction(here.tenant_id) as tx:
        statements: list[tuple[str, Any]] = []
        connection = (await tx.connection()).sync_connection
        event.listen(
            connection, "before_cursor_execute", lambda c, cur, sql, bound, *_: statements.append((sql, bound))
        )
        answer = await read(tx, here.owner.person_id)
        assert answer
        for sql, bound in list(statements):
            [plan] = (await driven(tx, f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", bound))[0]
            assert rows_read(plan["Plan"]) < 200, (sql, plan)


async def driven(tx: AsyncSession, sql: str, bound: Any) -> Any:
    """Runs a statement that is already in the driver's own form."""
    return await tx.run_sync(lambda sync: sync.connection().exec_driver_sql(sql, bound).one())


def rows_read(plan: dict[str, Any]) -> int:
    """Rows that the plan's scans of the table touched, the ones that a filter dropped too."""
    inner = sum(rows_read(part) for part in plan.get("Plans", ()))
    if plan.get("Relation Name") != "audit":
        return inner
    dropped = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    return inner + int((plan["Actual Rows"] + dropped) * plan["Actual Loops"])


# CSV


async def lines(world: World, wanted: TrailFilter | None = None, zone: str = "Asia/Kolkata") -> list[dict[str, str]]:
    pages = [page async for page in csv_pages(world.here.tenant_id, wanted or TrailFilter(), zone)]
    return list(csv.DictReader(io.StringIO("".join(pages), newline="")))


async def test_the_csv_says_what_the_rows_say_in_the_tenants_zone(world: World) -> None:
    await record(world.here.owner, 'Pit "1",\nleft', warning_high=29.5)
    await record(world.here.owner, "Pit 2")
    newest, oldest = await lines(world)
    assert (newest["n"], oldest["n"]) == ("2", "1")
    assert (oldest["person"], oldest["object"], oldest["after"]) == (
        world.here.owner.name,
        'Pit "1",\nleft',
        '{"warning_high":29.5}',
    )
    assert oldest["before"] == ""
    assert oldest["at"].endswith("+05:30")
    assert len(oldest["hash"]) == 64
    assert [line["n"] for line in await lines(world, TrailFilter(until=START))] == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://evil")'])
async def test_no_cell_of_the_csv_is_a_formula(world: World, name: str) -> None:
    await record(world.here.owner, name)
    [line] = await lines(world)
    assert line["object"] == "'" + name
    assert all(harmless(cell) == cell for cell in line.values())


async def test_a_long_trail_comes_in_pages(long_trails: World) -> None:
    pages = [page async for page in csv_pages(long_trails.here.tenant_id, TrailFilter(kind="kind_1"), "UTC")]
    assert len(pages) == 1 + ROWS // 6 // 1_000
    assert max(map(len, pages)) < 300_000
    numbers = [int(line["n"]) for line in csv.DictReader(io.StringIO("".join(pages)))]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == ROWS // 6
