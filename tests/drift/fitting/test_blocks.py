"""Blocks of time: rows that resemble their neighbours show, and independent ones do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.fitting.blocks import LEAST_BLOCKS, Blocks, Variation, together, variation
from otel_ml.drift.fitting.timeline import MAX_BLOCKS, ROWS, Timeline


def fitted(**columns: object) -> dict[str, tuple[float, float]]:
    baseline = Baseline.fit(columns, projections=False, ordered=True)
    return {v.name: (v.overdispersion, v.block_distance) for v in baseline.variables}


def in_blocks(rng: np.random.Generator, rows: int, size: int, spread: float) -> np.ndarray:
    """Normal values whose mean changes every `size` rows."""
    return rng.normal(size=rows) + np.repeat(rng.normal(size=-(-rows // size)) * spread, size)[:rows]


@pytest.mark.parametrize("rows", [3_000, 20_000, 100_000])
def test_independent_rows_vary_as_chance_has_it(rows: int) -> None:
    rng = np.random.default_rng(11)
    columns = {f"x{i}": rng.normal(size=rows) for i in range(10)}
    columns |= {f"c{i}": rng.choice(["a", "b", "c"], rows, p=[0.7, 0.2, 0.1]) for i in range(10)}
    found = fitted(**columns).values()
    assert sum(phi != 1.0 for phi, _ in found) <= 1
    assert max(phi for phi, _ in found) < 1.3
    assert sum(distance > 0.0 for _, distance in found) <= 2
    assert max(distance for _, distance in found) < 0.06


@pytest.mark.parametrize(("size", "spread"), [(50, 1.0), (500, 0.5), (500, 1.0)])
def test_bursts_of_similar_rows_show_as_overdispersion(size: int, spread: float) -> None:
    rng = np.random.default_rng(12)
    rows = 60_000
    cities = np.repeat(rng.choice(["a", "b", "c", "d"], rows // size), size)
    found = fitted(x=in_blocks(rng, rows, size, spread), city=cities, calm=rng.normal(size=rows))
    assert found["x"][0] > 2.5
    assert found["city"][0] > size / 5
    assert found["calm"] == (1.0, 0.0)


def test_slow_change_shows_as_distance_and_less_as_overdispersion() -> None:
    rng = np.random.default_rng(13)
    rows = 60_000
    x = rng.normal(size=rows) + np.sin(np.arange(rows) / rows * 4 * np.pi)
    phi, distance = fitted(x=x)["x"]
    assert distance == pytest.approx(0.36, abs=0.06)  # total variation of a shift by one deviation
    assert phi < 2


def test_the_distance_is_that_between_a_block_and_the_whole() -> None:
    rng = np.random.default_rng(14)
    shares = np.array([[0.5, 0.5], [0.3, 0.7]])
    counts = np.array([rng.multinomial(5_000, shares[i // 20 % 2]) for i in range(40)])
    found = variation(counts, np.arange(40) > 0)
    assert found.distance == pytest.approx(0.1, abs=0.02)
    assert found.blocks == 40


def test_few_blocks_tell_nothing() -> None:
    counts = np.array([[500, 500], [900, 100]] * (LEAST_BLOCKS // 2 - 1))
    assert variation(counts, np.ones(len(counts), dtype=bool)) == Variation(1.0, 0.0, len(counts))
    assert variation(np.array([[3, 4]] * 60), np.ones(60, dtype=bool)).blocks == 0


def test_a_sample_of_the_rows_tells_of_all_of_them() -> None:
    rng = np.random.default_rng(15)
    values = in_blocks(rng, 200_000, 100, 1.0)
    edges = np.quantile(values, np.arange(1, 10) / 10)
    chosen = np.sort(rng.choice(len(values), 40_000, replace=False))
    estimates = []
    for rows, fraction in ((np.arange(len(values)), 1.0), (chosen, 0.2)):
        blocks = Blocks(10)
        blocks.add(rows * 50 // len(values), np.searchsorted(edges, values[rows]))
        estimates.append(variation(blocks.counts[:50], np.arange(50) > 0, fraction).overdispersion)
    assert estimates[1] == pytest.approx(estimates[0], rel=0.3)


def test_parts_are_taken_together() -> None:
    assert together([]) == Variation()
    assert together([Variation(3.0, 0.1, 20), Variation(1.0, 0.2, 60), Variation(9.0, 0.9, 3)]) == Variation(
        1.5, 0.2, 80
    )


def assigned(timeline: Timeline, chunks: list[tuple[int, np.ndarray | None]]) -> np.ndarray:
    """The block of every row in the end, after all regrouping."""
    slots: list[np.ndarray] = []
    for rows, times in chunks:
        new, regroupings = timeline.assign(rows, times)
        for places in regroupings:
            slots = [np.append(places, -1)[old] for old in slots]
        slots.append(new)
    return np.concatenate(slots)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30_000), min_size=1, max_size=12))
def test_blocks_of_rows_are_whole_whatever_the_chunks(sizes: list[int]) -> None:
    timeline = Timeline(timed=False)
    slots = assigned(timeline, [(size, None) for size in sizes])
    keys = np.arange(sum(sizes)) // int(timeline.width)
    kept = slots >= 0
    if sum(sizes) <= ROWS * MAX_BLOCKS // 2:
        assert kept.all()
    assert len(np.unique(keys[kept])) == timeline.blocks <= MAX_BLOCKS
    assert (slots[kept] == np.searchsorted(np.unique(keys[kept]), keys[kept])).all()
    assert timeline.width <= ROWS
    assert timeline.blocks > MAX_BLOCKS // 4 or timeline.width == 128


def test_blocks_are_taken_from_all_over_many_rows_and_in_pairs() -> None:
    timeline = Timeline(timed=False)
    slots = assigned(timeline, [(16_384, None)] * 120)
    kept = np.unique(np.flatnonzero(slots >= 0) // ROWS)
    assert timeline.width == ROWS
    assert len(kept) == timeline.blocks >= MAX_BLOCKS - 2
    assert timeline.follows().sum() >= timeline.blocks / 2 - 1
    assert np.histogram(kept, bins=4, range=(0, 120 * 16_384 // ROWS))[0].min() > MAX_BLOCKS / 8
    assert (np.bincount(slots[slots >= 0]) == ROWS).sum() >= timeline.blocks - 2


TIMES = st.floats(-1e10, 1e10) | st.sampled_from([float("nan"), float("inf")])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(TIMES, min_size=1, max_size=50), min_size=1, max_size=8))
def test_blocks_of_seconds_do_not_depend_on_order_or_chunks(chunks: list[list[float]]) -> None:
    times = [np.array(chunk) for chunk in chunks]
    timeline = Timeline(timed=True)
    slots = assigned(timeline, [(len(chunk), chunk) for chunk in times])
    everything = np.concatenate(times)
    known = np.isfinite(everything)
    assert (slots[~known] == -1).all()
    keys = np.floor(everything[known] / timeline.width)
    assert (slots[known] == np.unique(keys, return_inverse=True)[1]).all()
    assert timeline.blocks <= MAX_BLOCKS


def test_what_goes_up_and_down_within_a_day_shows() -> None:
    rng = np.random.default_rng(16)
    hours = np.arange(30 * 24 * 400) / 400
    x = rng.normal(size=len(hours)) + np.sin(hours / 24 * 2 * np.pi)
    baseline = Baseline.fit({"x": x, "calm": rng.normal(size=len(hours)), "t": hours * 3600}, time="t")
    found = {variable.name: variable for variable in baseline.variables}
    assert found["x"].block_distance > 0.2
    assert found["calm"].block_distance < 0.02
    assert found["projection_00"].block_distance > 0.1  # too thin a sample to show by itself


def test_numbers_that_are_no_times_do_no_harm() -> None:
    timeline = Timeline(timed=True)
    slots, _ = timeline.assign(3, np.array([1e300, -1e300, 0.0]))
    assert sorted(slots) == [0, 1, 2]


def test_blocks_with_a_gap_between_them_are_no_neighbours() -> None:
    timeline = Timeline(timed=True)
    timeline.assign(4, np.array([0.0, 60.0, 600.0, 660.0]))
    assert timeline.follows().tolist() == [False, True, False, True]
