"""Ask Loki for log records, through its HTTP API."""

import time
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class LogRecord:
    """One stored record."""

    timestamp: float  # seconds since the epoch
    body: str
    labels: dict[str, str]  # what is indexed
    metadata: dict[str, str]  # the attributes: structured metadata, dots become underscores

    @property
    def trace_id(self) -> str:
        """The trace it belongs to, or an empty string."""
        return self.metadata.get("trace_id", "")

    @property
    def event_name(self) -> str:
        """The name of the event, or an empty string for an ordinary record."""
        return self.metadata.get("event_name", "")


class LokiQueries:
    """Queries; mixed into the server, which knows the URL."""

    url: str

    def query(self, logql: str, *, since: float = 3600, limit: int = 5000) -> list[LogRecord]:
        """Return the records that a LogQL query selects, oldest first.

        Args:
            logql: For instance `{service_name="churn"} | event_name="ml.prediction"`.
            since: How far back to look, in seconds.
            limit: At most so many (5,000 is what Loki allows in one query).
        """
        now = time.time()
        response = httpx.get(
            f"{self.url}/loki/api/v1/query_range",
            params={
                "query": logql,
                "start": str(int((now - since) * 1e9)),
                "end": str(int((now + 60) * 1e9)),
                "limit": str(limit),
                "direction": "forward",
            },
            headers={"X-Loki-Response-Encoding-Flags": "categorize-labels"},
            timeout=60,
        )
        assert response.status_code == 200, response.text
        records = [
            LogRecord(int(time_ns) / 1e9, line, stream["stream"], extra.get("structuredMetadata", {}))
            for stream in response.json()["data"]["result"]
            for time_ns, line, extra in stream["values"]
        ]
        return sorted(records, key=lambda record: record.timestamp)

    def count(self, logql: str, *, since: str = "1h") -> int:
        """Return how many records a log query selects, without the limit on how many it may return."""
        response = httpx.get(
            f"{self.url}/loki/api/v1/query", params={"query": f"sum(count_over_time({logql} [{since}]))"}, timeout=60
        )
        assert response.status_code == 200, response.text
        result = response.json()["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0
