"""The real Collector, Jaeger, Prometheus and Loki, started with the configurations that we ship.

    def test_it(stack: Stack) -> None:
        send_to(stack.collector.grpc_url)
        spans = eventually(lambda: stack.jaeger.trace(trace_id))

The queries go through the backends' own HTTP APIs. All that the Collector accepts is under the live check, too.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.jaeger import JaegerQueries
from tests.support.livecheck import LiveCheck
from tests.support.loki import LokiQueries
from tests.support.otlp import OtlpSink
from tests.support.prometheus import PrometheusQueries
from tests.support.servers import Server, free_port
from tests.support.telemetry import registry

CONFIGS = Path(__file__).parents[2] / "collector-config"
LIVE_CHECK = Path(__file__).with_name("live-check.yaml")
STACK_KEY = pytest.StashKey["Stack"]()
BINARIES = ("otelcol", "jaeger", "prometheus", "promtool", "loki", "compose-spec")


def find_binaries() -> Path:
    """Return the directory of the real binaries, or skip the test where they are not built.

    With `CI=true` or `OTEL_ML_REQUIRE_BACKENDS=1` in the environment, missing binaries are an error.
    """
    build = CONFIGS / "backends" / "build.py"
    answer = subprocess.run([sys.executable, build, "--print-bin"], capture_output=True, text=True, check=True)
    directory = Path(answer.stdout.strip())
    missing = [name for name in BINARIES if not (directory / name).exists()]
    if missing:
        reason = f"the real backends are not built ({', '.join(missing)} missing): install Go and run `make backends`"
        if os.environ.get("CI") == "true" or os.environ.get("OTEL_ML_REQUIRE_BACKENDS") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return directory


class Jaeger(Server, JaegerQueries):
    """Jaeger v2 with its traces on disk."""

    def __init__(self, binaries: Path, data: Path) -> None:
        self.otlp_port = free_port()
        query_port, health_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{query_port}"
        super().__init__(
            "jaeger",
            [str(binaries / "jaeger"), "--config", str(CONFIGS / "jaeger" / "jaeger.yaml")],
            env={
                "JAEGER_OTLP_PORT": str(self.otlp_port),
                "JAEGER_QUERY_PORT": str(query_port),
                "JAEGER_QUERY_GRPC_PORT": str(free_port()),
                "JAEGER_HEALTH_PORT": str(health_port),
                "JAEGER_DATA_DIR": str(data),
            },
            ready_url=f"http://127.0.0.1:{health_port}/status",
            log=data.with_suffix(".log"),
        )


class Prometheus(Server, PrometheusQueries):
    """Prometheus with its OTLP receiver and exemplars; `scrape` is the address of the Collector's own metrics."""

    def __init__(self, binaries: Path, data: Path, *, scrape: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        # The file with the address to scrape is looked for beside the configuration: a copy, with our address.
        config = data / "prometheus.yml"
        (data / "targets").mkdir(parents=True)
        shutil.copyfile(CONFIGS / "prometheus" / "prometheus.yml", config)
        (data / "targets" / "collector.yml").write_text(f"- targets: [{scrape!r}]\n")
        super().__init__(
            "prometheus",
            [
                str(binaries / "prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={data / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-otlp-receiver",
                "--enable-feature=exemplar-storage",
                "--log.level=warn",
            ],
            env={},
            ready_url=f"{self.url}/-/ready",
            log=data.with_suffix(".log"),
        )


class Loki(Server, LokiQueries):
    """A single-binary Loki."""

    def __init__(self, binaries: Path, data: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(
            "loki",
            [
                str(binaries / "loki"),
                f"-config.file={CONFIGS / 'loki' / 'loki.yaml'}",
                "-config.expand-env=true",
            ],
            env={
                "LOKI_HTTP_PORT": str(port),
                "LOKI_GRPC_PORT": str(free_port()),
                "LOKI_DATA_DIR": str(data),
            },
            ready_url=f"{self.url}/ready",
            log=data.with_suffix(".log"),
        )


class Collector(Server):
    """A Collector with our one-node configuration, and fragments merged into it.

    Args:
        binaries: Where `otelcol` is.
        data: Directory of its queue on disk.
        env: Where its exporters send to, and whatever else the configuration reads.
        fragments: Names of further files of collector-config/collector, or whole paths.
        metrics_port: Where its own metrics are; a free port where not given.
    """

    def __init__(
        self,
        binaries: Path,
        data: Path,
        *,
        env: Mapping[str, str],
        fragments: Sequence[str | Path] = (),
        metrics_port: int | None = None,
    ) -> None:
        grpc_port, http_port, health_port = free_port(), free_port(), free_port()
        metrics_port = metrics_port or free_port()
        self.grpc_url = f"http://127.0.0.1:{grpc_port}"
        self.http_url = f"http://127.0.0.1:{http_port}"
        self.metrics_url = f"http://127.0.0.1:{metrics_port}/metrics"
        files = ["one-node.yaml", *fragments]
        super().__init__(
            "collector",
            [str(binaries / "otelcol"), *(f"--config={CONFIGS / 'collector' / file}" for file in files)],
            env={
                "COLLECTOR_GRPC_PORT": str(grpc_port),
                "COLLECTOR_HTTP_PORT": str(http_port),
                "COLLECTOR_HEALTH_PORT": str(health_port),
                "COLLECTOR_METRICS_PORT": str(metrics_port),
                "COLLECTOR_QUEUE_DIR": str(data / "queue"),
                **env,
            },
            ready_url=f"http://127.0.0.1:{health_port}/",
            log=data.with_suffix(".log"),
        )


@dataclass(frozen=True)
class Stack:
    """The four servers, each to be stopped and started by itself, and a copy of all that the Collector accepts."""

    binaries: Path
    accepted: OtlpSink
    collector: Collector
    jaeger: Jaeger
    prometheus: Prometheus
    loki: Loki
    routes: Mapping[str, str]  # environment that points a further Collector at these backends

    @classmethod
    def in_directory(cls, binaries: Path, data: Path, accepted: OtlpSink) -> "Stack":
        """Lay out a stack that is not started yet, with all its data under one directory."""
        metrics_port = free_port()
        jaeger = Jaeger(binaries, data / "jaeger")
        prometheus = Prometheus(binaries, data / "prometheus", scrape=f"127.0.0.1:{metrics_port}")
        loki = Loki(binaries, data / "loki")
        routes = {
            "JAEGER_OTLP_ENDPOINT": f"127.0.0.1:{jaeger.otlp_port}",
            "PROMETHEUS_OTLP_URL": f"{prometheus.url}/api/v1/otlp",
            "LOKI_OTLP_URL": f"{loki.url}/otlp",
        }
        env = routes | {"LIVE_CHECK_ENDPOINT": str(accepted.receiver.http_endpoint)}
        collector = Collector(binaries, data / "collector", env=env, fragments=[LIVE_CHECK], metrics_port=metrics_port)
        return cls(binaries, accepted, collector, jaeger, prometheus, loki, routes)

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.collector, self.jaeger, self.prometheus, self.loki

    def start(self) -> None:
        """Start whatever does not run, all at once, and wait until all are ready."""
        stopped = [server for server in self.servers if not server.running]
        for server in stopped:
            server.start(wait=False)
        for server in stopped:
            server.wait_until_ready()

    def kill(self) -> None:
        """End all at once; what they hold is of no more use."""
        for server in self.servers:
            server.kill()


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The directory with the real binaries; skips the test where there are none."""
    return find_binaries()


@pytest.fixture(scope="session")
def session_stack(binaries: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for the whole session: starting it takes seconds."""
    accepted = OtlpSink()
    with accepted.receiver:
        stack = Stack.in_directory(binaries, tmp_path_factory.mktemp("backends"), accepted)
        try:
            stack.start()
            yield stack
        finally:
            stack.kill()
    late = LiveCheck(registry())
    for message in accepted.take():
        late.check(message)
    assert not late.findings, late.report()


@pytest.fixture
def stack(session_stack: Stack, request: pytest.FixtureRequest, live_check: LiveCheck) -> Iterator[Stack]:
    """The stack with all its servers running, whatever the test before has done to them.

    All that the Collector accepted goes through the live check when the test ends.
    """
    session_stack.start()
    request.node.stash[STACK_KEY] = session_stack
    yield session_stack
    for message in session_stack.accepted.take():
        live_check.check(message)


def add_logs(item: pytest.Item, report: pytest.TestReport) -> None:
    """Append the ends of the servers' logs to the report of a failed test."""
    stack = item.stash.get(STACK_KEY, None)
    if report.failed and stack is not None:
        report.sections.extend((f"log of {server.name}", server.log_tail()) for server in stack.servers)
