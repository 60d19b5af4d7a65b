"""How far flights differ from those trained on, worked out from the flights themselves and without otel-ml's help."""

import numpy as np
import pandas as pd

from examples.flights.data import CATEGORIES

PARTS = 20
RARE = 0.002
"""Share of odd values that is no news."""


def total_variation(trained: pd.Series, now: pd.Series) -> float:
    """Half the sum of differences between shares of categories, or of as many parts as equal as ties allow; 0 to 1."""
    if trained.name in CATEGORIES:
        then, present = trained.value_counts(normalize=True), now.value_counts(normalize=True)
        return float(present.sub(then, fill_value=0).abs().sum() / 2)
    edges = np.unique(trained.dropna().quantile(np.linspace(0, 1, PARTS + 1)[1:-1]))
    parts = [
        np.bincount(np.searchsorted(edges, values.dropna()), minlength=len(edges) + 1) / max(1, values.notna().sum())
        for values in (trained, now)
    ]
    return float(np.abs(parts[0] - parts[1]).sum() / 2)


def odd(trained: pd.Series, now: pd.Series, event: str) -> pd.Series:
    """Which values are null, out of the range of those trained on, or none of their categories."""
    if event == "null":
        return now.isna()
    if event == "unseen":
        unknown: pd.Series = now.notna() & ~now.isin(trained.dropna().unique())
        return unknown
    outside: pd.Series = (now < trained.min()) | (now > trained.max())
    return outside


def is_so(trained: pd.Series, now: pd.Series, cause: str, tolerance: float) -> bool:
    """Whether an alarm tells the truth: of a distribution, or of an event that has become more or less frequent."""
    if cause not in ("null", "unseen", "range"):
        return total_variation(trained, now) > tolerance
    before, after = odd(trained, trained, cause).mean(), odd(trained, now, cause).mean()
    return after > max(2 * before, before + RARE) or abs(after - before) > tolerance


def steady(trained: pd.DataFrame, flights: pd.DataFrame, features: list[str], tolerance: float) -> list[str]:
    """Features that are in every month as they were when the model was trained."""
    months = [month for _, month in flights.groupby(flights["departs"].dt.month)]
    return [
        name
        for name in features
        if not any(
            is_so(trained[name], month[name], cause, tolerance)
            for month in months
            for cause in ("distribution", "null", "unseen" if name in CATEGORIES else "range")
        )
    ]
