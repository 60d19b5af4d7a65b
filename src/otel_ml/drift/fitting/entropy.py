"""How undecided a classifier was."""

from __future__ import annotations

import numpy as np


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Shannon entropy of each row in bits, 0 for a sure one.

    Args:
        probabilities: float64 of shape (rows, classes), not negative, normalised here; a single column is the
            probability of one class of two.

    Returns:
        float64 of shape (rows,); NaN where a probability is missing or can not be one.

    >>> entropy(np.array([[0.5, 0.5], [1.0, 0.0]]))
    array([1., 0.])
    """
    if probabilities.shape[1] == 1:
        probabilities = np.column_stack([probabilities, 1 - probabilities])
    with np.errstate(all="ignore"):
        total = probabilities.sum(axis=1, keepdims=True)
        shares = np.where((total > 0) & (probabilities >= 0).all(axis=1, keepdims=True), probabilities / total, np.nan)
        found = -np.where(shares > 0, shares * np.log2(shares), shares).sum(axis=1)
    return np.where(np.isfinite(found), np.maximum(found, 0.0), np.nan)
