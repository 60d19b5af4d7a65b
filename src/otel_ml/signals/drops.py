"""What was not emitted: counted by reason and signal, and said at most once a minute."""

from __future__ import annotations

import logging
import threading
import time

from otel_ml.semconv import attributes as names
from otel_ml.semconv.attributes import MlDropReasonValues, MlDropSignalValues
from otel_ml.signals.metrics import Series

WHY = {
    MlDropReasonValues.LATE: "they came later than drift_lateness allows",
    MlDropReasonValues.CAP: "there are too many at once",
}

LOG_INTERVAL_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class Drops:
    """Counts of one process."""

    def __init__(self) -> None:
        self._last_warning = -LOG_INTERVAL_SECONDS
        self.reset()

    def reset(self) -> None:
        """Back to zero, with a lock of its own: at first, and in a forked child."""
        self._lock = threading.RLock()  # a signal handler may interrupt whoever holds it
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, reason: MlDropReasonValues, signal: MlDropSignalValues, count: int) -> None:
        """Count something as dropped."""
        key = (reason.value, signal.value)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + count
            now = time.monotonic()
            due = now - self._last_warning >= LOG_INTERVAL_SECONDS
            if due:
                self._last_warning = now
        if due:  # not while the lock is held: a handler of the user's may wait, or predict
            _logger.warning(
                "otel-ml dropped %d rows (%s): %s; see ml.telemetry.dropped (logged at most once a minute)",
                count,
                reason.value,
                WHY.get(reason, "predictions come faster than they can be sent"),
            )

    def series(self) -> list[tuple[Series, int]]:
        """What was dropped so far."""
        with self._lock:
            found = dict(self._counts)
        return [
            ({names.ML_DROP_REASON: reason, names.ML_DROP_SIGNAL: signal}, count)
            for (reason, signal), count in found.items()
        ]
