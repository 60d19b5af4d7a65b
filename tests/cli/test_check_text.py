"""What `otel-ml check` prints, whatever the names and figures are."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from otel_ml.cli.check import words
from otel_ml.cli.check.html import page
from otel_ml.cli.check.json_text import json_text
from otel_ml.cli.check.text import CheckText
from otel_ml.cli.histogram import bar, sparkline
from otel_ml.drift.baseline import Baseline
from otel_ml.drift.checking import check
from otel_ml.drift.report import Report, VariableReport
from tests.cli.reports import any_baseline, any_report


def printed(report: Report, baseline: Baseline, width: int = 100, encoding: str = "utf-8") -> str:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    Console(file=file, width=width, color_system=None, highlight=False, markup=False, emoji=False).print(
        CheckText(report, baseline)
    )
    file.seek(0)
    return file.read()


@settings(max_examples=100, deadline=None)
@given(any_report, any_baseline, st.integers(30, 200))
def test_no_content_steers_the_terminal_or_breaks_the_lines(report: Report, baseline: Baseline, width: int) -> None:
    for line in printed(report, baseline, width).splitlines():
        assert line.isprintable()
        assert cell_len(line) <= width


@settings(max_examples=25, deadline=None)
@given(any_report, any_baseline)
def test_any_report_is_json_that_a_terminal_can_show(report: Report, baseline: Baseline) -> None:
    text = json_text(report.to_dict())
    assert text.isascii()
    assert all(character.isprintable() or character == "\n" for character in text)


def test_json_has_no_numbers_that_json_has_not() -> None:
    found = json_text({"a": [float("nan"), float("inf"), -float("inf"), 1.5], "b": "\x7f\x1b"})
    assert "NaN" not in found
    assert "Infinity" not in found
    assert found.count("null") == 3
    assert "\\u007f\\u001b" in found


@pytest.mark.parametrize(
    ("moved", "mean_shift", "wasserstein"),
    [(0.3, "0.30", "0.30"), (5, "≥ ", "≥ "), (100, "≥ ", "≥ "), (-100, "≤ -", "≥ ")],
)
def test_a_distance_that_ends_at_the_outermost_bin_is_a_bound(moved: float, mean_shift: str, wasserstein: str) -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    (found,) = check({"x": values + moved}, Baseline.fit({"x": values}, projections=False)).features
    shown = [words.statistic(found, name) for name in ("mean_shift", "wasserstein", "kolmogorov_smirnov")]
    assert shown[0].startswith(mean_shift[:3])
    assert shown[1].startswith(wasserstein[:3])
    assert shown[2][0] in "01"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_histograms_show_small_shares_and_leave_empty_bins_blank(encoding: str) -> None:
    options = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding)).options
    drawn = sparkline([0.0, 0.001, 0.5, 1.0], 1.0, options)
    assert len(drawn) == 4
    assert drawn[0] == " "
    assert len(set(drawn)) == 4
    assert bar(0.0, 10, options) == ""
    assert len(bar(1e-9, 10, options)) == 1
    assert len(bar(7.0, 10, options)) == 10
    if encoding == "ascii":
        assert (drawn + bar(0.3, 10, options)).isascii()


def test_combinations_that_drift_along_with_a_feature_are_counted_and_not_told() -> None:
    rng = np.random.default_rng(5)
    columns = {name: rng.normal(size=20_000) for name in "abcdef"}
    baseline = Baseline.fit(columns)
    moved = {**columns, "a": columns["a"] + 1}
    report = check(moved, baseline)
    along = sum(one.alarm for one in report.multivariate)
    assert along > 1
    text = printed(report, baseline)
    assert "1 of 6 features in alarm\n" in text
    assert f"{along} combinations of features in alarm along with those above" in text
    assert "! projection" not in text

    x = rng.normal(size=20_000)
    pair = Baseline.fit({"x": x, "y": x + 0.3 * rng.normal(size=20_000)})
    turned = printed(check({"x": x, "y": -x + 0.3 * rng.normal(size=20_000)}, pair), pair)
    assert "! pca_residual" in turned  # no feature tells this story
    assert "along with those above" not in turned


@pytest.fixture(scope="module")
def mixed() -> Baseline:
    """Numbers, and texts most of which are seen once."""
    rng = np.random.default_rng(0)
    return Baseline.fit(
        {"x": rng.normal(size=20_000), "note": _notes(rng, 20_000), "plan": rng.choice(["a", "b"], 20_000)}
    )


def _notes(rng: np.random.Generator, rows: int, suffix: str = "") -> np.ndarray:
    return np.array([f"note {number}{suffix}" for number in rng.zipf(1.5, rows).clip(max=5_000)], dtype=object)


def test_silence_about_too_few_rows_is_no_good_news(mixed: Baseline) -> None:
    one = check({"x": [0.1], "note": ["note 1"], "plan": ["a"]}, mixed)
    text, html = printed(one, mixed), page(one, mixed)
    assert text.startswith("too few rows to tell\n")
    assert "nothing drifts" not in text + html
    assert "without drift" not in text
    assert "combinations of features" not in text or "with too few rows to tell" in text
    assert "448 are needed" in text
    assert '<p class="verdict open">too few rows to tell</p>' in html


def test_what_has_too_few_values_is_told_beside_what_has_enough(mixed: Baseline) -> None:
    rng = np.random.default_rng(1)
    columns = {"x": rng.normal(size=300), "note": _notes(rng, 300), "plan": rng.choice(["a", "b"], 300)}
    text = printed(check(columns, mixed), mixed)
    assert text.startswith("nothing drifts\n")
    assert "so that only large shifts are found: x" in " ".join(text.split())
    assert "plan" not in " ".join(text.split()).split("are found: ")[1].split("(")[0]


def test_the_distance_is_no_bound_of_what_raised_the_alarm(mixed: Baseline) -> None:
    """A file of values never seen, and one too small for scores: their bounds are in the sentence, and name the cause."""
    rng = np.random.default_rng(2)
    columns = {"x": rng.normal(size=3_000), "note": _notes(rng, 3_000, "!"), "plan": rng.choice(["a", "b"], 3_000)}
    report = check(columns, mixed)
    (note,) = (one for one in report.features if one.alarm)
    assert words.distance(note) == note.scores["total_variation"]
    assert words.movement(note).startswith(f"unseen values: at least {note.effect:.1%} of the rows")
    assert not words.movement(note).startswith("up")

    few = check({"x": rng.normal(size=30) + 2, "note": _notes(rng, 30), "plan": rng.choice(["a", "b"], 30)}, mixed)
    (x,) = (one for one in few.features if one.alarm)
    assert x.effect > 0.1
    assert words.distance(x) is None
    (line,) = (line for line in printed(few, mixed).splitlines() if line.startswith("! x"))
    assert line.split()[2] == "-"
    assert f"up: at least {x.effect:.1%} of the rows moved" in words.movement(x)


def test_a_bound_is_of_the_strongest_cause() -> None:
    def told(*causes: str, direction: str = "up", effect: float = 0.1) -> str:
        return words.movement(
            VariableReport(
                "x", "feature", "numeric", 9, 0, 0, {}, {}, causes=causes, direction=direction, effect=effect
            )
        )

    assert told("distribution") == "up: at least 10.0% of the rows moved"
    assert (
        told("distribution", "range", "null")
        == "up: at least 10.0% of the rows moved; also values out of range and nulls"
    )
    assert told("null", "distribution") == "nulls: at least 10.0% of the rows; also another distribution"
    assert told("null", direction="less_null") == "fewer nulls: at least 10.0% of the rows"
    assert told("distribution", direction="mixed", effect=0.0) == "changed"
