"""What the named scalars of an answer are, by their names: label, score, value or extra."""

from __future__ import annotations

from typing import Final

from otel_ml.observation.call import Call, is_label
from otel_ml.observation.labels import label_of
from otel_ml.observation.results import OutputRow
from otel_ml.observation.rows import Row

# In order of preference; compared in lower case.
LABEL_KEYS: Final = ("label", "class", "predicted_class", "predicted_label", "class_name", "category")
PREDICTION_KEYS: Final = ("prediction", "predicted", "pred", "predict", "result", "output")
SCORE_KEYS: Final = ("probability", "confidence", "score", "proba", "prob")
VALUE_KEYS: Final = ("value", "predicted_value", "estimate")

_NULLS: Final = {
    **dict.fromkeys((*LABEL_KEYS, *PREDICTION_KEYS), "label"),
    **dict.fromkeys(SCORE_KEYS, "score"),
    **dict.fromkeys(VALUE_KEYS, "value"),
}

MAX_EXTRA: Final = 64


def read_row(row: Row, call: Call) -> OutputRow:
    """Returns the output that one row of named scalars is: known names recognised, the rest extra."""
    found = OutputRow()
    for name, value in zip(row.names, row.values, strict=True):
        if value is None:
            if (null := _NULLS.get(name.lower())) is not None:
                found.nulls += (null,)
            continue
        role = role_of(name, value, call)
        if role == "label" and found.label is None:
            found.label = label_of(value)
        elif role == "score" and found.score is None:
            found.score = float(value)
        elif role == "value" and found.value is None:
            found.value = float(value)
        elif len(found.extra) < MAX_EXTRA:
            found.extra[name] = value
    return found


def role_of(name: str, value: object, call: Call) -> str:
    """Returns label, score, value or extra, by the name first and then by what the value can be."""
    name = name.lower()
    number = type(value) is float or type(value) is int
    if name in LABEL_KEYS:
        return "label"
    if name in PREDICTION_KEYS:
        if number and (call.regression or (type(value) is float and not is_label(call))):
            return "value"
        return "label"
    if name in SCORE_KEYS and number:  # a credit score of 720 is no confidence
        return "score" if 0 <= value <= 1 else "value"  # type: ignore[operator]  # a number, as just checked
    return "value" if name in VALUE_KEYS and number else "extra"
