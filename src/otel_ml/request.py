"""One request, or one thread outside of any: the ids it has given out, and the predictions that a next call may belong to."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from opentelemetry.context import Context

from otel_ml.context import REQUEST_KEY

if TYPE_CHECKING:
    from otel_ml.signals.record import Prediction

MAX_IDS = 8
"""Ids in the response header; a request that makes more predictions names its first ones."""

RECENT = 4
"""Predictions that a second operation on the same rows may still join."""


class Recent:
    """A prediction, the rows it was made from in brief, and the operations that were called on them."""

    __slots__ = ("fingerprint", "operations", "parent", "prediction")

    def __init__(self, prediction: Prediction, parent: int, fingerprint: object) -> None:
        self.prediction = prediction
        self.parent = parent
        self.fingerprint = fingerprint
        self.operations = {prediction.operation}


class Scope:
    """Where predictions are remembered."""

    def __init__(self) -> None:
        self.recent: deque[Recent] = deque(maxlen=RECENT)
        self.last: Prediction | None = None

    def join(self, model: object, operation: str, parent: int, fingerprint: object) -> Prediction | None:
        """The prediction that this call belongs to: same model, same parent, same rows, an operation not yet called.

        With neither a request nor a span around them, two calls have nothing in common but their rows.
        """
        if not parent and type(self) is Scope:
            return None
        for known in tuple(self.recent):  # other threads of the request, or a signal handler, may add to it meanwhile
            if (
                known.parent == parent
                and known.prediction.model is model
                and operation not in known.operations
                and known.fingerprint == fingerprint
            ):
                known.operations.add(operation)
                return known.prediction
        return None

    def remember(self, prediction: Prediction, parent: int, fingerprint: object) -> None:
        """Let later calls join this prediction."""
        self.recent.append(Recent(prediction, parent, fingerprint))


class Request(Scope):
    """One HTTP request or websocket connection.

    A mutable holder in the context: what a synchronous endpoint sets in its thread is not seen by the middleware otherwise.

    Attributes:
        headers: of the request, as ASGI has them.
        ids: of its predictions, for the response header.
        answered: the whole response was handed to the server.
        excluded: contrib leaves its URL alone, so whatever it asks a model is no traffic.
    """

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        super().__init__()
        self.headers = headers
        self.ids: list[str] = []
        self.answered = False
        self.excluded = False

    def add_id(self, prediction_id: str) -> None:
        """Note an id for the response header."""
        if len(self.ids) < MAX_IDS and prediction_id not in self.ids:
            self.ids.append(prediction_id)

    def header(self, name: bytes) -> str | None:
        """The first header of this (lower-case) name."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


class _Local(threading.local):
    def __init__(self) -> None:
        self.scope = Scope()


_local = _Local()


def scope_of(context: Context) -> Scope:
    """The request that the context belongs to, else what this thread remembers."""
    request = context.get(REQUEST_KEY)
    return request if isinstance(request, Request) else _local.scope


def forget() -> None:
    """Forget what this thread remembers."""
    _local.scope = Scope()
