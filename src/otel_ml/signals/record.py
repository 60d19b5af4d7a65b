"""What one call leaves behind for the aggregator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import Context
from opentelemetry.util.types import AnyValue

if TYPE_CHECKING:
    from otel_ml.models import Model
    from otel_ml.observation import Batch, Outputs, Row
    from otel_ml.signals.counts import Schema

Attributes = dict[str, AnyValue]


class Prediction:
    """One prediction: a row or a batch of rows, the outputs it got, and where it belongs.

    Several calls on the same rows (``predict``, then ``predict_proba``) share one. It is counted and becomes an event
    once; outputs that come before that are in the event, later ones only on their span.
    """

    __slots__ = (
        "context",
        "done",
        "error_type",
        "event_time",
        "extra",
        "features",
        "id",
        "model",
        "operation",
        "outputs",
        "row_attributes",
        "row_dropped",
        "schema",
        "violations",
    )

    def __init__(self, prediction_id: str, model: Model, operation: str) -> None:
        self.id = prediction_id
        self.model = model
        self.operation = operation
        self.context = Context()
        self.event_time = 0
        self.features: Row | Batch | None = None
        self.schema: Schema | None = None
        self.violations: tuple[tuple[int, str], ...] = ()
        self.outputs: list[Outputs] = []
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

    def release(self) -> None:
        """Forget the rows once they are counted, so that whoever still knows the id holds no data."""
        self.done = True
        self.features = self.schema = self.row_attributes = None
        self.outputs = []
        self.extra = {}
        self.violations = ()


class Call:
    """One finished call: a point of the duration histogram, and a prediction if this call was its first."""

    __slots__ = ("batch_size", "context", "duration", "ended", "error_type", "model", "operation", "prediction")

    def __init__(
        self,
        model: Model,
        operation: str,
        context: Context,
        duration: float,
        ended: float,
        batch_size: int,
        error_type: str | None,
        prediction: Prediction | None,
    ) -> None:
        self.model = model
        self.operation = operation
        self.context = context
        self.duration = duration
        self.ended = ended
        self.batch_size = batch_size
        self.error_type = error_type
        self.prediction = prediction
