"""The command that runs the built backends for people without Docker."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.backends import CONFIGS
from tests.support.servers import free_port
from tests.support.wait import PATIENCE, eventually

pytestmark = pytest.mark.backends


def answers(url: str) -> bool:
    return httpx.get(url, timeout=PATIENCE).status_code == 200


def test_it_runs_all_four_until_it_is_told_to_end(binaries: Path, tmp_path: Path) -> None:
    names = "COLLECTOR_GRPC COLLECTOR_HTTP COLLECTOR_HEALTH COLLECTOR_METRICS JAEGER_OTLP JAEGER_QUERY"
    names += " JAEGER_QUERY_GRPC JAEGER_HEALTH PROMETHEUS LOKI_HTTP LOKI_GRPC"
    ports = {f"{name}_PORT": str(free_port()) for name in names.split()}
    script = CONFIGS / "backends" / "run.py"
    process = subprocess.Popen([sys.executable, script, "--data", tmp_path], env={**os.environ, **ports})
    try:
        ready = {"COLLECTOR_HEALTH": "/", "JAEGER_HEALTH": "/status", "PROMETHEUS": "/-/ready", "LOKI_HTTP": "/ready"}
        for name, path in ready.items():
            eventually(partial(answers, f"http://127.0.0.1:{ports[f'{name}_PORT']}{path}"), 2 * PATIENCE)
        servers = psutil.Process(process.pid).children()
        assert len(servers) == 4
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(2 * PATIENCE) == 0
    assert not [server for server in servers if server.is_running()]
