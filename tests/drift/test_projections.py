from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from otel_ml.drift.projections import (
    MAX_COMPONENTS,
    MAX_FEATURES,
    RESIDUAL,
    fit_projections,
    project,
    projection_names,
)
from otel_ml.drift.variables import Projections

Rows = Callable[..., np.ndarray]


def names(count: int) -> list[str]:
    return [f"f{index}" for index in range(count)]


def fitted(sample: np.ndarray, seed: int = 0) -> Projections:
    found = fit_projections(sample, names(sample.shape[1]), seed)
    assert found is not None
    return found


def pair(rng: np.random.Generator, rows: int, features: int, correlation: float) -> np.ndarray:
    """Standard normal features, of which the first two are correlated: each alone is the same whatever the correlation."""
    data = rng.normal(size=(rows, features))
    data[:, 1] = correlation * data[:, 0] + np.sqrt(1 - correlation**2) * data[:, 1]
    return data


def factors(rng: np.random.Generator, rows: int, features: int) -> np.ndarray:
    """Many features made of five."""
    loads = np.random.default_rng(1).normal(size=(features, 5))
    data = 0.5 * rng.normal(size=(rows, features))
    data += rng.normal(size=(rows, 5)) @ loads.T
    return data


def distance(reference: np.ndarray, current: np.ndarray, bins: int = 20) -> float:
    """Total variation over the reference's quantiles."""
    edges = np.unique(np.quantile(reference, np.arange(1, bins) / bins))

    def shares(values: np.ndarray) -> Any:
        return np.bincount(np.searchsorted(edges, values), minlength=bins) / len(values)

    return float(0.5 * np.abs(shares(reference) - shares(current)).sum())


@pytest.mark.parametrize(("features", "least"), [(2, 0.4), (10, 0.4), (30, 0.3), (100, 0.2)])
def test_a_rotated_pair_moves_the_residual_though_no_feature_moves(features: int, least: float) -> None:
    rng = np.random.default_rng(features)
    projections = fitted(pair(rng, 5_000, features, 0.8))
    before = project(projections, pair(rng, 10_000, features, 0.8))
    same = project(projections, pair(rng, 10_000, features, 0.8))
    rotated = project(projections, pair(rng, 10_000, features, -0.8))
    assert max(distance(before[name], same[name]) for name in before) < 0.05
    assert distance(before[RESIDUAL], rotated[RESIDUAL]) > least


@pytest.mark.parametrize(("features", "least"), [(30, 0.3), (300, 0.2)])
def test_two_columns_in_each_others_place_move_the_residual(features: int, least: float) -> None:
    rng = np.random.default_rng(5)
    projections = fitted(factors(rng, 4_000, features))
    assert len(projections.components) <= MAX_COMPONENTS
    before = project(projections, factors(rng, 10_000, features))[RESIDUAL]
    data = factors(rng, 10_000, features)
    means, scales = np.array(projections.means), np.array(projections.scales)
    standard = (data - means) / scales
    standard[:, [0, 1]] = standard[:, [1, 0]]  # with the mean and spread of the place, so that each column looks right
    assert distance(before, project(projections, standard * scales + means)[RESIDUAL]) > least
    assert distance(before, project(projections, factors(rng, 10_000, features))[RESIDUAL]) < 0.05


def test_an_embedding_of_another_topic_moves_projections() -> None:
    rng = np.random.default_rng(6)
    projections = fitted(factors(rng, 3_000, 256))
    topic = np.random.default_rng(1).normal(size=(256, 5)) @ [1.0, -1.0, 1.0, -1.0, 1.0]
    before = project(projections, factors(rng, 10_000, 256))
    after = project(projections, factors(rng, 10_000, 256) + topic)
    moved = [distance(before[name], after[name]) for name in before if name != RESIDUAL]
    assert sum(value > 0.1 for value in moved) >= 4, moved


def test_the_same_sample_and_seed_give_the_same_projections_and_others_do_not() -> None:
    sample = np.random.default_rng(8).normal(size=(500, 4))
    assert fitted(sample) == fitted(sample.copy())
    assert fitted(sample, seed=1).directions != fitted(sample).directions


def test_rows_are_projected_alike_in_any_batch_and_precision() -> None:
    rng = np.random.default_rng(9)
    sample = factors(rng, 3_000, 12)
    sample[:, 3] = sample[:, 2] * 7  # one and the same feature: what rounding leaves of it must not show
    projections = fitted(sample)
    whole = project(projections, sample)
    for name, values in whole.items():
        one_by_one = [project(projections, sample[row : row + 1])[name][0] for row in range(50)]
        assert one_by_one == values[:50].tolist()
        single = project(projections, sample.astype(np.float32).astype(np.float64))[name]
        assert distance(values, single) < 0.01


def test_nulls_and_infinities_stand_at_the_mean() -> None:
    sample = np.random.default_rng(10).normal(3, size=(1_000, 5))
    sample[::7, 2] = np.nan
    sample[::11, 3] = np.inf
    projections = fitted(sample)
    rows = np.array([[1.0, 2, np.nan, np.inf, -np.inf], [1.0, 2, *projections.means[2:]], [np.nan] * 5])
    found = project(projections, rows)
    for values in found.values():
        assert values[0] == values[1]
        assert values[2] == 0
        assert np.isfinite(values).all()


def test_values_beyond_all_measure_stay_finite() -> None:
    projections = fitted(np.random.default_rng(11).normal(size=(500, 3)))
    found = project(projections, np.array([[1e308, -1e308, 1e308]]))
    assert all(np.isfinite(values).all() for values in found.values())
    wild = fit_projections(np.array([[1e308, 1.0, 2.0], [-1e308, 2.0, 4.0], [1e308, 3.0, 6.5]]), names(3))
    assert wild is not None
    assert np.isfinite([*wild.means, *wild.scales]).all()


@pytest.mark.parametrize(
    "sample", [np.ones((10, 3)), np.empty((0, 3)), np.full((5, 2), np.nan), np.arange(9.0)[:, None]]
)
def test_what_does_not_vary_together_has_no_projections(sample: np.ndarray) -> None:
    assert fit_projections(sample, names(sample.shape[1])) is None


def test_a_constant_has_no_part_in_them() -> None:
    sample = np.random.default_rng(12).normal(size=(500, 4))
    sample[:, 2] = 5.0
    projections = fitted(sample)
    assert {vector[2] for vector in (*projections.components, *projections.directions)} == {0.0}
    assert projections.scales[2] == 1.0


def test_of_very_many_features_some_are_drawn() -> None:
    sample = np.random.default_rng(13).normal(size=(40, MAX_FEATURES + 500))
    projections = fitted(sample)
    assert len(projections.features) == MAX_FEATURES
    assert list(projections.features) == sorted(projections.features, key=lambda name: int(name[1:]))
    assert set(project(projections, sample[:, :MAX_FEATURES])) == set(projection_names(projections))
