"""Each intent that changes something leaves one row in its tenant's trail, and a trail that was touched shows where."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text

from actions import alerts, audit, limits
from domain.access import Viewer
from domain.audit import Break, Fault, SecretInAudit
from domain.limits import Limits
from domain.readings import Metric
from domain.refusals import Refusal
from storage.session import EVERY_TENANT, transaction
from tests.conftest import World

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def record(by: Viewer, name: str = "Pit 1", after: dict[str, Any] | None = None, address: str = "") -> None:
    async with transaction(by.tenant_id) as tx:
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent="change_limits",
            kind="limits",
            object_id="1",
            object_name=name,
            before=None,
            after=after,
            address=address,
        )


async def rows(tenant_id: UUID) -> list[Any]:
    async with transaction(EVERY_TENANT) as tx:
        found = await tx.execute(text("SELECT * FROM audit WHERE tenant_id = :t ORDER BY n"), {"t": tenant_id})
        return list(found.all())


async def verdict(tenant_id: UUID) -> Fault | None:
    (only,) = [each async for each in audit.verify(tenant_id)]
    return only.fault


# What is written


async def test_a_row_says_who_did_what_to_which_thing_and_from_where(world: World) -> None:
    by = world.here.owner
    async with transaction(by.tenant_id) as tx:
        await audit.record(
            tx,
            tenant_id=by.tenant_id,
            by=by,
            intent="change_limits",
            kind="limits",
            object_id="7",
            object_name="Pit 1: t_c",
            before={"warning_high": 30.0},
            after={"warning_high": 28.5, "since": NOW, "pit": by.person_id},
            address="192.0.2.7",
        )
    (row,) = await rows(by.tenant_id)
    assert (row.n, row.person_id, row.person_name, row.intent) == (1, by.person_id, by.name, "change_limits")
    assert (row.kind, row.object_id, row.object_name, row.address) == ("limits", "7", "Pit 1: t_c", "192.0.2.7")
    assert row.before == {"warning_high": 30}
    assert row.after == {"warning_high": 28.5, "since": "2026-11-21T12:00:00+00:00", "pit": str(by.person_id)}


async def test_without_an_address_the_one_of_the_request_is_taken(world: World) -> None:
    token = audit.asked_from.set("198.51.100.4")
    await record(world.here.owner)
    audit.asked_from.reset(token)
    assert [row.address for row in await rows(world.here.tenant_id)] == ["198.51.100.4"]


@pytest.mark.parametrize(
    "after", [{"password": "x"}, {"to": [{"claim_code": "x"}]}, {"api_key": "x"}, {"TokenHash": ""}]
)
async def test_what_sounds_like_a_secret_is_refused(world: World, after: dict[str, Any]) -> None:
    with pytest.raises(SecretInAudit):
        await record(world.here.owner, after=after)
    assert await rows(world.here.tenant_id) == []


async def test_what_is_rolled_back_was_never_done(world: World) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(world.here.tenant_id) as tx:
            await audit.record(
                tx, tenant_id=world.here.tenant_id, by=None, intent="x", kind="y", object_id="1", object_name="z",
                before=None, after=None,
            )  # fmt: skip
            raise ZeroDivisionError
    assert await rows(world.here.tenant_id) == []
    assert await verdict(world.here.tenant_id) is None


async def test_rows_written_at_once_stand_one_after_the_other(world: World) -> None:
    await asyncio.gather(*(record(world.here.owner, f"n{i}") for i in range(20)), record(world.there.owner))
    found = await rows(world.here.tenant_id)
    assert [row.n for row in found] == list(range(1, 21))
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert await verdict(world.here.tenant_id) is None
    assert [row.n for row in await rows(world.there.tenant_id)] == [1]


# Which intents write


async def open_alert(world: World) -> UUID:
    id_ = uuid4()
    async with transaction(EVERY_TENANT) as tx:
        await tx.execute(
            text(
                "INSERT INTO alert (id, tenant_id, pit_id, rule, level, flapping, raised_at, changed_at, note)"
                " VALUES (:id, :tenant, :pit, 't_c', 1, false, :now, :now, '')"
            ),
            {"id": id_, "tenant": world.here.tenant_id, "pit": world.here.pit_id, "now": NOW},
        )
    return id_


async def test_every_intent_on_alerts_and_limits_leaves_one_row(world: World) -> None:
    here, by = world.here, world.here.owner
    await alerts.acknowledge(await open_alert(world), "seen", by, NOW)
    silence = await alerts.silence(here.pit_id, None, LATER, "work", by, NOW)
    assert not isinstance(silence, Refusal)
    await alerts.end_silence(silence.id, by, NOW)
    await limits.change_limits(here.pit_id, Metric.T_C, Limits(warning_high=29.5), by, NOW)
    await limits.change_limits(here.pit_id, Metric.T_C, Limits(warning_high=28.5), by, NOW)
    found = await rows(here.tenant_id)
    assert [(row.intent, row.object_name) for row in found] == [
        ("acknowledge_alert", "Pit 1 here: t_c"),
        ("silence_alerts", "Pit 1 here"),
        ("silence_alerts", "Pit 1 here"),
        ("change_limits", "Pit 1 here: t_c"),
        ("change_limits", "Pit 1 here: t_c"),
    ]
    assert (found[-1].before, found[-1].after) == ({"warning_high": 29.5}, {"warning_high": 28.5})


async def test_what_changes_nothing_and_what_is_refused_leave_no_row(world: World) -> None:
    here, by = world.here, world.here.owner
    await limits.change_limits(here.pit_id, Metric.T_C, Limits(), by, NOW)
    await limits.change_limits(here.pit_id, Metric.T_C, Limits(warning_high=29.0), here.staff, NOW)
    await alerts.acknowledge(await open_alert(world), "", world.there.owner, NOW)
    assert await rows(here.tenant_id) == await rows(world.there.tenant_id) == []


# What nobody may do to it


@pytest.mark.parametrize("statement", ["UPDATE audit SET intent = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
@pytest.mark.parametrize("role", ["pitpilot_app", "pitpilot_worker"])
async def test_neither_role_may_change_or_remove_a_row(world: World, database: str, role: str, statement: str) -> None:
    await record(world.here.owner)
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute(f"SET ROLE {role}")
        with pytest.raises(errors.InsufficientPrivilege):
            await connection.execute(statement)


# What shows when somebody with all rights does

SHIFT = "ALTER TABLE audit DROP CONSTRAINT audit_pkey; UPDATE audit SET n = n + 1 WHERE n >= 5;"
COPY = (
    "INSERT INTO audit SELECT tenant_id, {n}, at, person_id, person_name, 'made_up', kind, object_id, object_name,"
    " before, after, address, previous, hash FROM audit WHERE n = {of} AND tenant_id = %s"
)
TOUCHED: dict[str, tuple[str, Fault | None]] = {
    "nothing": ("SELECT 1", None),
    "a name": ("UPDATE audit SET person_name = 'Nobody' WHERE n = 4", Fault(4, Break.CHANGED)),
    "a value": ("UPDATE audit SET after = '{\"i\": 99}' WHERE n = 4", Fault(4, Break.CHANGED)),
    "a time": ("UPDATE audit SET at = at - interval '1 microsecond' WHERE n = 4", Fault(4, Break.CHANGED)),
    "a hash": ("UPDATE audit SET hash = sha256('x') WHERE n = 4", Fault(4, Break.CHANGED)),
    "a link": ("UPDATE audit SET previous = sha256('x') WHERE n = 4", Fault(4, Break.CHANGED)),
    "the first row": ("DELETE FROM audit WHERE n = 1", Fault(1, Break.REMOVED)),
    "a row in the middle": ("DELETE FROM audit WHERE n = 6", Fault(6, Break.REMOVED)),
    "the last rows": ("DELETE FROM audit WHERE n >= 9", Fault(9, Break.REMOVED)),
    "all rows": ("DELETE FROM audit", Fault(1, Break.REMOVED)),
    "a row more": (COPY.format(n=11, of=10), Fault(11, Break.CHANGED)),
    "a row between": (SHIFT + COPY.format(n=5, of=4), Fault(5, Break.CHANGED)),
    "the head": ("DELETE FROM audit_head", Fault(1, Break.INSERTED)),
}


@pytest.mark.parametrize(("statement", "fault"), TOUCHED.values(), ids=TOUCHED.keys())
async def test_the_first_broken_row_is_named(world: World, database: str, statement: str, fault: Fault | None) -> None:
    for i in range(10):
        await record(world.here.owner, f"n{i}", {"i": i})
    async with await psycopg.AsyncConnection.connect(database) as connection:
        for part in statement.split(";"):
            await connection.execute(part.replace("%s", f"'{world.here.tenant_id}'"))
    assert await verdict(world.here.tenant_id) == fault
    assert await verdict(world.there.tenant_id) is None
