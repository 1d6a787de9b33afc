"""Alerts in the hands of people: seen, noted, made worse, cleared; and at most one of a rule, whoever writes it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from actions.alerts import NOTE_CHARS_MAX, acknowledge
from actions.announce import Announcement, Topic, announce
from actions.directory import Directory
from actions.limits import change_limits
from actions.readings import Batch, record
from domain.access import Role
from domain.limits import Level, Limits
from domain.readings import Metric
from domain.refusals import Refusal
from storage.queries import AlertFilter, alert, alerts, open_alerts
from storage.readings import STAGE
from storage.session import transaction, worker_connection
from storage.tables import Alert
from tests.actions.senders import Sender, fetch, history_of_alerts, until
from tests.conftest import World

NOW = datetime.now(UTC).replace(microsecond=0)
CLEAN, DUSTY, FILTHY = 5.0, 20.0, 50.0  # PM2.5 warns above 12 and is critical above 35.4 µg/m³


@pytest.fixture
def pit(world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]) -> Sender:
    return Sender(world.here, directory, connection)


async def raised(pit: Sender) -> UUID:
    """A dusty pit's alert."""
    return (await pit.send(DUSTY, seconds=35)).news[0].alert_id


async def columns(*names: str) -> tuple[Any, ...]:
    [row] = await fetch(f"SELECT {', '.join(names)} FROM alert")
    return row


async def test_an_alert_says_what_was_crossed_how_far_and_when(pit: Sender) -> None:
    await pit.send(CLEAN, seconds=60)
    began = pit.at
    await raised(pit)
    row = await columns("rule", "level", "value", "limit_value", "flapping", "raised_at", "resolved_at")
    assert row == ("pm25", 1, 20.0, 12.0, False, began + timedelta(seconds=35), None)
    await pit.send(FILTHY, seconds=35)
    level, limit_value = await columns("level", "limit_value")
    assert (level, limit_value) == (2, pytest.approx(35.4))


async def test_an_alert_from_warning_over_critical_to_its_end_is_one_alert_with_a_history(pit: Sender) -> None:
    for value in (DUSTY, FILTHY):
        await pit.send(value, seconds=35)
    for value in (DUSTY, CLEAN):
        await pit.send(value, seconds=65)
    assert await history_of_alerts() == ["raised", "escalated", "eased", "resolved"]
    resolved_at, changed_at = await columns("resolved_at", "changed_at")
    assert resolved_at == changed_at == pit.at
    assert pit.hub.pits[pit.shop.pit_id].levels == {}


async def test_staff_acknowledge_with_a_note(pit: Sender, heard: list[Announcement]) -> None:
    alert_id, staff = await raised(pit), pit.shop.staff
    answer = await acknowledge(alert_id, "  Filter changed\n", staff, NOW)
    assert isinstance(answer, Alert)
    assert (answer.acknowledged_at, answer.acknowledged_by, answer.note) == (NOW, staff.person_id, "Filter changed")
    async with transaction(staff.tenant_id) as tx:
        found = await alert(tx, alert_id)
    assert found is not None
    row, history = found
    assert (row.acknowledged_by, row.note, row.resolved_at) == ("Staff Here", "Filter changed", None)
    assert [(event.kind, event.person, event.note) for event in history] == [
        ("raised", None, ""),
        ("acknowledged", "Staff Here", "Filter changed"),
    ]
    await until(lambda: len(heard) == 2)
    expected = Announcement(Topic.ALERT, staff.tenant_id, pit.shop.pit_id, str(alert_id))
    assert heard == [expected, expected]  # raised, then acknowledged


@pytest.mark.parametrize(
    ("role", "answer"), [(Role.OWNER, None), (Role.STAFF, None), (Role.MEMBER, Refusal.NOT_ALLOWED)]
)
async def test_who_may_acknowledge(pit: Sender, role: Role, answer: Refusal | None) -> None:
    viewer = replace(pit.shop.staff, role=role)
    got = await acknowledge(await raised(pit), "", viewer, NOW)
    assert (got if isinstance(got, Refusal) else None) is answer


async def test_the_second_to_acknowledge_is_told_that_somebody_was_first(pit: Sender) -> None:
    alert_id = await raised(pit)
    await acknowledge(alert_id, "first", pit.shop.staff, NOW)
    assert await acknowledge(alert_id, "second", pit.shop.owner, NOW) is Refusal.ALREADY_ACKNOWLEDGED
    assert await columns("note", "acknowledged_by") == ("first", pit.shop.staff.person_id)


async def test_of_many_who_acknowledge_at_once_one_is_first(pit: Sender) -> None:
    alert_id = await raised(pit)
    answers = await asyncio.gather(*(acknowledge(alert_id, f"{n}", pit.shop.staff, NOW) for n in range(4)))
    assert sum(isinstance(answer, Alert) for answer in answers) == 1
    assert answers.count(Refusal.ALREADY_ACKNOWLEDGED) == 3
    assert (await history_of_alerts()).count("acknowledged") == 1


async def test_what_is_over_or_unknown_cannot_be_acknowledged(pit: Sender) -> None:
    alert_id = await raised(pit)
    await pit.send(CLEAN, seconds=65)
    assert await acknowledge(alert_id, "", pit.shop.staff, NOW) is Refusal.ALREADY_RESOLVED
    assert await acknowledge(uuid4(), "", pit.shop.staff, NOW) is Refusal.NOT_FOUND


async def test_a_note_has_room_for_500_characters(pit: Sender) -> None:
    alert_id = await raised(pit)
    assert await acknowledge(alert_id, "x" * (NOTE_CHARS_MAX + 1), pit.shop.staff, NOW) is Refusal.TOO_LONG
    assert isinstance(await acknowledge(alert_id, "  " + "x" * NOTE_CHARS_MAX, pit.shop.staff, NOW), Alert)


