"""What providers emit that a test makes for itself is checked: all of it, and the same only once."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from tests.semconv.messages import ROW
from tests.support.livecheck import LiveCheck, Message
from tests.support.telemetry import registry

ATTRIBUTES: Any = {**ROW, "ml.feature.null.names": ("income",)}


class Counting(LiveCheck):
    """Says how much it was given."""

    def __init__(self) -> None:
        super().__init__(registry())
        self.given = 0

    def check(self, message: Message) -> None:
        self.given += hasattr(message, "resource")
        super().check(message)

    @property
    def rules(self) -> list[str]:
        return [finding.rule for finding in self.findings]


@pytest.fixture
def live_check() -> Counting:
    """Breaking the conventions is meant here, and no name counts as emitted because of it."""
    return Counting()


class Failing(SpanProcessor):
    def on_end(self, span: object) -> None:
        raise ValueError("the test's own")


def test_a_span_is_checked_though_a_processor_of_the_test_fails(live_check: Counting) -> None:
    provider = TracerProvider()
    provider.add_span_processor(Failing())
    with pytest.raises(ValueError, match="own"):
        provider.get_tracer("otel_ml").start_span("churn", attributes=ATTRIBUTES).end()
    assert live_check.rules == ["span_name"]


def test_an_event_is_checked(live_check: Counting) -> None:
    LoggerProvider().get_logger("otel_ml").emit(
        timestamp=1, severity_number=SeverityNumber.WARN, event_name="ml.prediction", attributes=ATTRIBUTES
    )
    assert live_check.rules == ["severity", "no_span_context"]


@pytest.mark.parametrize("later", [False, True])
def test_a_metric_is_checked_when_a_reader_collects_it(live_check: Counting, later: bool) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider() if later else MeterProvider([reader])
    if later:
        provider.add_metric_reader(reader)
    provider.get_meter("otel_ml").create_counter("ml.guesses").add(1)
    assert live_check.rules == []
    assert reader.get_metrics_data() is not None
    assert live_check.rules == ["unknown_metric"]


def test_what_differs_in_nothing_that_is_checked_is_checked_once(live_check: Counting) -> None:
    tracer = TracerProvider().get_tracer("otel_ml")
    for number in range(100):
        values = {"ml.prediction.id": f"id-{number}", "ml.feature.value.age": 40 + number}
        tracer.start_span("predict churn", attributes=ATTRIBUTES | values).end()
    assert (live_check.given, live_check.rules) == (1, [])


@pytest.mark.parametrize(
    ("attribute", "rule"),
    [
        ({"ml.feature.null.names": (1,)}, "type"),
        ({"ml.feature.count": True}, "type"),
        ({"ml.feature.dropped.count": 0}, "pointless_value"),
        ({"ml.task.type": "guessing"}, "enum"),
        ({"color": "red"}, "unknown_attribute"),
    ],
)
def test_whatever_matters_to_the_check_is_a_difference(
    live_check: Counting, attribute: dict[str, Any], rule: str
) -> None:
    right = {**ATTRIBUTES, "ml.feature.dropped.count": 2, "ml.task.type": "classification"}
    tracer = TracerProvider().get_tracer("otel_ml")
    tracer.start_span("predict churn", attributes=right).end()
    tracer.start_span("predict churn", attributes=right | attribute).end()
    assert live_check.rules == [rule]
