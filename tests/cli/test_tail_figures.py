"""The figures of `otel-ml tail` for whatever a service has counted, or anybody sends."""

from __future__ import annotations

import io
import json
import signal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from otel_ml.cli.tail.json_lines import summary_line
from otel_ml.cli.tail.panel import Figures
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.semconv.metric import Metric
from otel_ml.service.records import Log, Point
from otel_ml.service.statistics import Statistics
from otel_ml.service.summary import ModelSummary, NullRate, Summary
from otel_ml.service.totals import Percentiles
from tests.cli.process import Terminal, grpc_endpoint, piped
from tests.service.build import counter, event, feature, histogram
from tests.support.wait import PATIENCE

SINCE = 100
BEFORE = 1

_width = st.sampled_from([40, 110])
_any = st.sampled_from([0.0, 1.0, 2.5, 7.0, 2**64 - 1, -1.0, 1e308, float("inf"), float("-inf"), float("nan")])
_time = st.integers(0, 5).map(lambda step: SINCE + step)
_start = st.sampled_from([0, BEFORE, SINCE + 1])
_temporality = st.sampled_from(["cumulative", "delta"])
_label = st.none() | st.sampled_from("ab")
_buckets = st.lists(st.sampled_from([0, 1, 5]), max_size=4).map(tuple)

_points = st.one_of(
    st.builds(
        lambda value, time, start, kind, label: counter(
            metrics.ML_PREDICTIONS,
            value,
            time,
            start=start,
            temporality=kind,
            **({} if label is None else {"ml__output__label": label}),
        ),
        _any,
        _time,
        _start,
        _temporality,
        _label,
    ),
    st.builds(
        lambda bin_name, value, time, start, kind: feature("age", bin_name, value, time, start=start, temporality=kind),
        st.sampled_from(["null", "value"]),
        _any,
        _time,
        _start,
        _temporality,
    ),
    st.builds(
        lambda bounds, buckets, time, error: histogram(
            metrics.ML_INFERENCE_DURATION, bounds, buckets, time, (), **({"error__type": "ValueError"} if error else {})
        ),
        st.lists(_any, max_size=3).map(tuple),
        _buckets,
        _time,
        st.booleans(),
    ),
)
_events = st.builds(
    lambda weight, label, score, value: event(
        "1",
        "s",
        ml__event__weight=weight,
        ml__output__label=label,
        ml__output__score=score,
        ml__output__value=value,
        ml__feature__null__names=["age"],
    ),
    _any,
    st.sampled_from("ab"),
    _any,
    _any,
)


@settings(max_examples=100, deadline=None)
@given(width=_width, records=st.lists(_points | _events, max_size=12))
def test_nothing_that_is_sent_breaks_the_figures(width: int, records: list[Point | Log]) -> None:
    statistics = Statistics(since=SINCE)
    for record in records:
        if isinstance(record, Point):
            statistics.add_point(record)
        else:
            statistics.add_log(record)
    summary = statistics.summary()
    assert shown(summary, width)
    assert json.dumps(summary_line(summary)["models"])
    for model in summary.models:
        assert all(number >= 0 for number in (model.predictions, model.calls, *model.labels.values(), *model.scores))
        assert all(0 <= rate.nulls <= rate.total for rate in model.nulls)


_total = st.sampled_from([0.0, 0.4, 3.0, 1e15, -2.0])
_models = st.builds(
    ModelSummary,
    name=st.just("m"),
    version=st.just(""),
    predictions=_total,
    calls=st.integers(0, 3),
    errors=st.dictionaries(st.sampled_from("ab"), _total),
    latency=st.none() | st.builds(Percentiles, st.just(1), _any, _any, _any, st.sampled_from(["spans", "histogram"])),
    nulls=st.lists(st.builds(NullRate, st.just("f"), _total, _total), max_size=3).map(tuple),
    labels=st.dictionaries(st.text(max_size=2), _total, max_size=12),
    scores=st.lists(_total, max_size=20).map(tuple),
    values=st.just(()) | st.tuples(_any, _any, _any),
)


@settings(max_examples=100, deadline=None)
@given(width=_width, models=st.lists(_models, max_size=4).map(tuple), refused=st.integers(0, 2))
def test_any_totals_are_shown(width: int, models: tuple[ModelSummary, ...], refused: int) -> None:
    assert shown(Summary(models, (), 0, 0, 0, refused), width)


def test_what_was_counted_before_is_not_shown_and_what_comes_is() -> None:
    statistics = Statistics(since=SINCE)

    def count(time: int, yes: int, null: int) -> str:
        for label, number in (("yes", yes), ("no", 60)):
            point = counter(metrics.ML_PREDICTIONS, number, time, start=BEFORE, ml__output__label=label)
            statistics.add_point(point)
        statistics.add_point(feature("age", "null", null, time, start=BEFORE))
        statistics.add_point(feature("age", "value", 90, time, start=BEFORE))
        return shown(statistics.summary())

    text = count(SINCE + 1, yes=40, null=10)
    assert "0 predictions in 0 calls" in text
    assert "predicted" not in text
    assert "null rate" not in text
    text = count(SINCE + 2, yes=41, null=11)
    assert "1 prediction in 0 calls" in text
    assert "yes 100.0% 1" in text
    assert "age 100.0%" in text


@pytest.mark.parametrize("options", [("--summary-every", "0.1"), ("--output", "json")])
def test_a_service_that_predicts_nothing_more_has_figures_into_a_pipe(options: tuple[str, ...]) -> None:
    with piped(*options) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        http = json.loads(line)["http"] if "json" in options else line.split(" and ")[1].split()[0]
        send_what_was_counted_before(http)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    if "json" not in options:
        assert "late-flights  0 predictions in 0 calls" in out
        return
    [model] = json.loads(out.splitlines()[-1])["models"]
    assert (model["predictions"], model["labels"]) == (0, {"late": 0, "on time": 0})


def test_a_service_that_predicts_nothing_more_has_figures_on_a_terminal() -> None:
    with Terminal() as terminal:
        screen = terminal.wait_for(lambda screen: "no predictions yet" in screen)
        assert grpc_endpoint(screen)
        send_what_was_counted_before(screen.split(" and ")[1].split()[0])
        terminal.wait_for(lambda screen: "late-flights  0 predictions in 0 calls" in screen)
        terminal.press(b"\x03")
        assert terminal.end() == 0


def send_what_was_counted_before(endpoint: str) -> None:
    def total(label: str) -> dict[str, Any]:
        attributes = {names.ML_MODEL_NAME: "late-flights", names.ML_OUTPUT_LABEL: label}
        return {
            "startTimeUnixNano": "1700000000000000000",
            "timeUnixNano": "1800000000000000000",
            "asInt": "40",
            "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()],
        }

    points = {"dataPoints": [total("late"), total("on time")], "aggregationTemporality": 2, "isMonotonic": True}
    predictions: Metric = metrics.ML_PREDICTIONS
    scopes = [{"metrics": [{"name": predictions.name, "unit": predictions.unit, "sum": points}]}]
    body = {"resourceMetrics": [{"scopeMetrics": scopes}]}
    response = httpx.post(f"{endpoint}/v1/metrics", json=body, trust_env=False, timeout=PATIENCE)
    assert response.status_code == 200


def shown(summary: Summary, width: int = 110) -> str:
    with io.StringIO() as page:
        Console(file=page, width=width, height=42, color_system=None).print(Figures(summary))
        return page.getvalue()
