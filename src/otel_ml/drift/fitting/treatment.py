"""What of the data may stand in a baseline: the seam to a policy of privacy, which the engine knows nothing of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import numpy as np

from otel_ml.drift.counts.labels import category_of, is_null

Action = Literal["keep", "mask", "drop", "hash", "round"]


class Treatment(Protocol):
    """Decides about columns and their values. Must be picklable where parts are fitted by several processes."""

    def action(self, name: str | None) -> Action:
        """What is done with a column: of one that is masked or dropped only the null rate is kept.

        Here and below None stands for what the model made of the row.
        """

    def safe_name(self, name: str) -> str:
        """What a column is called in the baseline."""

    def mark(self, name: str) -> str | None:
        """What a column's values are after it, where they are others: two words that `Baseline.treated` has. None otherwise."""

    def differences(self, treated: Mapping[str, str], features: Iterable[str]) -> str | None:
        """What is done otherwise than in the fit of a baseline with these marks, in words; None if nothing is."""

    def category(self, name: str | None, text: str) -> str:
        """How a category of a column may stand in the baseline: as it is, hashed, or replaced by a mask."""

    def number(self, name: str | None, value: float) -> float | None:
        """How a number may: as it is, or rounded; None if it may not, such as that of a payment card."""


def treated(column: np.ndarray, name: str, treatment: Treatment) -> np.ndarray:
    """A column as it may be kept even in memory: hashed, or rounded; other actions change nothing here."""
    action = treatment.action(name)
    if action == "hash":
        return _mapped(column, lambda value: treatment.category(name, category_of(value)))
    if action == "round":
        if column.dtype.kind in "iuf":
            distinct, inverse = np.unique(column, return_inverse=True)
            found = np.array([_rounded(value, name, treatment) for value in distinct.tolist()], dtype=np.float64)
            return found[inverse]
        return _mapped(column, lambda value: _number_or_label(value, name, treatment))
    return column


def _mapped(column: np.ndarray, change: object) -> np.ndarray:
    assert callable(change)
    found = np.empty(len(column), dtype=object)
    known: dict[object, object] = {}
    for index, value in enumerate(column.tolist() if column.dtype.kind in "OUSbiuf" else list(column)):
        if is_null(value):
            continue
        try:
            key = (type(value), value)
            if key not in known:
                if len(known) > 65_536:
                    known.clear()
                known[key] = change(value)
            found[index] = known[key]
        except TypeError:  # not hashable
            found[index] = change(value)
    return found


def _number_or_label(value: object, name: str, treatment: Treatment) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _rounded(value, name, treatment)
    return treatment.category(name, category_of(value))


def _rounded(value: float, name: str, treatment: Treatment) -> float:
    try:
        number = float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    found = treatment.number(name, number) if np.isfinite(number) else number
    return np.nan if found is None else found
