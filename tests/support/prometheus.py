"""Ask Prometheus, through its HTTP API."""

import time
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Sample:
    """One series of an instant query."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Exemplar:
    """One exemplar, and the labels of its series."""

    series: dict[str, str]
    labels: dict[str, str]
    value: float
    timestamp: float  # seconds since the epoch

    @property
    def trace_id(self) -> str:
        """The trace it points to, or an empty string."""
        return self.labels.get("trace_id", "")


class PrometheusQueries:
    """Queries; mixed into the server, which knows the URL."""

    url: str

    def query(self, expression: str, *, at: float | None = None) -> list[Sample]:
        """Return the series of an instant vector, or its one sample for a scalar.

        Args:
            expression: PromQL.
            at: Time of evaluation in seconds since the epoch; now where not given.
        """
        parameters = {"query": expression} | ({} if at is None else {"time": str(at)})
        data = self._get("query", parameters)
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(series["metric"], float(series["value"][1])) for series in data["result"]]

    def value(self, expression: str) -> float | None:
        """Return the value of a query that yields one series, or None where it yields none."""
        samples = self.query(expression)
        assert len(samples) <= 1, f"{expression} yields {len(samples)} series"
        return samples[0].value if samples else None

    def exemplars(self, expression: str, start: float | None = None, end: float | None = None) -> list[Exemplar]:
        """Return the exemplars of the series that an expression selects, by default of the last hour."""
        now = time.time()
        parameters = {"query": expression, "start": str(start or now - 3600), "end": str(end or now + 60)}
        return [
            Exemplar(series["seriesLabels"], item["labels"], float(item["value"]), float(item["timestamp"]))
            for series in self._get("query_exemplars", parameters)
            for item in series["exemplars"]
        ]

    def metric_names(self) -> list[str]:
        """Return the names of all stored metrics."""
        return list(self._get("label/__name__/values", {}))

    def _get(self, path: str, parameters: dict[str, str]) -> Any:
        response = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=30)
        assert response.status_code == 200, response.text
        return response.json()["data"]
