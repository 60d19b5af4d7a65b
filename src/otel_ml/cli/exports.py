"""What came of each export: the receiver's answer, or what the exporter says is in the way."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from otel_ml.patching import Patcher

SIGNALS: Final = ("traces", "metrics", "logs")
EXPORTERS: Final = "opentelemetry.exporter"
MAX_REASON: Final = 400
"""Characters of what an exporter says: some quote whole certificates."""

Export = Callable[..., Any]


class Exports(logging.Handler):
    """Listens to every exporter that is loaded, and to what exporters log.

    Attributes:
        asked: the exporter that was given something, by signal.
        failed: signals of which something was not taken.
        succeeded: signals of which something was taken.
        reasons: what the exporter said of what is in the way, by signal.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.asked: dict[str, str] = {}
        self.failed: set[str] = set()
        self.succeeded: set[str] = set()
        self.reasons: dict[str, str] = {}
        self._by_thread: dict[int, str] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listens meanwhile."""
        from opentelemetry.sdk._logs.export import LogRecordExporter
        from opentelemetry.sdk.metrics.export import MetricExporter
        from opentelemetry.sdk.trace.export import SpanExporter

        patcher, logger = Patcher(), logging.getLogger(EXPORTERS)
        for signal, base in zip(SIGNALS, (SpanExporter, MetricExporter, LogRecordExporter), strict=True):
            for exporter in _subclasses(base):
                patcher.wrap(exporter, "export", self._listener(signal))
        children = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith(EXPORTERS)]
        filters = [(child, child.filters) for child in children]
        for child in children:
            child.filters = []  # they let a line of the code speak once in a while, whichever signal it speaks of
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
            for child, kept in filters:
                child.filters = kept
            patcher.undo()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what an exporter says in the thread in which it exports."""
        signal = self._by_thread.get(record.thread or 0)
        if signal is not None:
            self._explain(signal, record.getMessage())

    def _explain(self, signal: str, text: str) -> None:
        said = without_login(" ".join(text.split()))[:MAX_REASON]
        # the longest tells most: the last may be that it gave up, after it had said why it tries again
        self.reasons[signal] = max(said, self.reasons.get(signal, ""), key=len)

    def _listener(self, signal: str) -> Callable[[Export], Export]:
        def listen(export: Export) -> Export:
            def listening(exporter: Any, *args: Any, **kwargs: Any) -> Any:
                kind, thread = type(exporter), threading.get_ident()
                self.asked[signal] = f"{kind.__module__.removeprefix('opentelemetry.')}.{kind.__name__}"
                self._by_thread[thread] = signal
                try:
                    result = export(exporter, *args, **kwargs)
                except Exception as error:  # one that cannot even be reached with such an endpoint
                    self._explain(signal, f"{type(error).__name__}: {error}")
                    self.failed.add(signal)
                    raise
                finally:
                    self._by_thread.pop(thread, None)
                (self.succeeded if getattr(result, "name", "") == "SUCCESS" else self.failed).add(signal)
                return result

            return listening

        return listen


def without_login(text: str) -> str:
    """A text without the logins in its URLs, which are nobody's business."""
    return re.sub(r"[^\s/@]*@", "", text)


def _subclasses(base: type) -> Iterator[type]:
    kind: type
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)
