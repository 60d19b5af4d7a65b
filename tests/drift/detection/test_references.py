"""What is compared with, and how much of a difference from it does not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift import layout
from otel_ml.drift.detection.references import Known, Reference
from otel_ml.drift.settings import Reference as Kind
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Variable

AGE = Variable("age", rows=10_000, edges=tuple(map(float, range(19))), counts=(500,) * 20)
FIRST = np.array([0])


def tolerance(variable: Variable, settings: Settings | None = None, streams: int = 100) -> float:
    known = Known([variable], settings or Settings(), streams)
    return float(Reference(layout.reference([variable])[None], known).tolerance(FIRST, FIRST)[0])


def limits(variable: Variable, cause: int = layout.NULL) -> tuple[float, float]:
    known = Known([variable], Settings(), 100)
    found = Reference(layout.reference([variable])[None], known).limits(FIRST, FIRST, np.array([cause]))
    return float(found[0][0]), float(found[1][0])


def with_rows(rows: int) -> Variable:
    return replace(AGE, rows=rows, counts=(rows // 20,) * 20)


def with_nulls(nulls: int) -> Variable:
    return replace(AGE, rows=10_000 + nulls, nulls=nulls)


def test_with_rows_enough_it_is_the_practical_tolerance() -> None:
    assert tolerance(with_rows(10_000)) == 0.05
    assert tolerance(with_rows(10_000), Settings(tolerance=0.2)) == 0.2


def test_a_small_reference_is_noise_itself() -> None:
    assert 0.055 < tolerance(with_rows(2_000)) < 0.07
    assert tolerance(with_rows(2_000)) > tolerance(with_rows(3_000)) > 0.05


@pytest.mark.parametrize("kind", ["previous", "last_week"])
def test_a_reference_that_moves_is_drawn_anew_at_every_step_and_so_has_to_be_safer(kind: Kind) -> None:
    assert tolerance(with_rows(2_000), Settings(reference=kind)) > 1.1 * tolerance(with_rows(2_000))


def test_rows_alike_are_fewer_rows() -> None:
    assert tolerance(replace(with_rows(8_000), overdispersion=4.0)) == pytest.approx(
        tolerance(with_rows(2_000)), rel=0.01
    )


def test_blocks_that_vary_are_allowed_for() -> None:
    assert tolerance(replace(AGE, block_distance=0.04)) == pytest.approx(0.12)
    moving = tolerance(replace(AGE, block_distance=0.04), Settings(reference="previous"))
    assert moving == pytest.approx(0.12 * np.sqrt(2))


def test_a_variable_whose_blocks_seem_not_to_vary_is_taken_as_the_usual_one() -> None:
    known = Known([replace(AGE, block_distance=one) for one in (0.0, 0.03, 0.03, 0.05)], Settings(), 100)
    assert known.tolerance == pytest.approx([0.09, 0.09, 0.09, 0.15])


def test_one_that_is_calm_among_seasonal_ones_stays_rather_sensitive() -> None:
    known = Known([replace(AGE, block_distance=one) for one in (0.0, 0.5, 0.5, 0.5)], Settings(), 100)
    assert known.tolerance == pytest.approx([0.15, 0.65, 0.65, 0.65])


def test_seasonal_features_leave_others_as_they_are_unless_they_are_nearly_all() -> None:
    distances = (0.0, 0.0, 0.4, 0.4, 0.4)
    known = Known([replace(AGE, block_distance=one) for one in distances], Settings(), 100)
    assert known.tolerance == pytest.approx([0.05, 0.05, 0.55, 0.55, 0.55])


def test_what_is_made_of_a_seasonal_feature_has_no_say_about_the_others() -> None:
    made = [replace(AGE, subject="multivariate", block_distance=0.2)] * 9
    made += [replace(AGE, derivation="unseen_tokens", block_distance=0.2)] * 9
    variables = [AGE, replace(AGE, block_distance=0.4), *made]
    assert Known(variables, Settings(), 100).tolerance[:2] == pytest.approx([0.05, 0.55])


@pytest.mark.parametrize(
    ("nulls", "low", "high"),
    [
        (0, 0.002, 0.0021),  # a share of 0.2%, and no more
        (10, 0.002999, 0.0032),  # 0.1%: by 0.2% of the rows
        (100, 0.0198, 0.021),  # 1%: twice
        (500, 0.095, 0.098),  # 4.8%: twice, and so nearly the tolerance
        (5_000, 0.383, 0.384),  # a third: the tolerance of 5%
    ],
)
def test_rare_events_have_a_limit_of_their_own(nulls: int, low: float, high: float) -> None:
    assert low <= limits(with_nulls(nulls))[0] <= high


def test_fewer_nulls_matter_from_the_tolerance_on_and_fewer_of_the_rest_never() -> None:
    assert limits(with_nulls(5_000))[1] == pytest.approx(1 / 3 - 0.05)
    assert limits(with_nulls(100))[1] == 0
    assert limits(with_nulls(5_000), layout.TYPE)[1] == 0


def test_new_categories_are_expected_as_often_as_old_ones_came_once() -> None:
    long_tail = replace(AGE, kind="categorical", edges=(), known=tuple(map(str, range(300))), counts=(1, 1, 9_998))
    few = replace(long_tail, known=(), counts=(5_000, 5_000))
    assert limits(long_tail, layout.UNSEEN)[0] == pytest.approx(0.0604, rel=0.01)
    assert limits(few, layout.UNSEEN)[0] == pytest.approx(0.002)


def test_a_reference_without_rows_has_no_alarm_and_no_error() -> None:
    known = Known([AGE], Settings(), 1)
    nothing = Reference(np.zeros((1, 1, layout.width([AGE])), dtype=np.int64), known)
    assert not nothing.enough.any()
    assert not nothing.rare_enough.any()
    assert np.isfinite(nothing.tolerance(FIRST, FIRST)).all()
