"""Where a row comes from: enough to name it as an example and to link its trace, and nothing that keeps a request alive."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    NonRecordingSpan,
    Span,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace.propagation import _SPAN_KEY

if TYPE_CHECKING:
    from otel_ml.drift.report import Report, VariableReport

_EMPTY = Context()


def span_of(context: Context) -> SpanContext:
    """Ids of the span of a context: all that may be kept of it, as the rest may hold a request."""
    span: Span = context.get(_SPAN_KEY, INVALID_SPAN)  # type: ignore[assignment]  # nobody else sets that key
    return span.get_span_context()


class Origin(NamedTuple):
    """One prediction.

    Attributes:
        id: of the prediction.
        trace: id of its trace, 0 without one.
        span: id of its span.
        flags: of the trace.
    """

    id: str
    trace: int = 0
    span: int = 0
    flags: int = 0

    @classmethod
    def of(cls, prediction_id: str, span: SpanContext) -> Origin:
        """That of a prediction that was made in a span."""
        return cls(prediction_id, span.trace_id, span.span_id, span.trace_flags)

    @classmethod
    def parse(cls, text: str) -> Origin:
        """The opposite of `str`. A text that says nothing of a trace is an id."""
        name, _, rest = text.partition(" ")
        if len(rest) != 50:
            return cls(name)
        return cls(name, int(rest[:32], 16), int(rest[32:48], 16), int(rest[48:], 16))

    def __str__(self) -> str:
        """Id, trace, span and flags in one text: wherever an id goes, its trace goes too."""
        return f"{self.id} {self.trace:032x}{self.span:016x}{self.flags:02x}" if self.trace else self.id

    @property
    def context(self) -> Context:
        """A context in which an event belongs to that trace."""
        if not self.trace:
            return _EMPTY
        span = SpanContext(self.trace, self.span, is_remote=False, trace_flags=TraceFlags(self.flags))
        return set_span_in_context(NonRecordingSpan(span), _EMPTY)


def shown(report: Report, hidden: Container[str]) -> Report:
    """A report for others: with the ids of predictions alone as its examples, and no bins of what the policy hides.

    Args:
        report: of the monitor.
        hidden: names of variables whose values do not leave the process, those of the training data included.
    """

    def of(variables: tuple[VariableReport, ...]) -> tuple[VariableReport, ...]:
        return tuple(
            replace(
                variable,
                bins=() if variable.name in hidden else variable.bins,
                examples=tuple(Origin.parse(example).id for example in variable.examples),
            )
            for variable in variables
        )

    return replace(
        report,
        features=of(report.features),
        predictions=of(report.predictions),
        multivariate=of(report.multivariate),
    )
