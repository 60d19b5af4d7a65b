"""Every configuration that we ship is accepted by the program that it is for."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.support.backends import CONFIGS
from tests.support.wait import PATIENCE

pytestmark = pytest.mark.backends

COLLECTOR_FILES = [
    ("one-node.yaml",),
    ("one-node.yaml", "extra-otlp.yaml"),
    ("one-node.yaml", "redact-server-spans.yaml"),
    ("one-node.yaml", "extra-otlp.yaml", "redact-server-spans.yaml"),
]


def run(*command: str | Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )


def assert_accepted(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("files", COLLECTOR_FILES, ids=" ".join)
def test_the_collector_accepts_each_combination_of_files(
    binaries: Path, tmp_path: Path, files: tuple[str, ...]
) -> None:
    env = {"COLLECTOR_QUEUE_DIR": str(tmp_path), "OTLP_EXTRA_ENDPOINT": "https://otlp.example.com"}
    arguments = [f"--config={CONFIGS / 'collector' / file}" for file in files]
    assert_accepted(run(binaries / "otelcol", "validate", *arguments, env=env))


def test_no_file_of_the_collector_is_left_out() -> None:
    assert {path.name for path in (CONFIGS / "collector").glob("*.yaml")} == set().union(*COLLECTOR_FILES)


def test_the_extra_backend_needs_an_address(binaries: Path, tmp_path: Path) -> None:
    arguments = [f"--config={CONFIGS / 'collector' / file}" for file in ("one-node.yaml", "extra-otlp.yaml")]
    result = run(binaries / "otelcol", "validate", *arguments, env={"COLLECTOR_QUEUE_DIR": str(tmp_path)})
    assert result.returncode != 0
    assert "at least one endpoint must be specified" in result.stderr


def test_prometheus_accepts_its_configuration(binaries: Path) -> None:
    assert_accepted(run(binaries / "promtool", "check", "config", CONFIGS / "prometheus" / "prometheus.yml"))


def test_loki_accepts_its_configuration(binaries: Path) -> None:
    file = f"-config.file={CONFIGS / 'loki' / 'loki.yaml'}"
    assert_accepted(run(binaries / "loki", file, "-config.expand-env=true", "-verify-config"))


def test_jaeger_accepts_its_configuration(binaries: Path) -> None:
    assert_accepted(run(binaries / "jaeger", "validate", "--config", CONFIGS / "jaeger" / "jaeger.yaml"))


def test_compose_accepts_the_stack(binaries: Path) -> None:
    assert_accepted(run(binaries / "compose-spec", CONFIGS / "compose.yaml"))


def test_compose_mounts_only_what_exists_and_pins_every_image() -> None:
    services = yaml.safe_load((CONFIGS / "compose.yaml").read_text())["services"]
    assert set(services) == {"collector", "jaeger", "prometheus", "loki"}
    for name, service in services.items():
        _, _, tag = service["image"].partition(":")
        assert tag[:1].isdigit() or tag[:1] == "v", f"{name} has no pinned version: {service['image']}"
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (CONFIGS / source).exists(), f"{name} mounts {source}"


def test_compose_has_the_versions_that_are_built_and_tested() -> None:
    services = yaml.safe_load((CONFIGS / "compose.yaml").read_text())["services"]
    tags = {name: service["image"].partition(":")[2].lstrip("v") for name, service in services.items()}
    builder = yaml.safe_load((CONFIGS / "backends" / "collector" / "builder.yaml").read_text())
    assert tags["collector"] == builder["dist"]["version"]
    assert f"github.com/grafana/loki/v3 v{tags['loki']} " in (CONFIGS / "backends" / "loki" / "go.mod").read_text()
    # Prometheus 3.14.0 is the module's v0.314.0; Jaeger 2.13 was released together with its module's v1.76.
    major, minor, patch = tags["prometheus"].split(".")
    prometheus = (CONFIGS / "backends" / "prometheus" / "go.mod").read_text()
    assert f"github.com/prometheus/prometheus v0.{major}{int(minor):02}.{patch} " in prometheus
    jaeger = (CONFIGS / "backends" / "jaeger" / "go.mod").read_text()
    assert (tags["jaeger"], "github.com/jaegertracing/jaeger v1.76.0 " in jaeger) == ("2.13.0", True)
