"""Numbers that move when features change together, though each of them alone looks as before.

`pca_residual` is how far a row lies outside of where the training rows lay. Principal components that explain `EXPLAINED` of
the variance span that place, and what they leave over is measured. Where features go together there is next to no spread
in it, so that a row that breaks the rule stands out. If few directions are left over, each is taken in units of its own
spread: in plain units the ones with most would drown the others. If many are, few components explain all the others, and
are what is kept.

`projection_00` and so on are seeded random directions, for what moves along the principal components, such as the mean of an
embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from otel_ml.drift.variables import Projections

RESIDUAL: Final = "pca_residual"

EXPLAINED: Final = 0.9
"""Share of the variance that the principal components leave out of the residual."""

MAX_COMPONENTS: Final = 64
"""Directions that are kept. If neither the principal components nor the others are as few: those with the least spread."""

DIRECTIONS: Final = 8

MAX_FEATURES: Final = 1_024
"""Features that are projected, drawn at random from more: finding the components takes the cube of their number."""

_LIMIT: Final = 10.0  # standard deviations: one wild value must not drown all others
_LEAST_SPREAD: Final = 0.01  # variance; below that lies what rounding makes of features that are one and the same
_DECIMALS: Final = 3  # so that neither float32 nor the order in which a sum is taken moves a value across an edge
_BLOCK: Final = 1_024


def fit_projections(sample: np.ndarray, names: Sequence[str], seed: int = 0) -> Projections | None:
    """Finds the directions to project on.

    What a projection is like without drift must be counted from *other* rows than these: the rows that directions were
    fitted to lie nearer to them than any other rows do.

    Args:
        sample: float64 of shape (rows, features); a null is NaN. Ten rows a feature at the least.
        names: of the features.
        seed: of the random directions, and of the choice of features where there are more than `MAX_FEATURES`.

    Returns:
        None if fewer than two features vary.
    """
    rng = np.random.default_rng(seed)
    if len(names) > MAX_FEATURES:
        chosen = np.sort(rng.choice(len(names), MAX_FEATURES, replace=False))
        sample, names = sample[:, chosen], [names[index] for index in chosen]
    means, scales = _moments(sample)
    varies = scales > 0
    if varies.sum() < 2 or len(sample) < 2:
        return None
    scales[~varies] = 1.0
    standard = _standardise(sample, means, scales)[:, varies]
    found, principal = _components(standard)
    components = np.zeros((len(found), len(names)))
    components[:, varies] = found
    directions = np.where(varies, rng.standard_normal((DIRECTIONS, len(names))), 0.0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return Projections(
        features=tuple(names),
        means=_plain(means),
        scales=_plain(scales),
        components=tuple(map(_plain, components)),
        directions=tuple(map(_plain, directions)),
        principal=principal,
    )


def projection_names(projections: Projections) -> tuple[str, ...]:
    """Returns the names of the variables that `project` makes."""
    return (RESIDUAL, *[f"projection_{index:02}" for index in range(len(projections.directions))])


class Projector:
    """Projections ready for use: their numbers as arrays."""

    def __init__(self, projections: Projections) -> None:
        self.names = projection_names(projections)
        self.features = projections.features
        self._means = np.array(projections.means)
        self._scales = np.array(projections.scales)
        self._components = len(projections.components)
        self._principal = projections.principal
        vectors = [*projections.components, *projections.directions]
        self._vectors = np.array(vectors).reshape(len(vectors), len(self.features)).T

    def __call__(self, matrix: np.ndarray) -> np.ndarray:
        """Projects rows.

        Args:
            matrix: float64 of shape (rows, features); a null is NaN.

        Returns:
            float64 of shape (rows, projections), in the order of `names`.
        """
        found = np.empty((len(matrix), len(self.names)))
        for start in range(0, len(matrix), _BLOCK):
            standard = _standardise(matrix[start : start + _BLOCK], self._means, self._scales)
            along = standard @ self._vectors
            target = found[start : start + _BLOCK]
            squares = np.square(along[:, : self._components]).sum(axis=1)
            if self._principal:
                squares = np.maximum(np.square(standard).sum(axis=1) - squares, 0.0)
            target[:, 0] = np.sqrt(squares)
            target[:, 1:] = along[:, self._components :]
        return np.round(found, _DECIMALS)


def project(projections: Projections, matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Projects rows of shape (rows, features), and returns the values of each projection by name."""
    projector = Projector(projections)
    return dict(zip(projector.names, projector(matrix).T, strict=True))


def _components(standard: np.ndarray) -> tuple[np.ndarray, bool]:
    """Finds the directions of the residual, one row each, and whether they are the principal components."""
    variances, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
    variances = np.maximum(variances, 0.0)
    left = int(np.count_nonzero(np.cumsum(variances) <= (1 - EXPLAINED) * variances.sum()))
    left = min(max(left, 1), len(variances) - 1)  # there is always a residual, and always a component
    principal = left > MAX_COMPONENTS >= len(variances) - left
    if principal:
        found = vectors[:, left:].T[::-1].copy()
    else:
        chosen = slice(min(left, MAX_COMPONENTS))
        found = vectors[:, chosen].T / np.sqrt(np.maximum(variances[chosen], _LEAST_SPREAD))[:, None]
    # A component has no sign of its own: choose one, so that a baseline is reproducible.
    found *= np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])[:, None]
    return found, principal


def _moments(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means, and standard deviations that are 0 for what does not vary or can not be told."""
    finite = np.isfinite(sample)
    count = np.maximum(finite.sum(axis=0), 1)
    with np.errstate(all="ignore"):
        means = np.where(finite, sample, 0.0).sum(axis=0) / count
        scales = np.sqrt(np.square(np.where(finite, sample - means, 0.0)).sum(axis=0) / count)
        usable = np.isfinite(means) & np.isfinite(scales) & (scales > 1e-12 * np.abs(means))
    return np.where(np.isfinite(means), means, 0.0), np.where(usable, scales, 0.0)


def _standardise(matrix: np.ndarray, means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        standard: np.ndarray = np.clip((matrix - means) / scales, -_LIMIT, _LIMIT)
    standard[~np.isfinite(matrix)] = 0.0
    return standard


def _plain(numbers: np.ndarray) -> tuple[float, ...]:
    """Seven digits are enough for a direction, and keep a file small."""
    return tuple(float(f"{number:.7g}") for number in numbers.tolist())
