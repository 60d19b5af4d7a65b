"""What is known of models at a moment, as typed objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from otel_ml.service.records import Exemplar
from otel_ml.service.totals import Percentiles

SCORE_BINS = 20


@dataclass(frozen=True, slots=True)
class NullRate:
    """How often a feature was null."""

    feature: str
    nulls: float
    total: float

    @property
    def rate(self) -> float:
        """From 0 to 1."""
        return self.nulls / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What is known of one model.

    Attributes:
        predictions: Rows, weighted where events are sampled.
        errors: Failed calls by `error.type`.
        nulls: Every known feature, most often null first.
        labels: Predictions by label, most frequent first.
        scores: Predictions by score, over `SCORE_BINS` equal bins from 0 to 1; empty without scores.
        values: 10%, 50% and 90% of the recent numeric outputs; empty without any.
    """

    name: str
    version: str
    predictions: float
    calls: int
    errors: Mapping[str, float]
    latency: Percentiles | None
    nulls: tuple[NullRate, ...]
    labels: Mapping[str, float]
    scores: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was received, as of now."""

    models: tuple[ModelSummary, ...]
    exemplars: tuple[tuple[str, Exemplar], ...]
    spans: int
    events: int
    points: int
    refused_series: int
