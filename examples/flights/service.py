"""Run the service in a process of its own, with telemetry that its code knows nothing of."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

ROOT = Path(__file__).parents[2]
START_SECONDS = 240.0


class ServiceError(RuntimeError):
    """The service did not start; the message has the end of its log."""


class Service:
    """The example under `opentelemetry-instrument`; killed with all its workers when the block ends.

    Args:
        otlp: Where it sends its telemetry, over gRPC.
        model: The file with the trained model.
        workers: Processes that serve.
        log: File for what it prints.
        settings: Further environment of the service.
    """

    def __init__(
        self, otlp: str, model: Path, workers: int, log: Path, settings: Mapping[str, str] | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._log = log
        # What the caller's environment says of OpenTelemetry is for other programs, except for otel-ml's own.
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_") or k.startswith("OTEL_ML_")}
        self._env = {
            "OTEL_ML_MODEL_NAME": "flights-late",
            "OTEL_ML_MODEL_VERSION": model.stem.removeprefix("model-"),
            **inherited,
            "OTEL_SERVICE_NAME": "flights",
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_PYTHON_EXCLUDED_URLS": "healthz",
            # To see something while it happens; the defaults are 60 s for metrics, and 5 s and 1 s for the others.
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
            "OTEL_BSP_SCHEDULE_DELAY": "500",
            "OTEL_BLRP_SCHEDULE_DELAY": "500",
            # Ten seconds are not much where the receiver, too, has to wait for a core.
            "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
            "FLIGHTS_MODEL": str(model),
            # A prediction is too short to share out: more threads only wait for one another.
            "OMP_NUM_THREADS": "1",
            **(settings or {}),
        }

    @property
    def command(self) -> list[str]:
        """What to type in a shell, where the programs are on the path."""
        # uvicorn kills a worker that does not answer for so long, five seconds by default: too few on a busy machine.
        patience = ["--timeout-worker-healthcheck", "120"]
        served = ["--port", str(self.port), "--workers", str(self._workers), "--no-access-log", *patience]
        return ["opentelemetry-instrument", "uvicorn", "examples.flights.app:app", *served]

    def __enter__(self) -> "Service":
        programs = Path(sys.executable).parent
        command = [str(programs / self.command[0]), str(programs / self.command[1]), *self.command[2:]]
        with self._log.open("wb") as log:
            # In a session of its own, so that Ctrl-C in the terminal does not end it before its time.
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def wait_until_ready(self) -> None:
        """Return when it answers.

        Raises:
            ServiceError: It ended, or did not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while self.running and time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/healthz", timeout=30).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise ServiceError(f"the service did not start:\n{self.log_tail()}")

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def terminate(self) -> None:
        """Ask it to finish its requests, send what it has, and end."""
        self._process.terminate()

    def log_tail(self, lines: int = 30) -> str:
        """The end of what it printed."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
