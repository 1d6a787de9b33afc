"""What a run costs: growth of what the motor measured, as far as grants allowed it."""

from uuid import uuid4

import pytest

from domain.pump import charging
from domain.pump.limits import LeaseTerms
from domain.pump.state import BootTime, Motor, Report, Run
from domain.pump.words import ReportRefusal

TERMS = LeaseTerms()
RUN = Run(uuid4(), uuid4(), "A", amount_s=600, requested_s=600, ticket=1)
MOTOR = Motor("A", boot_id=1, heard_at_ms=0)


def state(on_ms: int, boot_id: int = 1) -> Report:
    return Report(boot_id, 1, True, RUN.id, on_ms, True, True, 0)


def charged(run: Run, on_ms: int, boot_id: int = 1, now_ms: int = 5_000) -> Run:
    found = charging.charged(run, MOTOR, state(on_ms, boot_id), TERMS, now_ms)
    assert isinstance(found, Run)
    return found


def granted(run: Run, boot_id: int = 1) -> Run:
    return charging.granted(run, boot_id, TERMS.ttl_ms)


@pytest.mark.parametrize(("on_ms", "charged_ms"), [(0, 0), (4_999, 4_999), (15_000, 15_000), (18_000, 15_000)])
def test_a_grant_covers_one_lease_from_the_state_that_it_answers(on_ms: int, charged_ms: int) -> None:
    assert charging.confirmed_ms(charged(granted(RUN), on_ms)) == charged_ms


def test_each_answered_state_covers_the_next_lease() -> None:
    run = granted(RUN)
    for on_ms in (5_000, 10_000, 15_000, 20_000):
        run = granted(charged(run, on_ms))
    assert charging.confirmed_ms(run) == 20_000


def test_what_no_grant_allowed_is_given_and_the_budget_grows_by_it() -> None:
    run = charged(granted(RUN), 18_000)
    assert run.confirmed[0].given_ms == 3_000
    assert charging.budget_ms(run, 1) == 603_000
    assert charging.confirmed_ms(charged(granted(run), 20_000)) == 17_000


def test_a_counter_that_jumps_costs_no_more_than_the_time_that_has_passed() -> None:
    run = granted(granted(RUN))
    run = charged(run, 10**7, now_ms=2_000)
    assert charging.confirmed_ms(run) <= 15_000


def test_a_counter_that_falls_is_refused() -> None:
    run = charged(granted(RUN), 5_000)
    assert charging.charged(run, MOTOR, state(4_999), TERMS, 9_000) is ReportRefusal.ON_TIME_FELL


def test_every_boot_counts_from_nothing_and_gets_what_is_left() -> None:
    run = charged(granted(charged(granted(RUN), 10_000), boot_id=2), 4_000, boot_id=2)
    assert charging.confirmed_ms(run) == 14_000
    assert [charging.budget_ms(run, boot_id) for boot_id in (1, 2, 3)] == [596_000, 590_000, 586_000]
    assert charging.newest_boot_id(run) == 2


@pytest.mark.parametrize(
    ("on_ms", "seconds"), [(0, 0), (999, 0), (1_000, 1), (61_999, 61), (600_000, 600), (700_000, 600)]
)
def test_whole_seconds_are_captured_and_never_more_than_the_amount(on_ms: int, seconds: int) -> None:
    run = Run(uuid4(), uuid4(), "A", 600, 600, 1, confirmed=(BootTime(1, on_ms),))
    assert charging.captured_s(run) == seconds
