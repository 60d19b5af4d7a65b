"""Totals over series, and percentiles."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.semconv import metrics
from otel_ml.service.totals import Durations, SeriesTotals, Tally, bucket_percentiles
from tests.service.build import counter, histogram


def put(
    totals: SeriesTotals, value: float, time: int, *, start: int = 1, temporality: str = "cumulative", worker: int = 0
) -> bool:
    point = counter(metrics.ML_PREDICTIONS, value, time, start=start, temporality=temporality, ml__worker=worker)
    return totals.add("group", point, (value,))


def total(totals: SeriesTotals) -> float:
    return sum(values[0] for _, values in totals.items())


def test_a_cumulative_point_replaces_the_one_before() -> None:
    totals = SeriesTotals()
    assert put(totals, 5, time=1)
    assert put(totals, 8, time=2)
    assert not put(totals, 8, time=3), "nothing new"
    assert not put(totals, 5, time=1), "out of order"
    assert total(totals) == 8


def test_delta_points_are_added() -> None:
    totals = SeriesTotals()
    assert put(totals, 5, time=1, temporality="delta")
    assert put(totals, 8, time=2, temporality="delta")
    assert total(totals) == 13


def test_instances_are_summed_and_a_restart_goes_on_counting() -> None:
    totals = SeriesTotals()
    put(totals, 10, time=1, worker=0)
    put(totals, 20, time=1, worker=1)
    put(totals, 3, time=5, worker=0, start=4)
    assert total(totals) == 33


def test_what_was_counted_before_is_left_out_where_that_is_asked_for() -> None:
    totals = SeriesTotals(since=100)
    assert put(totals, 1_000, time=110, start=50), "new, though it adds nothing"
    assert not put(totals, 1_000, time=111, start=50)
    put(totals, 1_007, time=120, start=50)
    put(totals, 5, time=120, start=101)
    assert total(totals) == 12


@pytest.mark.parametrize(("since", "expected"), [(0, 14), (100, 4)])
def test_counts_that_go_back_began_anew(since: int, expected: int) -> None:
    totals = SeriesTotals(since=since)
    put(totals, 10, time=110, start=0)
    assert put(totals, 3, time=120, start=0), "the service was restarted, and nothing tells when it began to count"
    put(totals, 4, time=130, start=0)
    assert total(totals) == expected


def test_series_beyond_the_cap_are_left_out_and_counted() -> None:
    totals = SeriesTotals(max_series=2)
    for worker in range(5):
        put(totals, 1, time=1, worker=worker)
    assert (total(totals), totals.refused) == (2, 3)
    assert put(totals, 4, time=2, worker=0), "a known series goes on"


def test_groups_of_delta_points_are_capped_too() -> None:
    totals = SeriesTotals(max_series=2)
    for group in "abc":
        totals.add(group, counter(metrics.ML_PREDICTIONS, 1, 1, temporality="delta"), (1,))
    assert (len(list(totals.items())), totals.refused) == (2, 1)


def test_a_series_whose_buckets_change_keeps_what_it_had() -> None:
    totals = SeriesTotals()
    for buckets in ((1, 2), (1, 2, 3)):
        totals.add("group", histogram(metrics.ML_INFERENCE_DURATION, (1.0,), buckets, len(buckets)), buckets)
    assert dict(totals.items()) == {"group": [1, 2]}


@given(st.lists(st.floats(1e-6, 3_600), min_size=1, max_size=300))
def test_percentiles_are_right_to_one_percent(seconds: list[float]) -> None:
    durations = Durations()
    for each in seconds:
        durations.add(each)
    found = durations.percentiles()
    assert found is not None
    ordered = sorted(seconds)
    for q, value in ((0.5, found.p50), (0.9, found.p90), (0.99, found.p99)):
        exact = ordered[math.ceil(q * len(ordered)) - 1]
        assert value == pytest.approx(exact, rel=0.0101)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-12, 1e9])
def test_durations_out_of_range_count(seconds: float) -> None:
    durations = Durations()
    durations.add(seconds)
    found = durations.percentiles()
    assert found is not None
    assert found.count == 1


def test_no_durations_no_percentiles() -> None:
    assert Durations().percentiles() is None
    assert bucket_percentiles((1.0,), [0, 0]) is None


def test_percentiles_of_buckets_are_interpolated_as_prometheus_does() -> None:
    found = bucket_percentiles((0.1, 0.2, 0.4), [50, 40, 8, 2])
    assert found is not None
    assert (found.count, found.source) == (100, "histogram")
    assert found.p50 == pytest.approx(0.1)
    assert found.p90 == pytest.approx(0.2)
    assert found.p99 == 0.4, "what lies above the last bound reads as that bound"


def test_a_tally_has_a_cap() -> None:
    tally = Tally(cap=2)
    for name in "abcab":
        tally.add(name)
    tally.add("d", 2.5)
    assert dict(tally) == {"a": 2, "b": 2, Tally.OTHER: 3.5}