async def test_an_alert_that_becomes_worse_calls_again(pit: Sender) -> None:
    await acknowledge(await raised(pit), "seen", pit.shop.staff, NOW)
    await pit.send(FILTHY, seconds=35)
    assert await columns("level", "acknowledged_at", "acknowledged_by") == (2, None, None)
    assert await history_of_alerts() == ["raised", "acknowledged", "escalated"]


async def test_an_alert_that_becomes_better_stays_acknowledged(pit: Sender) -> None:
    await pit.send(FILTHY, seconds=35)
    [(alert_id,)] = await fetch("SELECT id FROM alert")
    await acknowledge(alert_id, "seen", pit.shop.staff, NOW)
    await pit.send(DUSTY, seconds=65)
    assert await columns("level", "acknowledged_at") == (1, NOW)
    await pit.send(CLEAN, seconds=65)
    assert await columns("acknowledged_at", "note") == (NOW, "seen")


async def test_the_third_alert_within_half_an_hour_says_that_it_flaps(pit: Sender) -> None:
    for _ in range(3):
        await pit.send(DUSTY, seconds=35)
        await pit.send(CLEAN, seconds=65)
    rows = await fetch("SELECT flapping, resolved_at IS NULL FROM alert ORDER BY raised_at")
    assert rows == [(False, False), (False, False), (True, True)]
    await pit.send(CLEAN, seconds=600)
    assert await fetch("SELECT count(*) FROM alert WHERE resolved_at IS NULL") == [(0,)]


async def test_open_alerts_come_worst_first_and_acknowledged_last(pit: Sender) -> None:
    ids = {}
    for metric, value in ((Metric.T_C, 40.0), (Metric.PM25, FILTHY), (Metric.IAQ, 120.0), (Metric.PM10, 200.0)):
        pit.metric = metric
        ids[(await pit.send(value, seconds=35)).news[0].alert_id] = metric
    await acknowledge(next(id_ for id_, metric in ids.items() if metric is Metric.PM25), "", pit.shop.staff, NOW)
    async with transaction(pit.shop.tenant_id) as tx:
        found = [ids[row.id] for row in await open_alerts(tx, NOW)]
    assert found == [Metric.PM10, Metric.T_C, Metric.IAQ, Metric.PM25]


async def test_the_inbox_finds_alerts_by_state_level_pit_and_time(pit: Sender) -> None:
    await pit.send(FILTHY, seconds=35)
    await pit.send(CLEAN, seconds=65)
    second = await raised(pit)
    await acknowledge(second, "", pit.shop.staff, NOW)
    pit.metric = Metric.T_C
    third = (await pit.send(40.0, seconds=35)).news[0].alert_id
    [(first,)] = await fetch("SELECT id FROM alert WHERE resolved_at IS NOT NULL")
    begin = pit.at - timedelta(seconds=30)
    expected = {
        AlertFilter(): [third, second, first],
        AlertFilter(state="open"): [third, second],
        AlertFilter(state="unacknowledged"): [third],
        AlertFilter(state="resolved"): [first],
        AlertFilter(level=Level.WARNING): [third, second],
        AlertFilter(pit_id=pit.shop.pit_id): [third, second, first],
        AlertFilter(pit_id=pit.shop.other_pit_id): [],
        AlertFilter(since=begin): [third],
        AlertFilter(state="open", level=Level.CRITICAL): [],
    }
    async with transaction(pit.shop.tenant_id) as tx:
        for by, ids in expected.items():
            rows, total = await alerts(tx, by, 0, 50)
            assert ([row.id for row in rows], total) == (ids, len(ids)), by
        page, total = await alerts(tx, AlertFilter(), 1, 1)
        assert ([row.id for row in page], total) == ([second], 3)


@pytest.mark.parametrize("raise_after_s", [0, 10])
async def test_two_processes_that_record_one_hot_pit_at_once_raise_one_alert(pit: Sender, raise_after_s: int) -> None:
    own = Limits(raise_after_s=raise_after_s)
    await change_limits(pit.shop.pit_id, pit.metric, own, pit.shop.owner, NOW)
    await pit.directory.load()
    other = await worker_connection()
    await other.execute(STAGE)
    await other.commit()
    try:
        for _ in range(5):
            left, right = (Batch(readings=[pit.measure(FILTHY) for _ in range(4)]) for _ in range(2))
            await asyncio.gather(
                record(pit.connection, left, pit.directory, pit.hub, pit.at),
                record(other, right, pit.directory, pit.hub, pit.at),
            )
    finally:
        await other.close()
    assert await fetch("SELECT count(*), count(*) FILTER (WHERE resolved_at IS NULL) FROM alert") == [(1, 1)]
    assert await history_of_alerts() == ["raised"]


async def test_an_announcement_is_heard_on_commit_and_never_without(world: World, heard: list[Announcement]) -> None:
    said = Announcement(Topic.PIT, world.here.tenant_id, world.here.pit_id)
    with pytest.raises(ZeroDivisionError):
        async with transaction(world.here.tenant_id) as tx:
            await announce(tx, replace_id(said, "rolled back"))
            raise ZeroDivisionError
    async with transaction(world.here.tenant_id) as tx:
        await announce(tx, said)
        await asyncio.sleep(0.1)
        assert heard == []
    await until(lambda: heard == [said])


def replace_id(said: Announcement, id_: str) -> Announcement:
    return Announcement(said.topic, said.tenant_id, said.pit_id, id_)
