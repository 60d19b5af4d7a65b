"""Which features the rows have, beside those that the baseline has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from otel_ml.drift.counts.binning import Binner

MAX_EXTRA: Final = 100
"""Names kept of features that nobody expects: they may be other ones in every row, and must leave room for the others."""


class Names:
    """Names of features, over all rows so far."""

    def __init__(self, binner: Binner) -> None:
        self._binner = binner
        self._missing: dict[str, None] | None = None  # before the first row none is
        self._extra: dict[str, None] = {}
        self._last: tuple[str, ...] | None = None

    def note(self, names: Iterable[str]) -> None:
        """Notes the features that some rows have."""
        given = tuple(names)
        if given == self._last:
            return
        self._last = given
        missing, extra = self._binner.missing_and_extra(given)
        still = missing if self._missing is None else (name for name in missing if name in self._missing)
        self._missing = dict.fromkeys(still)
        for name in extra[: MAX_EXTRA - len(self._extra)]:
            self._extra[name] = None

    def missing(self) -> tuple[str, ...]:
        """Features of the baseline that no row had."""
        return tuple(self._missing or ())

    def extra(self) -> tuple[str, ...]:
        """Features of the rows that the baseline does not know; at most `MAX_EXTRA`."""
        return tuple(self._extra)

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {"missing": None if self._missing is None else list(self._missing), "extra": list(self._extra)}

    def restore(self, state: Mapping[str, Sequence[str] | None]) -> None:
        """Continues where others were."""
        missing = state["missing"]
        self._missing = None if missing is None else dict.fromkeys(missing)
        self._extra = dict.fromkeys(state["extra"] or ())
