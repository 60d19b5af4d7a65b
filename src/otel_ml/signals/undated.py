"""Rows without a time of their own that can be used: said at most once a minute, since a misspelt header shows nowhere else."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from otel_ml.drift.settings import AHEAD_LIMIT

if TYPE_CHECKING:
    from otel_ml.config import EventTime

LOG_INTERVAL_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class Undated:
    """Counts such rows of one process until they are said. Runs under the aggregator's lock.

    Args:
        source: where the configuration has the time read.
    """

    def __init__(self, source: EventTime | None) -> None:
        self._source = source
        self._last_warning = -LOG_INTERVAL_SECONDS
        self._rows = 0

    def note(self, times: float | list[float], rows: int, model: str) -> None:
        """Look at the times of some rows.

        Args:
            times: in seconds since 1970, NaN where it is not known; of all rows or of each.
            rows: how many have one time.
            model: their model's name.
        """
        limit = time.time() + AHEAD_LIMIT
        if isinstance(times, float):
            if times <= limit:  # NaN is not
                return
            self._rows += rows
        else:
            found = sum([not moment <= limit for moment in times])
            if not found:
                return
            self._rows += found
        now = time.monotonic()
        if now - self._last_warning >= LOG_INTERVAL_SECONDS:
            self._last_warning, count, self._rows = now, self._rows, 0
            _logger.warning(
                "otel-ml does not know when %d rows happened (the last of %s): their time was not told, can not be read or is "
                "more than a day ahead (event_time is %s); they count as of now (logged at most once a minute)",
                count,
                model,
                self._source or "an argument",
            )
