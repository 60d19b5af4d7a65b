"""What is going on around a call: inside an inference, suppressed, or within a request.

All of it lives in the OpenTelemetry context, so it travels wherever the context travels: into tasks, thread pools
(through the threading instrumentation) and callbacks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextvars import Token
from typing import Any

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context, attach, create_key, detach, get_current

ACTIVE_KEY = create_key("otel-ml-active")
"""An `Inference`, or INSIDE: whatever runs here is not a prediction of its own."""
REQUEST_KEY = create_key("otel-ml-request")

INSIDE = object()

_PLAIN_SUPPRESS_KEY = "suppress_instrumentation"  # the older key, which instrumentations still honour


def is_active(context: Context | None = None) -> bool:
    """Whether a call made here belongs to something else: an outer inference, `fit`, `suppress`, a suppressed trace."""
    context = get_current() if context is None else context
    return bool(
        context.get(ACTIVE_KEY) is not None
        or context.get(_SUPPRESS_INSTRUMENTATION_KEY)
        or context.get(_PLAIN_SUPPRESS_KEY)
    )


class suppress(contextlib.ContextDecorator):
    """Predictions made inside are not traffic: no span, no event, not counted.

    For evaluation, warm-up, back-testing. Works as a decorator too. Thread-safe and reentrant.

    >>> with suppress():
    ...     is_active()
    True
    """

    def __init__(self) -> None:
        self._tokens: list[Token[Context]] = []

    def __enter__(self) -> None:
        self._tokens.append(attach(_inside(get_current())))

    def __exit__(self, *_: object) -> None:
        detach(self._tokens.pop())

    def _recreate_cm(self) -> suppress:  # a decorator is shared by threads: a fresh one for each call
        return suppress()


def _inside(context: Context) -> Context:
    return Context({**context, ACTIVE_KEY: INSIDE})


class Carried:
    """A function that runs "inside" wherever it is called: joblib's workers lose the context.

    Picklable, for worker processes, as long as the function is.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, inside."""
        with suppress():
            return self._function(*args, **kwargs)


def carried(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself in ordinary places; where an inference or `suppress` is active, one that stays inside it."""
    return Carried(function) if is_active() else function
