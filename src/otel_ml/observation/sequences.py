"""Lists and tuples that a model returned: of scalars, rows, answers, or parts such as (label, score)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from otel_ml.observation.batches import Batch
from otel_ml.observation.call import PROBABILITIES, Call
from otel_ml.observation.describing import describe, root_module
from otel_ml.observation.inputs import read_inputs
from otel_ml.observation.matrices import read_matrices
from otel_ml.observation.objects import ObjectColumn
from otel_ml.observation.records import SCALARS, fields_of
from otel_ml.observation.results import ColumnOutputs, OutputRow, Outputs, RowOutputs
from otel_ml.observation.roles import MAX_EXTRA
from otel_ml.observation.rows import Row
from otel_ml.observation.scalars import scalar_output
from otel_ml.observation.tables import read_columns

_FEW: Final = 256  # answers read one by one, with all that is in them; more are read by column
_MAX_ROWS: Final = 10_000  # of no regular shape, read one by one
_ROWS: Final = frozenset({list, tuple})


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
        if call.operation in PROBABILITIES and len(items) > 1 and _sound(items):
            return read_matrices(list(items), call)
        return call.part(items[0])
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
    main = call.part(parts[0])
    if not main.size or not isinstance(main, ColumnOutputs):
        return main
    extra: dict[str, list[Any]] = {}
    for place, part in enumerate(parts[1:MAX_EXTRA], start=1):
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
    return call.part(array)


def _read_each(items: Sequence[Any], call: Call) -> Outputs:
    kinds = set(map(type, items))
    if kinds <= {str, type(None)}:
        return ColumnOutputs(len(items), labels=ObjectColumn(list(items)).array())
    if len(items) > _MAX_ROWS:
        return Outputs(len(items))
    one = call.of_one_row()
    return RowOutputs([_read_one(item, one) for item in items])


def _read_one(item: Any, call: Call) -> OutputRow:
    if type(item) in SCALARS:
        return scalar_output(item, call)
    found = call.read(item, call)
    return found.row(0) if found.size == 1 else OutputRow(extra={"output": describe(item)})


def _read_records(items: Sequence[Any], call: Call) -> Outputs:
    """Reads a list of dicts or objects: one by one while they are few, by column when they are many."""
    if len(items) <= _FEW:
        return _read_each(items, call)
    observed = read_inputs(list(items))
    return read_columns(observed, call) if isinstance(observed, Batch) else Outputs(len(items))
