"""Rare categories share bins, so that it shows when many of them vanish, or one becomes frequent."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest

from otel_ml.cli.baseline.compare import compare
from otel_ml.drift.baseline import Baseline
from otel_ml.drift.checking import check
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.fitting.frequent import SLOTS, by_slot
from otel_ml.drift.layout import FIRST, UNSEEN
from otel_ml.drift.variables import Variable

ROWS = 50_000
RNG = np.random.default_rng(1)
CODES = RNG.integers(0, 500, ROWS)


def named(numbers: np.ndarray, many: int = 0) -> np.ndarray:
    return np.char.add("c", (numbers + many).astype(str))


def fitted(column: np.ndarray, **options: object) -> Baseline:
    return Baseline.fit({"code": column}, projections=False, **options)  # type: ignore[arg-type]  # of Options


def counted(baseline: Baseline, column: np.ndarray) -> np.ndarray:
    binner = Binner(baseline)
    found = np.zeros(binner.shape, dtype=np.int64)
    binner.count({"code": column}, len(column), found)
    row: np.ndarray = found[0]
    return row


BASELINE = fitted(named(CODES))
(CODE,) = BASELINE.variables


def test_rare_categories_share_bins_of_about_equal_size() -> None:
    assert (len(CODE.categories), CODE.shared, len(CODE.counts)) == (19, SLOTS, 19 + SLOTS)
    assert max(CODE.counts) < 0.06 * ROWS
    assert CODE.known is not None
    assert len(CODE.known) == 481


@pytest.mark.parametrize(
    ("live", "distance"),
    [
        (RNG.integers(0, 250, 60_000), 0.08),
        (np.where(RNG.random(60_000) < 0.3, 499, RNG.integers(0, 500, 60_000)), 0.25),
    ],
    ids=["half of them vanish", "a rare one becomes frequent"],
)
def test_a_drift_among_rare_categories_raises_an_alarm(live: np.ndarray, distance: float) -> None:
    assert "c499" not in CODE.categories
    (found,) = check({"code": named(live)}, BASELINE, rows_per_step=1_000).features
    assert found.causes == ("distribution",)
    assert found.scores["total_variation"] is not None
    assert found.scores["total_variation"] > distance
    by_index = {one.index: one.label for one in found.bins}
    assert all(name.isdigit() and by_index[name] for name in found.moved)


def test_the_same_categories_raise_none() -> None:
    assert not check({"code": named(RNG.integers(0, 500, 60_000))}, BASELINE, rows_per_step=1_000).alarm


def test_what_was_never_seen_is_unseen_and_counts_beside_rare_ones() -> None:
    live = np.where(np.arange(ROWS) % 10, named(CODES), "new")
    found = counted(BASELINE, live)
    assert (found[UNSEEN], found[FIRST:].sum()) == (ROWS // 10, ROWS)
    (report,) = check({"code": live}, BASELINE, rows_per_step=1_000).features
    assert "unseen" in report.causes


def test_a_bin_is_named_after_some_of_its_categories() -> None:
    names = [CODE.label(index) for index in range(len(CODE.counts))]
    assert len(set(names)) == len(names)
    first = names[19].removesuffix(", …").split(", ")
    assert len(first) == 3
    assert set(first) <= set(CODE.known or ())
    binned = counted(BASELINE, np.array(first))
    assert binned[FIRST + 19] == 3
    unnamed = Variable("x", kind="categorical", known=None, shared=4, counts=(1,) * 4)
    assert unnamed.label(3) == "others 4 of 4"


@pytest.mark.parametrize("many", [1_500, 20_000], ids=["too many to name", "too many to count one by one"])
@pytest.mark.parametrize("as_numbers", [True, False])
def test_categories_that_no_file_names_are_binned_as_they_were_fitted(many: int, as_numbers: bool) -> None:
    numbers = np.minimum(RNG.zipf(1.2, ROWS), many)
    column = numbers if as_numbers else named(numbers)
    baseline = fitted(column, kinds={"code": "categorical"})
    (variable,) = baseline.variables
    assert (variable.known, sum(variable.counts)) == (None, ROWS)
    assert variable.shared >= 8
    found = counted(baseline, column)
    near = 0 if many == 1_500 else ROWS // 1_000
    assert found[UNSEEN] == 0
    assert np.abs(found[FIRST:] - np.array(variable.counts)).max() <= near
    objects = column.astype(object)
    objects[0] = str(objects[0])
    assert counted(baseline, objects).tolist() == found.tolist()
    assert Binner(baseline).bins({"code": column}, ROWS).min() >= FIRST


def test_whole_numbers_among_the_known_ones_that_are_new_find_their_bin() -> None:
    baseline = fitted(CODES * 2, kinds={"code": "categorical"})
    assert baseline.variables[0].shared
    live = np.where(np.arange(ROWS) % 2, CODES * 2, CODES * 2 + 1)
    expected = counted(baseline, live.astype(str).astype(object))
    for column in (live, live.astype(float), live.astype(object)):
        assert counted(baseline, column).tolist() == expected.tolist()
    assert expected[UNSEEN] == ROWS // 2


def test_few_rare_categories_stay_in_the_last_bin() -> None:
    (variable,) = fitted(named(np.minimum(RNG.geometric(0.3, ROWS), 40))).variables
    assert (variable.shared, len(variable.counts)) == (0, 20)


def test_parts_make_the_same_bins_as_the_whole() -> None:
    parts = [fitted(part) for part in np.array_split(named(CODES), 3)]
    merged = Baseline.merge(*(pickle.loads(pickle.dumps(part)) for part in parts))
    assert merged.variables[0].counts == CODE.counts
    assert Baseline.from_json(BASELINE.to_json()).variables == BASELINE.variables


def test_the_sums_by_slot_are_those_of_the_categories() -> None:
    assert by_slot(Counter(named(CODES).tolist())).sum() == ROWS
    assert by_slot({}).tolist() == [0] * SLOTS


@pytest.mark.parametrize("bins", [20, 8, 40])
def test_a_baseline_with_other_shared_bins_differs_only_where_the_data_do(bins: int) -> None:
    same = compare(BASELINE, fitted(named(RNG.integers(0, 500, ROWS)), bins=bins), 0.05)
    assert not same.differs
    other = compare(BASELINE, fitted(named(np.where(RNG.random(ROWS) < 0.3, 499, RNG.integers(0, 500, ROWS)))), 0.05)
    assert other.differs
    assert (other.variables[0].scores["total_variation"] or 0) > 0.25
    older = fitted(named(CODES % 15))
    assert not compare(older, older, 0.05).differs
