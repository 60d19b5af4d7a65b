"""Answers by column: data frames, series, structured arrays, dicts of columns."""

from __future__ import annotations

from typing import Any, Final

from otel_ml.observation.batches import Batch
from otel_ml.observation.call import PROBABILITIES, Call
from otel_ml.observation.classes import ClassOutputs
from otel_ml.observation.describing import root_module
from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.names import label_text
from otel_ml.observation.records import SCALARS
from otel_ml.observation.results import ColumnOutputs, Outputs, RowOutputs
from otel_ml.observation.roles import MAX_EXTRA, read_row, role_of
from otel_ml.observation.rows import Row
from otel_ml.observation.scalars import described
from otel_ml.observation.values import NULL, NUMBER

ARRAYS: Final = frozenset({"numpy", "pandas", "polars"})


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
        elif len(extra) < MAX_EXTRA:
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
            roles.append(role_of(name, (low if low < 0 else high).item(), call))
        elif present.dtype.kind == "f":  # nothing but nulls, in a column that is a score all the same
            roles.append(role_of(name, 0.5, call))
        else:
            roles.append(role_of(name, "", call))
    return roles


def read_table(table: Any, call: Call) -> Outputs:
    """Reads a data frame, a series or a structured array."""
    observed = _read_series(table) if _is_series(table) else read_inputs(table)
    if observed is None or (isinstance(observed, Row) and observed.marks and observed.names == ("input",)):
        return described(table)
    return _read_named(observed, call)


def read_columns_of_rows(answer: dict[Any, Any], call: Call) -> Outputs | None:
    """Reads a dict that has lists or arrays with a value for each row of the call; None if it is something else.

    What is said once for many rows, such as the version of the model, is not the output of any of them.
    """
    columns = {key: value for key, value in answer.items() if _length(value) == call.rows}
    if not columns or (call.rows == 1 and len(columns) < len(answer)):
        return None
    if len(columns) == 1 and role_of(label_text(next(iter(columns))), 0.5, call) == "extra":
        return call.part(next(iter(columns.values())))
    flat = {key: column for key, value in columns.items() if (column := _flat(value)) is not None}
    observed = read_inputs(flat, names=tuple(map(label_text, flat)))
    if observed is None or observed.size != call.rows:
        return Outputs(call.rows or 0)
    return _read_named(observed, call)


def _length(value: Any) -> int | None:
    kind = type(value)
    if kind is list or kind is tuple:
        return len(value)
    if root_module(kind) in ARRAYS and getattr(value, "shape", None):
        return int(value.shape[0])
    return len(value) if root_module(kind) == "pyarrow" and hasattr(value, "__len__") else None


def _flat(values: Any) -> Any:
    """Returns what is a column, with scalars of numpy as Python's; None for a list of anything else."""
    if type(values) not in (list, tuple) or set(map(type, values)) <= SCALARS:
        return values
    import numpy as np

    found = [value.item() if isinstance(value, np.generic) else value for value in values]
    return found if set(map(type, found)) <= SCALARS else None


def _read_named(observed: Row | Batch, call: Call) -> Outputs:
    if len(observed.names) == 1 and role_of(observed.names[0], 0.5, call) == "extra":
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
    return call.part(column)


def _by_class(observed: Row | Batch, call: Call) -> bool:
    """Tells whether a table has one probability per class."""
    if len(observed.names) < 2 or not set(observed.kinds) <= {NUMBER, NULL}:
        return False
    return call.operation in PROBABILITIES or (call.names is not None and set(observed.names) == set(call.names))


def _read_by_class(observed: Row | Batch) -> Outputs:
    import numpy as np

    if isinstance(observed, Row):
        return ClassOutputs(np.array([observed.values], dtype=np.float64), observed.names)
    if not observed.complete:
        return Outputs(observed.size)
    return ClassOutputs(np.stack([column.astype(np.float64) for column in observed.columns], axis=1), observed.names)
