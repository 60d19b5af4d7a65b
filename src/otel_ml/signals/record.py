"""What one call leaves behind for the aggregator."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import Context
from opentelemetry.util.types import AnyValue

from otel_ml.observation import Batch

if TYPE_CHECKING:
    from otel_ml.counts import Schema
    from otel_ml.models import Model
    from otel_ml.observation import OutputRow, Outputs, Row

Attributes = dict[str, AnyValue]

OVERHEAD_BYTES = 3_000
"""About what a queued call takes beside its rows: the span, the context, the objects around them."""

_EMPTY = Context()


class Prediction:
    """One prediction: a row or a batch of rows, the outputs it got, and where it belongs.

    Several calls on the same rows (``predict``, then ``predict_proba``) share one. It is counted and becomes an event
    once; outputs that come before that are in the event, later ones only on their span.
    """

    __slots__ = (
        "context",
        "dated",
        "done",
        "error_type",
        "event_time",
        "extra",
        "features",
        "id",
        "model",
        "operation",
        "output_attributes",
        "output_row",
        "outputs",
        "row_attributes",
        "row_dropped",
        "schema",
    )

    def __init__(self, prediction_id: str, model: Model, operation: str) -> None:
        self.id = prediction_id
        self.model = model
        self.operation = operation
        self.context = _EMPTY
        self.event_time = 0
        self.dated = True  # False where the caller was to tell the time, and did not
        self.features: Row | Batch | None = None
        self.schema: Schema | None = None
        self.outputs: list[Outputs] = []
        self.output_row: OutputRow | None = None
        self.output_attributes: Attributes = {}
        self.error_type: str | None = None
        self.extra: Attributes = {}
        self.row_attributes: Attributes | None = None
        self.row_dropped = 0
        self.done = False

    @property
    def size(self) -> int:
        """Rows: those of the input, else those of the output, and at least one."""
        if self.features is not None:
            return self.features.size
        return max((outputs.size for outputs in self.outputs), default=1) or 1

    def add_output(self, row: OutputRow, attributes: Attributes) -> None:
        """What one call said of a single row, already described for its span. The first call to say a thing is believed."""
        if not self.done:
            self.output_row = self.output_row or row
            self.output_attributes = {**attributes, **self.output_attributes}

    def release(self) -> None:
        """Forget the rows once they are counted, so that whoever still knows the id holds no data."""
        self.done = True
        self.context = _EMPTY  # it may hold the request, which holds this
        self.features = self.schema = self.row_attributes = None
        self.outputs = []
        self.output_row = None
        self.extra = self.output_attributes = {}


class Notice(NamedTuple):
    """An event that is no prediction's own."""

    name: str
    severity: SeverityNumber
    attributes: Attributes
    context: Context
    time: int | None = None  # nanoseconds since 1970; when it is emitted, by default


class Finished(Protocol):
    """What the aggregator needs of a finished inference."""

    model: Model

    @property
    def operation(self) -> str:
        """What was asked of the model."""

    @property
    def size(self) -> int:
        """Rows of this call."""

    @property
    def nbytes(self) -> int:
        """About how many bytes this call holds: rows, outputs, and names that no call before it has brought."""

    @property
    def settled(self) -> bool:
        """Whether no later call can join its prediction."""

    def end_span(self) -> None:
        """End the span, at the time at which the model was done."""


class Call:
    """One finished call: a span to end, a point of the duration histogram, a prediction if it was the first on its rows."""

    __slots__ = ("context", "duration", "ended", "error_type", "inference", "nbytes", "prediction", "rows")

    def __init__(
        self,
        inference: Finished,
        context: Context,
        duration: float,
        error_type: str | None,
        prediction: Prediction | None,
    ) -> None:
        self.inference = inference
        self.context = context
        self.duration = duration
        self.error_type = error_type
        self.prediction = prediction
        self.ended = time.monotonic()
        self.rows = inference.size if prediction is not None else 1
        self.nbytes = OVERHEAD_BYTES + inference.nbytes

    def give_up_rows(self) -> bool:
        """Keep of a batch only what is counted; False where there is nothing to give up."""
        prediction = self.prediction
        if prediction is None or not isinstance(prediction.features, Batch):
            return False
        held = prediction.features
        prediction.features = held.counted()
        self.rows = 1
        self.nbytes -= held.nbytes
        return True
