"""Times out of files: timestamps, ISO 8601 text, or numbers since 1970."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from otel_ml.cli.files.errors import FileError
from otel_ml.cli.printable import printable

_MICROSECONDS: Final = 1e6
_UNITS: Final = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (float("inf"), 1e9))
"""Numbers below the first are seconds, then milli-, micro- and nanoseconds: right for the years 1974 to 5138."""


def timestamps(texts: Any) -> Any:
    """ISO 8601 texts as timestamps in UTC to the microsecond; those without a zone are taken for UTC.

    Args:
        texts: an arrow array of strings.

    Raises:
        pyarrow.ArrowInvalid: One of them is no time.
    """
    try:
        return texts.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:  # there are zones
        return texts.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


class TimeColumn:
    """Turns a column into seconds since 1970, block by block. The first block tells what unit its numbers have.

    Args:
        name: of the column, for what is said when a value is no time.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._per_second: float | None = None
        self._rows = 0

    def seconds(self, block: Any) -> np.ndarray:
        """Seconds since 1970 of each row, NaN for a null.

        Args:
            block: an arrow array.

        Raises:
            FileError: A value is no time.
        """
        if pa.types.is_dictionary(block.type):
            block = block.cast(block.type.value_type)
        try:
            seconds = self._seconds(block)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise FileError(self._complaint(block)) from None
        self._rows += len(block)
        return seconds

    def _seconds(self, block: Any) -> np.ndarray:
        kind = block.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            try:
                block = block.cast(pa.float64())
            except pa.ArrowInvalid:
                block = timestamps(pc.utf8_trim_whitespace(block))
        elif pa.types.is_date(kind):
            block = block.cast(pa.timestamp("us"))
        if pa.types.is_timestamp(block.type):
            ticks = block.cast(pa.timestamp("us", block.type.tz), safe=False).cast(pa.int64())
            return _floats(ticks) / _MICROSECONDS
        numbers = _floats(block.cast(pa.float64(), safe=False))
        if self._per_second is None:
            known = np.abs(numbers[np.isfinite(numbers)])
            if len(known):
                size = float(np.median(known))
                self._per_second = next(per_second for limit, per_second in _UNITS if size < limit)
        return numbers / (self._per_second or 1.0)

    def _complaint(self, block: Any) -> str:
        what = f"the column {printable(self.name, 60)!r} is no time"
        for index in range(len(block)):
            one = block[index : index + 1]
            try:
                self._seconds(one)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                what = f"{what}: see row {self._rows + index + 1:,}"
                break
        return f"{what}. It may hold timestamps, ISO 8601 texts, or seconds or milliseconds since 1970"


def _floats(block: Any) -> np.ndarray:
    values: np.ndarray = block.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values
