"""Fitting and judging a model is no traffic, by whatever route; what the program asks afterwards is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import joblib
import matplotlib as mpl
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import IterativeImputer
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.linear_model import LogisticRegression, RANSACRegressor
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    DetCurveDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
    check_scoring,
    get_scorer,
    make_scorer,
)
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    LearningCurveDisplay,
    TunedThresholdClassifierCV,
    ValidationCurveDisplay,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.frameworks.spans import operations

mpl.use("Agg")

X, y = make_classification(n_samples=60, n_features=4, random_state=0)


def asks(estimator: Any, X: Any, y: Any) -> float:
    """A scorer as users write them: it asks the model itself."""
    return float(np.mean(estimator.predict(X) == y))


def model() -> Any:
    return make_pipeline(StandardScaler(), GaussianNB()).fit(X, y)


NAMES = ["neg_log_loss", "accuracy", "roc_auc"]
GRID = {"var_smoothing": [1e-9, 1e-3]}
LOGISTIC = partial(LogisticRegression, max_iter=50)

ROUTES: dict[str, Callable[[], object]] = {
    "score": lambda: model().score(X, y),
    "a scorer": lambda: get_scorer("neg_log_loss")(model(), X, y),
    "several scorers": lambda: check_scoring(model(), NAMES)(model(), X, y),
    "make_scorer": lambda: make_scorer(lambda y, found: 1.0, response_method="predict_proba")(model(), X, y),
    "the default scorer": lambda: check_scoring(model())(model(), X, y),
    "cross_validate": lambda: cross_validate(GaussianNB(), X, y, scoring=NAMES, cv=2, return_train_score=True),
    "cross_val_score": lambda: cross_val_score(GaussianNB(), X, y, scoring=asks, cv=2),
    "cross_val_predict": lambda: cross_val_predict(GaussianNB(), X, y, method="predict_proba", cv=2),
    "permutation_test_score": lambda: permutation_test_score(GaussianNB(), X, y, scoring=asks, n_permutations=2, cv=2),
    "learning_curve": lambda: learning_curve(
        GaussianNB(), X, y, scoring=asks, cv=2, train_sizes=[0.5, 1.0], exploit_incremental_learning=True
    ),
    "validation_curve": lambda: validation_curve(
        GaussianNB(), X, y, scoring=asks, cv=2, param_name="var_smoothing", param_range=[1e-9, 1e-3]
    ),
    "grid search": lambda: GridSearchCV(GaussianNB(), GRID, scoring=asks, cv=2).fit(X, y).score(X, y),
    "halving search": lambda: HalvingGridSearchCV(GaussianNB(), GRID, cv=2, random_state=0).fit(X, y),
    "threshold search": lambda: TunedThresholdClassifierCV(GaussianNB(), cv=2, thresholds=5).fit(X, y),
    "feature elimination": lambda: RFECV(LOGISTIC(), cv=2, min_features_to_select=3).fit(X, y).score(X, y),
    "feature selection": lambda: SequentialFeatureSelector(GaussianNB(), n_features_to_select=1, cv=2).fit(X, y),
    "calibration": lambda: CalibratedClassifierCV(GaussianNB(), cv=2).fit(X, y),
    "out of bag": lambda: RandomForestClassifier(10, oob_score=True, random_state=0).fit(X, y),
    "stacking": lambda: StackingClassifier([("a", GaussianNB())], LOGISTIC(), cv=2).fit(X, y).transform(X),
    "voting": lambda: VotingClassifier([("a", GaussianNB())], voting="soft").fit(X, y).transform(X),
    "imputation": lambda: IterativeImputer(max_iter=1).fit(np.where(X > 1, np.nan, X)).transform(X * np.nan),
    "early stopping": lambda: MLPClassifier(4, early_stopping=True, max_iter=2).fit(X, y),
    "robust regression": lambda: RANSACRegressor(random_state=0).fit(X, y.astype(float)).score(X, y),
    "mixture": lambda: [GaussianMixture().fit_predict(X), GaussianMixture().fit(X).bic(X)],
    "stages of boosting": lambda: list(AdaBoostClassifier(n_estimators=3).fit(X, y).staged_predict_proba(X)),
    "stages of scores": lambda: list(AdaBoostClassifier(n_estimators=3).fit(X, y).staged_score(X, y)),
    "stages of gradients": lambda: list(GradientBoostingClassifier(n_estimators=3).fit(X, y).staged_predict(X)),
    "samples of a process": lambda: GaussianProcessRegressor().fit(X, y).sample_y(X),
    "permutation_importance": lambda: permutation_importance(model(), X, y, scoring=asks, n_repeats=2),
    "partial_dependence": lambda: partial_dependence(model(), X, [0], method="brute", grid_resolution=4),
    "PartialDependenceDisplay": lambda: PartialDependenceDisplay.from_estimator(
        model(), X, [0], kind="both", grid_resolution=4
    ),
    "DecisionBoundaryDisplay": lambda: DecisionBoundaryDisplay.from_estimator(
        GaussianNB().fit(X[:, :2], y), X[:, :2], grid_resolution=4
    ),
    "ConfusionMatrixDisplay": lambda: ConfusionMatrixDisplay.from_estimator(model(), X, y),
    "DetCurveDisplay": lambda: DetCurveDisplay.from_estimator(model(), X, y),
    "PrecisionRecallDisplay": lambda: PrecisionRecallDisplay.from_estimator(model(), X, y),
    "PredictionErrorDisplay": lambda: PredictionErrorDisplay.from_estimator(model(), X, y),
    "RocCurveDisplay": lambda: RocCurveDisplay.from_estimator(model(), X, y),
    "RocCurveDisplay of folds": lambda: RocCurveDisplay.from_cv_results(
        cross_validate(GaussianNB(), X, y, cv=2, return_estimator=True, return_indices=True), X, y
    ),
    "CalibrationDisplay": lambda: CalibrationDisplay.from_estimator(model(), X, y),
    "LearningCurveDisplay": lambda: LearningCurveDisplay.from_estimator(
        GaussianNB(), X, y, cv=2, train_sizes=[0.5, 1.0]
    ),
    "ValidationCurveDisplay": lambda: ValidationCurveDisplay.from_estimator(
        GaussianNB(), X, y, cv=2, param_name="var_smoothing", param_range=[1e-9, 1e-3]
    ),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.filterwarnings("ignore")
def test_no_route_is_traffic(instrumented: Any, route: str) -> None:
    ROUTES[route]()
    assert operations(instrumented) == []
    model().predict(X)
    assert operations(instrumented) == ["predict"]


@pytest.mark.parametrize("backend", ["threading", "loky"])
@pytest.mark.filterwarnings("ignore")
def test_no_route_is_traffic_in_workers(instrumented: Any, backend: str) -> None:
    with joblib.parallel_config(backend, n_jobs=2):
        search = GridSearchCV(GaussianNB(), GRID, scoring=asks, cv=2, n_jobs=2).fit(X, y)
        cross_val_predict(GaussianNB(), X, y, cv=2, n_jobs=2)
        cross_validate(GaussianNB(), X, y, cv=2, n_jobs=2, scoring=NAMES)
        permutation_test_score(GaussianNB(), X, y, scoring=asks, n_permutations=2, cv=2, n_jobs=2)
        permutation_importance(search, X, y, scoring=asks, n_repeats=2, n_jobs=2)
        PartialDependenceDisplay.from_estimator(model(), X, [0, 1], grid_resolution=4, n_jobs=2)
    assert operations(instrumented) == []
    search.predict_proba(X)
    assert operations(instrumented) == ["predict_proba"]


def test_what_a_program_asks_between_two_stages_counts(instrumented: Any) -> None:
    boosted = AdaBoostClassifier(n_estimators=3).fit(X, y)
    other = GaussianNB().fit(X, y)
    stages = boosted.staged_predict(X)
    next(stages)
    other.predict(X)
    next(stages)
    stages.close()
    assert operations(instrumented) == ["predict"]
