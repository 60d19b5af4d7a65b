"""E-values of a share."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import binom

from otel_ml.drift.detection.rare import log_evidence_rare


@pytest.mark.parametrize(("lower", "upper"), [(0.0, 0.003), (0.2, 0.4), (0.6, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("rows", [1, 30, 1000])
def test_the_expectation_is_at_most_one_between_the_limits(lower: float, upper: float, rows: int) -> None:
    hits = np.arange(rows + 1.0)
    logs = log_evidence_rare(hits, np.full(rows + 1, rows), np.array(upper), np.array(lower))
    for share in np.linspace(lower, upper, 7):
        assert logsumexp(logs + binom.logpmf(hits, rows, share)) <= 1e-9


def test_beyond_either_limit_there_is_evidence() -> None:
    rows = np.full(3, 1000.0)
    few, usual, many = log_evidence_rare(np.array([100.0, 300.0, 500.0]), rows, np.array(0.4), np.array(0.2))
    assert few > 20
    assert many > 10
    assert usual < 0


def test_where_there_is_no_limit_nothing_is_found() -> None:
    rows = np.full(2, 1000.0)
    found = log_evidence_rare(np.array([0.0, 1000.0]), rows, np.array(1.0), np.array(0.0))
    assert (found <= 0).all()


def test_one_percent_of_nulls_is_found_in_a_few_thousand_rows() -> None:
    assert log_evidence_rare(np.array(40), np.array(4000), np.array(0.003), np.array(0.0)) > 16


def test_a_limit_of_nothing_is_passed_by_one_hit() -> None:
    assert log_evidence_rare(np.array(1), np.array(1000), np.array(1e-9), np.array(0.0)) > 5
