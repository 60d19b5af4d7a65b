"""Scores of many variables of all kinds at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift import Variable, layout
from otel_ml.drift.report import SCORES
from otel_ml.drift.scoring import Scorer
from otel_ml.drift.statistics.distances import distances
from tests.drift.made import ROWS, categorical, numeric

VARIABLES = (
    numeric("a", 10),
    categorical("city", "Oslo", "Rome", "Lima"),
    Variable("secret", kind="masked", rows=ROWS, nulls=200),
    numeric("score", 20, subject="score"),
)


def window(rows: int, seed: int = 0) -> np.ndarray:
    rng, mask = np.random.default_rng(seed), layout.bins(VARIABLES)
    counts = np.zeros(mask.shape, dtype=np.int64)
    for own, real in zip(counts, mask, strict=True):
        if real.any():
            own[real] = rng.multinomial(rows, rng.dirichlet(np.full(int(real.sum()), 5.0)))
    counts[2, [layout.NULL, layout.FIRST]] = rows // 4, rows - rows // 4
    return counts


def test_each_variable_is_scored_as_if_it_were_alone() -> None:
    reference, counts = layout.reference(VARIABLES), window(5_000)
    together = Scorer(VARIABLES, reference).scores(counts)
    assert set(together.values) == set(together.noise) == set(SCORES)
    for index in (0, 1, 3):
        own, width = [VARIABLES[index]], layout.width([VARIABLES[index]])
        alone = Scorer(own, reference[index : index + 1, :width]).scores(counts[index : index + 1, :width])
        for name in SCORES:
            np.testing.assert_allclose(together.values[name][index], alone.values[name][0], rtol=1e-12)
            np.testing.assert_allclose(together.noise[name][index], alone.noise[name][0], rtol=0.03)  # some are drawn


def test_scores_are_those_of_the_formula_sheet() -> None:
    counts = window(5_000)
    found = Scorer(VARIABLES, layout.reference(VARIABLES)).scores(counts)
    now, then = counts[1, 5:9], layout.reference(VARIABLES)[1, 5:9]
    expected = distances(
        now[None], then[None], mask=np.ones((1, 4)), ordered=[False], centers=np.zeros((1, 4)), std=[np.nan]
    )
    for name, value in expected.items():
        np.testing.assert_allclose(found.values[name][1], value[0], rtol=1e-12)
    assert np.isnan(found.values["wasserstein"][1])


def test_of_a_masked_variable_there_are_nulls() -> None:
    found = Scorer(VARIABLES, layout.reference(VARIABLES)).scores(window(4_000))
    assert found.values["null_rate"][2] == pytest.approx(0.25 - 0.01)
    assert np.isnan(found.values["psi"][2])
    assert found.rows.tolist() == [4_000] * 4


def test_a_window_without_rows_has_no_scores() -> None:
    found = Scorer(VARIABLES, layout.reference(VARIABLES)).scores(np.zeros((4, 25), dtype=np.int64))
    assert all(np.isnan(values).all() for values in (*found.values.values(), *found.noise.values()))


def test_without_a_reference_there_are_no_scores() -> None:
    found = Scorer(VARIABLES, np.zeros((4, 25), dtype=np.int64)).scores(window(5_000))
    assert all(np.isnan(values).all() for values in found.values.values())


def test_rows_in_blocks_tell_less() -> None:
    plain, blocky = numeric("a"), replace(numeric("a"), overdispersion=9.0)
    counts = window(5_000)[:1, :15]
    noise = [Scorer([one], layout.reference([one])).scores(counts).noise["mean_shift"][0] for one in (plain, blocky)]
    assert noise[1] == pytest.approx(3 * noise[0], rel=0.25)
