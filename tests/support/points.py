"""Metric points, and what is new in them since an earlier collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    Sum,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

AttributeValue: TypeAlias = object
Series: TypeAlias = tuple[str, str, frozenset[tuple[str, AttributeValue]]]


@dataclass(frozen=True, slots=True)
class Point:
    """One series of a metric.

    Attributes:
        value: a counter's or a gauge's number; of a histogram the sum.
        count: how many values a histogram has; None for other instruments.
        buckets: how many of them lie in each bucket.
        bounds: the upper bounds of all buckets but the last.
    """

    attributes: Mapping[str, AttributeValue]
    value: float
    count: int | None = None
    buckets: tuple[int, ...] = ()
    bounds: tuple[float, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()

    def since(self, earlier: Point) -> Point:
        """What was added since. A counter that reads less than before has started again."""
        if self.count is None or earlier.count is None:
            return self if self.value < earlier.value else replace(self, value=self.value - earlier.value)
        if self.count < earlier.count:
            return self
        buckets = tuple(now - then for now, then in zip(self.buckets, earlier.buckets, strict=True))
        return replace(self, value=self.value - earlier.value, count=self.count - earlier.count, buckets=buckets)

    @property
    def is_zero(self) -> bool:
        """Whether a difference says that nothing happened."""
        return not self.value if self.count is None else not self.count


def each(data: MetricsData) -> Iterator[tuple[Series, Metric, Point]]:
    """Every point of a collection with the series that it belongs to."""
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for raw in metric.data.data_points:
                    yield _series(scope.scope, metric, raw.attributes), metric, _point(raw)


def accumulates(metric: Metric) -> bool:
    """Whether a metric's points add up over time, so that their difference says what is new."""
    return isinstance(metric.data, Histogram) or (isinstance(metric.data, Sum) and metric.data.is_monotonic)


def keep(data: MetricsData, wanted: Callable[[Series], bool]) -> MetricsData:
    """The same collection with the points of the wanted series only."""
    resources = []
    for resource in data.resource_metrics:
        scopes = []
        for scope in resource.scope_metrics:
            metrics = []
            for metric in scope.metrics:
                values: Any = metric.data  # its points are all of its own kind, which no type says
                points = [
                    point for point in values.data_points if wanted(_series(scope.scope, metric, point.attributes))
                ]
                if points:
                    metrics.append(replace(metric, data=replace(values, data_points=points)))
            scopes.append(replace(scope, metrics=metrics))
        resources.append(replace(resource, scope_metrics=scopes))
    return MetricsData(resource_metrics=resources)


def _series(scope: InstrumentationScope, metric: Metric, attributes: Mapping[str, AttributeValue] | None) -> Series:
    return f"{scope.name} {scope.attributes}", metric.name, frozenset((attributes or {}).items())


def _point(raw: object) -> Point:
    match raw:
        case HistogramDataPoint():
            return Point(
                dict(raw.attributes or {}),
                raw.sum,
                raw.count,
                tuple(raw.bucket_counts),
                tuple(raw.explicit_bounds),
                tuple(raw.exemplars),
            )
        case NumberDataPoint():
            return Point(dict(raw.attributes or {}), raw.value, exemplars=tuple(raw.exemplars))
    raise TypeError(f"a point of type {type(raw).__name__}")
