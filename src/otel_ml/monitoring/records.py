"""What one worker has counted within one step, as bytes for the others."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

_HEAD: Final = struct.Struct("<qIIIBxxx")  # step, variables, width, examples, bytes a count
_TYPES: Final[dict[int, np.dtype[Any]]] = {
    1: np.dtype("<u1"),
    2: np.dtype("<u2"),
    4: np.dtype("<u4"),
    8: np.dtype("<i8"),
}


class RareRow(NamedTuple):
    """A row with a rare event.

    Attributes:
        variable: its index in the baseline.
        kind: a name of `otel_ml.drift.layout.RARE`.
        id: of the row, as `Origin` writes it.
    """

    variable: int
    kind: str
    id: str


def _no_bins() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Record:
    """Counts of rows whose time is within one step.

    Attributes:
        step: their sub-window, counted from 1970.
        counts: int64 of shape (variables, width), in the layout of `otel_ml.drift.layout`.
        ids: of a few of the rows, as `Origin` writes them.
        bins: of the same rows, uint8 of shape (ids, variables): the columns of the layout that their values are in.
        rare: rows with rare events.
        names: of their features, where these were not told before.
    """

    step: int
    counts: np.ndarray
    ids: tuple[str, ...] = ()
    bins: np.ndarray = field(default_factory=_no_bins)
    rare: tuple[RareRow, ...] = ()
    names: tuple[str, ...] | None = None

    def to_bytes(self) -> bytes:
        """Counts in the smallest type that holds the largest one."""
        largest = int(self.counts.max(initial=0))
        size = 1 if largest < 1 << 8 else 2 if largest < 1 << 16 else 4 if largest < 1 << 32 else 8
        variables, width = self.counts.shape
        head = _HEAD.pack(self.step, variables, width, len(self.ids), size)
        texts = json.dumps([self.ids, self.rare, self.names], separators=(",", ":")).encode()
        return b"".join([head, self.counts.astype(_TYPES[size]).tobytes(), self.bins.tobytes(), texts])

    @classmethod
    def from_bytes(cls, data: bytes, shape: Sequence[int]) -> Record:
        """The opposite of `to_bytes`.

        Raises:
            ValueError: it has other variables, or bins, than `shape`.
        """
        step, variables, width, examples, size = _HEAD.unpack_from(data)
        if (variables, width) != tuple(shape):
            raise ValueError(f"counts of {variables} x {width} instead of {shape[0]} x {shape[1]}")
        at = _HEAD.size
        counts = np.frombuffer(data, _TYPES[size], variables * width, at).reshape(variables, width)
        at += counts.nbytes
        bins = np.frombuffer(data, np.uint8, examples * variables, at).reshape(examples, variables)
        ids, rare, names = json.loads(data[at + bins.nbytes :])
        rows = tuple(RareRow(*row) for row in rare)
        return cls(step, counts.astype(np.int64), tuple(ids), bins, rows, None if names is None else tuple(names))
