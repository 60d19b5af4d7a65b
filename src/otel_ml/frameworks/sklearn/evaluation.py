"""Where scikit-learn predicts in order to judge a model: that is no traffic.

Permutation importance on 500 rows would be 25,500 predictions. Listed are the innermost functions that predict: they
are looked up when they are called, while programs hold the public ones (``from … import cross_val_predict``) and would
keep ours after `uninstrument`. Functions that other modules of scikit-learn import are avoided: worker processes get a
function by its name, and refuse one that is not the object of that name. Fitting and `score` are quiet themselves.
"""

from __future__ import annotations

from types import ModuleType

from otel_ml.calls import quiet
from otel_ml.patching import Patcher

_DISPLAY = ("from_estimator", "from_cv_results")

EVALUATION: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "sklearn.metrics._scorer": (("_BaseScorer", ("__call__",)), ("_MultimetricScorer", ("__call__",))),
    "sklearn.model_selection._validation": (("", ("_fit_and_predict", "_permutation_test_score", "_score")),),
    "sklearn.inspection._permutation_importance": (("", ("_weights_scorer",)),),
    "sklearn.inspection._partial_dependence": (("", ("_partial_dependence_brute",)),),
    "sklearn.inspection._plot.decision_boundary": (("DecisionBoundaryDisplay", _DISPLAY),),
    "sklearn.calibration": (("CalibrationDisplay", _DISPLAY),),
    "sklearn.metrics._plot.confusion_matrix": (("ConfusionMatrixDisplay", _DISPLAY),),
    "sklearn.metrics._plot.det_curve": (("DetCurveDisplay", _DISPLAY),),
    "sklearn.metrics._plot.precision_recall_curve": (("PrecisionRecallDisplay", _DISPLAY),),
    "sklearn.metrics._plot.regression": (("PredictionErrorDisplay", _DISPLAY),),
    "sklearn.metrics._plot.roc_curve": (("RocCurveDisplay", _DISPLAY),),
}
"""By module: a class in it ("" for the module itself), and its functions. A version may lack any of them."""


def quiet_evaluation(patcher: Patcher, module: ModuleType) -> None:
    """Make what is listed for this module quiet."""
    for class_name, names in EVALUATION[module.__name__]:
        owner = getattr(module, class_name, None) if class_name else module
        if owner is not None:
            for name in names:
                patcher.wrap(owner, name, quiet)
