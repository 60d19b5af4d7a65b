"""How long another thread waits for the interpreter while a background thread works through what calls have left behind."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence

from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from benchmarks import sdk
from benchmarks.contenders import ByHand, Contender, OtelMl
from benchmarks.models import Tiny, feature_names, matrix
from benchmarks.report import Aim, Cell, Report, Table

STEP = 0.0002
"""Seconds that the watching thread sleeps between two looks at the clock."""

IDLE, SILENT = "nothing runs", "otel-ml, exporters that do nothing"


class Watch:
    """A thread that sleeps again and again and notes how late it wakes: it needs the interpreter for that."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            began = time.perf_counter()
            time.sleep(STEP)
            self.late.append(time.perf_counter() - began - STEP)


WORKLOADS = (("400 calls of one row", 1, 400), ("One call of 10,000 rows", 10_000, 1))
QUICK_WORKLOADS = (("20 calls of one row", 1, 20), ("One call of 100 rows", 100, 1))


def run(quick: bool) -> Report:
    """Watch nothing, by hand, otel-ml, and otel-ml with an SDK whose exporters do nothing: what is left is ours."""
    seconds, rounds = (0.3, 1) if quick else (2.0, 7)
    columns = ("", "median, ms", "p99, ms", "p99.9, ms", "worst, ms")
    note = (
        "The calls are made at once; then their thread waits while background threads work, and a third thread notes how much "
        "later than it asked it wakes. Python takes the interpreter from a thread by force after 5 ms only, which is what the "
        "SDK's encoders come to; by hand, all else was done in the caller's thread before."
    )
    report = Report("pauses", "Pauses that background work causes to other threads")
    for title, size, calls in QUICK_WORKLOADS if quick else WORKLOADS:
        found = _compare(size, calls, seconds, rounds)
        report.tables.append(Table(title, columns, [(name, *_figures(late)) for name, late in found.items()], note))
        idle, ours = (statistics.median(map(_p99, found[name])) for name in (IDLE, SILENT))
        what = f"p99 of waiting for our own thread beyond waiting for nothing, ms ({title[0].lower()}{title[1:]})"
        report.aims.append(Aim(what, 0.5, 1e3 * (ours - idle)))
    return report


def _compare(size: int, calls: int, seconds: float, rounds: int) -> dict[str, list[list[float]]]:
    found: dict[str, list[list[float]]] = {}
    for _ in range(rounds):
        found.setdefault(IDLE, []).append(_watched(seconds))
        for contender in (ByHand(), OtelMl()):
            found.setdefault(contender.name, []).append(_late(contender, size, calls, seconds))
        with _silent_exporters():
            found.setdefault(SILENT, []).append(_late(OtelMl(), size, calls, seconds))
    return found


def _late(contender: Contender, size: int, calls: int, seconds: float) -> list[float]:
    predict, data = contender.switch_on(Tiny(size), feature_names()), matrix(size)
    try:
        predict(data)
        contender.flush()
        for _ in range(calls):
            predict(data)
        return _watched(seconds)
    finally:
        contender.switch_off()


def _watched(seconds: float) -> list[float]:
    with Watch() as watch:
        time.sleep(seconds)
    return watch.late


def _p99(late: Sequence[float]) -> float:
    return sorted(late)[int(len(late) * 0.99)]


def _figures(rounds: list[list[float]]) -> list[Cell]:
    shares = (0.5, 0.99, 0.999, 1.0)
    ordered = [sorted(late) for late in rounds]
    return [
        1e3 * statistics.median(late[min(len(late) - 1, int(len(late) * share))] for late in ordered)
        for share in shares
    ]


class _silent_exporters:
    """Exporters that neither encode nor send."""

    _RESULTS = (
        (sdk.NullSpans, SpanExportResult.SUCCESS),
        (sdk.NullLogs, LogRecordExportResult.SUCCESS),
        (sdk.NullMetrics, MetricExportResult.SUCCESS),
    )

    def __enter__(self) -> None:
        self._before = [(owner, vars(owner)["export"]) for owner, _ in self._RESULTS]
        for owner, result in self._RESULTS:
            setattr(owner, "export", lambda *_, _result=result, **__: _result)  # noqa: B010 - mypy forbids the plain way

    def __exit__(self, *_: object) -> None:
        for owner, export in self._before:
            setattr(owner, "export", export)  # noqa: B010 - as above
