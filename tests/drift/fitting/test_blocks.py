"""Blocks of time: rows that resemble their neighbours show, and independent ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.fitting.blocks import LEAST_BLOCKS, Blocks, Variation, together, variation


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


@pytest.mark.parametrize("rows", [20, 60, 400])
def test_what_goes_up_and_down_within_a_day_shows(rows: int) -> None:
    """With so many rows an hour."""
    rng = np.random.default_rng(16)
    hours = np.arange(30 * 24 * rows) / rows
    x = rng.normal(size=len(hours)) + np.sin(hours / 24 * 2 * np.pi)
    baseline = Baseline.fit({"x": x, "calm": rng.normal(size=len(hours)), "t": hours * 3600}, time="t")
    found = {variable.name: variable for variable in baseline.variables}
    assert found["x"].block_distance > 0.2
    assert found["calm"].block_distance < 0.02
    assert found["projection_00"].block_distance > 0.1  # too thin a sample to show by itself


DAYS = 28
PER_DAY = 2_880


def weeks() -> dict[str, np.ndarray]:
    """Four weeks of rows, with a feature and a category that are others at the weekend, and one of each that is not."""
    rng = np.random.default_rng(18)
    rows = DAYS * PER_DAY
    when = np.sort(rng.uniform(0, DAYS * 86_400, rows))
    weekend = when // 86_400 % 7 >= 5
    return {
        "t": when,
        "x": rng.normal(size=rows) + weekend,
        "ties": np.where(rng.random(rows) < 0.4, 1.5, rng.normal(size=rows) + weekend),
        "plan": np.where(rng.random(rows) < np.where(weekend, 0.7, 0.4), "basic", rng.choice(["pro", "team"], rows)),
        "calm": rng.normal(size=rows),
        "calm_plan": rng.choice(["a", "b", "c", "d"], rows, p=[0.4, 0.3, 0.2, 0.1]),
    }


def variations(baseline: Baseline) -> dict[str, tuple[float, float]]:
    return {v.name: (v.overdispersion, v.block_distance) for v in baseline.variables if v.subject == "feature"}


def merged(data: dict[str, np.ndarray], parts: np.ndarray, **options: object) -> Baseline:
    """Fits parts that are told by a number for each row, and merges them."""
    chosen = [np.flatnonzero(parts == part) for part in np.unique(parts)]
    return Baseline.merge(
        *(
            Baseline.fit({name: column[rows] for name, column in data.items()}, projections=False, **options)  # type: ignore[arg-type]
            for rows in chosen
        )
    )


@pytest.mark.parametrize("shards", [None, 4], ids=["a fit of each day", "random shards"])
def test_merged_parts_vary_as_one_fit_does(shards: int | None) -> None:
    data = weeks()
    days = (data["t"] // 86_400).astype(int)
    expected = variations(Baseline.fit(data, time="t", projections=False))
    found = merged(data, np.arange(len(days)) % shards if shards else days, time="t")
    assert found.blocks >= 40
    assert min(expected[name][1] for name in ("x", "ties", "plan")) > 0.15
    for name, (phi, distance) in variations(found).items():
        if not shards:  # thin ones have wide blocks, whose neighbours are less alike
            assert phi == pytest.approx(expected[name][0], abs=1.5), name
        assert distance == pytest.approx(expected[name][1], abs=0.05), name
    assert variations(found)["calm"] == variations(found)["calm_plan"] == (1.0, 0.0)


def test_parts_in_order_of_time_follow_each_other() -> None:
    data = weeks()
    days = (data.pop("t") // 86_400).astype(int)
    found = variations(merged(data, days, ordered=True))
    assert found["x"][1] == pytest.approx(variations(Baseline.fit(data, ordered=True))["x"][1], abs=0.05)
    assert found["calm"] == (1.0, 0.0)
    assert set(variations(merged(data, days)).values()) == {(1.0, 0.0)}


def test_a_column_that_came_later_has_the_blocks_of_its_parts() -> None:
    data = weeks()
    first, then = (data["t"] < 7 * 86_400), (data["t"] >= 7 * 86_400)
    early = Baseline.fit({"t": data["t"][first], "calm": data["calm"][first]}, time="t")
    late = Baseline.fit({name: column[then] for name, column in data.items()}, time="t")
    for one, other in ((early, late), (late, early)):
        with pytest.warns(UserWarning, match="not in every chunk"):
            joint = variations(Baseline.merge(one, other))
        assert joint["x"][1] == pytest.approx(variations(late)["x"][1], abs=0.01)
