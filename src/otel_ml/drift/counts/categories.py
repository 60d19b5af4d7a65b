"""Counts of categories: a table from label to code, and a count of codes.

Nothing is kept of a category that the baseline does not know, so memory stays what it was however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from otel_ml.drift.counts.columns import number_of, seconds_of
from otel_ml.drift.counts.labels import MAX_LABEL, TRUTHS, category_of, is_null, slots
from otel_ml.drift.layout import FIRST, NULL, TYPE, UNSEEN

if TYPE_CHECKING:
    from otel_ml.drift.variables import Variable

_FEW_CODES: Final = 2**18
_TO_BE_FOUND: Final = -1
_DIGITS: Final = 15  # of whole numbers that every float holds
_DTYPES: Final[dict[type, type]] = {int: np.int64, float: np.float64, bool: np.bool_}


class Categories:
    """The categories of one variable, or the two values of a boolean one.

    A code is the value's column in the layout; beyond all bins come the same bins again, for values that count as unseen.

    A value has one code however it is written: ``1``, ``1.0`` and texts of them, and where nothing but two truth values was
    fitted, ``True`` and ``"true"``.

    Args:
        variable: of kind categorical or boolean.
    """

    def __init__(self, variable: Variable) -> None:
        own, self._shared = len(variable.categories), variable.shared
        self._bins = own + (self._shared or 1)
        allowed = variable.constraints.allowed
        labels = dict.fromkeys([*variable.categories, *(variable.known or ()), *(allowed or ())])
        bins = {label: index for index, label in enumerate(variable.categories)}
        if self._shared:
            bins = dict(zip(labels, (own + slots(list(labels), self._shared)).tolist(), strict=True)) | bins
        self._table: dict[str | None, int] = {}
        for label in labels:
            unseen = allowed is not None and label not in allowed
            self._table[label] = FIRST + bins.get(label, self._bins - 1) + unseen * self._bins
        closed = variable.known is not None or allowed is not None
        self._first_shared = FIRST + own + closed * self._bins
        self._other = _TO_BE_FOUND if self._shared else self._first_shared
        for label in labels:
            for other in _spellings(label, labels):
                self._table.setdefault(other, self._table[label])
        expected = "boolean" if variable.kind == "boolean" else variable.constraints.type
        self._is_right = _TYPES.get(expected or "", _anything)
        self._table[None] = NULL
        self._plain_texts = self._is_right("x") and not any(len(label) >= MAX_LABEL for label in labels)
        self._whole = self._code_of_whole()

    def count(self, column: np.ndarray, into: np.ndarray) -> None:
        """Adds the counts of a column to the variable's row of the count matrix, of shape (width,)."""
        found = np.bincount(self._codes(column), minlength=FIRST + 2 * self._bins)
        seen, unseen = found[FIRST : FIRST + self._bins], found[FIRST + self._bins :]
        into[NULL] += found[NULL]
        into[TYPE] += found[TYPE]
        into[UNSEEN] += unseen.sum()
        into[FIRST : FIRST + self._bins] += seen + unseen

    def bins(self, column: np.ndarray) -> np.ndarray:
        """Finds the layout column of each value, of shape (rows,)."""
        codes = self._codes(column)
        return np.where(codes >= FIRST + self._bins, codes - self._bins, codes)

    def _codes(self, column: np.ndarray) -> np.ndarray:
        kind = column.dtype.kind
        if kind in "biu":
            return self._numeric_codes(column)
        if kind == "f":
            return self._float_codes(column)
        return self._object_codes(column.tolist() if kind in "OUS" else list(column))

    def _object_codes(self, values: list[Any]) -> np.ndarray:
        types = set(map(type, values))
        if bytes in types:
            values = [value.decode("utf-8", "replace") if type(value) is bytes else value for value in values]
            types = types - {bytes} | {str}
        if self._plain_texts and types <= {str, type(None)}:
            codes = np.fromiter(map(self._table.get, values, repeat(self._other)), dtype=np.intp, count=len(values))
            if self._shared:
                places = np.flatnonzero(codes == _TO_BE_FOUND)
                codes[places] = self._shared_codes([category_of(values[place]) for place in places.tolist()])
            return codes
        if type(None) in types:
            null = np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))
            return _beside_nulls(null, self._object_codes([value for value in values if value is not None]))
        dtype = _DTYPES.get(next(iter(types))) if len(types) == 1 else None
        if dtype is not None:
            try:
                return self._codes(np.array(values, dtype=dtype))
            except OverflowError:
                pass
        return self._codes_one_by_one(values)

    def _float_codes(self, column: np.ndarray) -> np.ndarray:
        null = np.isnan(column)
        if null.any():
            return _beside_nulls(null, self._numeric_codes(column[~null]))
        return self._numeric_codes(column)

    def _numeric_codes(self, column: np.ndarray) -> np.ndarray:
        """Looks small whole numbers up in an array, and others by their distinct values."""
        if column.dtype.kind != "b" and self._whole is not None and column.size:
            low, codes = self._whole
            small = _whole_numbers(column)
            if small is not None:
                places: np.ndarray = np.clip(small, low - 1, low + len(codes) - 2) - (low - 1)
                found: np.ndarray = codes.take(places)
                if self._shared:
                    unknown = np.flatnonzero(found == _TO_BE_FOUND)
                    numbers, inverse = np.unique(small[unknown], return_inverse=True)
                    found[unknown] = self._shared_codes(list(map(str, numbers.tolist())))[inverse]
                return found
        distinct, inverse = np.unique(column, return_inverse=True)
        # Python's own numbers are named faster; but a float16 has fewer digits than the float it becomes.
        values = list(distinct) if distinct.dtype == np.float16 else distinct.tolist()
        return self._codes_one_by_one(values).take(inverse)

    def _code_of_whole(self) -> tuple[int, np.ndarray] | None:
        """Codes of the whole numbers between the least and the largest known one, and one more of an unknown at each end."""
        labels = [label for label in self._table if label is not None]
        known = {int(label) for label in labels if _is_whole(label)}
        if not known or self._is_right is _is_truth:  # these two are of its type, whether or not they are known
            known |= {0, 1}
        low, high = min(known), max(known)
        if high - low >= _FEW_CODES or any(map(_is_large, labels)):
            return None
        codes = np.full(high - low + 3, self._other if self._is_right(high + 1) else TYPE, dtype=np.int16)
        codes[[number - low + 1 for number in known]] = self._codes_one_by_one(known)
        return low, codes

    def _codes_one_by_one(self, values: Collection[Any]) -> np.ndarray:
        """Looks values of any types up; the shared bins of all unknown ones together, as numpy takes long for a single one."""
        unknown: list[str] = []
        codes = np.fromiter(map(self._code_of, values, repeat(unknown)), dtype=np.intp, count=len(values))
        if unknown:
            codes[codes == _TO_BE_FOUND] = self._shared_codes(unknown)
        return codes

    def _code_of(self, value: Any, unknown: list[str]) -> int:
        """Returns a value's code, or the sign that its shared bin is to be found, and then adds its label to the unknown."""
        if is_null(value):
            return NULL
        if not self._is_right(value):
            return TYPE
        label = category_of(value)
        found = self._table.get(label, self._other)
        if found == _TO_BE_FOUND:
            unknown.append(label)
        return found

    def _shared_codes(self, labels: list[str]) -> np.ndarray:
        return self._first_shared + slots(labels, self._shared)


