"""Where a row comes from: enough to name it as an example and to link its trace, and nothing that keeps a request alive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

if TYPE_CHECKING:
    from otel_ml.drift.report import Report, VariableReport

_EMPTY = Context()


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
    def of(cls, prediction_id: str, context: Context) -> Origin:
        """That of a prediction that was made in a context."""
        found = get_current_span(context).get_span_context()
        return cls(prediction_id, found.trace_id, found.span_id, found.trace_flags)

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


def plain(report: Report) -> Report:
    """A report with the ids of predictions alone as its examples."""

    def of(variables: tuple[VariableReport, ...]) -> tuple[VariableReport, ...]:
        return tuple(
            replace(variable, examples=tuple(Origin.parse(example).id for example in variable.examples))
            if variable.examples
            else variable
            for variable in variables
        )

    return replace(
        report,
        features=of(report.features),
        predictions=of(report.predictions),
        multivariate=of(report.multivariate),
    )
