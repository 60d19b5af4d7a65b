"""Compare what the client sent and got with what telemetry says, prediction by prediction and in total."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd

from examples.flights.data import FEATURES
from examples.flights.evidence import Evidence
from examples.flights.replay import Records
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.service import fields
from otel_ml.service.predictions import Prediction
from otel_ml.service.records import Exemplar, Log, Span


@dataclass(frozen=True)
class Check:
    """A claim, whether it holds, and figures or a counterexample."""

    claim: str
    holds: bool
    detail: str


@dataclass(frozen=True)
class Followed:
    """One prediction wherever it shows: the client's answer, server span, model span, event, exemplar."""

    label: dict[str, Any]
    server: Span
    call: Span
    event: Log
    exemplar: Exemplar


def compare(flights: pd.DataFrame, labels: Records, requests: int, evidence: Evidence) -> list[Check]:
    """Check all telemetry against what the client knows.

    Args:
        flights: What was sent.
        labels: What `replay` kept of the answers.
        requests: In how many requests, and so calls of the model.
        evidence: What telemetry arrived.
    """
    return [
        *_answers(len(flights), labels),
        *_records(flights, labels, evidence),
        *_metrics(flights, requests, evidence),
    ]


def follow(labels: Records, evidence: Evidence) -> Followed | None:
    """Find a single row with nulls that is in all signals: of the measurements only some become exemplars."""
    for label in reversed(labels):  # the first ones tell more of a cold start
        found = evidence.joined.get(label["prediction_id"])
        if not (found and found.event and found.call and found.server) or _is_batch(found.call):
            continue
        exemplar = evidence.exemplars.get(found.trace_id)
        if exemplar and exemplar.span_id == found.call.span_id and fields.null_names(found.call.attributes):
            return Followed(label, found.server, found.call, found.event, exemplar)
    return None


def _answers(sent: int, labels: Records) -> list[Check]:
    ids = {label["prediction_id"] for label in labels} - {None}
    return [
        _equal("every flight was answered", len(labels), sent),
        _equal("every answer has a prediction id of its own in its header", len(ids), sent),
    ]


def _records(flights: pd.DataFrame, labels: Records, evidence: Evidence) -> list[Check]:
    joined = [(label, evidence.joined.get(label["prediction_id"])) for label in labels]
    events = [(label, found) for label, found in joined if found and found.event]
    spans = [found for _, found in joined if found and found.call and found.server]
    agreeing = [found for label, found in events if _agrees(label["response"]["probability"], found)]
    nulls = Counter(name for _, found in events if found.event for name in fields.null_names(found.event.attributes))
    return [
        _equal("every prediction left one event", len(events), len(flights)),
        _equal("nothing else was told as a prediction", evidence.told.total(), len(flights)),
        _equal("every prediction is in a model span below its request's server span", len(spans), len(flights)),
        _equal("the answer, the span and the event say the same", len(agreeing), len(flights)),
        _same("events name the nulls that were sent", nulls, _nulls(flights)),
    ]


def _metrics(flights: pd.DataFrame, requests: int, evidence: Evidence) -> list[Check]:
    observations = metrics.ML_FEATURE_OBSERVATIONS.name
    null = names.MlFeatureBinValues.NULL.value
    return [
        _equal("the counter of predictions is right", evidence.total(metrics.ML_PREDICTIONS.name), len(flights)),
        _equal("every call was timed once", evidence.total(metrics.ML_INFERENCE_DURATION.name), requests),
        _same(
            "every value of every feature was counted",
            {feature: evidence.total(observations, feature) for feature in FEATURES},
            dict.fromkeys(FEATURES, len(flights)),
        ),
        _same(
            "the counters of nulls are right for every feature",
            {feature: evidence.total(observations, feature, null) for feature in FEATURES},
            _nulls(flights),
        ),
    ]


def _nulls(flights: pd.DataFrame) -> dict[str, int]:
    return {feature: int(flights[feature].isna().sum()) for feature in FEATURES}


def _agrees(probability: float, prediction: Prediction) -> bool:
    """Whether the event, and the span of a single row, have the score of the more likely class."""
    records: list[Log | Span | None] = [prediction.event]
    if prediction.call and not _is_batch(prediction.call):
        records.append(prediction.call)
    scores = [record.attributes.get(names.ML_OUTPUT_SCORE) for record in records if record]
    return all(score is not None and abs(score - max(probability, 1 - probability)) < 1e-9 for score in scores)


def _is_batch(call: Span) -> bool:
    return names.ML_BATCH_SIZE in call.attributes


def _equal(claim: str, found: int, expected: int) -> Check:
    return Check(claim, found == expected, f"{found:,}" if found == expected else f"{found:,} of {expected:,}")


def _same(claim: str, found: dict[str, int], expected: dict[str, int]) -> Check:
    wrong = [
        f"{key} {found.get(key, 0):,} of {expected[key]:,}" for key in expected if found.get(key, 0) != expected[key]
    ]
    return Check(claim, not wrong, ", ".join(wrong[:3]) or f"{sum(expected.values()):,}")