def _beside_nulls(null: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Codes of all values, from those of the values that are not null."""
    found = np.full(len(null), NULL, dtype=np.intp)
    found[~null] = codes
    return found


def _spellings(label: str, labels: Iterable[str]) -> Iterator[str]:
    """Other ways to write what a label says."""
    if _is_whole(label):
        yield f"{label}.0"
    elif label.endswith(".0") and _is_whole(label[:-2]):
        yield label[:-2]
    truth = TRUTHS.get(label)
    if truth is not None and all(other in TRUTHS and (other == label or TRUTHS[other] != truth) for other in labels):
        yield from (other for other, means in TRUTHS.items() if means == truth)


def _is_whole(label: str) -> bool:
    digits = label.removeprefix("-")
    return len(digits) <= _DIGITS and digits.isascii() and digits.isdigit() and str(int(label)) == label


def _is_large(label: str) -> bool:
    """Whether it is a number that may be whole and that `_is_whole` does not take."""
    try:
        return abs(float(label)) >= 10**_DIGITS
    except ValueError:
        return False


def _whole_numbers(column: np.ndarray) -> np.ndarray | None:
    """Returns numbers as int64 if all of them are whole and small enough to stay what they are."""
    if column.dtype.kind == "f":
        if not (np.abs(column) < np.float64(2**53)).all():  # of its own type: float16 does not go so far
            return None
        whole = column.astype(np.int64)
        return whole if (whole == column).all() else None
    return None if column.dtype == np.uint64 and column.max() >= 2**63 else column.astype(np.int64)


def _anything(_: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def _is_number(value: Any) -> bool:
    return number_of(value) is not None


def _is_integer(value: Any) -> bool:
    number = number_of(value)
    return number is not None and (number.is_integer() or number - number != 0)


def _is_truth(value: Any) -> bool:
    return value in TRUTHS if isinstance(value, str) else number_of(value) in (0.0, 1.0)


_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "string": _is_text,
    "number": _is_number,
    "integer": _is_integer,
    "boolean": _is_truth,
    "datetime": lambda value: seconds_of(value) is not None,
}
