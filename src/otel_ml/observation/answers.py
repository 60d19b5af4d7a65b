"""Answers with names or parts: dicts, objects with fields, lists, tuples, tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.labels import label_of
from otel_ml.observation.outputs import PROBABILITIES, Call, described, is_label, read, scalar_output
from otel_ml.observation.records import SCALARS, fields_of
from otel_ml.observation.results import ColumnOutputs, OutputRow, Outputs, RowOutputs
from otel_ml.observation.rows import Batch, Row
from otel_ml.observation.values import describe, root_module

# In order of preference; compared in lower case.
LABEL_KEYS: Final = ("label", "class", "predicted_class", "predicted_label", "class_name", "category")
PREDICTION_KEYS: Final = ("prediction", "predicted", "pred", "predict", "result", "output")
SCORE_KEYS: Final = ("probability", "confidence", "score", "proba", "prob")
VALUE_KEYS: Final = ("value", "predicted_value", "estimate")
CLASS_SCORE_KEYS: Final = ("probabilities", "class_scores", "class_probabilities", "probas", "scores")
WRAPPERS: Final = ("predictions", "outputs", "results", "prediction", "output", "result", "data")

_MAX_EXTRA: Final = 64
_MAX_ROWS: Final = 10_000  # of a list of answers read one by one


def read_answer(answer: dict[Any, Any], call: Call) -> Outputs:
    """Reads a dict, or the fields of an object, as one row or as columns."""
    deeper = _deeper(call)
    if len(answer) == 1:
        key, inner = next(iter(answer.items()))
        if type(key) is str and key.lower() in WRAPPERS and type(inner) not in SCALARS:
            return read(inner, deeper)
    scores = _distribution(answer, call)
    if scores is not None:
        return RowOutputs([_with_scores(OutputRow(), scores)])
    names = [key.lower() if type(key) is str else "" for key in answer]
    found: dict[str, float] = {}
    rest = dict(answer)
    for key, name in zip(answer, names, strict=True):
        if name in CLASS_SCORE_KEYS:
            found = _class_scores(answer[key], call.names) or {}
            if found:
                del rest[key]
                break
    observed = read_inputs(rest)
    if isinstance(observed, Row):
        row = read_row(observed, call)
        return RowOutputs([_with_scores(row, found) if found else row])
    return read_columns(observed, call) if observed is not None else Outputs()


def _deeper(call: Call) -> Call:
    return Call(call.operation, call.task, call.classes, call.rows, call.depth + 1)


def _distribution(answer: dict[Any, Any], call: Call) -> dict[str, float] | None:
    """Returns class scores if the whole dict is one: probabilities by class."""
    if len(answer) < 2 or len(answer) > _MAX_ROWS or set(map(type, answer.values())) != {float}:
        return None
    keys = {label_of(key) for key in answer}
    declared = call.names is not None and keys <= set(call.names)
    unit = all(0.0 <= value <= 1.0 for value in answer.values()) and abs(sum(answer.values()) - 1.0) < 1e-3
    if declared or call.operation in PROBABILITIES or (unit and not keys & {*SCORE_KEYS, *VALUE_KEYS}):
        return {label_of(key) or "": value for key, value in answer.items()}
    return None


def _class_scores(scores: Any, names: tuple[str, ...] | None) -> dict[str, float] | None:
    if root_module(type(scores)) == "numpy" and getattr(scores, "ndim", 0) == 1:
        scores = scores.tolist()
    if type(scores) is list and names is not None and len(scores) == len(names):
        scores = dict(zip(names, scores, strict=True))
    if type(scores) is not dict or not scores or not set(map(type, scores.values())) <= {float, int}:
        return None
    return {label_of(key) or "": float(value) for key, value in list(scores.items())[:_MAX_ROWS]}


def _with_scores(row: OutputRow, scores: dict[str, float]) -> OutputRow:
    ordered = sorted(((name, score) for name, score in scores.items() if score == score), key=lambda pair: -pair[1])
    row.class_scores = tuple(ordered)
    if ordered and row.label is None:
        row.label = ordered[0][0]
    if ordered and row.score is None:
        row.score = scores.get(row.label or "", ordered[0][1])
    return row


def read_row(row: Row, call: Call) -> OutputRow:
    """Returns the output that one row of named scalars is: known names recognised, the rest extra."""
    found = OutputRow()
    for name, value in zip(row.names, row.values, strict=True):
        if value is None:
            continue
        role = _role(name, value, call)
        if role == "label" and found.label is None:
            found.label = label_of(value)
        elif role == "score" and found.score is None:
            found.score = float(value)
        elif role == "value" and found.value is None:
            found.value = float(value)
        elif len(found.extra) < _MAX_EXTRA:
            found.extra[name] = value
    return found


def _role(name: str, value: object, call: Call) -> str:
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


def read_columns(batch: Batch, call: Call) -> Outputs:
    """Reads answers that came by column."""
    if not batch.complete or not batch.names:
        return Outputs(batch.size)
    import numpy as np

    first = read_row_roles(batch, call)
    label: Any = None
    numbers: dict[str, Any] = {}
    extra: dict[str, list[Any]] = {}
    for index, (name, role) in enumerate(zip(batch.names, first, strict=True)):
        column = batch.columns[index]
        if role == "label" and label is None:
            label = column
        elif role in ("score", "value") and role not in numbers and column.dtype.kind in "biuf":
            numbers[role] = column.astype(np.float64)
        elif len(extra) < _MAX_EXTRA:
            extra[name] = batch.plain(index)
    return ColumnOutputs(
        batch.size, labels=label, scores=numbers.get("score"), values=numbers.get("value"), extra=extra
    )


def read_row_roles(batch: Batch, call: Call) -> list[str]:
    """Returns the role of each column; a column that could be a score is one only if no value is outside 0 to 1."""
    import numpy as np

    roles = []
    for name, column in zip(batch.names, batch.columns, strict=True):
        present = column[~np.isnan(column)] if column.dtype.kind == "f" else column
        if present.dtype.kind in "iuf" and present.size:
            low, high = present.min(), present.max()
            roles.append(_role(name, (low if low < 0 else high).item(), call))
        else:
            roles.append(_role(name, "", call))
    return roles


def read_table(table: Any, call: Call) -> Outputs:
    """Reads a data frame, a series or a structured array."""
    observed = _read_series(table) if _is_series(table) else read_inputs(table)
    if observed is None or (isinstance(observed, Row) and observed.marks and observed.names == ("input",)):
        return described(table)
    if len(observed.names) == 1 and _role(observed.names[0], 0.5, call) == "extra":
        return _read_only_column(observed, call)
    if _by_class(observed, call):
        return _read_by_class(observed)
    if isinstance(observed, Row):
        return RowOutputs([read_row(observed, call)])
    return read_columns(observed, call)


def _is_series(table: Any) -> bool:
    return not hasattr(type(table), "columns") and root_module(type(table)) != "numpy"


def _read_series(series: Any) -> Row | Batch | None:
    """Reads a series as one column, even where its index looks like feature names."""
    return read_inputs({"output": series.to_numpy() if root_module(type(series)) == "modin" else series})


def _read_only_column(observed: Row | Batch, call: Call) -> Outputs:
    """A table of one column with a name that says nothing: the same as the bare values."""
    if isinstance(observed, Row):
        import numpy as np

        column = np.array(observed.values, dtype=None if type(observed.values[0]) in (int, float, bool) else object)
    elif observed.complete:
        column = observed.columns[0]
    else:
        return Outputs(observed.size)
    return read(column, _deeper(call))


def _by_class(observed: Row | Batch, call: Call) -> bool:
    """Tells whether a table has one probability per class."""
    if len(observed.names) < 2 or set(observed.kinds) != {"number"}:
        return False
    return call.operation in PROBABILITIES or (call.names is not None and set(observed.names) == set(call.names))


def _read_by_class(observed: Row | Batch) -> Outputs:
    import numpy as np

    from otel_ml.observation.classes import ClassOutputs

    if isinstance(observed, Row):
        return ClassOutputs(np.array([observed.values], dtype=np.float64), observed.names)
    if not observed.complete:
        return Outputs(observed.size)
    return ClassOutputs(np.stack([column.astype(np.float64) for column in observed.columns], axis=1), observed.names)


def read_sequence(items: list[Any] | tuple[Any, ...], call: Call) -> Outputs:
    """Reads a list or a tuple: of scalars, rows, answers, or parts such as (mean, std) and (label, score)."""
    if not items:
        return Outputs()
    kinds = set(map(type, items[:_MAX_ROWS]))
    if kinds <= SCALARS:
        pair = _pair(items, call)
        return RowOutputs([pair]) if pair is not None else _read_list(items, call)
    arrays = all(root_module(kind) == "numpy" and hasattr(kind, "ndim") for kind in kinds)
    if arrays and all(item.ndim == 2 and item.shape[:1] == items[0].shape[:1] for item in items):
        from otel_ml.observation.matrices import read_matrices

        if call.operation in PROBABILITIES and len(items) > 1 and _sound(items):
            return read_matrices(list(items), call)
        return read(items[0], _deeper(call))
    if isinstance(items, tuple) and not kinds & SCALARS:
        return _read_parts(items, call)
    if arrays and all(item.ndim == 0 for item in items):
        return _read_list([item.item() for item in items], call)
    if all(fields_of(kind) is not None for kind in kinds):
        return _read_records(items, call)
    return _read_list(items, call)


def _sound(items: Sequence[Any]) -> bool:
    return all(item.shape[1] > 0 and item.dtype.kind in "biuf" for item in items)


def _pair(items: Sequence[Any], call: Call) -> OutputRow | None:
    """Reads (label, score), a tuple that many predict functions return; None if it is something else."""
    if type(items) is not tuple or len(items) != 2 or call.rows not in (None, 1):
        return None
    first, second = items
    if type(second) is not float or type(first) is float:
        return None
    row = scalar_output(first, call)
    if 0.0 <= second <= 1.0:
        row.score = second
    elif row.value is None:
        row.value = second
    return row


def _read_parts(parts: tuple[Any, ...], call: Call) -> Outputs:
    """Reads a tuple of results: the first is the prediction, further ones of as many numbers are extra.

    `predict(return_std=True)` gives two vectors, the mean and the standard deviation.
    """
    main = read(parts[0], _deeper(call))
    if not main.size or not isinstance(main, ColumnOutputs):
        return main
    extra: dict[str, list[Any]] = {}
    for place, part in enumerate(parts[1:_MAX_EXTRA], start=1):
        observed = read_inputs({"part": part})
        if (
            isinstance(observed, Batch)
            and observed.complete
            and observed.size == main.size
            and len(observed.names) == 1
        ):
            column = observed.plain(0)
        elif isinstance(observed, Row) and main.size == 1 and len(observed.values) == 1:
            column = observed.values
        else:
            continue
        name = "std" if len(parts) == 2 and main.values() is not None else f"output_{place}"
        extra[name] = column
    return main.with_extra(extra)


def _read_list(items: Sequence[Any], call: Call) -> Outputs:
    """Reads a list of scalars or of rows by way of an array; one that has no regular shape row by row."""
    import numpy as np

    kinds = set(map(type, items))
    if kinds and kinds <= _ROWS:
        kinds = {kind for row in items for kind in set(map(type, row))}
    # Only numbers: numpy would ask an object of another type what it is, and turn a mixture into text.
    if kinds != {bool} and not all(kind in (float, int) or root_module(kind) == "numpy" for kind in kinds):
        return _read_each(items, call)
    try:
        array = np.array(items)
    except (ValueError, OverflowError, TypeError):  # rows of different lengths; an int beyond 64 bits
        return _read_each(items, call)
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        return _read_each(items, call)
    return read(array, _deeper(call))


_ROWS: Final = frozenset({list, tuple})


def _read_each(items: Sequence[Any], call: Call) -> Outputs:
    kinds = set(map(type, items))
    if kinds <= {str, type(None)}:
        from otel_ml.observation.columns import ObjectColumn

        return ColumnOutputs(len(items), labels=ObjectColumn(list(items)).array())
    if len(items) > _MAX_ROWS:
        return Outputs(len(items))
    one = Call(call.operation, call.task, call.classes, 1, call.depth + 1)
    return RowOutputs([_read_one(item, one) for item in items])


def _read_one(item: Any, call: Call) -> OutputRow:
    if type(item) in SCALARS:
        return scalar_output(item, call)
    found = read(item, call)
    return found.row(0) if found.size == 1 else OutputRow(extra={"output": describe(item)})


def _read_records(items: Sequence[Any], call: Call) -> Outputs:
    """Reads a list of dicts or objects: one by one while they are few, by column when they are many."""
    if len(items) <= _FEW:
        return _read_each(items, call)
    observed = read_inputs(list(items))
    return read_columns(observed, call) if isinstance(observed, Batch) else Outputs(len(items))


_FEW: Final = 256
