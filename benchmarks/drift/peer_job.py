"""One peer does the job that otel-ml does, in an environment of its own: run as a file there, it imports nothing of ours.

Prints JSON: its version, and by job the CPU seconds of each round and how many figures came out.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

import numpy as np

Job = Callable[[], int]

STATISTICS = ("PSI", "JS", "HellingerDistance", "EMD", "KSTest")


def evidently(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    """Its preset for data drift, at its defaults and with PSI for all columns."""
    core, presets = importlib.import_module("evidently"), importlib.import_module("evidently.presets")
    before, now = _frame(reference), _frame(current)

    def report(**options: Any) -> int:
        run = core.Report([presets.DataDriftPreset(**options)]).run(now, before)
        return len(run.dict()["metrics"]) - 1  # the first one counts columns that drift

    return {"evidently, preset at its defaults": report, "evidently, preset with PSI": lambda: report(method="psi")}


def nannyml(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    """Its univariate calculator, fitted before."""
    library = importlib.import_module("nannyml")
    before, now = _frame(reference), _frame(current)
    every = ["jensen_shannon", "hellinger", "kolmogorov_smirnov", "wasserstein"]

    def calculate(calculator: Any, methods: int = 1) -> int:
        calculator.calculate(now).to_df()
        return methods * len(now.columns)

    def fitted(**options: Any) -> Any:
        calculator = library.UnivariateDriftCalculator(
            column_names=list(before.columns), chunk_size=len(now), **options
        )
        return calculator.fit(before)

    one, four = fitted(), fitted(continuous_methods=every)
    return {
        "nannyml, Jensen-Shannon (its default)": lambda: calculate(one),
        "nannyml, four statistics": lambda: calculate(four, len(every)),
    }


def frouros(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    """A detector for each column, fitted before: of PSI alone, and of the statistics that both have."""
    detectors = importlib.import_module("frouros.detectors.data_drift")

    def fitted(name: str) -> list[Any]:
        found = [getattr(detectors, name)() for _ in range(reference.shape[1])]
        for detector, column in zip(found, reference.T, strict=True):
            detector.fit(X=np.ascontiguousarray(column))
        return found

    every = {name: fitted(name) for name in STATISTICS}
    columns = [np.ascontiguousarray(column) for column in current.T]

    def compare(*names: str) -> int:
        results = [
            detector.compare(X=column) for name in names for detector, column in zip(every[name], columns, strict=True)
        ]
        return len(results)

    return {"frouros, PSI": lambda: compare("PSI"), "frouros, five statistics": lambda: compare(*STATISTICS)}


def whylogs(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    """Sketches of the window, and drift scores (Kolmogorov-Smirnov) against sketches that were made before."""
    core = importlib.import_module("whylogs")
    drift = importlib.import_module("whylogs.viz.drift.column_drift_algorithms")
    before, now = core.log(pandas=_frame(reference)).view(), _frame(current)

    def profile() -> Any:
        return core.log(pandas=now).view()

    def scores() -> int:
        return len(drift.calculate_drift_scores(target_view=profile(), reference_view=before, with_thresholds=True))

    return {"whylogs, Kolmogorov-Smirnov": scores}


def river(reference: np.ndarray, current: np.ndarray) -> dict[str, Job]:
    """Detectors of a change of the mean, a value at a time."""
    drift = importlib.import_module("river.drift")
    values = current[:, 0].tolist()

    def watch(make: Callable[[], Any]) -> int:
        detector = make()
        for value in values:
            detector.update(value)
        return len(values)

    return {
        "river, Page-Hinkley": lambda: watch(drift.PageHinkley),
        "river, ADWIN": lambda: watch(drift.ADWIN),
    }


PEERS: Mapping[str, Callable[[np.ndarray, np.ndarray], dict[str, Job]]] = {
    "evidently": evidently,
    "nannyml": nannyml,
    "frouros": frouros,
    "whylogs": whylogs,
    "river": river,
}


def _frame(matrix: np.ndarray) -> Any:
    pandas = importlib.import_module("pandas")
    return pandas.DataFrame(matrix, columns=[f"f{index}" for index in range(matrix.shape[1])])


def main() -> None:
    """The program: a peer, a file with both windows, rounds beside the one that warms up."""
    peer, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(path) as windows:
        jobs = PEERS[peer](windows["reference"], windows["current"])
    found = {}
    for name, job in jobs.items():
        figures, seconds = 0, []
        for _ in range(1 + rounds):
            gc.collect()  # as ours does between its rounds
            began = time.process_time()
            figures = job()
            seconds.append(time.process_time() - began)
        found[name] = {"figures": figures, "seconds": seconds[1:] or seconds}  # the first one only warms up
    print(json.dumps({"version": metadata.version(peer), "jobs": found}))


if __name__ == "__main__":
    main()
