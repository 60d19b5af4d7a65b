"""A service as the processes that serve it, and the traffic that a client sends."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count as count_from
from pathlib import Path

import httpx
import psutil

from tests.services.serving import IDLE_SECONDS, REQUEST_SECONDS
from tests.support.servers import START_SECONDS, Server, free_port
from tests.support.wait import eventually

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
QUIET = {"PYTHONUNBUFFERED": "1", "OTEL_SERVICE_NAME": "churn", "OMP_NUM_THREADS": "1"}
HEADER = "ml-prediction-id"
REQUESTS_A_CONNECTION = 20
ANSWER_SECONDS = 10.0
ENDING_SECONDS = 20
HEALTH_SECONDS = 50
"""Less than it may take to end the whole service, so that it ends by itself."""


class Service(Server):
    """A server, its client, and every id that the client was given."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rpartition(":")[2]
        super().__init__(
            "service",
            [part.replace("{port}", port) for part in command],
            env={**QUIET, **env, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
            ready_url=f"{self.url}/pid",
            log=folder / "service.log",
        )
        self.ids: list[str] = []

    def predict(self, count: int) -> None:
        """Ask for predictions, from several connections at once, until the last is answered."""
        with self.load(count):
            pass

    def predict_with_each(self, workers: Sequence[psutil.Process], count: int) -> None:
        """Ask each of the workers for so many predictions."""
        for worker in workers:
            with self.alone(worker, workers):
                self.predict(count)

    @contextmanager
    def load(self, count: int, threads: int = 4) -> Iterator[None]:
        """Ask for predictions meanwhile; at the end wait for the answers, or for the end of the service."""
        numbers, lock = iter(range(count)), threading.Lock()

        def work() -> None:
            with httpx.Client(base_url=self.url, timeout=REQUEST_SECONDS) as client:
                for turn in count_from(1):
                    with lock:
                        number = next(numbers, None)
                    if number is None:
                        return
                    try:
                        # A connection that uvicorn accepts just when it is told to end lives as long as its client.
                        last = {"connection": "close"} if turn % REQUESTS_A_CONNECTION == 0 else {}
                        response = client.get(f"/predict/{number}", headers=last)
                    except httpx.HTTPError:  # the service has ended: this one was not acknowledged
                        return
                    assert response.is_success
                    self.ids.extend(response.headers.get_list(HEADER, split_commas=True))

        workers = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
        for worker in workers:
            worker.start()
        yield
        for worker in workers:
            worker.join(2 * REQUEST_SECONDS)

    def workers(self, at_least: int = 1) -> list[psutil.Process]:
        """The processes that answer requests, once there are so many."""
        found: list[psutil.Process] = []

        def enough() -> bool:
            if len(found) < at_least:
                with _standing_still(found):  # or one of them could take every new connection
                    found.append(psutil.Process(httpx.get(f"{self.url}/pid", timeout=ANSWER_SECONDS).json()))
            return len(found) >= at_least

        eventually(enough, START_SECONDS, interval=0.01, what=f"answers of {at_least} workers")
        return found

    @contextmanager
    def alone(self, worker: psutil.Process, workers: Iterable[psutil.Process]) -> Iterator[None]:
        """The other workers stand still meanwhile, so that this one takes every new connection."""
        with _standing_still([other for other in workers if other != worker]):
            yield

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end, and wait until it has."""
        self._end(how)


@contextmanager
def _standing_still(processes: Sequence[psutil.Process]) -> Iterator[None]:
    suspended: list[psutil.Process] = []
    try:
        for process in processes:
            process.suspend()
            suspended.append(process)
        yield
    finally:
        for process in suspended:
            process.resume()


@contextmanager
def running(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[Service]:
    """Run a service. ``{port}`` in its command becomes a free port; whatever is left of it is killed in the end."""
    service = Service(command, env, folder)
    service.start(wait=False)
    family = [psutil.Process(service.pid)]
    try:
        service.wait_until_ready()
        family += family[0].children(recursive=True)
        yield service
    finally:
        for process in [*family, *(family[0].children(recursive=True) if family[0].is_running() else [])]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        service.kill()


def program(name: str) -> str:
    """A program of this folder, as uvicorn and gunicorn name an app."""
    return f"tests.services.programs.{name}:app"


def uvicorn(name: str = "plain", *options: str) -> list[str]:
    """``opentelemetry-instrument uvicorn``."""
    serve = (str(BIN / "uvicorn"), program(name), "--port", "{port}", "--log-level", "warning")
    # A client that never pauses on a kept-alive connection can keep uvicorn from ending; so it gets a limit, as in production.
    ending = ("--timeout-graceful-shutdown", str(ENDING_SECONDS))
    # A worker that does not answer the supervisor within 5 s, or has not started by then, would be killed and replaced.
    patience = ("--timeout-worker-healthcheck", str(HEALTH_SECONDS))
    return [*INSTRUMENTED, *serve, "--timeout-keep-alive", str(IDLE_SECONDS), *ending, *patience, *options]


def gunicorn(name: str = "plain", *options: str) -> list[str]:
    """``opentelemetry-instrument gunicorn`` with uvicorn's worker."""
    worker = ("-k", "uvicorn_worker.UvicornWorker", "--bind", "127.0.0.1:{port}", "--log-level", "warning")
    # A worker that is starved, or that a test has suspended, would be killed after 30 s.
    patience = ("--timeout", "300", "--graceful-timeout", str(HEALTH_SECONDS), "--keep-alive", str(IDLE_SECONDS))
    return [*INSTRUMENTED, str(BIN / "gunicorn"), program(name), *worker, *patience, *options]


INSTRUMENTED = [str(BIN / "opentelemetry-instrument")]


def environment(**more: str) -> dict[str, str]:
    """Variables of the test's own process are not the service's: those of OpenTelemetry are emptied."""
    return {**{name: "" for name in os.environ if name.startswith("OTEL_")}, **more}


def python(name: str) -> list[str]:
    """A program that serves itself."""
    return [sys.executable, "-m", f"tests.services.programs.{name}", "{port}"]
