"""A table of any kind, checked in one pass like a stream."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from otel_ml.drift import Baseline, CheckError, check
from otel_ml.drift.report import SCORES, Report
from otel_ml.drift.statistics.distances import distances
from tests.drift.made import baseline, categorical, numeric, uniform

BASELINE = baseline(numeric("a"), numeric("b"), categorical("city", "Oslo", "Rome"))


def table(rows: int, *, seed: int = 0, drift_from: int | None = None) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = {**uniform(rng, rows, "a", "b"), "city": rng.choice(["Oslo", "Rome"], rows).astype(object)}
    if drift_from is not None:
        columns["a"][drift_from:] += 0.4
    return columns


def variable(report: Report, name: str) -> Any:
    return next(one for one in (*report.features, *report.predictions, *report.multivariate) if one.name == name)


def test_a_table_is_one_window_by_default() -> None:
    columns = table(5_000)
    report = check(columns, BASELINE)
    assert (report.rows, report.steps, report.alarm, report.notes) == (5_000, 1, False, ())
    counts = np.histogram(columns["a"], np.linspace(0, 1, 11))[0]
    expected = distances(
        counts[None],
        [[2_000] * 10],
        mask=[[True] * 10],
        ordered=[True],
        centers=[np.arange(0.05, 1, 0.1)],
        std=[12**-0.5],
    )
    found = variable(report, "a")
    assert {name: found.scores[name] for name in expected} == pytest.approx(
        {name: v[0] for name, v in expected.items()}
    )
    assert found.rows == 5_000
    assert [one.rows for one in found.bins] == [*counts, 0]
    assert sum(one.current for one in found.bins) == pytest.approx(1)


def test_rows_drive_the_steps() -> None:
    report = check(table(20_500, drift_from=12_000), BASELINE, rows_per_step=1_000)
    assert (report.steps, report.alarm, report.rows) == (21, True, 20_500)
    first, *others = report.features
    assert (first.name, first.causes, first.direction, first.rows) == ("a", ("distribution",), "up", 500)
    assert first.first_alarm is not None
    assert 12 <= first.first_alarm.step <= 14
    assert first.first_alarm.row == (first.first_alarm.step + 1) * 1_000
    assert first.first_alarm.time is None
    assert all(int(id_) >= 12_000 for id_ in first.examples)
    assert not any(one.alarm or one.first_alarm for one in others)


@pytest.mark.parametrize(("rest", "scored"), [(500, 500), (499, 1_000), (1, 1_000)])
def test_a_last_step_that_the_end_cut_short_is_not_scored(rest: int, scored: int) -> None:
    report = check(table(3_000 + rest), BASELINE, rows_per_step=1_000)
    assert (report.steps, report.rows, report.features[0].rows) == (4, 3_000 + rest, scored)
    assert any("cut short" in note for note in report.notes) == (scored == 1_000)


def test_event_time_drives_the_steps() -> None:
    columns = table(24_000, drift_from=12_000)
    start = pd.Timestamp("2026-03-01T00:00:00", tz="UTC")
    columns["at"] = pd.date_range(start, periods=24_000, freq="3600ms").tz_localize(None).to_numpy()
    report = check(columns, BASELINE, time="at", window=3_600)
    assert report.steps == 24
    first = report.features[0]
    assert first.first_alarm is not None
    assert first.first_alarm.time in ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z")
    assert first.rows == 1_000
    assert report.extra == ()
    assert check(columns, BASELINE, time="at") == report, "an hour is the default"
    texts = {**columns, "at": np.datetime_as_string(columns["at"]).astype(object)}
    assert check(texts, BASELINE, time="at", window=3_600) == report
    seconds = columns.pop("at").astype("M8[ms]").astype(np.int64) / 1_000
    assert check(columns, BASELINE, time=seconds, window=3_600) == report


def test_examples_are_of_the_steps_that_raised_the_alarm_though_all_steps_wait_for_rows_out_of_order() -> None:
    columns = table(30_000)
    columns["a"][3_000:6_000] += 0.4
    columns["city"][3_000:6_000:10] = "Paris"
    columns["city"][20_000::400] = "Paris"
    report = check(columns | {"at": np.arange(30_000) * 3.6}, BASELINE, time="at")
    for name in ("a", "city"):
        found = variable(report, name)
        assert found.first_alarm.row in (3_000, 4_000)
        assert found.examples
        assert all(3_000 <= int(row) < 6_000 for row in found.examples), found.examples


def test_an_alarm_that_has_ended_is_told_of() -> None:
    columns = table(40_000)
    columns["a"][5_000:10_000] += 0.4
    report = check(columns, BASELINE, rows_per_step=1_000)
    assert report.alarm
    assert report.features[0].alarm
    assert report.features[0].scores["total_variation"] < 0.1  # type: ignore[operator]  # of the last step


def chunks(columns: dict[str, np.ndarray], size: int) -> Iterator[dict[str, np.ndarray]]:
    for start in range(0, len(columns["a"]), size):
        yield {name: column[start : start + size] for name, column in columns.items()}


def test_every_kind_of_table_gives_the_same_report() -> None:
    columns = table(7_000, drift_from=3_000)
    expected = check(columns, BASELINE, rows_per_step=1_000)
    frame = pd.DataFrame(columns)
    texts = {name: column.tolist() if column.dtype == object else column for name, column in columns.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for data in (
        frame,
        pl.DataFrame(texts),
        pa.table(texts),
        rows,
        chunks(columns, 1_300),
        iter([frame[:5_000], frame[5_000:]]),
    ):
        assert check(data, BASELINE, rows_per_step=1_000) == expected


OUTPUTS_FITTED = 20_000


@pytest.mark.parametrize("column", ["prediction", "guess"])
@pytest.mark.parametrize(
    ("name", "cause", "values"),
    [
        ("prediction", "null", [None]),
        ("prediction", "unseen", ["maybe", *["yes", "no"] * 30]),
        ("score", "null", [math.nan]),
        ("score", "non_finite", [math.inf, *[0.5] * 50]),
    ],
)
def test_rare_events_of_fitted_outputs_raise_an_alarm(column: str, name: str, cause: str, values: list[object]) -> None:
    rng = np.random.default_rng(0)
    data = {
        "x": rng.normal(size=OUTPUTS_FITTED),
        column: rng.choice(np.array(["yes", "no"], object), OUTPUTS_FITTED),
        "sure": rng.uniform(size=OUTPUTS_FITTED),
    }
    fitted = Baseline.fit(data, prediction=column, score="sure")
    assert not check(data, fitted, rows_per_step=1_000).alarm
    changed = "sure" if name == "score" else column
    odd = np.resize(np.array(values, float if name == "score" else object), OUTPUTS_FITTED)
    report = check({**data, changed: odd}, fitted, rows_per_step=1_000)
    assert variable(report, name).alarm
    assert cause in variable(report, name).causes


def test_columns_of_outputs_are_found() -> None:
    with_outputs = baseline(
        numeric("a"), numeric("prediction", subject="prediction"), numeric("score", subject="score")
    )
    rng = np.random.default_rng(1)
    data = {"a": rng.uniform(size=4_000), "guess": np.full(4_000, 0.9), "score": rng.uniform(size=4_000)}
    report = check(data, with_outputs, prediction="guess")
    assert [(one.name, one.alarm) for one in report.predictions] == [("prediction", True), ("score", False)]
    assert [one.name for one in report.features] == ["a"]
    assert report.extra == ()
    report = check({"a": data["a"]}, with_outputs)
    assert variable(report, "score").rows == 0
    assert not report.alarm


def test_ids_of_a_column_are_the_examples() -> None:
    columns = {**table(5_000), "id": np.array([f"p-{row}" for row in range(5_000)], dtype=object)}
    columns["a"] = columns["a"] * 0.2
    report = check(columns, BASELINE, ids="id")
    assert report.features[0].examples[0].startswith("p-")
    assert report.extra == ()


@pytest.mark.parametrize("argument", ["time", "prediction", "ids"])
def test_a_column_that_is_not_there_is_said(argument: str) -> None:
    with pytest.raises(ValueError, match=r"no column 'x'.*'a'"):
        check(table(10), BASELINE, **{argument: "x"})  # type: ignore[arg-type]  # a column of any argument


def test_steps_are_of_one_kind() -> None:
    with pytest.raises(ValueError, match="not both"):
        check(table(10), BASELINE, time="a", rows_per_step=5)
    with pytest.raises(ValueError, match="a window is of event time"):
        check(table(10), BASELINE, window=60)
    with pytest.raises(ValueError, match="tolerance"):
        check(table(10), BASELINE, tolerance=2)
    with pytest.raises(ValueError, match="times for"):
        check(table(10), BASELINE, time=[1.0, 2.0])


def test_a_file_without_a_single_time_is_no_clean_file() -> None:
    columns = {**table(10), "at": np.array(["yesterday"] * 10, dtype=object)}
    for data in (columns, {**columns, "at": np.full(10, 1.7e12)}):
        with pytest.raises(ValueError, match="no row has an event time"):
            check(data, BASELINE, time="at")


def test_rows_need_no_order_as_far_as_they_fit_into_memory() -> None:
    columns = table(24_000, drift_from=12_000)
    columns["at"] = np.arange(24_000) * 3.6
    expected = check(columns, BASELINE, time="at")
    order = np.random.default_rng(1).permutation(24_000)
    report = check({name: column[order] for name, column in columns.items()}, BASELINE, time="at")
    assert report.late == 0
    assert report.features[0].first_alarm == expected.features[0].first_alarm
    assert report.features[0].bins == expected.features[0].bins


@pytest.mark.parametrize(("late", "refused"), [(30, False), (31, True)])
def test_more_than_a_hundredth_out_of_order_is_no_result(late: int, refused: bool) -> None:
    columns = table(3_000)
    columns["at"] = np.concatenate([np.full(3_000 - late, 1e6), np.zeros(late)])
    if refused:
        with pytest.raises(CheckError, match="31 of 3,000 rows are too far from the order of time: sort them by at"):
            check(columns, BASELINE, time="at", lateness=60)
        with pytest.raises(CheckError, match="sort them by time"):
            check(columns, BASELINE, time=columns.pop("at"), lateness=60)
    else:
        report = check(columns, BASELINE, time="at", lateness=60)
        assert report.late == late
        assert any("sort them by time" in note for note in report.notes)


@pytest.mark.parametrize("rows", [1, 5_000])
def test_a_table_of_something_else_is_refused(rows: int) -> None:
    other = {"x": np.zeros(rows), "A": np.zeros(rows)}
    with pytest.raises(
        CheckError, match="no column is one of the baseline, which has 'a', 'b', 'city': there are 'x', 'A'"
    ):
        check(other, BASELINE)
    with pytest.raises(CheckError):
        check(pd.Series(np.zeros(rows), name="temp"), BASELINE)
    assert check({**other, "a": np.zeros(rows)}, BASELINE).rows == rows
    outputs = baseline(numeric("a"), numeric("prediction", subject="prediction"))
    assert check({"guess": np.zeros(rows)}, outputs, prediction="guess").rows == rows


@pytest.mark.parametrize(("names", "hint"), [(("AGE", "x"), "; 'AGE' seems to be 'age'"), (("years", "x"), "")])
def test_columns_that_differ_in_case_are_named_where_none_is_known(names: tuple[str, str], hint: str) -> None:
    one = Baseline.fit({"age": np.arange(50.0), "plan": np.arange(50.0)})
    with pytest.raises(CheckError) as refused:
        check(dict.fromkeys(names, np.arange(50.0)), one)
    assert str(refused.value).endswith(f"there are {names[0]!r}, 'x'{hint}")


@pytest.mark.parametrize("form", ["dates", "texts"])
def test_a_time_that_is_a_feature_is_compared_as_it_is(form: str) -> None:
    at = np.datetime64("2026-01-01T00:00:00") + np.random.default_rng(0).integers(0, 60 * 86_400, 20_000)
    given = at if form == "dates" else at.astype(str).astype(object)
    report = check({"at": given[:3_000]}, Baseline.fit({"at": given}), time="at", window=7 * 86_400.0)
    (found,) = report.features
    assert (report.alarm, report.steps, report.extra) == (False, 9, ())
    assert found.violations == {}


def test_values_that_the_fit_has_hashed_are_said_to_come_as_they_are() -> None:
    report = check(table(3_000), replace(BASELINE, treated={"city": "hash 0123abcd", "masked_0123abcd": "name"}))
    assert len(report.notes) == 1
    assert report.notes[0].startswith("the fit hashed or rounded 'city', ")


def test_outputs_that_only_one_side_has_are_said() -> None:
    columns = {**table(3_000), "guess": np.zeros(3_000), "p": np.full(3_000, 0.5)}
    report = check(columns, BASELINE, prediction="guess", probabilities=["p"])
    assert [note.partition(",")[0] for note in report.notes] == [
        "the baseline has no prediction",
        "the baseline has no entropy",
    ]
    with_entropy = baseline(numeric("a"), numeric("entropy", subject="entropy"))
    assert any("name the columns of class probabilities" in note for note in check(columns, with_entropy).notes)
    report = check(columns, with_entropy, probabilities=["p"])
    assert report.notes == ()
    assert report.predictions[0].rows == 3_000


@pytest.mark.parametrize("data", [{}, [], {"a": np.array([])}, iter(())])
def test_nothing_is_checked_without_complaint(data: Any) -> None:
    report = check(data, BASELINE)
    assert (report.rows, report.steps, report.alarm) == (0, 0, False)
    assert set(variable(report, "a").scores.values()) == {None}


def test_the_report_is_json() -> None:
    written = json.loads(json.dumps(check(table(20_000, drift_from=10_000), BASELINE, rows_per_step=500).to_dict()))
    assert written["schema"] == "otel-ml.check/1"
    (first, *_) = written["features"]
    assert set(first["scores"]) == set(first["noise"]) == set(SCORES)
    assert set(first["first_alarm"]) == {"step", "row", "time"}


def test_a_baseline_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    BASELINE.save(path)
    assert check(table(1_000), path).features == check(table(1_000), BASELINE).features


def test_progress_is_told() -> None:
    told = list[int]()
    check(table(200_000), BASELINE, progress=told.append)
    assert told == [65_536, 131_072, 196_608, 200_000]


def test_memory_is_flat_over_ten_million_rows_and_a_million_categories() -> None:
    pool = np.array([f"c{number}" for number in range(1_000_000)], dtype=object)
    memory = list[int]()

    def data() -> Iterator[dict[str, np.ndarray]]:
        rng = np.random.default_rng(0)
        for chunk in range(100):
            start = chunk % 10 * 100_000
            yield {"a": rng.uniform(size=100_000), "city": pool[start : start + 100_000]}

    tracemalloc.start()
    try:
        report = check(
            data(),
            baseline(numeric("a"), categorical("city", "Oslo", "Rome")),
            rows_per_step=50_000,
            progress=lambda _: memory.append(tracemalloc.get_traced_memory()[0]),
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.rows == 10_000_000
    assert variable(report, "city").violations == {"unseen": 10_000_000}
    assert max(memory[-20:]) < max(memory[80:100]) + 100_000  # from when the look-backs are full to the end
    assert peak < 60e6
