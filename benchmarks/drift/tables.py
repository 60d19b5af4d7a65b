"""Rows and baselines to measure drift with."""

from __future__ import annotations

import numpy as np

from otel_ml.drift import Baseline

BASELINE_ROWS = 10_000


def names(features: int) -> list[str]:
    """Of the columns."""
    return [f"f{index}" for index in range(features)]


def numbers(rows: int, features: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers of shape (rows, features)."""
    return np.random.default_rng(seed).normal(size=(rows, features))


def columns(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """A matrix as columns by name: views of it."""
    return dict(zip(names(matrix.shape[1]), matrix.T, strict=True))


def baseline(features: int, *, projections: bool = False) -> Baseline:
    """A baseline of 20 bins a feature, fitted to `BASELINE_ROWS` rows."""
    return Baseline.fit(columns(numbers(BASELINE_ROWS, features, seed=99)), projections=projections)


def kinds(rows: int, seed: int = 1) -> dict[str, np.ndarray]:
    """A column of each kind that values come in."""
    rng = np.random.default_rng(seed)
    words = np.array([f"w{chr(97 + index)}rd" for index in range(16)])
    carriers = np.array([f"carrier {index}" for index in range(20)])
    days = np.datetime64("2026-01-01") + rng.integers(0, 10**7, rows).astype("m8[s]")
    some = rng.normal(size=rows)
    some[rng.random(rows) < 0.1] = np.nan
    return {
        "float64": rng.normal(size=rows),
        "float64, a tenth null": some,
        "float32": rng.normal(size=rows).astype(np.float32),
        "int64": rng.integers(0, 100_000, rows),
        "bool": rng.random(rows) < 0.5,
        "category as number": rng.integers(0, 8, rows),
        "category as text (objects)": carriers.astype(object)[rng.integers(0, 20, rows)],
        "category as text (numpy)": carriers[rng.integers(0, 20, rows)],
        "datetime64": days,
        "objects, some of them None": np.array([None if x != x else x for x in some.tolist()], dtype=object),
        "text of 16 words: length, words, letters": np.array(
            [" ".join(line) for line in words[rng.integers(0, 16, (rows, 16))]], dtype=object
        ),
    }
