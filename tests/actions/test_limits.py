"""Limits of a pit: changed by its owner, inherited where it says nothing, and in force from the next reading on."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from actions.announce import Announcement, Topic
from actions.directory import Directory
from actions.limits import change_limits, resolved_limits
from domain.limits import DEFAULTS, Limits, LimitsFault, Origin
from domain.readings import Metric
from domain.refusals import Refusal
from storage.queries import limits_said
from storage.session import EVERY_TENANT, transaction
from tests.actions.senders import Sender, execute, fetch, until
from tests.conftest import Workshop, World

NOW = datetime.now(UTC)
DEFAULT = DEFAULTS[Metric.T_C]


async def change(shop: Workshop, own: Limits, metric: Metric = Metric.T_C) -> Refusal | LimitsFault | Limits:
    return await change_limits(shop.pit_id, metric, own, shop.owner, NOW)


async def resolved(shop: Workshop, metric: Metric = Metric.T_C) -> Limits:
    async with transaction(EVERY_TENANT) as tx:
        return (await resolved_limits(tx, {shop.tenant_id}))[shop.pit_id][metric]


async def say(shop: Workshop, origin: Origin, place_id: UUID, **values: float) -> None:
    names = ", ".join(values)
    await execute(
        f"INSERT INTO limits (id, tenant_id, origin, place_id, metric, {names})"
        f" VALUES (gen_random_uuid(), :tenant, :origin, :place, 't_c', {', '.join(':' + name for name in values)})",
        tenant=shop.tenant_id, origin=origin, place=place_id, **values,
    )  # fmt: skip


async def test_a_pit_that_says_nothing_has_the_defaults(world: World) -> None:
    for metric in Metric:
        assert await resolved(world.here, metric) == DEFAULTS.get(metric, Limits())


async def test_a_pit_says_one_limit_and_inherits_the_rest(world: World, heard: list[Announcement]) -> None:
    answer = await change(world.here, Limits(warning_high=28.0))
    expected = Limits(15.0, 28.0, band=1.0, raise_after_s=30, clear_after_s=60)
    assert answer == expected == await resolved(world.here)
    told = Announcement(Topic.LIMITS, world.here.tenant_id, world.here.pit_id, "t_c")
    await until(lambda: heard == [told])


async def test_a_change_replaces_all_that_the_pit_said_before(world: World) -> None:
    await change(world.here, Limits(warning_high=28.0, band=0.5))
    await change(world.here, Limits(warning_low=18.0))
    assert await resolved(world.here) == Limits(18.0, 35.0, band=1.0, raise_after_s=30, clear_after_s=60)
    assert await fetch("SELECT count(*) FROM limits") == [(1,)]


async def test_saying_nothing_again_inherits_again(world: World) -> None:
    await change(world.here, Limits(warning_high=28.0))
    assert await change(world.here, Limits()) == DEFAULT
    assert await fetch("SELECT count(*) FROM limits") == [(0,)]


async def test_a_zero_is_said_and_not_inherited(world: World) -> None:
    answer = await change(world.here, Limits(raise_after_s=0, band=0.0))
    assert isinstance(answer, Limits)
    assert (answer.raise_after_s, answer.band) == (0, 0.0)
    assert await resolved(world.here) == answer


async def test_the_tenant_speaks_before_the_film_and_the_pit_before_both(world: World) -> None:
    here, film = world.here, uuid4()
    await execute("INSERT INTO film_profile VALUES (:id, :tenant, 'Film')", id=film, tenant=here.tenant_id)
    await execute("UPDATE pit SET film_profile_id = :film WHERE id = :pit", film=film, pit=here.pit_id)
    await say(here, Origin.FILM, film, warning_low=16.0, warning_high=27.0)
    assert await resolved(here) == Limits(16.0, 27.0, band=1.0, raise_after_s=30, clear_after_s=60)
    await say(here, Origin.TENANT, here.tenant_id, warning_high=30.0)
    assert await resolved(here) == Limits(16.0, 30.0, band=1.0, raise_after_s=30, clear_after_s=60)
    await change(here, Limits(warning_high=33.0))
    assert await resolved(here) == Limits(16.0, 33.0, band=1.0, raise_after_s=30, clear_after_s=60)
    async with transaction(here.tenant_id) as tx:
        said = await limits_said(tx, {here.tenant_id})
    assert set(said[here.pit_id][Metric.T_C]) == {Origin.PIT, Origin.TENANT, Origin.FILM}
    assert set(said[here.other_pit_id][Metric.T_C]) == {Origin.TENANT}  # its film is another


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        (Limits(warning_low=40.0), LimitsFault.LOW_ABOVE_HIGH),  # above the high limit that it inherits
        (Limits(critical_high=30.0), LimitsFault.CRITICAL_INSIDE_WARNING),
        (Limits(band=11.0), LimitsFault.BAND_TOO_WIDE),
        (Limits(raise_after_s=-1), LimitsFault.NEGATIVE),
    ],
)
async def test_limits_that_make_no_sense_with_what_they_inherit_change_nothing(
    world: World, own: Limits, fault: LimitsFault
) -> None:
    await change(world.here, Limits(warning_high=34.0))
    assert await change(world.here, own) is fault
    assert (await resolved(world.here)).warning_high == 34.0


async def test_staff_may_not_change_limits(world: World) -> None:
    here = world.here
    answer = await change_limits(here.pit_id, Metric.T_C, Limits(warning_high=28.0), here.staff, NOW)
    assert answer is Refusal.NOT_ALLOWED
    assert await fetch("SELECT count(*) FROM limits") == [(0,)]


async def test_a_pit_that_does_not_exist_is_not_found(world: World) -> None:
    assert await change_limits(uuid4(), Metric.T_C, Limits(), world.here.owner, NOW) is Refusal.NOT_FOUND


async def test_owners_who_change_one_pit_at_once_leave_one_of_their_answers(world: World) -> None:
    answers = await asyncio.gather(*(change(world.here, Limits(warning_high=20.0 + n)) for n in range(4)))
    assert await resolved(world.here) in answers
    assert await fetch("SELECT count(*) FROM limits") == [(1,)]


async def test_a_limit_is_in_force_from_the_next_reading_on(
    world: World, directory: Directory, connection: psycopg.AsyncConnection[Any], heard: list[Announcement]
) -> None:
    keeping = asyncio.create_task(directory.keep_fresh())
    pit = Sender(world.here, directory, connection, Metric.T_C)
    assert (await pit.send(30.0, seconds=60)).news == []
    await change(world.here, Limits(warning_high=28.0, raise_after_s=0))
    await until(lambda: directory.rules[world.here.pit_id].limits[Metric.T_C].warning_high == 28.0)
    assert len((await pit.send(30.0)).news) == 1
    keeping.cancel()
