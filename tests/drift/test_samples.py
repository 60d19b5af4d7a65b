"""Rows that are kept as examples: any row is as likely as another, and memory is bounded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.samples import CELLS, FEW, Reservoir, Samples


def offer(held: Reservoir, batches: list[int]) -> None:
    """Shows rows whose id and bin are their number."""
    for rows in batches:
        numbers = np.arange(held.seen, held.seen + rows)
        texts, bins = list(map(str, numbers)), (numbers % 256).astype(np.uint8)[:, None]
        held.offer(rows, texts.__getitem__, bins.__getitem__)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.integers(1, 20))
def test_rows_are_kept_with_their_own_bins(batches: list[int], size: int) -> None:
    held = Reservoir(0, size, 1)
    offer(held, batches)
    assert held.seen == sum(batches)
    assert len(held.ids) == len(set(held.ids)) == min(size, sum(batches))
    assert [int(id_) % 256 for id_ in held.ids] == held.bins[: len(held.ids), 0].tolist()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_how_rows_are_cut_into_batches_changes_nothing(batches: list[int]) -> None:
    parts, whole = Reservoir(3, 8, 1), Reservoir(3, 8, 1)
    offer(parts, batches)
    offer(whole, [sum(batches)])
    assert parts.ids == whole.ids


def test_every_row_is_as_likely_as_another() -> None:
    hits = np.zeros(200)
    for step in range(2_000):
        held = Reservoir(step, 20, 1)
        offer(held, [50, 100, 50])
        hits[[int(id_) for id_ in held.ids]] += 1
    # 2,000 draws of a share of .1: 200 on average, 13.4 of standard deviation, about 180 degrees of freedom
    assert ((hits - 200) ** 2 / 180).sum() < 300
    assert abs(hits[:100].sum() - 20_000) < 500


def test_the_bins_of_most_rows_are_not_asked_for() -> None:
    held, asked = Reservoir(0, 100, 1), list[int]()

    def bins(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return np.zeros((len(rows), 1), dtype=np.uint8)

    for _ in range(1_000):
        held.offer(1_000, str, bins)
    assert sum(asked) < 100 * (1 + np.log(1e6 / 100)) * 1.5


@settings(max_examples=20)
@given(st.lists(st.integers(1, 300), min_size=2, max_size=10), st.integers(1, 9))
def test_a_restored_one_goes_on(batches: list[int], cut: int) -> None:
    whole, part = Reservoir(7, 8, 1), Reservoir(7, 8, 1)
    offer(whole, batches)
    offer(part, batches[:cut])
    again = Reservoir.restore(part.state(), 8, 1)
    offer(again, batches[cut:])
    assert again.ids == whole.ids
    assert np.array_equal(again.bins, whole.bins)


@pytest.mark.parametrize(("variables", "size"), [(1, 64), (30, 64), (2_000, 32), (100_000, 16), (0, 64)])
def test_wide_rows_are_kept_less_often(variables: int, size: int) -> None:
    assert Samples(variables, 64).size == size
    assert variables > 4_096 or size * variables <= CELLS


def keep(samples: Samples, step: int, rows: int = 2) -> None:
    """Shows rows of a step, whose ids tell it."""
    bins: Callable[[np.ndarray], np.ndarray] = lambda index: np.zeros((len(index), 1), dtype=np.uint8)  # noqa: E731
    samples.of(step).offer(rows, lambda row: f"{step}-{row}", bins)


def steps(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(id_.partition("-")[0] for id_ in ids))


def test_the_last_steps_are_kept_the_newest_first() -> None:
    samples = Samples(1, steps=3)
    for step in range(6):
        keep(samples, step)
        samples.complete(step - 1)
    assert [id_[:2] for id_ in samples.last().ids] == ["5-", "5-", "4-", "4-", "3-", "3-"]
    assert sorted(samples.between(5, 5).ids) == ["5-0", "5-1"]
    assert steps(samples.between(0, 4).ids) == ["4", "3", "2"], "three that are complete"
    assert samples.last().bins.shape == (6, 1)
    assert Samples(4, 3).last().bins.shape == (0, 4)


def test_rows_of_an_older_step_that_come_later_push_out_no_newer_ones() -> None:
    samples = Samples(1, steps=2)
    for step in (5, 6, 3, 4):
        keep(samples, step)
    samples.complete(6)
    keep(samples, 7)
    assert steps(samples.between(0, 9).ids) == ["7", "6"]
    assert steps(samples.between(0, 6).ids) == ["6", "5"]
    assert steps(samples.between(0, 4).ids) == []


def test_all_steps_that_wait_for_late_rows_have_examples_though_fewer_of_each() -> None:
    samples = Samples(1, steps=3)
    for step in range(500):
        keep(samples, step, rows=200)
    keep(samples, -1, rows=200)
    again = Samples(1, steps=3)
    again.restore(samples.state())
    for held in (samples, again):
        assert [len(held.between(step, step).ids) for step in (-1, 0, 100, 400, 495, 499)] == [FEW] * 4 + [64, 64]
        assert len(held.last().ids) == 3 * 64
        assert held.between(100, 100).ids == alone_of(100).ids[:FEW]


def alone_of(step: int) -> Reservoir:
    """What is kept of one step alone."""
    alone = Samples(1, steps=3)
    keep(alone, step, rows=200)
    return alone.of(step)
