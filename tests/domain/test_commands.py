"""Commands to devices: the whole table, what each event leaves behind, and that every command comes to an end."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.commands import (
    EFFECT_WITHIN_S,
    MOVES,
    OPEN,
    TTL_S,
    Command,
    Event,
    Kind,
    Report,
    Stage,
    has_effect,
    new,
    step,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def command(kind: Kind = Kind.RESTART, **body: object) -> Command:
    return new(UUID(int=1), UUID(int=2), "pp-1", kind, body, UUID(int=3), NOW)


def after(*events: Event | tuple[Event, str], of: Command | None = None) -> Command:
    """A command after events a second apart; those that change nothing are passed over."""
    found = of or command()
    for n, event in enumerate(events, 1):
        what, reason = event if isinstance(event, tuple) else (event, "")
        found = step(found, what, NOW + n * SECOND, reason) or found
    return found


@pytest.mark.parametrize(
    ("events", "stage"),
    [
        ([], Stage.REQUESTED),
        ([Event.SENT], Stage.SENT),
        ([Event.SENT, Event.SENT], Stage.SENT),
        ([Event.SENT, Event.OK], Stage.ACKNOWLEDGED),
        ([Event.OK, Event.SENT], Stage.ACKNOWLEDGED),
        ([Event.SENT, Event.OK, Event.EFFECT], Stage.DONE),
        ([Event.SENT, Event.EFFECT], Stage.DONE),
        ([Event.EFFECT], Stage.REQUESTED),
        ([Event.SENT, (Event.NO, "motor on")], Stage.REFUSED),
        ([Event.SENT, (Event.NO, "clock")], Stage.SENT),
        ([Event.SENT, (Event.NO, "clock"), Event.OK], Stage.ACKNOWLEDGED),
        ([Event.SENT, Event.OK, (Event.NO, "busy")], Stage.ACKNOWLEDGED),
        ([Event.SENT, Event.OK, (Event.NO, "rolled_back")], Stage.REFUSED),
        ([Event.SENT, Event.NEWER, Event.OK, Event.EFFECT], Stage.SUPERSEDED),
        ([Event.SENT, Event.OK, Event.EFFECT, Event.TIME, Event.OK, Event.NO], Stage.DONE),
    ],
)
def test_a_command_goes_through_its_stages(events: list[Event | tuple[Event, str]], stage: Stage) -> None:
    assert after(*events).stage is stage


def test_the_way_is_kept_with_its_times() -> None:
    done = after(Event.SENT, Event.SENT, Event.OK, Event.OK, Event.EFFECT)
    assert (done.sent_at, done.acknowledged_at, done.closed_at) == (NOW + SECOND, NOW + 3 * SECOND, NOW + 5 * SECOND)


def test_the_devices_answer_may_be_quicker_than_the_brokers() -> None:
    assert after(Event.OK).sent_at == NOW + SECOND


def test_a_refusal_says_why() -> None:
    refused = after(Event.SENT, (Event.NO, "motor on"))
    assert (refused.reason, refused.closed_at) == ("motor on", NOW + 2 * SECOND)


def test_what_a_device_lacks_is_told_while_it_is_asked_again_and_when_time_is_over() -> None:
    lacking = after(Event.SENT, (Event.NO, "clock"))
    assert (lacking.is_open, lacking.reason) == (True, "clock")
    assert step(lacking, Event.NO, NOW, "clock") is None, "it is no news a second time"
    assert after(Event.SENT, (Event.NO, "clock"), Event.OK).reason == ""
    expired = step(lacking, Event.TIME, NOW + timedelta(hours=1))
    assert expired is not None and (expired.stage, expired.reason) == (Stage.EXPIRED, "clock")


def test_an_identification_is_done_with_the_answer() -> None:
    assert after(Event.SENT, Event.OK, of=command(Kind.IDENTIFY)).stage is Stage.DONE


@pytest.mark.parametrize(("kind", "stage"), [(Kind.ENABLE, Stage.DONE), (Kind.RESTART, Stage.REQUESTED)])
def test_what_the_server_does_by_itself_is_done_at_once(kind: Kind, stage: Stage) -> None:
    assert command(kind).stage is stage


def test_a_command_expires_when_its_time_is_over_and_not_before() -> None:
    waiting = command()
    assert step(waiting, Event.TIME, waiting.due_at - SECOND) is None
    expired = step(waiting, Event.TIME, waiting.due_at)
    assert expired is not None and expired.stage is Stage.EXPIRED


def test_the_answer_gives_time_for_the_effect() -> None:
    late = step(after(Event.SENT), Event.OK, NOW + timedelta(seconds=TTL_S[Kind.RESTART] - 1))
    assert late is not None
    assert late.due_at == NOW + timedelta(seconds=TTL_S[Kind.RESTART] - 1 + EFFECT_WITHIN_S[Kind.RESTART])


def test_an_answer_after_the_end_is_kept_and_changes_nothing_else() -> None:
    expired = step(after(Event.SENT), Event.TIME, NOW + timedelta(hours=1))
    assert expired is not None
    late = step(expired, Event.OK, NOW + timedelta(hours=2))
    assert late is not None and (late.stage, late.closed_at) == (Stage.EXPIRED, NOW + timedelta(hours=1))
    assert late.acknowledged_at == NOW + timedelta(hours=2)
    assert step(late, Event.OK, NOW + timedelta(hours=3)) is None


@pytest.mark.parametrize(
    ("kind", "body", "report", "is_it"),
    [
        (Kind.RESTART, {}, Report(8), True),
        (Kind.RESTART, {}, Report(7), False),
        (Kind.RESTART, {}, Report(6), False),
        (Kind.SET, {"version": 4}, Report(7, settings_version=4), True),
        (Kind.SET, {"version": 4}, Report(7, settings_version=3), False),
        (Kind.SET, {"version": 4}, Report(7), False),
        (Kind.UPDATE, {"version": "1.5.0"}, Report(8, firmware="1.5.0"), True),
        (Kind.UPDATE, {"version": "1.5.0"}, Report(8, firmware="1.4.9"), False),
        (Kind.IDENTIFY, {}, Report(8), False),
    ],
)
def test_the_effect_is_what_the_device_reports(
    kind: Kind, body: dict[str, object], report: Report, is_it: bool
) -> None:
    from dataclasses import replace

    assert has_effect(replace(command(kind, **body), boot_id=7), report) is is_it


def test_no_boot_is_new_as_long_as_none_is_known() -> None:
    assert not has_effect(command(), Report(8))


# Whatever happens

KINDS = st.sampled_from(sorted(TTL_S))
EVENTS = st.lists(
    st.tuples(st.sampled_from(Event), st.sampled_from(["", "clock", "busy", "bad"]), st.integers(0, 2_000)), max_size=30
)


@given(KINDS, EVENTS)
def test_a_command_ends_once_and_then_stays_as_it_ended(kind: Kind, events: list[tuple[Event, str, int]]) -> None:
    found, now = command(kind), NOW
    for event, reason, seconds in events:
        now += timedelta(seconds=seconds)
        before, found = found, step(found, event, now, reason) or found
        assert found.is_open == (found.closed_at is None)
        if not before.is_open:
            assert (found.stage, found.closed_at, found.reason) == (before.stage, before.closed_at, before.reason)
        for name in ("sent_at", "acknowledged_at"):
            assert getattr(before, name) in (None, getattr(found, name)), "a time that was written stays"
    far = now + timedelta(days=2)
    assert not (step(found, Event.TIME, far) or found).is_open


@given(KINDS, EVENTS)
def test_nothing_is_done_without_an_answer_or_an_effect(kind: Kind, events: list[tuple[Event, str, int]]) -> None:
    found = command(kind)
    for event, reason, seconds in events:
        if event not in (Event.OK, Event.EFFECT):
            found = step(found, event, NOW + timedelta(seconds=seconds), reason) or found
    assert found.stage is not Stage.DONE


def test_only_open_stages_lead_anywhere() -> None:
    assert {stage for (stage, _event), to in MOVES.items() if to is not stage} == OPEN
    assert {field.name for field in fields(Command)} >= {"sent_at", "acknowledged_at", "closed_at"}
