"""The example service as a user runs it, with two workers, and clients that remember every answer."""

import itertools
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import psutil

from examples.flights.replay import ID_HEADER, Records
from tests.support.servers import Server, free_port
from tests.support.wait import PATIENCE, eventually

WORKERS = 2
MODEL = "flights-late"
ROOT = Path(__file__).parents[2]


class FlightsService(Server):
    """`opentelemetry-instrument uvicorn examples.flights.app:app --workers 2`, with a service name of its own.

    Args:
        otlp: Where it sends its telemetry, over gRPC.
        model: The file with the trained model.
        directory: For its log.
        env: Further environment.
    """

    def __init__(self, otlp: str, model: Path, directory: Path, env: Mapping[str, str] | None = None) -> None:
        port = free_port()
        programs = Path(sys.executable).parent
        serve = [programs / "uvicorn", "examples.flights.app:app", "--app-dir", ROOT, "--port", port]
        # A worker that does not answer the supervisor within 5 s, or has not started by then, would be killed and replaced.
        serve += ["--timeout-worker-healthcheck", int(PATIENCE), "--timeout-keep-alive", int(PATIENCE)]
        self.url = f"http://127.0.0.1:{port}"
        self.service = f"flights-{uuid.uuid4().hex[:8]}"
        super().__init__(
            self.service,
            [str(part) for part in (programs / "opentelemetry-instrument", *serve, "--workers", WORKERS)],
            env={
                "FLIGHTS_MODEL": str(model),
                "OTEL_ML_MODEL_NAME": MODEL,
                "OTEL_SERVICE_NAME": self.service,
                "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_LOGS_EXPORTER": "otlp",
                "OTEL_METRIC_EXPORT_INTERVAL": "1000",
                "OTEL_BSP_SCHEDULE_DELAY": "1000",
                "OTEL_PYTHON_EXCLUDED_URLS": "healthz",
                "OMP_NUM_THREADS": "1",  # a prediction is too short to share out
                **(env or {}),
            },
            ready_url=f"{self.url}/healthz",
            log=directory / f"{self.service}.log",
        )

    def __enter__(self) -> "FlightsService":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        workers = self.workers() if self.running else []
        try:
            self.stop()
        finally:
            for worker in workers:  # which outlive a server that had to be killed
                if worker.is_running():
                    worker.kill()

    def wait_until_ready(self) -> None:
        """Return when every worker answers: they share the port, so one that answers does not stand for the other."""
        super().wait_until_ready()
        eventually(
            lambda: self.log.read_text().count("startup complete") >= WORKERS, what="all workers to have started"
        )

    def workers(self) -> list[psutil.Process]:
        """The processes that serve."""
        return [child for child in psutil.Process(self.pid).children() if "spawn_main" in " ".join(child.cmdline())]

    @contextmanager
    def alone(self, worker: psutil.Process) -> Iterator[None]:
        """The other workers stand still meanwhile: which of them takes a new connection is chance otherwise."""
        with ExitStack() as resumed:
            for other in self.workers():
                if other != worker:
                    other.suspend()
                    resumed.callback(other.resume)
            yield

    def memory(self) -> int:
        """Bytes that the largest worker holds in memory."""
        return max(worker.memory_info().rss for worker in self.workers())


@dataclass(frozen=True)
class Answer:
    """One prediction that a client got."""

    prediction_id: str
    flight: Mapping[str, Any]
    probability: float
    seconds: float


class Clients:
    """Clients that each send one flight after the other from when the block is entered until it ends, or one fails.

    Args:
        url: Of the service.
        flights: Sent over and over.
        count: How many clients.
        pause: Seconds of each between two requests.
        keep_alive: Whether each stays on its connection. uvicorn may overlook one that is opened just when it begins to
            shut down, and then waits until its client has enough.
    """

    def __init__(
        self, url: str, flights: Records, *, count: int = 2, pause: float = 0.01, keep_alive: bool = True
    ) -> None:
        self.answers: list[Answer] = []
        self.failures: list[Exception] = []
        self._url = url
        self._flights = itertools.cycle(flights)
        self._pause = pause
        self._limits = httpx.Limits(max_keepalive_connections=None if keep_alive else 0)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many more predictions have come."""
        goal = len(self.answers) + count
        eventually(lambda: len(self.answers) >= goal or self.failures, 2 * PATIENCE, what=f"{goal} answers")
        assert not self.failures

    def _run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=PATIENCE, limits=self._limits) as client:
            while not self._stopped.wait(self._pause) and not self.failures:
                with self._lock:
                    flight = next(self._flights)
                try:
                    response = client.post("/predict", json=flight).raise_for_status()
                except httpx.HTTPError as error:
                    self.failures.append(error)
                    return
                self.answers.append(
                    Answer(
                        response.headers[ID_HEADER],
                        flight,
                        response.json()["probability"],
                        response.elapsed.total_seconds(),
                    )
                )


def nulls_of(flights: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How often each feature is null."""
    return Counter(name for flight in flights for name, value in flight.items() if value is None)
