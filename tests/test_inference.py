"""One prediction in a ``with`` block: its span, its event, its metrics, and what they share."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from opentelemetry import baggage, trace
from opentelemetry.context import attach, detach, get_current
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

import otel_ml
from tests.support.telemetry import Telemetry

Instrument = Callable[..., None]
ROW = {"age": 41, "plan": None, "tenure": 2.5}


def predict(features: object = ROW, output: object = "stays", **options: Any) -> str | None:
    with otel_ml.inference("churn", version="3", **options) as call:
        call.input(features)
        call.output(output)
    return call.id


def test_a_prediction_is_a_span_an_event_and_metrics_with_one_id(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    prediction_id = predict(classes=("stays", "leaves"), task="classification")

    (span,) = telemetry.spans("predict churn")
    attributes = dict(span.attributes or {})
    assert attributes["ml.prediction.id"] == prediction_id
    assert (attributes["ml.model.name"], attributes["ml.model.version"]) == ("churn", "3")
    assert attributes["ml.feature.value.age"] == 41
    assert attributes["ml.feature.value.tenure"] == 2.5
    assert "ml.feature.value.plan" not in attributes
    assert attributes["ml.feature.null.names"] == ("plan",)
    assert (attributes["ml.feature.count"], attributes["ml.feature.null.count"]) == (3, 1)
    assert attributes["ml.output.label"] == "stays"
    assert span.status.status_code is StatusCode.UNSET

    (event,) = telemetry.events("ml.prediction")
    assert event.attributes is not None
    assert (event.trace_id, event.span_id) == (span.context.trace_id, span.context.span_id)
    for name in attributes.keys() - {"ml.framework.name", "ml.framework.version"}:
        assert event.attributes[name] == attributes[name]

    (duration,) = telemetry.metric("ml.inference.duration")
    assert duration.count == 1
    assert [exemplar.trace_id for exemplar in duration.exemplars] == [span.context.trace_id]
    (predictions,) = telemetry.metric("ml.predictions")
    assert (predictions.value, predictions.attributes["ml.output.label"]) == (1, "stays")
    nulls = telemetry.metric("ml.feature.observations", {"ml.feature.bin": "null"})
    assert {point.attributes["ml.feature.name"]: point.value for point in nulls}.get("plan") == 1
    (ratio,) = telemetry.metric("ml.feature.null.ratio", {"ml.feature.name": "plan"})
    assert ratio.value == 1.0


def test_nothing_is_recorded_before_instrument_and_after_uninstrument(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    assert predict() is None
    instrument()
    assert uuid.UUID(predict()).version == 7
    otel_ml.uninstrument()
    assert predict() is None
    assert len(telemetry.spans("predict churn")) == 1


@pytest.mark.parametrize("variable", ["OTEL_SDK_DISABLED=true", "OTEL_ML_ENABLED=false"])
def test_one_variable_turns_it_off(
    telemetry: Telemetry, instrument: Instrument, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(*variable.split("="))
    instrument()
    assert predict() is None
    assert telemetry.spans() == []


@pytest.mark.parametrize(
    "error", [ValueError("ssn 078-05-1120"), KeyboardInterrupt(), asyncio.CancelledError(), SystemExit(3)]
)
def test_an_exception_is_the_users_and_its_message_stays_here(
    telemetry: Telemetry, instrument: Instrument, error: BaseException
) -> None:
    instrument()

    def fail() -> None:
        with otel_ml.inference("churn") as call:
            call.input(ROW)
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error

    (span,) = telemetry.spans("predict churn")
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert span.attributes is not None
    kind = span.attributes["error.type"]
    assert str(kind).endswith(type(error).__name__)
    assert span.events == ()
    (event,) = telemetry.events("ml.prediction")
    assert event.attributes is not None
    assert event.attributes["error.type"] == kind
    (duration,) = telemetry.metric("ml.inference.duration")
    assert duration.attributes["error.type"] == kind
    assert telemetry.metric("ml.predictions") == []
    assert sum(point.value for point in telemetry.metric("ml.feature.observations")) == 3


def test_messages_and_stack_traces_are_opt_in(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(exceptions="stacktrace")
    with pytest.raises(ValueError, match="too old"), otel_ml.inference("churn"):
        raise ValueError("too old: ann@example.com")
    (span,) = telemetry.spans("predict churn")
    assert span.attributes is not None
    assert "ann@example.com" not in str(dict(span.attributes))
    assert "test_inference.py" in str(span.attributes["exception.stacktrace"])


def test_the_outermost_call_is_the_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with otel_ml.inference("outer") as outer:
        with otel_ml.inference("inner") as inner:
            inner.input(ROW)
        assert otel_ml.current_prediction_id() == outer.id
    assert inner.id is None
    assert [span.name for span in telemetry.spans()] == ["predict outer"]


def test_suppressed_code_is_no_traffic(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with otel_ml.suppress():
        predict()
    with suppress_instrumentation():
        predict()
    otel_ml.suppress()(predict)()
    assert telemetry.spans() == []
    assert predict() is not None
    assert len(telemetry.events("ml.prediction")) == 1


def test_a_callers_id_is_used_if_it_is_fit_to_be_one(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    assert predict(prediction_id="order-17") == "order-17"
    assert uuid.UUID(predict(prediction_id="no good, this"))
    assert telemetry.events("ml.prediction")[0].attributes["ml.prediction.id"] == "order-17"  # type: ignore[index]


def test_an_event_has_the_time_of_its_prediction(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(event_time="feature:at")
    moment = datetime(2013, 4, 1, 12, tzinfo=timezone.utc)
    predict(event_time=moment)
    predict({"at": "2013-04-01T12:00:00Z"})
    for event in telemetry.events("ml.prediction"):
        assert event.timestamp == int(moment.timestamp()) * 10**9
        assert event.observed_timestamp != event.timestamp


def test_a_batch_is_one_span_and_an_event_a_row(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    base = predict([{"x": 1.0}, {"x": None}, {"x": 3.0}], ["a", "b", "a"], classes=("a", "b"))
    (span,) = telemetry.spans("predict churn")
    assert span.attributes is not None
    assert (span.attributes["ml.prediction.id"], span.attributes["ml.batch.size"]) == (base, 3)
    assert not [name for name in span.attributes if name.startswith("ml.feature.value.")]
    events = telemetry.events("ml.prediction")
    assert [event.attributes["ml.prediction.id"] for event in events] == [f"{base}-{row}" for row in range(3)]  # type: ignore[index]
    assert [event.attributes.get("ml.feature.value.x") for event in events] == [1.0, None, 3.0]  # type: ignore[union-attr]
    assert [event.attributes["ml.output.label"] for event in events] == ["a", "b", "a"]  # type: ignore[index]
    assert {p.attributes["ml.output.label"]: p.value for p in telemetry.metric("ml.predictions")} == {"a": 2, "b": 1}


def test_a_large_batch_is_sampled_weighted_and_still_counted_whole(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    np = pytest.importorskip("numpy")
    instrument()
    rows = np.arange(3000.0).reshape(1000, 3)
    rows[::4, 1] = np.nan
    predict(rows, rows[:, 0])
    events = telemetry.events("ml.prediction")
    assert len(events) == 100
    assert sum(event.attributes["ml.event.weight"] for event in events) == pytest.approx(1000)  # type: ignore[index, misc]
    points = telemetry.metric("ml.feature.observations", {"ml.feature.name": "f1"})
    assert {point.attributes["ml.feature.bin"]: point.value for point in points} == {"null": 250, "value": 750}


def test_events_can_be_sampled_by_id_and_say_their_weight(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(events="0.25")
    ids = [predict(prediction_id=f"order-{number}") for number in range(200)]
    kept = {event.attributes["ml.prediction.id"] for event in telemetry.events("ml.prediction")}  # type: ignore[index]
    assert 25 <= len(kept) <= 75
    assert {event.attributes["ml.event.weight"] for event in telemetry.events("ml.prediction")} == {4.0}  # type: ignore[index]
    telemetry.clear()
    for prediction_id in ids:
        predict(prediction_id=prediction_id)
    assert {event.attributes["ml.prediction.id"] for event in telemetry.events("ml.prediction")} == kept  # type: ignore[index]


@pytest.mark.parametrize(("events", "expected"), [("off", 0), ("errors", 1)])
def test_events_can_be_off_or_for_errors_only(
    telemetry: Telemetry, instrument: Instrument, events: str, expected: int
) -> None:
    instrument(events=events)
    predict()
    with pytest.raises(ZeroDivisionError), otel_ml.inference("churn"):
        raise ZeroDivisionError
    assert len(telemetry.events("ml.prediction")) == expected
    assert sum(point.count or 0 for point in telemetry.metric("ml.inference.duration")) == 2


@pytest.mark.parametrize(("where", "span_has", "event_has"), [("span", True, False), ("event", False, True)])
def test_features_can_be_on_one_signal_only(
    telemetry: Telemetry, instrument: Instrument, where: str, span_has: bool, event_has: bool
) -> None:
    instrument(features_on=where)
    predict()
    (span,), (event,) = telemetry.spans("predict churn"), telemetry.events("ml.prediction")
    assert ("ml.feature.value.age" in (span.attributes or {})) is span_has
    assert ("ml.feature.value.age" in (event.attributes or {})) is event_has


def test_a_trace_that_is_not_sampled_still_has_its_event_and_counts(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    with telemetry.sampled_by(ALWAYS_OFF):
        predict()
    assert telemetry.spans() == []
    (event,) = telemetry.events("ml.prediction")
    assert event.attributes is not None
    assert event.attributes["ml.feature.value.age"] == 41
    assert sum(point.count or 0 for point in telemetry.metric("ml.inference.duration")) == 1


def test_a_span_keeps_its_identity_however_many_attributes_it_gets(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument(max_features=200)
    predict({f"x{number}": float(number) for number in range(200)})
    (span,) = telemetry.spans("predict churn")
    assert span.attributes is not None
    assert {"ml.model.name", "ml.operation.name", "ml.prediction.id"} <= span.attributes.keys()


def test_features_beyond_the_cap_are_counted(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    predict({f"x{number}": float(number) for number in range(200)})
    for found in (telemetry.spans("predict churn")[0].attributes, telemetry.events("ml.prediction")[0].attributes):
        assert found is not None
        assert found["ml.feature.dropped.count"] == 136
    assert len(telemetry.metric("ml.feature.null.ratio")) == 200


def test_log_records_written_during_a_prediction_name_it(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with otel_ml.inference("churn") as call:
        logging.getLogger("app").warning("looking closely")
    (record,) = [record for record in telemetry.logs() if record.body == "looking closely"]
    (span,) = telemetry.spans("predict churn")
    assert record.attributes is not None
    assert record.attributes["ml.prediction.id"] == call.id
    assert record.attributes["ml.model.name"] == "churn"
    assert (record.trace_id, record.span_id) == (span.context.trace_id, span.context.span_id)


def test_a_prediction_belongs_to_the_span_around_it(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    with trace.get_tracer("app").start_as_current_span("request") as parent:
        predict()
        assert trace.get_current_span() is parent
    (span,) = telemetry.spans("predict churn")
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id


async def _concurrently(count: int) -> list[str | None]:
    async def one(number: int) -> str | None:
        async with otel_ml.inference("churn") as call:
            await asyncio.sleep(0)
            call.input({"number": number})
            assert otel_ml.current_prediction_id() == call.id
            return call.id

    return await asyncio.gather(*map(one, range(count)))


def test_concurrent_tasks_have_a_prediction_each(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    ids = asyncio.run(_concurrently(20))
    found = {(span.attributes or {})["ml.prediction.id"] for span in telemetry.spans("predict churn")}
    assert found == set(ids)
    assert len(found) == 20


def test_a_type_that_changes_and_a_number_that_is_not_finite_are_violations(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    predict({"x": 1.0, "y": 1.0})
    predict({"x": "one", "y": float("inf")})
    found = {
        (point.attributes["ml.feature.name"], point.attributes["ml.violation.type"]): point.value
        for point in telemetry.metric("ml.feature.violations")
    }
    assert found == {("x", "type"): 1, ("y", "non_finite"): 1}
    assert [span.attributes["ml.feature.invalid.count"] for span in telemetry.spans()] == [0, 2]  # type: ignore[index]


def test_nothing_is_captured_when_capture_is_off(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(capture="off")
    predict()
    for found in (telemetry.spans("predict churn")[0].attributes, telemetry.events("ml.prediction")[0].attributes):
        assert found is not None
        assert not [name for name in found if name.startswith(("ml.feature.value", "ml.output"))]
        assert "ml.feature.null.names" not in found


def test_a_violation_is_an_event_once_and_then_at_most_each_minute(
    telemetry: Telemetry, instrument: Instrument
) -> None:
    instrument()
    predict({"x": 1.0, "at": datetime(2013, 4, 1)})
    for _ in range(5):
        predict({"x": "one", "at": datetime(2013, 4, 2)})
    (event,) = telemetry.events("ml.feature.violation")
    assert event.attributes is not None
    assert (event.attributes["ml.feature.name"], event.attributes["ml.violation.type"]) == ("x", "type")
    assert event.severity_text == "WARN"


def test_types_in_a_batch_are_counted_value_by_value(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    predict([{"x": 1.0}, {"x": 2}, {"x": "three"}, {"x": True}, {"x": None}])
    (point,) = telemetry.metric("ml.feature.violations")
    assert (point.value, point.attributes["ml.violation.type"]) == (1, "type")


def test_one_object_can_be_entered_by_several_tasks(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument()
    shared = otel_ml.inference("churn")

    async def one() -> str | None:
        async with shared as call:
            await asyncio.sleep(0)
            return call.id

    async def three() -> set[str | None]:
        return set(await asyncio.gather(one(), one(), one()))

    ids = asyncio.run(three())
    assert {(span.attributes or {})["ml.prediction.id"] for span in telemetry.spans("predict churn")} == ids
    assert len(ids) == 3
    assert sum(point.value for point in telemetry.metric("ml.inference.active")) == 0


@pytest.mark.parametrize("wrong", [{"task": "classifcation"}, {"alias": "nope"}, {"operation": "foo bar"}])
def test_a_typo_is_refused_where_it_stands(wrong: dict[str, str]) -> None:
    with pytest.raises(otel_ml.ConfigError, match="allowed are"):
        otel_ml.inference("churn", **wrong)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(otel_ml.ConfigError, match="allowed are"):
        otel_ml.observe(**wrong)(predict)  # type: ignore[call-overload]  # as above


def test_identity_stays_when_the_limit_is_set_in_code(telemetry: Telemetry, instrument: Instrument) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=32))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrument(tracer_provider=provider)
    predict({f"x{number}": float(number) for number in range(50)})
    otel_ml.flush()
    (span,) = exporter.get_finished_spans()
    assert {"ml.model.name", "ml.operation.name", "ml.prediction.id"} <= (span.attributes or {}).keys()


@pytest.mark.parametrize("timeout", [float("inf"), 1e10, -1.0])
def test_any_timeout_is_taken(telemetry: Telemetry, instrument: Instrument, timeout: float) -> None:
    instrument()
    assert otel_ml.flush(timeout) in (True, False)


def test_declared_baggage_becomes_attributes(telemetry: Telemetry, instrument: Instrument) -> None:
    instrument(context_baggage="session.id=session,user.id=user,tenant.id=tenant,ml.segment.plan=plan")
    context = get_current()
    for key, value in (
        ("session", "s-1"),
        ("user", "ann@example.com"),
        ("tenant", "acme"),
        ("plan", "gold"),
        ("more", "x"),
    ):
        context = baggage.set_baggage(key, value, context)
    token = attach(context)
    try:
        predict()
    finally:
        detach(token)
    for found in (telemetry.spans("predict churn")[0].attributes, telemetry.events("ml.prediction")[0].attributes):
        assert found is not None
        assert (found["session.id"], found["tenant.id"], found["ml.segment.plan"]) == ("s-1", "acme", "gold")
        assert found["user.id"] == "[masked]"
        assert "x" not in found.values()
