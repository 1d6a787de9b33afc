"""Statements that travel together keep their order, fail together, and leave the connection fit for the next."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from storage import bare
from storage.session import DATABASE_AWAY, EVERY_TENANT, transaction
from tests.conftest import World

NAME = "SELECT name FROM tenant WHERE id = %(id)s"
CHANGE = "UPDATE tenant SET name = %(name)s WHERE id = %(id)s"


async def test_each_sees_what_those_before_it_did_and_one_that_returns_nothing_has_no_rows(world: World) -> None:
    bound = {"id": world.here.tenant_id, "name": "Changed"}
    async with transaction(EVERY_TENANT) as tx:
        before, nothing, after = await bare.together(tx, [(NAME, bound), (CHANGE, bound), (NAME, bound)])
        assert (len(before), nothing, after) == (1, [], [("Changed",)])
        assert await bare.together(tx, []) == []
    async with transaction(EVERY_TENANT) as tx:
        assert await bare.together(tx, [(NAME, bound)]) == [[("Changed",)]]


async def test_it_sees_the_rows_of_the_transactions_tenant_alone(world: World) -> None:
    async with transaction(world.here.tenant_id) as tx:
        assert await bare.together(tx, [(NAME, {"id": world.there.tenant_id}), ("SELECT 1", {})]) == [[], [(1,)]]


async def test_one_that_fails_undoes_the_others(world: World) -> None:
    bound = {"id": world.here.tenant_id, "name": "Changed"}
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with transaction(EVERY_TENANT) as tx:
            await bare.together(tx, [(CHANGE, bound), ("SELECT 1 / 0", {}), (NAME, bound)])
    async with transaction(EVERY_TENANT) as tx:
        assert await bare.together(tx, [(NAME, bound)]) != [[("Changed",)]]


async def test_whoever_gives_up_waiting_for_a_lock_leaves_the_connection_to_others(world: World) -> None:
    lock = "SELECT 1 FROM tenant WHERE id = %(id)s FOR UPDATE"
    bound = {"id": world.here.tenant_id, "key": str(uuid4())}

    async def wait() -> None:
        async with transaction(EVERY_TENANT) as tx:
            await bare.together(tx, [(lock, bound), (NAME, bound)])

    async with transaction(EVERY_TENANT) as tx:
        await bare.together(tx, [(lock, bound)])
        for _ in range(10):  # more than the pool has
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await wait()
    await asyncio.gather(*(wait() for _ in range(10)))


async def test_a_lost_connection_is_told_as_such(world: World) -> None:
    with pytest.raises(DATABASE_AWAY):
        async with transaction(EVERY_TENANT) as tx:
            await bare.together(tx, [("SELECT pg_terminate_backend(pg_backend_pid())", {}), ("SELECT 1", {})])
    async with transaction(EVERY_TENANT) as tx:
        assert await bare.together(tx, [("SELECT 1", {})]) == [[(1,)]]
