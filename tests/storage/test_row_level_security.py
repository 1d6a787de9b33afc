"""One tenant never sees or touches another's rows, even by a query that forgets to ask whose they are."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from actions import alerts, limits
from domain.access import Viewer
from domain.limits import Limits
from domain.readings import METRICS, Metric
from domain.refusals import Refusal
from storage import export, history, queries
from storage.session import EVERY_TENANT, transaction
from tests.conftest import Workshop, World
from tests.storage.catalogue import SEEN_BY_APP, names
from tests.storage.full_workshop import Ids, fill

NOW = datetime.now(UTC)
HOUR_AGO, SOON = NOW - timedelta(hours=1), NOW + timedelta(minutes=1)


@pytest.fixture
async def there(world: World) -> Ids:
    """Rows in every table, here and there; returns the ids of those that `here` must never see."""
    await fill(world.here, NOW)
    return await fill(world.there, NOW)


async def count(connection: psycopg.AsyncConnection[Any], table: str) -> int:
    cursor = await connection.execute(f"SELECT count(*) FROM {table}")
    return int((await cursor.fetchone() or (0,))[0])


# What a tenant sees


async def test_a_query_without_any_condition_sees_the_tenants_own_rows_and_no_others(
    world: World, there: Ids, app: psycopg.AsyncConnection[Any], superuser: psycopg.AsyncConnection[Any]
) -> None:
    own, owner, staff = world.here.tenant_id, world.here.owner.person_id, world.here.staff.person_id
    async with app.transaction():
        await app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(own)])
        for table in await names(superuser, SEEN_BY_APP):
            column = {"tenant": "id", "person": "id", "passkey": "person_id"}.get(table, "tenant_id")
            ids = {"person": [owner, staff], "passkey": [owner]}.get(table, [own])
            cursor = await app.execute(f"SELECT DISTINCT {column} FROM {table}")
            assert {row[0] for row in await cursor.fetchall()} == set(ids), table


async def test_without_a_tenant_nothing_is_visible(
    world: World, there: Ids, app: psycopg.AsyncConnection[Any], superuser: psycopg.AsyncConnection[Any]
) -> None:
    assert {table: await count(app, table) for table in await names(superuser, SEEN_BY_APP)} == dict.fromkeys(
        await names(superuser, SEEN_BY_APP), 0
    )


async def test_a_tenant_is_forgotten_with_its_transaction(
    world: World, there: Ids, app: psycopg.AsyncConnection[Any]
) -> None:
    async with app.transaction():
        await app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.here.tenant_id)])
        assert await count(app, "pit") == 2
    assert await count(app, "pit") == 0


async def test_the_workers_transactions_see_every_tenant(world: World, there: Ids) -> None:
    async with transaction(EVERY_TENANT) as tx:
        assert (await tx.execute(text("SELECT count(DISTINCT tenant_id) FROM reading"))).scalar_one() == 2


Read = Callable[[AsyncSession, Workshop, Ids], Awaitable[Any]]


def past(resolution: history.Resolution) -> Read:
    return lambda tx, b, ids: history.history(tx, b.pit_id, NOW - timedelta(days=2), SOON, resolution, METRICS)


READS: dict[str, tuple[Read, Any]] = {
    "limits_said": (lambda tx, b, ids: queries.limits_said(tx, {b.tenant_id}), {}),
    "a pit": (lambda tx, b, ids: queries.pits(tx, b.pit_id), []),
    "open_alerts": (lambda tx, b, ids: queries.open_alerts(tx, NOW, b.pit_id), []),
    "alerts": (lambda tx, b, ids: queries.alerts(tx, queries.AlertFilter(pit_id=b.pit_id), 0, 50), ([], 0)),
    "an alert": (lambda tx, b, ids: queries.alert(tx, ids.alert), None),
    "silences": (lambda tx, b, ids: queries.silences(tx, b.other_pit_id, NOW), []),
    "devices of a pit": (lambda tx, b, ids: queries.devices(tx, NOW, b.pit_id), []),
    "a device": (lambda tx, b, ids: queries.device(tx, b.device_id, NOW), None),
    "rejections": (lambda tx, b, ids: queries.rejections(tx, b.device_id, NOW), ({}, [])),
    "holds_more": (lambda tx, b, ids: history.holds_more(tx, b.pit_id, HOUR_AGO, SOON, 0), False),
    **{f"history of {resolution.name}": (past(resolution), {}) for resolution in history.RESOLUTIONS},
}


@pytest.mark.parametrize(("read", "nothing"), READS.values(), ids=READS.keys())
async def test_a_read_that_names_another_tenants_ids_finds_nothing(
    world: World, there: Ids, read: Read, nothing: Any
) -> None:
    async with transaction(world.here.tenant_id) as tx:
        assert await read(tx, world.there, there) == nothing
    async with transaction(world.there.tenant_id) as tx:
        assert await read(tx, world.there, there) != nothing


async def test_reads_of_everything_give_the_tenants_own(world: World, there: Ids) -> None:
    here = world.here
    async with transaction(here.tenant_id) as tx:
        assert {pit.tenant_id for pit in await queries.pits(tx)} == {here.tenant_id}
        assert set(await queries.limits_said(tx, None)) == {here.pit_id, here.other_pit_id}
        assert [alert.pit_id for alert in await queries.open_alerts(tx, NOW)] == [here.pit_id]
        assert await queries.count_open_alerts(tx, NOW) == 1
        assert (await queries.alerts(tx, queries.AlertFilter(), 0, 50))[1] == 1
        assert [device.id for device in await queries.devices(tx, NOW)] == [here.device_id]
        assert {tenant_id for tenant_id, *_ in await history.last_hour(tx, SOON)} == {here.tenant_id}


async def test_an_export_of_another_tenants_pit_has_no_lines(world: World, there: Ids) -> None:
    lines = export.csv_pages(world.here.tenant_id, world.there.pit_id, HOUR_AGO, SOON, "UTC")
    assert len([page async for page in lines]) == 1


# What a tenant's people do

Act = Callable[[Viewer, Workshop, Ids], Awaitable[Any]]
ACTS: dict[str, Act] = {
    "acknowledge": lambda by, b, ids: alerts.acknowledge(ids.alert, "", by, NOW),
    "silence": lambda by, b, ids: alerts.silence(b.pit_id, None, SOON, "", by, NOW),
    "end a silence": lambda by, b, ids: alerts.end_silence(ids.silence, by, NOW),
    "change limits": lambda by, b, ids: limits.change_limits(b.pit_id, Metric.T_C, Limits(warning_high=29.0), by, NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_an_intent_on_another_tenants_things_finds_nothing_to_act_on(
    world: World, there: Ids, worker: psycopg.AsyncConnection[Any], act: Act
) -> None:
    before = await everything_of(worker, world.there)
    assert await act(world.here.owner, world.there, there) is Refusal.NOT_FOUND
    assert await everything_of(worker, world.there) == before
    assert not isinstance(await act(world.there.owner, world.there, there), Refusal)


async def everything_of(worker: psycopg.AsyncConnection[Any], shop: Workshop) -> list[Any]:
    rows = []
    for table in ("alert", "alert_event", "alert_silence", "limits"):
        cursor = await worker.execute(f"SELECT * FROM {table} WHERE tenant_id = %s ORDER BY 1", [shop.tenant_id])
        rows.append(await cursor.fetchall())
    return rows


# What the web's role can't do whatever the program does

STRANGE_ROWS = {
    "film_profile": "INSERT INTO film_profile VALUES (gen_random_uuid(), %(tenant)s, 'x')",
    "pit": "INSERT INTO pit VALUES (gen_random_uuid(), %(tenant)s, 'x', 1, NULL, now(), NULL)",
    "limits": "INSERT INTO limits (id, tenant_id, origin, place_id, metric)"
    " VALUES (gen_random_uuid(), %(tenant)s, 'pit', %(pit)s, 'pm1')",
    "device": "INSERT INTO device VALUES ('pp-strange', %(tenant)s, NULL, 'pit', 'x', NULL, true, now())",
    "alert": "INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, note)"
    " VALUES (gen_random_uuid(), %(tenant)s, %(pit)s, 'pm1', 1, false, now(), now(), '')",
    "alert_event": "INSERT INTO alert_event (tenant_id, alert_id, at, kind, note)"
    " VALUES (%(tenant)s, %(alert)s, now(), 'raised', '')",
    "alert_silence": "INSERT INTO alert_silence (id, tenant_id, pit_id, until, note, by, created_at)"
    " VALUES (gen_random_uuid(), %(tenant)s, %(pit)s, now(), '', %(owner)s, now())",
}


@pytest.mark.parametrize("statement", STRANGE_ROWS.values(), ids=STRANGE_ROWS.keys())
async def test_no_row_can_be_written_for_another_tenant(
    world: World, there: Ids, app: psycopg.AsyncConnection[Any], statement: str
) -> None:
    b = world.there
    bound = {"tenant": b.tenant_id, "pit": b.pit_id, "alert": there.alert, "owner": b.owner.person_id}
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        async with app.transaction():
            await app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.here.tenant_id)])
            await app.execute(statement, bound)


@pytest.mark.parametrize("table", ["film_profile", "pit", "limits", "device", "alert", "alert_silence"])
async def test_no_row_can_be_given_to_another_tenant_or_taken_from_one(
    world: World, there: Ids, app: psycopg.AsyncConnection[Any], table: str
) -> None:
    async with app.transaction():
        await app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.here.tenant_id)])
        taken = await app.execute(
            f"UPDATE {table} SET tenant_id = %s WHERE tenant_id = %s", [world.here.tenant_id, world.there.tenant_id]
        )
        assert taken.rowcount == 0
        removed = await app.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [world.there.tenant_id])
        assert removed.rowcount == 0
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        async with app.transaction():
            await app.execute("SELECT set_config('app.tenant_id', %s, true)", [str(world.here.tenant_id)])
            await app.execute(f"UPDATE {table} SET tenant_id = %s", [world.there.tenant_id])


async def test_an_id_that_nobody_has_and_one_of_another_tenant_get_the_same_answer(world: World, there: Ids) -> None:
    nobody, stranger = uuid4(), there.alert
    answers = [await alerts.acknowledge(id_, "", world.here.owner, NOW) for id_ in (nobody, stranger)]
    assert answers == [Refusal.NOT_FOUND, Refusal.NOT_FOUND]
