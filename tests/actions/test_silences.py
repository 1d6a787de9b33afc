"""Silences: until their end a pit's alerts are recorded but call nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from actions.alerts import NOTE_CHARS_MAX, SILENCE_MAX, end_silence, silence
from actions.directory import Directory
from domain.access import Role
from domain.readings import Metric
from domain.refusals import Refusal
from storage.queries import AlertFilter, alerts, count_open_alerts, open_alerts, silences
from storage.session import transaction
from storage.tables import AlertSilence
from tests.actions.senders import Sender
from tests.conftest import World

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
async def pit(world: World, directory: Directory, connection: psycopg.AsyncConnection[Any]) -> Sender:
    """A pit with two open alerts: too dusty and too warm."""
    pit = Sender(world.here, directory, connection)
    for metric, value in ((Metric.PM25, 20.0), (Metric.T_C, 40.0)):
        pit.metric = metric
        await pit.send(value, seconds=35)
    return pit


async def calling(pit: Sender, now: datetime = NOW) -> set[str]:
    """The rules of the alerts that call somebody."""
    async with transaction(pit.shop.tenant_id) as tx:
        found = {row.rule for row in await open_alerts(tx, now)}
        assert await count_open_alerts(tx, now) == len(found)
        assert {row.rule for row in await open_alerts(tx, now, pit.shop.pit_id)} == found
        assert (await alerts(tx, AlertFilter(state="open"), 0, 50))[1] == 2  # the inbox shows them all the same
    return found


async def set_silence(pit: Sender, rule: str | None = None, until: datetime = NOW + HOUR) -> AlertSilence:
    answer = await silence(pit.shop.pit_id, rule, until, "Sanding", pit.shop.owner, NOW)
    assert isinstance(answer, AlertSilence)
    return answer


async def test_a_silence_of_a_pit_hides_all_its_alerts(pit: Sender) -> None:
    assert await calling(pit) == {"pm25", "t_c"}
    await set_silence(pit)
    assert await calling(pit) == set()


async def test_a_silence_of_one_rule_leaves_the_others_calling(pit: Sender) -> None:
    await set_silence(pit, "pm25")
    assert await calling(pit) == {"t_c"}


async def test_a_silence_ends_by_itself(pit: Sender) -> None:
    await set_silence(pit)
    assert await calling(pit, NOW + HOUR - timedelta(seconds=1)) == set()
    assert await calling(pit, NOW + HOUR) == {"pm25", "t_c"}


async def test_a_silence_can_be_ended_early_and_only_once(pit: Sender) -> None:
    row = await set_silence(pit)
    for later in (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)):
        ended = await end_silence(row.id, pit.shop.owner, later)
        assert isinstance(ended, AlertSilence)
        assert ended.ended_at == NOW + timedelta(minutes=1)
    assert await calling(pit) == {"pm25", "t_c"}


async def test_silences_in_force_are_listed_with_who_set_them(pit: Sender) -> None:
    pit_id = pit.shop.pit_id
    last = await set_silence(pit, until=NOW + 3 * HOUR)
    first = await set_silence(pit, "pm25")
    ended = await set_silence(pit, "t_c")
    await end_silence(ended.id, pit.shop.owner, NOW)
    async with transaction(pit.shop.tenant_id) as tx:
        found = await silences(tx, pit_id, NOW)
        assert await silences(tx, pit_id, NOW + 4 * HOUR) == []
    assert found == [
        (first.id, "pm25", NOW + HOUR, "Sanding", "Owner Here"),
        (last.id, None, NOW + 3 * HOUR, "Sanding", "Owner Here"),
    ]


@pytest.mark.parametrize(
    ("until", "refusal"),
    [
        (NOW - timedelta(seconds=1), Refusal.END_IN_THE_PAST),
        (NOW, Refusal.END_IN_THE_PAST),
        (NOW + timedelta(seconds=1), None),
        (NOW + SILENCE_MAX, None),
        (NOW + SILENCE_MAX + timedelta(seconds=1), Refusal.TOO_LONG),
    ],
)
async def test_an_end_lies_ahead_and_at_most_a_week(pit: Sender, until: datetime, refusal: Refusal | None) -> None:
    answer = await silence(pit.shop.pit_id, None, until, "", pit.shop.owner, NOW)
    assert (answer if isinstance(answer, Refusal) else None) is refusal


@pytest.mark.parametrize("role", [Role.STAFF, Role.MEMBER])
async def test_only_owners_silence(pit: Sender, role: Role) -> None:
    row, other = await set_silence(pit), replace(pit.shop.staff, role=role)
    assert await silence(pit.shop.pit_id, None, NOW + HOUR, "", other, NOW) is Refusal.NOT_ALLOWED
    assert await end_silence(row.id, other, NOW) is Refusal.NOT_ALLOWED


async def test_what_does_not_exist_cannot_be_silenced(pit: Sender) -> None:
    assert await silence(uuid4(), None, NOW + HOUR, "", pit.shop.owner, NOW) is Refusal.NOT_FOUND
    assert await end_silence(uuid4(), pit.shop.owner, NOW) is Refusal.NOT_FOUND


async def test_a_silence_keeps_the_moment_it_was_set_and_a_note_that_fits(pit: Sender) -> None:
    answer = await silence(pit.shop.pit_id, None, NOW + HOUR, "x" * 600, pit.shop.owner, NOW)
    assert isinstance(answer, AlertSilence)
    assert (answer.created_at, len(answer.note)) == (NOW, NOTE_CHARS_MAX)


async def test_another_pits_silence_hides_nothing_here(pit: Sender) -> None:
    answer = await silence(pit.shop.other_pit_id, None, NOW + HOUR, "", pit.shop.owner, NOW)
    assert isinstance(answer, AlertSilence)
    assert await calling(pit) == {"pm25", "t_c"}
