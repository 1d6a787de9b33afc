"""The lease on the device, rules 1–4 of the protocol: what must be refused, and how long a lease lasts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware.by_path import pure

ticks, lease_module = pure("core.ticks"), pure("core.lease")

BOOT = 7
CAP_MS = 15_000
STARTS = [0, 1_000_000, ticks.MASK - 3_000]  # the last wraps in every test


def a_lease(start: int = 0) -> Any:
    lease = lease_module.Lease(BOOT, CAP_MS)
    lease.sent(1, start)
    return lease


def a_grant(seq: int = 1, **changes: Any) -> dict[str, Any]:
    grant = {
        "id": "g1",
        "kind": "run",
        "run_id": "r1",
        "fence": 3,
        "echo": {"boot_id": BOOT, "seq": seq},
        "ttl_ms": CAP_MS,
        "budget_ms": 60_000,
    }
    return {**grant, **changes}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("on_its_way_ms", [0, 40, 14_999])
def test_a_lease_lasts_from_the_moment_its_state_was_sent(start: int, on_its_way_ms: int) -> None:
    lease = a_lease(start)
    assert lease.grant(a_grant(), False, ticks.add(start, on_its_way_ms)) is None
    assert lease.is_alive(ticks.add(start, CAP_MS - 1))
    assert lease.left_ms(ticks.add(start, CAP_MS - 1)) == 1
    assert not lease.is_alive(ticks.add(start, CAP_MS))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"echo": {"boot_id": BOOT - 1, "seq": 1}}, "boot"),
        ({"echo": {"boot_id": BOOT, "seq": 2}}, "seq"),  # not sent yet
        ({"ttl_ms": CAP_MS + 1}, "ttl"),
        ({"ttl_ms": 0}, "late"),
        ({"echo": None}, "malformed"),
        ({"echo": {"boot_id": BOOT}}, "malformed"),
        ({"echo": {"boot_id": BOOT, "seq": True}}, "malformed"),
        ({"fence": -1}, "malformed"),
        ({"fence": "3"}, "malformed"),
        ({"ttl_ms": 1.5}, "malformed"),
        ({"budget_ms": None}, "malformed"),
        ({"budget_ms": -1}, "malformed"),
        ({"run_id": ""}, "malformed"),
        ({"run_id": "r" * 65}, "malformed"),
        ({"id": 4}, "malformed"),
    ],
)
def test_a_grant_is_refused_and_says_why(changes: dict[str, Any], reason: str) -> None:
    lease = a_lease()
    assert lease.grant(a_grant(**changes), False, 100) == reason
    assert not lease.is_alive(100)


def test_a_retained_grant_is_refused() -> None:
    lease = a_lease()
    assert lease.grant(a_grant(), True, 100) == "retained"


@pytest.mark.parametrize("start", STARTS)
def test_a_grant_that_lay_in_a_queue_is_dead_on_arrival(start: int) -> None:
    lease = a_lease(start)
    assert lease.grant(a_grant(), False, ticks.add(start, CAP_MS)) == "late"


def test_only_the_last_sixteen_states_can_be_answered() -> None:
    lease = a_lease()
    for seq in range(2, 18):
        lease.sent(seq, seq * 250)
    assert lease.grant(a_grant(1), False, 4_300) == "seq"
    assert lease.grant(a_grant(2, id="g2"), False, 4_300) is None


def test_a_grant_that_answers_a_state_from_before_the_latest_off_lights_nothing() -> None:
    lease = a_lease()
    assert lease.grant(a_grant(), False, 50) is None
    lease.latch()
    assert not lease.is_alive(60)
    assert lease.grant(a_grant(id="g2"), False, 60) == "before_off"
    lease.sent(2, 70)
    assert lease.grant(a_grant(2, id="g3"), False, 80) is None


def test_a_duplicate_is_refused_and_ends_nothing() -> None:
    lease = a_lease()
    assert lease.grant(a_grant(), False, 50) is None
    assert lease.grant(a_grant(), False, 60) == "duplicate"
    assert lease.is_alive(60)


def test_an_older_answer_shortens_nothing() -> None:
    lease = a_lease()
    lease.sent(2, 5_000)
    assert lease.grant(a_grant(2), False, 5_050) is None
    assert lease.grant(a_grant(1, id="g2"), False, 5_060) == "older"
    assert lease.is_alive(5_000 + CAP_MS - 1)


def test_an_extension_may_answer_the_newest_state_again_and_a_late_twin_takes_nothing_back() -> None:
    lease = a_lease()
    assert lease.grant(a_grant(budget_ms=60_000), False, 50) is None
    assert lease.grant(a_grant(id="g2", budget_ms=90_000), False, 60) is None
    assert lease.grant(a_grant(id="g3", budget_ms=60_000), False, 70) is None
    assert lease.budget_ms == 90_000


def test_a_higher_fence_is_adopted_and_a_lower_one_refused() -> None:
    lease = a_lease()
    assert lease.grant(a_grant(fence=5), False, 50) is None
    assert lease.fence == 5
    assert lease.grant(a_grant(id="g2", fence=4), False, 60) == "fence"


def test_a_stop_acts_only_with_a_higher_fence() -> None:
    lease = a_lease()
    lease.grant(a_grant(fence=5), False, 50)
    assert lease.stop({"fence": 5}, False) == "fence"  # a delayed duplicate, after the run was resumed
    assert lease.is_alive(60)
    assert lease.stop({"fence": 6}, False) is None
    assert not lease.is_alive(60)
    assert lease.stop({"fence": 6}, False) is None  # repeated until confirmed
    assert lease.stop({"fence": 5}, False) == "fence"
    assert lease.stop({"fence": 7}, True) == "retained"
    assert lease.stop({"fence": None}, False) == "malformed"


def test_an_old_grant_after_a_stop_lights_nothing() -> None:
    lease = a_lease()
    lease.stop({"fence": 4}, False)
    lease.sent(2, 100)
    assert lease.grant(a_grant(2, fence=3), False, 150) == "fence"


@given(
    start=st.integers(0, ticks.MASK),
    ttl_ms=st.integers(1, CAP_MS),
    arrives_ms=st.integers(0, CAP_MS),
    asks_ms=st.lists(st.integers(0, 40_000), max_size=10),
)
def test_no_lease_is_alive_later_than_its_term_after_sending(
    start: int, ttl_ms: int, arrives_ms: int, asks_ms: list[int]
) -> None:
    lease = a_lease(start)
    refused = lease.grant(a_grant(ttl_ms=ttl_ms), False, ticks.add(start, arrives_ms))
    assert (refused is None) == (arrives_ms < ttl_ms)
    for ms in sorted(ms for ms in asks_ms if ms >= arrives_ms):
        assert lease.is_alive(ticks.add(start, ms)) == (refused is None and ms < ttl_ms)


@given(start=st.integers(0, ticks.MASK), turns=st.lists(st.tuples(st.booleans(), st.integers(0, 10_000)), max_size=30))
def test_time_on_is_the_sum_from_edge_to_edge(start: int, turns: list[tuple[bool, int]]) -> None:
    runs, now, on_ms, was_on = lease_module.Runs(), start, 0, False
    runs.count(None, now)
    for is_on, ms in turns:
        now = ticks.add(now, ms)
        on_ms += ms if was_on else 0
        runs.count("r1" if is_on else None, now)
        was_on = is_on
    assert runs.on_ms("r1") == on_ms


def test_each_run_has_its_own_time_on_also_when_it_comes_back() -> None:
    runs = lease_module.Runs()
    for run_id, now in [("a", 0), ("b", 100), (None, 130), ("a", 200), (None, 250)]:
        runs.count(run_id, now)
    assert (runs.on_ms("a"), runs.on_ms("b"), runs.on_ms("never")) == (150, 30, 0)
