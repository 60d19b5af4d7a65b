"""The one place that swallows our own errors.

Telemetry must never change a prediction, so everything of ours that runs in the user's call runs under `guarded`. An error
is counted by site (``ml.telemetry.errors``), logged at most once a minute per site, and raised again only under test.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

RERAISE = False
"""Set by the test suite, so that a swallowed error fails a test instead of hiding."""

LOG_INTERVAL_SECONDS = 60.0

_logger = logging.getLogger(__name__)
_lock = threading.RLock()  # a signal handler may interrupt whoever holds it
_counts: dict[str, int] = {}
_last_logged: dict[str, float] = {}


def guarded(site: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a function return None instead of raising.

    Args:
        site: a short constant name for the place, the ``ml.error.site`` of the metric.

    Only `Exception` is swallowed: an interrupt, a cancellation or an exit that happens to arrive while our code runs is
    the user's.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                _try_to_report(site, error)
                return None

        return call

    return decorate


def _try_to_report(site: str, error: Exception) -> None:
    """`report`, which may fail as well: at the end of the stack or of memory, or in a log handler of the user's."""
    try:
        report(site, error)
    except Exception:
        if RERAISE:
            raise


def report(site: str, error: BaseException) -> None:
    """Count an error of ours, and log it if this site has not logged within the last minute."""
    now = time.monotonic()
    with _lock:
        _counts[site] = _counts.get(site, 0) + 1
        due = now - _last_logged.get(site, -LOG_INTERVAL_SECONDS) >= LOG_INTERVAL_SECONDS
        if due:
            _last_logged[site] = now
    if RERAISE:
        raise error
    if due:
        # Never the message, at any level: it may carry a row's values.
        _logger.warning(
            "otel-ml failed in %s with %s; the prediction is not affected (logged at most once a minute)",
            site,
            type(error).__qualname__,
        )
        _logger.debug("the failure in %s was at\n%s", site, "".join(traceback.format_tb(error.__traceback__)))


def counts() -> dict[str, int]:
    """Errors so far, by site."""
    with _lock:
        return dict(_counts)


def reset() -> None:
    """Start at zero: in a forked child, and between tests."""
    global _lock
    _lock = threading.RLock()
    _counts.clear()
    _last_logged.clear()
