"""Wait for a condition instead of sleeping."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a test gives up: many more than anything takes, since a busy machine is no failure."""


def eventually(condition: Callable[[], T], timeout: float = PATIENCE, *, interval: float = 0.1, what: str = "") -> T:
    """Call a condition until it returns something true, and return that.

    A condition that raises an AssertionError or a network error is not met yet.

    Args:
        condition: What to call. Side effects repeat.
        timeout: Seconds after which to give up.
        interval: Seconds between two calls.
        what: What is waited for, for the message.

    Returns:
        The first true result.

    Raises:
        AssertionError: The condition was not met in time; the message shows the last result or error.
    """
    deadline = time.monotonic() + timeout
    while True:
        last: object
        try:
            result = condition()
            if result:
                return result
            last = result
        except (AssertionError, httpx.HTTPError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what or condition!r}; last: {last!r:.2000}")
        time.sleep(interval)
