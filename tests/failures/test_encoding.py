"""Values that OTLP can not carry: they leave as something it can, and take no other record with them."""

from __future__ import annotations

import datetime
import decimal
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

import otel_ml
from otel_ml import guard
from otel_ml.service.records import read_logs, read_points, read_spans
from tests.support.telemetry import Telemetry, backend

Production = Callable[..., None]

ODD: dict[str, Any] = {
    "just beyond 64 bits": 2**63,
    "far below": -(2**70),
    "huge": 10**400,
    "too long to print": 1 << 100_000,
    "uint64": np.uint64(2**64 - 1),
    "float16": np.float16(1.5),
    "longdouble": np.longdouble(1.5),
    "bool": np.bool_(True),
    "infinite": float("inf"),
    "a lone surrogate": "\ud800",
    "a surrogate pair": "\ud83d\ude00",
    "NUL": "a\x00b",
    "control": "a\x1b[31mb\r\n",
    "bidi": "a\u202eb",
    "decimal": decimal.Decimal("1e999"),
    "a date": datetime.date(2013, 1, 1),
    "a far date": datetime.datetime.max,
    "complex": 1j,
    "bytes": b"\xff\x00",
    "object": object(),
    "long": "x" * 1_000_000,
}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD.keys())
def test_an_odd_value_is_exported_with_all_that_is_around_it(
    value: Any, telemetry: Telemetry, production: Production, caplog: pytest.LogCaptureFixture
) -> None:
    production(class_scores_on_events=True)
    with otel_ml.inference("odd", version="\ud800\x00", prediction_id="order-1") as call:
        call.input({"value": value, "beside": 1.5})
        call.output({"label": value, "score": 0.5, "other": value, "count": 7})
    with otel_ml.inference("odd", classes=("a", "\ud800", "b\x00")) as call:
        call.input({"\ud800": 1.0, "a\x00": 2.0, "beside": 1.5})
        call.output("\ud800")
    telemetry.flush()
    caplog.set_level(logging.WARNING)

    spans, logs = backend().spans.get_finished_spans(), backend().logs.get_finished_logs()
    data = backend().reader.get_metrics_data()
    assert data is not None
    first, second = (span.attributes for span in read_spans(_over_the_wire(encode_spans(spans))))
    assert (first["ml.prediction.id"], first["ml.feature.value.beside"]) == ("order-1", 1.5)
    assert first["ml.output.field.count"] == 7
    assert "ml.feature.value.value" in first
    assert second["ml.feature.value.beside"] == 1.5
    events = [log for log in read_logs(_over_the_wire(encode_logs(logs))) if log.event == "ml.prediction"]
    assert [event.attributes["ml.feature.value.beside"] for event in events] == [1.5, 1.5]
    assert list(read_points(_over_the_wire(encode_metrics(data))))
    assert not caplog.records, "the SDK or the encoder had to say something"
    assert guard.counts() == {}


def _over_the_wire(message: Any) -> Any:
    return type(message).FromString(message.SerializeToString())


def test_an_integer_beyond_64_bits_keeps_its_digits(telemetry: Telemetry, production: Production) -> None:
    production()
    with otel_ml.inference("odd") as call:
        call.input({"value": 2**63})
        call.output({"label": "a", "count": 2**64})
    (span,) = telemetry.spans("predict odd")
    assert span.attributes is not None
    assert span.attributes["ml.feature.value.value"] == str(2**63)
    assert span.attributes["ml.output.field.count"] == str(2**64)


@pytest.mark.parametrize(
    "event_time",
    [float("nan"), 1e400, -1, "soon", "9" * 400, datetime.datetime.min, object()],
    ids=lambda value: repr(value)[:20],
)
def test_a_time_that_is_none_is_now(event_time: Any, telemetry: Telemetry, production: Production) -> None:
    production()
    with otel_ml.inference("odd", event_time=event_time) as call:
        call.input({"value": 1.0})
    (event,) = telemetry.events("ml.prediction")
    assert event.timestamp is not None
    assert event.observed_timestamp is not None
    assert abs(event.timestamp - event.observed_timestamp) < 60 * 10**9


class Refusing(datetime.tzinfo):
    def utcoffset(self, _: datetime.datetime | None) -> datetime.timedelta:
        raise RuntimeError

    tzname = dst = utcoffset  # type: ignore[assignment]


def test_a_time_zone_that_raises_costs_no_prediction(telemetry: Telemetry, production: Production) -> None:
    production()
    with otel_ml.inference("odd", event_time=datetime.datetime(2013, 1, 1, tzinfo=Refusing())) as call:
        call.input({"value": 1.0})
    assert len(telemetry.events("ml.prediction")) == 1


@pytest.mark.parametrize(
    "value", [10**5000, float("nan"), "\ud800", True, object()], ids=lambda value: type(value).__name__
)
def test_odd_baggage_costs_no_prediction(value: Any, telemetry: Telemetry, production: Production) -> None:
    from opentelemetry import baggage, context

    production(context_baggage={"ml.segment.plan": "plan"})
    token = context.attach(baggage.set_baggage("plan", value))
    try:
        with otel_ml.inference("odd") as call:
            call.input({"value": 1.0})
    finally:
        context.detach(token)
    assert len(telemetry.spans("predict odd")) == 1
    assert guard.counts() == {}
