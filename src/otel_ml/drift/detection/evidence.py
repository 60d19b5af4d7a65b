"""Evidence that a variable's distribution is farther from its reference than what does not matter."""

from __future__ import annotations

from typing import Final

import numpy as np

from otel_ml.drift.detection.ball import closest
from otel_ml.drift.detection.rare import log_evidence_rare
from otel_ml.drift.statistics.gamma import gammaln

LEAST_PRIOR: Final = 0.5
"""Of a bin, so that one the reference hardly has does not count as impossible."""


def log_evidence(
    counts: np.ndarray,
    shares: np.ndarray,
    tolerance: np.ndarray,
    concentration: float,
    *,
    earlier: np.ndarray | None = None,
    splits: int = 1,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Log e-values against "the total variation from the reference is at most the tolerance".

    The mean of up to four e-values, each strong for another kind of drift: `log_evidence_any` for any that is large,
    `log_evidence_bins` for a value that appears or vanishes, `log_evidence_learned` for any that lasts, and
    `log_evidence_tilts` for a variable that moves as a whole. Whatever the distribution in the ball, the expectation of
    the result's exponential is at most 1.

    Args:
        counts: shape (..., p, B), of independent rows; 0 in padding.
        shares: of the reference, broadcastable to (..., p, B): above 0 in bins and 0 in padding, adding up to 1.
        tolerance: 0 to below 1, broadcastable to (..., p).
        concentration: of the prior of the alternatives that are not fixed.
        earlier: counts of rows before those, to learn from.
        splits: into how many pairs of earlier and later rows the same stretch is split elsewhere; they share one weight.
        weights: from `tilt_weights`, shape (..., p, G, B), for variables whose bins lie along a line.

    Returns:
        Shape (..., p).

    >>> reference = np.full(20, 1 / 20)
    >>> moved = np.linspace(30, 70, 20)
    >>> [bool(log_evidence(moved, reference, np.array(radius), 100.0) > 0) for radius in (0.0, 0.1)]
    [True, False]
    """
    counts, shares = np.broadcast_arrays(np.asarray(counts, dtype=np.float64), shares)
    tolerance = np.broadcast_to(tolerance, counts.shape[:-1])
    parts = [log_evidence_any(counts, shares, tolerance, concentration), log_evidence_bins(counts, shares, tolerance)]
    if earlier is not None:
        learned = log_evidence_learned(counts, earlier, shares, tolerance, concentration)
        parts.append(learned - np.log(splits))
    if weights is not None:
        parts.append(log_evidence_tilts(counts, weights))
    return log_mean(np.stack(parts, axis=-1))


def evidence_bound(counts: np.ndarray, shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """What `log_evidence` can be at most: the rows times the divergence of what was seen from the ball.

    No e-value of independent rows exceeds that. It is 0 within the ball. Arguments as in `log_evidence`.
    """
    some = np.where(counts.sum(-1, keepdims=True) > 0, counts, shares)
    observed = some / some.sum(-1, keepdims=True)
    nearest = closest(some, shares, tolerance)
    ratio = np.divide(observed, nearest, out=np.ones_like(observed), where=observed > 0)
    return np.asarray((counts * np.log(ratio)).sum(-1))


def quick_bound(counts: np.ndarray, shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """A bound of `evidence_bound` at a fraction of its cost: from the point of the ball on the way to what was seen.

    Arguments as in `log_evidence`.
    """
    rows = counts.sum(-1)
    off = counts / np.maximum(rows, 1e-300)[..., None] - shares
    distance = 0.5 * np.abs(off).sum(-1)
    far = (distance > tolerance) & (rows > 0)
    bound = np.zeros(rows.shape)
    if far.any():
        off, within = off[far], (np.broadcast_to(tolerance, rows.shape)[far] / distance[far])[:, None]
        near = np.broadcast_to(shares, counts.shape)[far] + within * off
        chi_square = np.divide(np.square((1.0 - within) * off), near, out=np.zeros_like(off), where=near > 0).sum(-1)
        bound[far] = rows[far] * np.log1p(chi_square)
    return bound


def log_evidence_any(counts: np.ndarray, shares: np.ndarray, tolerance: np.ndarray, concentration: float) -> np.ndarray:
    """The Dirichlet-multinomial likelihood, centred on the reference, over the largest likelihood in the ball.

    (Universal inference: Wasserman, Ramdas, Balakrishnan, 2020.) Arguments as in `log_evidence`.
    """
    marginal = log_marginal(counts, prior_of(shares, concentration))
    some = np.where(counts.sum(-1, keepdims=True) > 0, counts, shares)
    best = closest(some, shares, tolerance)
    return np.asarray(marginal - (counts * np.log(np.where(counts > 0, best, 1.0))).sum(-1))


def log_evidence_learned(
    counts: np.ndarray, earlier: np.ndarray, shares: np.ndarray, tolerance: np.ndarray, concentration: float
) -> np.ndarray:
    """The likelihood under what earlier rows suggest, over that under the distribution of the ball closest to it.

    The reasoning is that of `tilt_weights`: the earlier rows fix the alternative. With none it hardly differs from the reference,
    and the result is about 0. Arguments as in `log_evidence`.
    """
    alternative = learned(earlier, shares, concentration)
    nearest = closest(alternative, shares, tolerance)
    return np.asarray((counts * log_ratio(alternative, nearest)).sum(-1))


def learned(counts: np.ndarray, shares: np.ndarray, concentration: float) -> np.ndarray:
    """Shares that counts suggest to one who expected those of the reference."""
    posterior = counts + prior_of(shares, concentration)
    return np.asarray(posterior / posterior.sum(-1, keepdims=True))


def prior_of(shares: np.ndarray, concentration: float) -> np.ndarray:
    """Of a Dirichlet distribution around the reference; 0 in padding."""
    return np.where(shares > 0, np.maximum(concentration * shares, LEAST_PRIOR), 0.0)


def log_marginal(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Log likelihood of rows, in their order, whose shares are drawn from a Dirichlet distribution.

    Args:
        counts: shape (..., B).
        prior: its parameters, of the same shape; 0 in padding.
    """
    total, safe = prior.sum(-1), np.where(prior > 0, prior, 1.0)
    spread = (gammaln(safe + counts) - gammaln(safe)).sum(-1)
    return np.asarray(gammaln(total) - gammaln(total + counts.sum(-1)) + spread)


def log_evidence_bins(counts: np.ndarray, shares: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """The mean over the bins of the evidence that a bin's own share is off by more than the tolerance.

    Bins that do not look like it count as nothing; minus infinity where none does. Arguments as in `log_evidence`.
    """
    bins = shares > 0
    rows = np.broadcast_to(counts.sum(-1, keepdims=True), counts.shape)
    upper, lower = shares + tolerance[..., None], shares - tolerance[..., None]
    off = bins & ((counts > rows * upper) | (counts < rows * lower))
    each = np.full(counts.shape, -np.inf)
    each[off] = log_evidence_rare(counts[off], rows[off], upper[off], lower[off])
    some = off.any(-1)
    found = np.full(counts.shape[:-1], -np.inf)
    found[some] = np.logaddexp.reduce(each[some], axis=-1) - np.log(bins[some].sum(-1))
    return found


def log_evidence_tilts(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean over the `tilts` of their likelihood ratios.

    Args:
        counts: shape (..., p, B).
        weights: shape (..., p, G, B).
    """
    return log_mean((weights @ counts[..., None])[..., 0])


def log_ratio(shares: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The log of a ratio of shares, 0 in padding."""
    bins = others > 0
    return np.asarray(np.log(np.divide(shares, others, out=np.ones_like(shares), where=bins)))


def log_mean(logs: np.ndarray) -> np.ndarray:
    """The log of the mean of exponentials over the last axis."""
    top = logs.max(-1, keepdims=True)
    return np.asarray((top + np.log(np.exp(logs - top).mean(-1, keepdims=True)))[..., 0])
