"""A FastAPI service: requests a second, and latency at a fixed rate."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager

from benchmarks.models import FEATURES, matrix
from benchmarks.report import Aim, Cell, Report, Table
from benchmarks.web.client import Client, Failed
from benchmarks.web.pinning import pin
from benchmarks.web.server import BY_HAND, NAMES, OURS, UNINSTRUMENTED
from benchmarks.web.visit import Visit

CONNECTIONS = 16
LOAD = 0.5
"""The fixed rate, as a share of what the slowest manages: a service that has room, as they are run."""


def run(quick: bool) -> Report:
    """Serve in four processes that share one processor, and ask them in turn from another."""
    seconds, rounds = (0.3, 1) if quick else (2.0, 9)
    throughput: dict[str, list[float]] = {name: [] for name in NAMES}
    cpu: dict[str, list[float]] = {name: [] for name in NAMES}
    latencies: dict[str, list[list[float]]] = {name: [] for name in NAMES}
    with ExitStack() as stack:
        visits = {name: Visit(client) for name, client in _serve(stack).items()}
        pin(1)
        for visit in visits.values():
            visit.warm(seconds / 2)
        for _ in range(rounds):
            for name, visit in visits.items():
                rate, used = visit.closed_loop(seconds)
                throughput[name].append(rate)
                cpu[name].append(used)
        rate = LOAD * min(map(statistics.median, throughput.values()))
        for _ in range(rounds):
            for name, visit in visits.items():
                latencies[name].append(visit.open_loop(rate, seconds))
        lost = {name: visit.lost() for name, visit in visits.items()}

    report = Report("web", "A FastAPI service")
    columns = (
        "",
        "requests/s",
        "to FastAPI alone",
        "to by hand",
        "middle half of rounds",
        "CPU a request, µs",
        "to by hand",
        "p50, ms",
        "p99, ms",
        "spans and events lost",
    )
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            statistics.median(throughput[name]),
            _ratio(throughput[name], throughput[UNINSTRUMENTED]),
            _ratio(throughput[name], throughput[BY_HAND]),
            _middle_half(throughput[name], throughput[BY_HAND]),
            statistics.median(cpu[name]),
            _ratio(cpu[name], cpu[BY_HAND]),
            *(
                1e3 * statistics.median(found[int(len(found) * share)] for found in latencies[name])
                for share in (0.5, 0.99)
            ),
            f"{lost[name]:.1%}",
        )
        for name in NAMES
    ]
    note = (
        f"{CONNECTIONS} connections that ask again as soon as they are answered, the time to encode what is left included; then "
        f"latency at {rate:,.0f} requests a second, from when each was due. uvicorn on one processor, the client on another; an "
        "async endpoint and a model that does nothing. By hand and otel-ml include contrib's spans, four a request. Lost is what "
        "the SDK's own queue of 2,048 dropped in the closed loop. CPU time depends least on what else the machine does."
    )
    report.tables.append(Table(f"One row of {FEATURES} features a request", columns, rows, note))
    report.aims = [
        Aim(
            "FastAPI requests a second, as a share of by hand", 1.0, _ratio(throughput[OURS], throughput[BY_HAND]), True
        ),
        Aim("the same as CPU time a request, which a busy machine moves least", 1.0, _ratio(cpu[OURS], cpu[BY_HAND])),
    ]
    return report


def _ratio(these: Sequence[float], those: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


def _middle_half(these: Sequence[float], those: Sequence[float]) -> str:
    """Between which quartiles the ratio lies: how much the median can be trusted."""
    ratios = sorted(a / b for a, b in zip(these, those, strict=True))
    return f"{ratios[len(ratios) // 4]:.2f} to {ratios[-1 - len(ratios) // 4]:.2f}"


def _serve(stack: ExitStack) -> dict[str, Client]:
    """Start all servers at once, and connect to each when it listens."""
    servers = {name: stack.enter_context(_started(name)) for name in NAMES}
    return {name: stack.enter_context(closing(_connected(name, server))) for name, server in servers.items()}


@contextmanager
def _started(name: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.web.server", name, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server
        finally:
            server.terminate()


def _connected(name: str, server: subprocess.Popen[str]) -> Client:
    assert server.stdout is not None
    port = server.stdout.readline()
    if not port:
        raise Failed(f"the server for {name!r} did not start")
    return Client(int(port), CONNECTIONS, {"features": matrix()[0].tolist()})
