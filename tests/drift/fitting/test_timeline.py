"""Which block a row belongs to: the same in any chunks and parts, and never too many of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.fitting.timeline import MAX_BLOCKS, ROWS, Timeline

TIMES = st.floats(-1e10, 1e10) | st.sampled_from([float("nan"), float("inf")])

PARTS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400), st.integers(1, 3_000)), min_size=1, max_size=6)
"""The hour at which each begins, for how many it lasts, and rows in each of them."""


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


@settings(max_examples=60, deadline=None)
@given(PARTS)
def test_merged_timelines_have_the_blocks_of_one(parts: list[tuple[int, int, int]]) -> None:
    chunks = [np.linspace(first, first + hours, hours * rows) * 3_600 for first, hours, rows in parts]
    once, joint = Timeline(timed=True), Timeline(timed=True)
    slots: list[np.ndarray] = []
    for chunk in chunks:
        once.assign(len(chunk), chunk)
        part = Timeline(timed=True)
        new, regroupings = part.assign(len(chunk), chunk)
        assert not any((places < 0).any() for places in regroupings)
        mine, theirs = joint.merge(part)
        slots = [*(np.append(mine, -1)[old] for old in slots), np.append(theirs, -1)[new]]
    assert joint.blocks <= MAX_BLOCKS
    keys = np.floor(np.concatenate(chunks) / joint.width).astype(int)
    kept = np.concatenate(slots) >= 0
    assert kept.any()
    assert len(np.unique(keys[kept])) == joint.blocks
    assert (np.concatenate(slots)[kept] == np.searchsorted(np.unique(keys[kept]), keys[kept])).all()


def test_long_parts_in_order_of_rows_have_as_many_blocks_each() -> None:
    joint = Timeline(timed=False)
    blocks = list[np.ndarray]()
    for _ in range(4):
        part = Timeline(timed=False)
        for _ in range(20):
            part.assign(16_384, None)
        mine, theirs = joint.merge(part)
        blocks = [*(np.append(mine, -1)[old] for old in blocks), theirs]
    assert sum((places >= 0).sum() for places in blocks) == joint.blocks > MAX_BLOCKS - 10
    assert min((places >= 0).sum() for places in blocks) >= 8
    assert joint.follows().sum() >= joint.blocks / 2 - 1


def test_numbers_that_are_no_times_do_no_harm() -> None:
    timeline = Timeline(timed=True)
    slots, _ = timeline.assign(3, np.array([1e300, -1e300, 0.0]))
    assert sorted(slots) == [0, 1, 2]


def test_blocks_with_a_gap_between_them_are_no_neighbours() -> None:
    timeline = Timeline(timed=True)
    timeline.assign(4, np.array([0.0, 60.0, 600.0, 660.0]))
    assert timeline.follows().tolist() == [False, True, False, True]
