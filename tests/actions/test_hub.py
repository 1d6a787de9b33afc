"""The hub: what every pit measures now, its last hour, and what changed since somebody last asked."""

from uuid import UUID

import pytest

from actions.live import TREND_BUCKET_US, TREND_BUCKETS, Hub
from domain.readings import METRICS, Metric, Reading

TENANT, PIT, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NOW_US = 2_000_000_000_000_000 // TREND_BUCKET_US * TREND_BUCKET_US + TREND_BUCKET_US // 2
S = 1_000_000


def reading(at_us: int, pit_id: UUID | None = PIT, **values: float) -> Reading:
    return Reading(TENANT, pit_id, "d1", 1, 1, at_us, tuple(values.get(metric) for metric in METRICS))


def hub_with(*readings: Reading) -> Hub:
    hub = Hub()
    hub.put(readings)
    return hub


def shown(hub: Hub, metric: Metric = Metric.T_C) -> list[float | None]:
    return hub.pits[PIT].trend(metric, NOW_US)


def test_the_newest_value_of_each_metric_counts_whatever_the_order_of_arrival() -> None:
    hub = hub_with(reading(NOW_US, t_c=24.0), reading(NOW_US - 5 * S, t_c=20.0, rh_pct=50.0))
    assert hub.pits[PIT].latest(Metric.T_C) == (24.0, NOW_US)
    assert hub.pits[PIT].latest(Metric.RH_PCT) == (50.0, NOW_US - 5 * S)
    assert hub.pits[PIT].latest(Metric.IAQ) == (None, 0)


@pytest.mark.parametrize(
    ("ages_and_values", "buckets"),
    [
        ([], [None, None, None]),
        ([(0, 1.0)], [None, None, 1.0]),
        ([(20, 1.0), (0, 2.0)], [None, None, 2.0]),
        ([(50, 1.0), (0, 2.0)], [None, 1.0, 2.0]),
        ([(60, 1.0), (50, 1.5), (0, 2.0)], [None, 1.5, 2.0]),
        ([(100, 1.0), (0, 2.0)], [1.0, None, 2.0]),
        ([(50, 1.0)], [None, 1.0, None]),
        ([(0, 2.0), (50, 1.0)], [None, None, 2.0]),
    ],
)
def test_a_trend_has_the_last_value_of_each_bucket(
    ages_and_values: list[tuple[int, float]], buckets: list[float | None]
) -> None:
    hub = hub_with(reading(NOW_US, rh_pct=50.0), *(reading(NOW_US - age * S, t_c=v) for age, v in ages_and_values))
    assert shown(hub)[-3:] == buckets
    assert shown(hub)[:-3] == [None] * (TREND_BUCKETS - 3)


def test_a_trend_forgets_what_is_older_than_an_hour() -> None:
    hub = hub_with(*(reading(NOW_US - n * TREND_BUCKET_US, t_c=float(n)) for n in range(TREND_BUCKETS + 5, -1, -1)))
    assert shown(hub) == [float(n) for n in range(TREND_BUCKETS - 1, -1, -1)]


def test_each_pit_that_changed_is_told_once() -> None:
    hub = hub_with(reading(NOW_US, t_c=1.0), reading(NOW_US + S, t_c=2.0), reading(NOW_US, OTHER, t_c=3.0))
    assert hub.take_changed() == {PIT, OTHER}
    assert hub.take_changed() == set()


def test_a_reading_of_a_device_without_a_pit_changes_nothing() -> None:
    hub = hub_with(reading(NOW_US, None, t_c=1.0))
    assert (hub.pits, hub.take_changed()) == ({}, set())


def test_only_the_readings_of_watched_pits_are_kept_for_the_next_flush() -> None:
    hub = Hub()
    hub.watch({PIT})
    hub.put([reading(NOW_US, t_c=1.0), reading(NOW_US, OTHER, t_c=2.0)])
    assert [r.values[0] for r in hub.take_unsent(PIT)] == [1.0]
    assert hub.take_unsent(PIT) == hub.take_unsent(OTHER) == []


def test_listeners_hear_their_pit_until_they_end_it() -> None:
    hub, heard = Hub(), []
    end = hub.subscribe(PIT, lambda event: heard.append(event.body.values[0]))
    hub.put([reading(NOW_US, t_c=1.0), reading(NOW_US, OTHER, t_c=2.0)])
    end()
    hub.put([reading(NOW_US + S, t_c=3.0)])
    assert heard == [1.0]
