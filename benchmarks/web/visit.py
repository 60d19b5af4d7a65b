"""One server, asked again and again, and what it cost and sent."""

from __future__ import annotations

import time

from benchmarks.web.client import Client


class Visit:
    """Everything left behind is encoded at the end of each loop, so that no server's work falls into another one's time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answers = 0
        self._each = 0
        self._sent = 0

    def warm(self, seconds: float) -> None:
        """Ask for a while, then a few times to learn what a request sends."""
        self._client.closed_loop(seconds)
        before, _ = self._client.flush()
        answers = len(self._client.open_loop(50, 0.2))
        self._sent, _ = self._client.flush()
        self._each = round((self._sent - before) / answers)

    def closed_loop(self, seconds: float) -> tuple[float, float]:
        """Requests a second, as fast as the server can, and its CPU time a request in µs."""
        _, cpu = self._client.flush()
        began = time.perf_counter()
        answers = self._client.closed_loop(seconds)
        _, cpu_at_end = self._client.flush()
        self._answers += answers
        return answers / (time.perf_counter() - began), 1e6 * (cpu_at_end - cpu) / answers

    def open_loop(self, rate: float, seconds: float) -> list[float]:
        """Latencies at a fixed rate, ascending, in seconds."""
        latencies = sorted(self._client.open_loop(rate, seconds))
        self._client.flush()
        self._answers += len(latencies)
        return latencies

    def lost(self) -> float:
        """The share of spans and events that did not reach the exporter."""
        expected = self._each * self._answers
        sent, _ = self._client.flush()
        return 1 - (sent - self._sent) / expected if expected else 0.0
