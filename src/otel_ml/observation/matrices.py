"""Arrays, sparse matrices and tensors that a model returned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from otel_ml.observation.call import MARGINS, PROBABILITIES, VECTORS, Call, is_label
from otel_ml.observation.classes import BinaryOutputs, ClassOutputs, IndicatorOutputs, LabelsOutputs, VectorOutputs
from otel_ml.observation.labels import class_labels, is_nested
from otel_ml.observation.objects import ObjectColumn
from otel_ml.observation.results import ColumnOutputs, Outputs, RowOutputs
from otel_ml.observation.scalars import described, scalar_output
from otel_ml.observation.tables import read_table
from otel_ml.observation.tensors import tensor_array

if TYPE_CHECKING:
    import numpy as np

_MAX_COLUMNS: Final = 10_000
_COPY_LIMIT: Final = 64 * 1024 * 1024


def read_output_array(result: Any, call: Call) -> Outputs:
    """Reads an array of any dtype and dimension."""
    array = _bare(result)
    if array.dtype.names is not None:
        return read_table(array, call)
    if array.ndim == 0:
        return RowOutputs([scalar_output(array.item() if array.dtype.kind == "O" else array[()], call)])
    size = array.shape[0]
    if array.ndim > 2 or array.dtype.kind in "cV" or call.operation in VECTORS:
        return described(array, size) if call.operation not in VECTORS else Outputs(size)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and call.rows != 1 and size == 1 and call.rows == array.shape[1]:
        array = array[0]  # one number per row, lying on its side
    numeric = array.dtype.kind in "biuf" or (array.dtype.kind == "O" and _all_numbers(array))
    if array.ndim == 1:
        return _read_vector(array, numeric, call)
    if array.shape[1] == 0:
        return Outputs(size)
    return _read_matrix(array[:, :_MAX_COLUMNS], numeric, call) if numeric else _label_matrix(array)


def _bare(result: Any) -> np.ndarray:
    import numpy as np

    if isinstance(result, np.ma.MaskedArray):
        values, mask = np.ma.getdata(result, subok=False), np.ma.getmaskarray(result)
        if values.dtype.names is not None or not mask.any():
            return values
        values = values.astype(np.float64 if values.dtype.kind == "f" else object)
        values[mask] = np.nan if values.dtype.kind == "f" else None
        return values
    return result if type(result) is np.ndarray else np.ndarray.view(result, np.ndarray)


def _all_numbers(array: np.ndarray) -> bool:
    kinds = set(map(type, array[:1_000].ravel().tolist()))
    return bool(kinds) and kinds <= {float}


def floats(array: np.ndarray) -> np.ndarray:
    """Returns a float64 copy."""
    import numpy as np

    if array.dtype.kind == "f" and array.itemsize <= 8:
        return array.astype(np.float64)
    with np.errstate(all="ignore"):  # a longdouble may be beyond float64; the caller may make warnings errors
        converted: np.ndarray = array.astype(np.float64)
        return converted


def _read_vector(array: np.ndarray, numeric: bool, call: Call) -> Outputs:
    size = array.shape[0]
    if call.rows == 1 and size > 1:  # a vector for the one row there was
        return _read_matrix(array[None, :], True, call) if numeric else _label_matrix(array[None, :])
    if not numeric or array.dtype.kind == "b":
        return ColumnOutputs(size, labels=own_labels(array))
    if call.operation in PROBABILITIES:
        return _probabilities(array, call)
    if call.operation in MARGINS:
        return BinaryOutputs(floats(array), call.names, probability=False)
    if call.operation != "predict" or call.regression or (array.dtype.kind in "fO" and not is_label(call)):
        return ColumnOutputs(size, values=floats(array))
    return ColumnOutputs(size, labels=array.copy())


def _probabilities(array: np.ndarray, call: Call) -> Outputs:
    import numpy as np

    numbers = floats(array)
    if call.operation == "predict_log_proba":
        np.exp(np.minimum(numbers, 0.0), out=numbers)
    names = call.names
    # As many numbers as classes that add up to one are one row's distribution, unless that many rows were asked for.
    if call.rows is None and names is not None and len(numbers) == len(names) and abs(numbers.sum() - 1.0) < 1e-6:
        return ClassOutputs(numbers[None, :], names)
    return BinaryOutputs(numbers, names, probability=True)


def _read_matrix(matrix: np.ndarray, numeric: bool, call: Call) -> Outputs:
    import numpy as np

    keep = matrix.size * 8 <= _COPY_LIMIT
    names = call.names
    if call.operation in PROBABILITIES:
        numbers = floats(matrix)
        if call.operation == "predict_log_proba":
            np.exp(np.minimum(numbers, 0.0), out=numbers)
        return ClassOutputs(numbers, names, keep=keep)
    if call.operation in MARGINS:
        if names is not None and len(names) == matrix.shape[1]:
            return ClassOutputs(floats(matrix), names, probability=False, keep=keep)
        return VectorOutputs(floats(matrix))  # one-versus-one: a margin per pair of classes
    if call.operation != "predict" or call.regression:
        return VectorOutputs(floats(matrix))
    if matrix.dtype.kind == "b" or _is_indicator(matrix, call):
        return IndicatorOutputs(matrix != 0, names)
    if matrix.dtype.kind in "iu" or is_nested(call.classes):
        return _label_matrix(matrix)
    if _is_distribution(matrix, names, call):  # Keras and others: predict returns the softmax
        return ClassOutputs(floats(matrix), names, keep=keep)
    return VectorOutputs(floats(matrix))


def _is_indicator(matrix: np.ndarray, call: Call) -> bool:
    """Tells a multi-label answer (0 or 1 per label) from one class per output."""
    if is_nested(call.classes):
        if not all(class_labels(one) == ("0", "1") for one in call.classes[: matrix.shape[1]]):
            return False
    elif matrix.dtype.kind == "f" and call.classes is None and call.task != "classification":
        return False
    return bool(((matrix == 0) | (matrix == 1)).all())


def _is_distribution(matrix: np.ndarray, names: tuple[str, ...] | None, call: Call) -> bool:
    if call.task != "classification" and (names is None or len(names) != matrix.shape[1]):
        return False
    head = matrix[:100]
    return bool(((head >= 0) & (head <= 1)).all() and (abs(head.sum(axis=1) - 1.0) < 1e-3).all())


def _label_matrix(matrix: np.ndarray) -> Outputs:
    columns = [matrix[:, index] for index in range(min(matrix.shape[1], _MAX_COLUMNS))]
    return LabelsOutputs([own_labels(column) for column in columns])


def own_labels(column: np.ndarray) -> np.ndarray:
    """Copies a column of labels; what could change later is described now."""
    if column.dtype.kind not in "OT":
        copied: np.ndarray = column.copy()
        return copied
    return ObjectColumn(column.tolist()).array()


def read_output_sparse(result: Any, call: Call) -> Outputs:
    """Reads a sparse matrix: a multi-label answer. One too large to be made dense is only counted."""
    size = int(result.shape[0])
    width = int(result.shape[1]) if len(result.shape) > 1 else 1
    if size * width * 8 > _COPY_LIMIT or call.operation in VECTORS:
        return Outputs(size)
    return read_output_array(result.toarray(), call)


def read_output_tensor(result: Any, call: Call) -> Outputs:
    """Reads a tensor in main memory; another one is only counted."""
    array = tensor_array(result)
    if array is not None:
        return read_output_array(array, call)
    try:
        return described(result, int(result.shape[0]) if result.shape else 1)
    except Exception:  # a shape that is not known yet
        return described(result)


def read_matrices(matrices: list[Any], call: Call) -> Outputs:
    """Reads one probability matrix per output, as multi-output and multi-label classifiers return them.

    Where every output is a no or yes, the labels are the outputs that say yes; else the likeliest class of each.
    """
    import numpy as np

    arrays = [_bare(matrix) for matrix in matrices]
    nested = call.classes if is_nested(call.classes) and len(call.classes) == len(arrays) else [None] * len(arrays)
    names = [class_labels(one) for one in nested]
    if all(array.shape[1] == 2 for array in arrays) and all(one in (None, ("0", "1")) for one in names):
        return IndicatorOutputs(np.stack([array[:, 1] > array[:, 0] for array in arrays], axis=1), None)
    columns = []
    for array, one in zip(arrays, names, strict=True):
        usable = one if one is not None and len(one) == array.shape[1] else tuple(map(str, range(array.shape[1])))
        columns.append(np.array(usable)[array.argmax(axis=1)])
    return LabelsOutputs(columns)
