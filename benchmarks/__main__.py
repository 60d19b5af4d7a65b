"""Runs the comparisons, each in a process of its own, so that none patches or imports anything that another would meet."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys

from benchmarks import machine, writing
from benchmarks.report import Report

PARTS = {
    "predictions": ("calls", "growth", "memory", "pauses", "web", "peers"),
    "drift": ("drift_counts", "drift_evaluation", "drift_files", "drift_calls", "drift_peers"),
}
COMPARISONS = tuple(name for part in PARTS.values() for name in part)
TIMEOUT_SECONDS = 900


def main() -> int:
    """The command."""
    options = _options()
    parts = options.part or list(PARTS)
    wanted = options.only or [name for part in parts for name in PARTS[part]]
    described = machine.describe()
    reports = []
    for name in wanted:
        if len(wanted) > 1:
            print(f"==> {name}", file=sys.stderr, flush=True)
            reports.append(_in_process_of_its_own(name, options.quick))
        else:
            reports.append(importlib.import_module(f"benchmarks.comparisons.{name}").run(options.quick))
    if options.output == "json":
        print(json.dumps({"machine": dict(described), "reports": [report.to_json() for report in reports]}))
    elif options.output == "markdown":
        print(writing.markdown(described, reports), end="")
    else:
        print(writing.text(described, reports), end="")
    if options.update:
        for part in parts:
            place = writing.PLACES[part]
            figures = writing.markdown(described, [one for one in reports if one.name in PARTS[part]], place.level)
            writing.update(writing.PAGE, figures, place)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="What otel-ml costs. See benchmarks/README.md."
    )
    parser.add_argument("--quick", action="store_true", help="tiny counts: see that it works; the figures mean nothing")
    parser.add_argument("--only", action="append", choices=COMPARISONS, help="run this one; may be given several times")
    parser.add_argument("--part", action="append", choices=tuple(PARTS), help="run one part; all by default")
    parser.add_argument("--output", choices=("text", "markdown", "json"), default="text")
    parser.add_argument("--markdown", dest="output", action="store_const", const="markdown", help="--output markdown")
    parser.add_argument("--update", action="store_true", help="also write the figures into docs/performance.md")
    options = parser.parse_args()
    if options.update and (options.quick or options.only):
        parser.error("--update writes whole parts of the page, so it takes neither --quick nor --only")
    if options.part and options.only:
        parser.error("--only and --part: give one of them")
    return options


def _in_process_of_its_own(name: str, quick: bool) -> Report:
    command = [sys.executable, "-m", "benchmarks", "--only", name, "--output", "json", *(["--quick"] if quick else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_SECONDS, check=True)
    return Report.from_json(json.loads(done.stdout.splitlines()[-1])["reports"][0])


if __name__ == "__main__":
    sys.exit(main())
