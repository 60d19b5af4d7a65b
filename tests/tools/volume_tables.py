"""`python -m tests.tools.volume_tables [--check]`: writes, or compares, the measured tables of docs/volume-and-cost.md.

Sizes depend a little on the versions of the SDK and of what is served, so figures within `TOLERANCE` count as equal.
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache

from benchmarks.volume import Collection, Size, Volume, collection, volume
from otel_ml.config import Config
from tests.tools.config_table import DOCS, render, table

PAGE = DOCS / "volume-and-cost.md"
TOLERANCE = 0.03
FEATURES = (10, 30, 64)
BILLED = 30
RATES = (10, 100, 1000)
SERIES = ((10, None), (30, None), (64, None), (200, None), (5000, None), (5000, 0))
DAY = 86_400
MONTH = 30
EXPORT_SECONDS = 60
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@cache
def measured(features: int, features_on: str = "both") -> Volume:
    """One measurement, made once."""
    return volume(features, features_on=features_on)


def prediction() -> str:
    """Bytes of one prediction, by its number of features."""
    rows = [("model's span", [measured(n).span for n in FEATURES]), ("event", [measured(n).event for n in FEATURES])]
    rows.append(("both", [measured(n).span + measured(n).event for n in FEATURES]))
    rows.append(("the request's own spans", [measured(n).request for n in FEATURES]))
    head = ("bytes a prediction (after gzip)", *(f"{n} features" for n in FEATURES))
    return table(head, ((what, *map(_bytes, sizes)) for what, sizes in rows))


def bill() -> str:
    """Gigabytes a day and a month for every choice of two options."""
    return table(
        (
            "`OTEL_ML_EVENTS`",
            "`OTEL_ML_FEATURES_ON`",
            "bytes (gzip)",
            *(f"{rate:,}/s: GB a day" for rate in RATES),
            *(f"{rate:,}/s: GB a month" for rate in RATES),
        ),
        (
            (
                events,
                f"`{on}`",
                _bytes(size),
                *(_gigabytes(size, rate, days) for days in (1, MONTH) for rate in RATES),
            )
            for events, share in (("`all`", 1.0), ("`0.1`", 0.1), ("`errors`, `off`", 0.0))
            for on in ("both", "span", "event")
            for size in [measured(BILLED, on).span + measured(BILLED, on).event * share]
        ),
    )


def series() -> str:
    """Metric series and bytes of one model in one process."""
    return table(
        (
            "features",
            "`OTEL_ML_METRIC_FEATURES`",
            "data points",
            "Prometheus series",
            "kB an export (gzip)",
            "GB a month",
        ),
        (
            (
                f"{features:,}",
                f"{Config().metric_features} (the default)" if limit is None else f"{limit}",
                f"{found.points:,}",
                f"{found.series:,}",
                f"{found.size.raw / 1000:.1f} ({found.size.gzip / 1000:.1f})",
                f"{found.size.raw * DAY / EXPORT_SECONDS * MONTH / 1e9:.2f}",
            )
            for features, limit in SERIES
            for found in [counted(features, limit)]
        ),
    )


@cache
def counted(features: int, limit: int | None) -> Collection:
    """One collection of the metrics, made once."""
    return collection(features, **({} if limit is None else {"metric_features": limit}))


BLOCKS = {"prediction": prediction, "bill": bill, "series": series}


def fresh(text: str) -> str:
    """The page with its tables measured anew."""
    for name, block in BLOCKS.items():
        text = render(text, name, block())
    return text


def same(before: str, after: str) -> bool:
    """Whether two pages say the same, and their figures are close."""
    if NUMBER.sub("#", before) != NUMBER.sub("#", after):
        return False
    pairs = zip(_numbers(before), _numbers(after), strict=True)
    return all(abs(a - b) <= TOLERANCE * max(a, b) + 0.011 for a, b in pairs)  # and the last digit that is shown


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def _bytes(size: Size) -> str:
    return f"{size.raw:,.0f} ({size.gzip:,.0f})"


def _gigabytes(size: Size, rate: int, days: int) -> str:
    amount = size.raw * rate * DAY * days / 1e9
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.1f}"


def main() -> int:
    """Returns 1 when `--check` finds the page out of date."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.volume_tables", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if the page differs")
    check = parser.parse_args().check
    before = PAGE.read_text(encoding="utf-8")
    after = fresh(before)
    if same(before, after):
        return 0
    if not check:
        PAGE.write_text(after, encoding="utf-8")
    print(f"{'differs from what is measured' if check else 'wrote'}: {PAGE.relative_to(DOCS.parent)}")
    return 1 if check else 0


if __name__ == "__main__":
    sys.exit(main())
