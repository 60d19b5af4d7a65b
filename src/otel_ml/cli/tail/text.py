"""`otel-ml tail` into a pipe or a file: a line a row, the first ones of a call, and the figures at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from itertools import groupby
from typing import Any, TextIO

from rich.console import Console

from otel_ml.cli.printable import clock, milliseconds, plural, printable, value
from otel_ml.cli.tail.findings import finding
from otel_ml.cli.tail.panel import Figures
from otel_ml.semconv import attributes as names
from otel_ml.service import fields
from otel_ml.service.predictions import Prediction
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Attributes, Log, Point, Span
from otel_ml.service.summary import Summary

ROWS = 3
"""Rows of a call that are shown: those of a large batch would drown all else."""

_WIDTH = 110
_HEIGHT = 42


class TextView:
    """Plain lines, whole ids, no colour.

    Args:
        out: Where they go.
        rows: Rows of a call to show; they still count. 0 shows all.
    """

    def __init__(self, out: TextIO, rows: int = ROWS) -> None:
        self._out = out
        self._rows = rows

    def listening(self, receiver: Receiver) -> None:
        """The endpoints."""
        self._write(endpoints(receiver))

    def predictions(self, predictions: list[Prediction]) -> None:
        """A line a row, and how many more there are."""
        for rows in by_call(predictions):
            shown = rows[: self._rows or None]
            for prediction in shown:
                self._write(prediction_text(prediction))
            if len(rows) > len(shown):
                self._write(f"… {plural(len(rows) - len(shown), 'more row')} of this call")

    def event(self, event: Log) -> None:
        """An `ml.*` event that is no prediction."""
        self._write(event_text(event))

    def points(self, points: list[Point]) -> None:
        """Metrics show in the figures."""

    def refresh(self, summarise: Callable[[], Summary]) -> None:
        """Nothing to redraw."""

    def summary(self, summary: Summary) -> None:
        """The figures so far."""
        with StringIO() as page:
            Console(file=page, width=_WIDTH, height=_HEIGHT, color_system=None).print(Figures(summary))
            lines = [line.rstrip() for line in page.getvalue().splitlines()]
        self._write("\n".join(["", *lines, ""]))

    def close(self) -> None:
        """Nothing to restore."""

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def by_call(predictions: Iterable[Prediction]) -> Iterator[list[Prediction]]:
    """The rows of one call after the other. Without a span nothing tells that two are of one call."""

    def call(row: Prediction) -> object:
        span_id = row.call.span_id if row.call else row.event.span_id if row.event else ""
        return (row.trace_id, span_id) if span_id else object()

    for _, rows in groupby(predictions, key=call):
        yield list(rows)


def endpoints(receiver: Receiver) -> str:
    """Where services should send to, as they are told it."""
    served = [f"{url} ({name})" for url, name in _urls(receiver) if url]
    return f"waiting for OTLP at {' and '.join(served)}"


def prediction_text(prediction: Prediction) -> str:
    """A prediction in one line, parts left out when they are unknown."""
    attributes = prediction.attributes
    parts = [
        clock(prediction.time),
        fields.service_name(prediction.source.resource),
        request_text(prediction.server) if prediction.server else "",
        call_text(prediction),
        "->",
        output_text(prediction),
        *(f"{name}={value(item)}" for name, item in fields.features(attributes).items()),
        *(f"{name}=null" for name in fields.null_names(attributes)),
        *(f"{name}={value(item)}" for name, item in fields.caller(attributes).items()),
        f"id={attributes.get(names.ML_PREDICTION_ID, '')}",
        f"trace={prediction.trace_id}" if prediction.trace_id else "",
    ]
    return " ".join(printable(part) for part in parts if part)


def event_text(event: Log) -> str:
    """Any other event in one line."""
    found = finding(event)
    said = found or [f"{name}={value(item)}" for name, item in event.attributes.items()]
    return " ".join(printable(part) for part in (clock(event.time), event.severity, event.event, *said) if part)


def request_text(span: Span) -> str:
    """The request that a server span stands for."""
    known = fields.request(span)
    if not known:
        return span.name
    return " ".join(str(known[key]) for key in ("method", "route", "status_code") if key in known)


def call_text(prediction: Prediction) -> str:
    """Which model did what, and how long it took."""
    attributes = prediction.attributes
    size = attributes.get(names.ML_BATCH_SIZE, 1)
    parts = [
        str(attributes.get(names.ML_OPERATION_NAME, "")),
        model_text(attributes),
        f"({size} rows)" if size != 1 else "",
        milliseconds(prediction.call.seconds) if prediction.call is not None else "",
    ]
    return " ".join(part for part in parts if part)


def model_text(attributes: Attributes) -> str:
    """Name, version and alias of the model."""
    keys = (names.ML_MODEL_NAME, names.ML_MODEL_VERSION, names.ML_MODEL_ALIAS)
    return " ".join(str(attributes[key]) for key in keys if attributes.get(key))


def output_text(prediction: Prediction) -> str:
    """What was predicted, or the error."""
    attributes = prediction.attributes
    error = attributes.get(names.ERROR_TYPE)
    if error is not None or (prediction.call is not None and prediction.call.status == "error"):
        return f"failed: {error or 'error'}"
    known = fields.output(attributes)
    scores = known.pop("class_scores", {})
    parts = [_score(item) if key == "score" else value(item) for key, item in known.items()]
    if len(scores) > (2 if "label" in known and "score" in known else 0):  # of two classes one score says all
        parts.append("(" + ", ".join(f"{name} {_score(score)}" for name, score in scores.items()) + ")")
    return " ".join(parts) or ("no output captured" if prediction.event else "no event")


def _score(item: Any) -> str:
    return f"{item:.3f}" if isinstance(item, float) else value(item)


def _urls(receiver: Receiver) -> list[tuple[str | None, str]]:
    return [(receiver.grpc_endpoint, "grpc"), (receiver.http_endpoint, "http/protobuf")]
