"""Inference: one model call. It owns the span, the clock, the prediction id, the event and the duration metric.

Every way in (a patched method, the decorator, the context manager) goes through it, and only through it.
"""

from __future__ import annotations

import time
from contextvars import Token
from typing import TYPE_CHECKING

from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import Span, SpanKind, get_current_span
from opentelemetry.trace.propagation import _SPAN_KEY
from opentelemetry.trace.status import Status, StatusCode

from otel_ml import caller
from otel_ml.context import ACTIVE_KEY
from otel_ml.guard import guarded
from otel_ml.models import Model
from otel_ml.observation import Batch, Outputs, Row, read_inputs, read_outputs
from otel_ml.request import Request, scope_of
from otel_ml.runtime import Runtime
from otel_ml.semconv import attributes as names
from otel_ml.signals.record import Attributes, Call, Prediction
from otel_ml.signals.types import row_violations

if TYPE_CHECKING:
    from otel_ml.counts import Schema


class Inference:
    """One model call, from before the model runs until its outputs are known.

    `otel_ml.inference` gives one to a ``with`` block. Its methods take anything, never raise, and never change what they
    are given.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "_duration",
        "_error_details",
        "_error_type",
        "_features",
        "_fingerprint",
        "_joined",
        "_operation",
        "_outputs",
        "_own",
        "_parent",
        "_runtime",
        "_schema",
        "_scope",
        "_series",
        "_signals",
        "_span",
        "_start_time",
        "_started",
        "_token",
        "model",
        "prediction",
    )

    def __init__(self, active: Runtime, model: Model, operation: str, context: Context) -> None:
        self.model = model
        self.prediction: Prediction
        self._runtime = active
        self._operation = operation
        self._context = context
        self._scope = scope_of(context)
        self._parent = get_current_span(context).get_span_context().span_id
        self._joined = False
        self._features: Row | Batch | None = None
        self._schema: Schema | None = None
        self._fingerprint: object = None
        self._outputs: Outputs | None = None
        self._error_type: str | None = None
        self._error_details: Attributes = {}
        self._token: Token[Context] | None = None
        self._own = 0.0  # seconds of ours within the user's block, which are not the model's

    @property
    def id(self) -> str:
        """The prediction id: on the span, the event, the log lines and the response."""
        return self.prediction.id

    @guarded("inference.input")
    def input(self, features: object, names: tuple[str, ...] | None = None) -> None:
        """Say what the model gets.

        Args:
            features: anything row-like: a dict, a list, an array, a data frame, a pydantic model.
            names: of the features, in order, where `features` brings none.
        """
        began = time.perf_counter()
        self.take(read_inputs(features, names=names, max_depth=self._runtime.config.max_depth))
        self._own += time.perf_counter() - began

    @guarded("inference.output")
    def output(self, result: object) -> None:
        """Say what the model gave: a label, a score, an array of either, a dict."""
        began = time.perf_counter()
        self._outputs = read_outputs(
            result,
            operation=self._operation,
            task=self.model.task,
            classes=self.model.classes,
            rows=self._features.size if self._features is not None else None,
        )
        self._own += time.perf_counter() - began

    def take(self, features: Row | Batch | None) -> None:
        """`input`, already read."""
        if features is None:
            return
        self._features = features
        self._schema = self.model.counts.schema(features.names, self.model.known)
        self._fingerprint = fingerprint(features)

    def start(self, prediction_id: str | None = None, event_time: object = None) -> None:
        """Start the span and the clock, with this inference as the active one."""
        joined = self._scope.join(self.model, self._operation, self._parent, self._fingerprint)
        self._joined = joined is not None
        self.prediction = joined or Prediction(
            caller.prediction_id(self._runtime.config, self._scope, prediction_id), self.model, self._operation
        )
        self._start_time = time.time_ns()
        name, attributes, self._series = self.model.describe(self._operation)
        self._span: Span = self._runtime.tracer.start_span(
            name,
            context=self._context,
            kind=SpanKind.INTERNAL,
            attributes={**attributes, names.ML_PREDICTION_ID: self.prediction.id},
            start_time=self._start_time,
            record_exception=False,
            set_status_on_exception=False,
        )
        # Direct copies, where set_value and set_span_in_context would make three. What the signals keep does not refer to
        # this object: a cycle would leave every row to the garbage collector.
        self._signals = Context({**self._context, _SPAN_KEY: self._span})
        self._context = Context({**self._signals, ACTIVE_KEY: self})
        if not self._joined:
            self.prediction.context = self._signals
            self.prediction.event_time, self.prediction.dated = caller.event_time(
                self._runtime.config, self._scope, event_time
            )
            self.prediction.extra = caller.attributes(self._runtime, self._scope, self._signals)
        self._scope.last = self.prediction
        if isinstance(self._scope, Request):
            self._scope.add_id(self.prediction.id)
        self._runtime.count_active(self._series, 1)
        self.enter()
        self._own = 0.0
        self._started = time.perf_counter()

    def enter(self) -> None:
        """Make this the active inference of the running code. Generators enter and leave at every step."""
        self._token = attach(self._context)

    def leave(self) -> None:
        """The opposite of `enter`. Leaves alone a context that is not ours (a generator that is closed elsewhere)."""
        token, self._token = self._token, None
        if token is not None and get_current() is self._context:
            detach(token)

    @guarded("inference.stop")
    def stop(self) -> None:
        """Stop the clock, the moment the model is done."""
        self._duration = max(0.0, time.perf_counter() - self._started - self._own)
        self.leave()
        self._context = self._signals

    @guarded("inference.end")
    def end(self, error: BaseException | None = None) -> None:
        """Hand over to the aggregator, which ends the span too: building its attributes is most of what a call costs."""
        self._runtime.count_active(self._series, -1)
        prediction = self.prediction
        if error is not None:
            self._error_type = self._runtime.failures.type_name(error)
            self._error_details = self._runtime.failures.details(error) if self._span.is_recording() else {}
        if self._outputs is not None and not prediction.done:
            prediction.outputs.append(self._outputs)
        if not self._joined:
            prediction.features, prediction.schema = self._features, self._schema
            prediction.error_type = self._error_type
            if self._features is not None and error is None:
                self._scope.remember(prediction, self._parent, self._fingerprint)
        call = Call(self, self._signals, self._duration, self._error_type, None if self._joined else prediction)
        if not self._runtime.aggregator.put(call):
            self.end_span()

    def end_span(self) -> None:
        """End the span, at the time at which the model was done."""
        try:
            if self._span.is_recording():
                self._span.set_attributes(self._attributes())
                if self._error_type is not None:
                    self._span.set_status(Status(StatusCode.ERROR))  # no description: messages quote inputs
        finally:
            self._span.end(self._start_time + int(self._duration * 1e9))

    @property
    def operation(self) -> str:
        """What was asked of the model."""
        return self._operation

    @property
    def size(self) -> int:
        """Rows of this call."""
        if self._features is not None:
            return self._features.size
        return self._outputs.size if self._outputs is not None and self._outputs.size else 1

    @property
    def settled(self) -> bool:
        """Whether no later call will join its prediction: the request is answered."""
        return isinstance(self._scope, Request) and self._scope.answered

    @property
    def nbytes(self) -> int:
        """About how many bytes are held until the aggregator has been here."""
        held = self._features.nbytes if self._features is not None else 0
        if self._outputs is not None:
            held += self._outputs.nbytes
        if self._schema is not None and not self._schema.counted:
            held += self._schema.nbytes
        return held

    def _attributes(self) -> Attributes:
        describer, features, schema = self._runtime.describer, self._features, self._schema
        found: Attributes = {}
        if isinstance(features, Row) and schema is not None:
            violations, dropped = row_violations(features, schema), 0
            if self._runtime.span_features:
                values, dropped = describer.features(features, schema)
                found.update(values)
                if not self._joined:
                    self.prediction.row_attributes, self.prediction.row_dropped = values, dropped
            found.update(describer.completeness(features, schema, len(violations), dropped))
        elif features is not None:
            found[names.ML_FEATURE_COUNT] = len(features.names)
        if (size := self.size) != 1:
            found[names.ML_BATCH_SIZE] = size
        elif self._outputs is not None and self._outputs.size == 1:
            row = self._outputs.row(0)
            output = describer.output(row)
            found.update(output)
            found.update(describer.class_scores(row))
            self.prediction.add_output(row, output)
        found.update(self.prediction.extra)
        if self._error_type is not None:
            found.update(self._error_details)
            found[names.ERROR_TYPE] = self._error_type
        if len(found) > self._runtime.safe_attributes:
            # Again, and last: a span that is full evicts its oldest attributes, which are these.
            found.update(self.model.describe(self._operation)[1])
            found[names.ML_PREDICTION_ID] = self.prediction.id
        return found


def fingerprint(features: Row | Batch) -> object:
    """Something that is equal for equal rows."""
    return features.fingerprint() if isinstance(features, Batch) else (features.names, features.values)
