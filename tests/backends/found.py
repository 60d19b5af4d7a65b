"""What the backends say about the predictions of one service."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.backends import Stack
from tests.support.jaeger import Span
from tests.support.loki import LogRecord
from tests.support.prometheus import Exemplar


@dataclass(frozen=True)
class Traced:
    """The span of a model, with its ancestors from its parent up."""

    span: Span
    ancestors: tuple[Span, ...]


class Found:
    """Asks anew at each call.

    Args:
        stack: The backends.
        service: `service.name` of what they are asked about.
    """

    def __init__(self, stack: Stack, service: str) -> None:
        self._stack = stack
        self._service = service
        self._series = f'service_name="{service}"'

    def traced(self) -> dict[str, Traced]:
        """The model spans in Jaeger by the prediction id that they have, which is the base id for a batch."""
        found = {}
        for trace in self._stack.jaeger.find(self._service, limit=20_000):
            spans = {span.span_id: span for span in trace}
            for span in trace:
                if "ml.prediction.id" in span.attributes:
                    found[span.attributes["ml.prediction.id"]] = Traced(span, tuple(_ancestors(span, spans)))
        return found

    def events(self) -> dict[str, LogRecord]:
        """The `ml.prediction` events in Loki by prediction id.

        Raises:
            AssertionError: One is there twice.
        """
        records = self._stack.loki.query(f'{{{self._series}}} | event_name="ml.prediction"')
        found = {record.metadata["ml_prediction_id"]: record for record in records}
        assert len(found) == len(records), "an event is there twice"
        return found

    def spans(self) -> int:
        """How many spans Jaeger has, of whatever kind."""
        return sum(map(len, self._stack.jaeger.find(self._service, limit=20_000)))

    def records(self) -> int:
        """How many log records Loki has, of whatever kind."""
        return self._stack.loki.count(f"{{{self._series}}}")

    def total(self, metric: str, *matchers: str) -> int:
        """The sum of a counter in Prometheus over all its series, 0 if there are none."""
        return round(self._stack.prometheus.value(f"sum({self._selected(metric, *matchers)})") or 0)

    def by(self, label: str, metric: str, *matchers: str) -> Counter[str]:
        """The same for each value of a label, without zeros."""
        samples = self._stack.prometheus.query(f"sum by ({label}) ({self._selected(metric, *matchers)})")
        return Counter({sample.labels.get(label, ""): round(sample.value) for sample in samples if sample.value})

    def exemplars(self) -> list[Exemplar]:
        """The exemplars of the duration of the model's calls."""
        return self._stack.prometheus.exemplars(self._selected("ml_inference_duration_seconds_bucket"))

    def _selected(self, metric: str, *matchers: str) -> str:
        return f"{metric}{{{','.join((self._series, *matchers))}}}"


def _ancestors(span: Span, spans: dict[str, Span]) -> Iterable[Span]:
    while span.parent_id in spans:
        span = spans[span.parent_id]
        yield span
