"""The counts of a baseline as Prometheus recording rules of constants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from otel_ml.drift import layout
from otel_ml.drift.alarms import bin_name
from otel_ml.drift.variables import OUTPUTS
from otel_ml.privacy.labels import Labels
from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlFeatureBinValues
from otel_ml.semconv.metrics import ML_FEATURE_BASELINE_OBSERVATIONS, ML_PREDICTION_BASELINE_OBSERVATIONS

if TYPE_CHECKING:
    from otel_ml.drift.baseline import Baseline
    from otel_ml.drift.variables import Variable

_GROUP: Final = "otel-ml baseline"


def rules_text(baseline: Baseline) -> str:
    """The YAML of a rule file: one series a bin of each feature and output, nulls and empty bins included.

    Names are as Prometheus translates those of OTLP metrics. The group's name has the baseline's id, so that files of
    several baselines, as during a rollout, stand side by side.
    """
    title = " ".join(part for part in (_GROUP, baseline.model, baseline.version, baseline.id) if part)
    lines = ["groups:", f"- name: {_quoted(title)}", "  rules:"]
    for metric, labels, value in _series(baseline):
        lines.append(f"  - record: {metric}")
        lines.append(f"    expr: vector({value})")
        lines.append("    labels: {" + ", ".join(f"{key}: {_quoted(text)}" for key, text in labels.items()) + "}")
    return "\n".join(lines) + "\n"


def _series(baseline: Baseline) -> Iterator[tuple[str, dict[str, str], int]]:
    """Name, labels and value of each series."""
    common = {names.ML_MODEL_NAME: baseline.model or ""}
    if baseline.version:
        common[names.ML_MODEL_VERSION] = baseline.version
    common[names.ML_BASELINE_ID] = baseline.id
    labels = Labels(None)
    for variable in baseline.variables:
        name = labels.name(variable.name)
        if variable.subject == "feature":
            metric, bin_label = ML_FEATURE_BASELINE_OBSERVATIONS, names.ML_FEATURE_BIN
            own = {**common, names.ML_FEATURE_NAME: name}
        elif variable.subject in OUTPUTS:
            metric, bin_label = ML_PREDICTION_BASELINE_OBSERVATIONS, names.ML_PREDICTION_BIN
            own = {**common, names.ML_DRIFT_SUBJECT: variable.subject}
        else:
            continue
        for found, value in _bins(variable).items():
            series = {_translated(key): text for key, text in {**own, bin_label: found}.items()}
            yield _translated(metric.name), series, value


def _bins(variable: Variable) -> dict[str, int]:
    """Every bin that live counts can have."""
    if variable.kind == "masked":
        return {MlFeatureBinValues.NULL.value: variable.nulls, MlFeatureBinValues.VALUE.value: variable.values}
    found = {bin_name(variable, layout.NULL): variable.nulls}
    found |= {bin_name(variable, layout.FIRST + index): value for index, value in enumerate(variable.counts)}
    found.setdefault(bin_name(variable, layout.TYPE), 0)  # nothing in the training data was of another type
    return found


def _translated(name: str) -> str:
    return name.replace(".", "_")


def _quoted(text: str) -> str:
    return json.dumps(text)  # a JSON string is a YAML one
