"""Run the Collector, Jaeger, Prometheus and Loki that build.py has built, until Ctrl-C: the stack without Docker.

    make backends
    python3 collector-config/backends/run.py
    python3 collector-config/backends/run.py --collector-config collector-config/collector/extra-otlp.yaml

Ports and addresses are the defaults of the configurations; the environment changes them (docs/routing.md).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import build

CONFIGS = build.HERE.parent
STOP_SECONDS = 20.0


def default_data() -> Path:
    """Return the directory for queues and stored telemetry, as the XDG specification has it."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "otel-ml" / "backends"


def commands(binaries: Path, data: Path, more_configs: Sequence[str], env: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the command line of each server."""
    port = env.get("PROMETHEUS_PORT", "9090")
    return {
        "jaeger": [f"{binaries}/jaeger", f"--config={CONFIGS}/jaeger/jaeger.yaml"],
        "prometheus": [
            f"{binaries}/prometheus",
            f"--config.file={CONFIGS}/prometheus/prometheus.yml",
            f"--storage.tsdb.path={data}/prometheus",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-otlp-receiver",
            "--enable-feature=exemplar-storage",
        ],
        "loki": [f"{binaries}/loki", f"-config.file={CONFIGS}/loki/loki.yaml", "-config.expand-env=true"],
        "collector": [
            f"{binaries}/otelcol",
            f"--config={CONFIGS}/collector/one-node.yaml",
            *(f"--config={path}" for path in more_configs),
        ],
    }


def environment(data: Path) -> dict[str, str]:
    """Return the environment of the servers: where they keep their data, unless that is set already."""
    places = {
        "COLLECTOR_QUEUE_DIR": str(data / "queue"),
        "JAEGER_DATA_DIR": str(data / "jaeger"),
        "LOKI_DATA_DIR": str(data / "loki"),
    }
    return {**places, **os.environ}


def stop(servers: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to end, and wait."""
    for server in servers.values():
        server.terminate()
    for name, server in servers.items():
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            build.say(f"{name} does not end by itself")
            server.kill()
            server.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=default_data(), help="where everything is kept (%(default)s)")
    parser.add_argument("--collector-config", action="append", default=[], metavar="FILE", help="merged into one-node")
    options = parser.parse_args(arguments)
    binaries = build.bin_directory()
    if not binaries.exists():
        build.say("not built yet: run `make backends` first")
        return 1
    data = options.data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    env = environment(data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    servers: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands(binaries, data, options.collector_config, env).items():
            with (data / f"{name}.log").open("ab") as log:
                # In a group of its own: Ctrl-C reaches this process only, which then ends them one by one.
                servers[name] = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
        build.say(f"send OTLP to http://127.0.0.1:{env.get('COLLECTOR_GRPC_PORT', '4317')}; Ctrl-C ends all")
        build.say(f"data and logs are in {data}")
        while all(server.poll() is None for server in servers.values()):
            time.sleep(0.5)
        ended = next(name for name, server in servers.items() if server.poll() is not None)
        build.say(f"{ended} ended by itself; the end of its log:")
        print("\n".join((data / f"{ended}.log").read_text(errors="replace").splitlines()[-build.LOG_TAIL_LINES :]))
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        stop(servers)


if __name__ == "__main__":
    sys.exit(main())
