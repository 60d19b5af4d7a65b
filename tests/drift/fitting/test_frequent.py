"""Counts of categories are exact while there are few, and never off by more than stated."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.fitting import frequent
from otel_ml.drift.fitting.distinct import KEPT, Distinct
from otel_ml.drift.fitting.frequent import Frequent


def counted(labels: list[str], size: int = 1_000) -> Frequent:
    found = Frequent()
    for start in range(0, len(labels), size):
        found.add(Counter(labels[start : start + size]))
    return found


def test_few_categories_are_exact() -> None:
    labels = [f"c{i % 300}" for i in range(10_000)]
    found = counted(labels)
    assert dict(found.most()) == Counter(labels)
    assert (found.total, found.error, found.distinct, found.exact) == (10_000, 0, 300, True)


def test_as_frequent_ones_are_in_order_of_their_text() -> None:
    assert Frequent().most() == []
    assert counted(["b", "a", "c", "c"]).most(2) == [("c", 2), ("a", 1)]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), parts=st.integers(1, 4), skew=st.floats(1.05, 3))
def test_counts_are_within_the_bound_after_any_merge(seed: int, parts: int, skew: float) -> None:
    rng = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frequent, "KEPT", 50)  # so that a small test prunes a lot
        merged, everything = Frequent(), Counter[str]()
        for _ in range(parts):
            labels = [f"c{i}" for i in rng.zipf(skew, 3_000) % 2_000]
            everything.update(labels)
            merged.merge(counted(labels, 100))
        kept = dict(merged.most())
        assert len(kept) <= 100
    assert merged.total == everything.total()
    assert merged.error <= everything.total() / 50
    for label, count in everything.items():
        assert count - merged.error <= kept.get(label, 0) <= count
    assert merged.distinct == pytest.approx(len(everything), rel=0.15)


def test_a_million_different_categories_take_no_more_room_than_a_few_thousand() -> None:
    found = Frequent()
    for start in range(0, 1_000_000, 20_000):
        found.add({"often": 500, **dict.fromkeys([f"id {i}" for i in range(start, start + 20_000)], 1)})
    assert len(found.most()) <= 2 * frequent.KEPT
    assert found.most(1)[0][0] == "often"
    assert found.most(1)[0][1] >= 25_000 - found.error
    assert found.distinct == pytest.approx(1_000_001, rel=0.1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sets(st.integers(-(2**40), 2**40), max_size=200), max_size=6))
def test_few_different_values_are_counted_exactly(parts: list[set[int]]) -> None:
    merged = Distinct()
    for part in parts:
        one = Distinct()
        one.add(np.array(sorted(part), dtype=np.float64))
        merged.merge(one)
    expected = len(set().union(*parts))
    assert merged.estimate == expected or expected >= KEPT


@pytest.mark.parametrize("texts", [False, True])
def test_many_different_values_are_estimated(texts: bool) -> None:
    errors = []
    for seed in range(20):
        found = Distinct()
        if texts:
            found.add_texts([f"user-{seed}-{i:06}" for i in range(20_000)])
        else:
            found.add(np.random.default_rng(seed).normal(size=20_000))
        errors.append(found.estimate / 20_000 - 1)
    assert np.std(errors) < 2 / np.sqrt(KEPT)
    assert abs(np.mean(errors)) < 0.02
