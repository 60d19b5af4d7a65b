"""The texts of a CSV column as values.

A CSV file has no types. Those of a baseline are taken where there is one; otherwise the first block with a value decides.
A text among numbers stays a text, so that it is counted as what it is: a value of another type.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from otel_ml.cli.files.times import timestamps
from otel_ml.drift.tables import column_array

ColumnType = Literal["number", "boolean", "datetime", "text"]

NULLS: Final = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Texts that are a null: those of pandas, since what a model was trained on was most likely read with it."""

_NUMBER: Final = r"^[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[iI]nf(inity)?)$"
_CODE: Final = r"^[-+]?0\d"
_TRUE: Final = pa.array(["true", "1", "t", "yes", "y"])
_FALSE: Final = pa.array(["false", "0", "f", "no", "n"])


class CsvColumn:
    """Turns the texts of one column into values, block by block.

    Args:
        kind: what they are; None lets the first block with a value decide.
    """

    def __init__(self, kind: ColumnType | None) -> None:
        self._kind = kind
        self._number = pa.int64()

    def values(self, texts: Any, decimal_comma: bool = False) -> np.ndarray:
        """One block.

        Args:
            texts: an arrow array of strings.
            decimal_comma: whether a number may have a comma for a point, which differs between the files of a table.

        Returns:
            int64, float64, bool, datetime64 or object; nulls are NaN, NaT or None.
        """
        if self._kind is None:
            self._kind = _infer(texts, decimal_comma)
        if self._kind == "number":
            return self._numbers(texts, decimal_comma)
        if self._kind == "boolean":
            return _booleans(texts)
        if self._kind == "datetime":
            return _datetimes(texts)
        return _objects(texts)

    def _numbers(self, texts: Any, comma: bool) -> np.ndarray:
        while True:
            try:
                return column_array(texts.cast(self._number))
            except pa.ArrowInvalid:  # a cast that fails is slow: it is tried once, not with every block
                if self._number == pa.float64():
                    break
                self._number = pa.float64()
        return _mixed_numbers(texts, comma)


def _infer(texts: Any, comma: bool) -> ColumnType | None:
    """What most of the values are, or None where there is none. A number with leading zeros is a code."""
    known = texts.drop_null()
    if not len(known):
        return None
    lower = pc.utf8_lower(known)
    if pc.all(pc.is_in(lower, pa.array(["true", "false"]))).as_py():
        return "boolean"
    numbers = pc.match_substring_regex(with_point(known, comma), _NUMBER)
    if pc.mean(numbers).as_py() > 0.5:
        return "text" if pc.any(pc.match_substring_regex(known, _CODE)).as_py() else "number"
    try:
        timestamps(known)
    except pa.ArrowInvalid:
        return "text"
    return "datetime"


def _mixed_numbers(texts: Any, comma: bool) -> np.ndarray:
    """Numbers where they are, texts where there is anything else."""
    plain = with_point(texts, comma)
    numeric = pc.fill_null(pc.match_substring_regex(plain, _NUMBER), False)
    numbers = pc.if_else(numeric, plain, None).cast(pa.float64())
    if pc.all(pc.or_(numeric, pc.is_null(texts))).as_py():
        return column_array(numbers)
    mask = column_array(numeric)
    mixed = _objects(texts)
    mixed[mask] = column_array(numbers)[mask]
    return mixed


def _booleans(texts: Any) -> np.ndarray:
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    true = column_array(pc.is_in(lower, _TRUE))
    false = column_array(pc.is_in(lower, _FALSE))
    if (true | false).all():
        return true
    values = _objects(texts)
    values[true] = True
    values[false] = False
    return values


def _datetimes(texts: Any) -> np.ndarray:
    try:
        return column_array(timestamps(texts))
    except pa.ArrowInvalid:
        pass
    mixed = _objects(texts)
    for index, text in enumerate(mixed):
        if text is not None:
            try:
                mixed[index] = column_array(timestamps(pa.array([text.strip()])))[0]
            except pa.ArrowInvalid:  # it stays a text
                pass
    return mixed


def _objects(texts: Any) -> np.ndarray:
    """Each different text is one object only: columns of few categories cost little."""
    encoded = texts.dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), None], dtype=object)
    values: np.ndarray = words[encoded.indices.fill_null(len(words) - 1).to_numpy()]
    return values


def with_point(texts: Any, comma: bool) -> Any:
    """Numbers as they are written where a point is the decimal mark."""
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.replace_substring(trimmed, ",", ".", max_replacements=1) if comma else trimmed
