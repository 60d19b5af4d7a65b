"""A monitor of one model: rows and counts in, changes and reports out."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift.baseline import Baseline
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.monitor import Monitor
from otel_ml.drift.report import Change, Report, VariableReport
from otel_ml.drift.samples import Sample
from otel_ml.drift.settings import Settings
from otel_ml.drift.variables import Constraints, Variable
from tests.drift.made import Wall, baseline, categorical, numeric, uniform
from tests.support.wait import PATIENCE

NAMES = ("a", "b")
BASELINE = baseline(numeric("a"), numeric("b"), categorical("city", "Oslo", "Rome"))


def monitor(wall: Wall | None = None, **options: object) -> Monitor:
    return Monitor(BASELINE, Settings(**{"lateness": 0.0} | options), wall=wall or Wall())  # type: ignore[arg-type]  # of any setting


def rows_like_training(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    return {**uniform(rng, rows, *NAMES), "city": rng.choice(["Oslo", "Rome"], rows).astype(object)}


def minutes(
    one: Monitor, first: int, last: int, *, shift: float = 0.0, rows: int = 1_000, seed: int = 0
) -> list[Change]:
    """Feeds minutes of traffic, of which `a` is shifted."""
    rng, changes = np.random.default_rng([seed, first]), list[Change]()
    for minute in range(first, last):
        columns = rows_like_training(rng, rows)
        columns["a"] = columns["a"] + shift
        ids = [f"{minute}-{row}" for row in range(rows)]
        one.observe(columns, rows=rows, times=minute * 60 + np.sort(rng.uniform(0, 60, rows)), ids=ids)
        changes += one.advance()
    return changes


def by_name(report: Report) -> dict[str, VariableReport]:
    return {one.name: one for one in (*report.features, *report.predictions, *report.multivariate)}


def test_a_shift_is_found_and_its_end_as_well() -> None:
    one = monitor()
    assert minutes(one, 0, 40) == []
    (raised,) = minutes(one, 40, 60, shift=0.3)
    assert (raised.detected, raised.name, raised.cause, raised.method) == (True, "a", "distribution", "e_detector")
    assert raised.direction == "up"
    assert 40 <= raised.moment.step <= 43
    assert raised.since is not None
    assert 38 <= raised.since.step <= raised.moment.step
    assert raised.moment.time == f"1970-01-01T00:{raised.moment.step}:00Z"
    assert raised.moment.row == (raised.moment.step + 1) * 1_000
    assert one.report().alarm
    (ended,) = minutes(one, 60, 200)
    assert (ended.detected, ended.name, ended.since) == (False, "a", raised.since)
    assert not one.report().alarm


def test_examples_lie_in_the_bins_that_moved() -> None:
    one = monitor()
    minutes(one, 0, 10)
    rng = np.random.default_rng(5)
    values, changes = dict[str, float](), list[Change]()
    for minute in range(10, 20):
        columns = rows_like_training(rng, 1_000)
        columns["a"] = np.where(rng.uniform(size=1_000) < 0.3, 0.95, columns["a"])
        ids = [f"{minute}-{row}" for row in range(1_000)]
        values |= dict(zip(ids, columns["a"].tolist(), strict=True))
        one.observe(columns, rows=1_000, times=minute * 60.0, ids=ids)
        changes += one.advance()
    (raised,) = changes
    assert raised.bins[0] == "09"
    assert len(raised.examples) == 5
    assert all(values[id_] > 0.9 for id_ in raised.examples)


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("a", np.nan, "null"),
        ("a", "x", "type"),
        ("a", -7.0, "range"),
        ("city", "Paris", "unseen"),
        ("b", np.inf, "non_finite"),
    ],
)
def test_rare_events_are_found_with_the_rows_that_have_them(name: str, value: object, cause: str) -> None:
    limited = baseline(
        numeric("a", constraints=Constraints(minimum=0.0)), numeric("b"), categorical("city", "Oslo", "Rome")
    )
    one = Monitor(limited, Settings(), wall=Wall())
    rng, wrong, changes = np.random.default_rng(3), set[str](), list[Change]()
    for minute in range(30):
        columns = rows_like_training(rng, 1_000)
        columns[name] = columns[name].astype(object)
        ids = [f"{minute}-{row}" for row in range(1_000)]
        if minute >= 10:
            hit = np.flatnonzero(rng.uniform(size=1_000) < 0.015)
            columns[name][hit] = value
            wrong |= {ids[row] for row in hit}
        one.observe(columns, rows=1_000, times=minute * 60.0, ids=ids)
        changes += one.advance()
    (raised,) = changes
    assert (raised.name, raised.cause) == (name, cause)
    assert 10 <= raised.moment.step <= 15
    assert 0 < len(raised.examples) <= 5
    assert set(raised.examples) <= wrong


def test_a_feature_that_is_not_sent_is_null_and_missing() -> None:
    one = monitor()
    rng = np.random.default_rng(1)
    for minute in range(5):
        one.observe({"a": rng.uniform(size=1_000), "colour": np.ones(1_000)}, rows=1_000, times=minute * 60.0)
    changes = one.flush()
    assert {(change.name, change.cause) for change in changes} == {("b", "null"), ("city", "null")}
    report = one.report()
    assert (report.missing, report.extra) == (("b", "city"), ("colour",))
    assert by_name(report)["b"].violations == {"missing": 5_000}


def test_an_output_that_is_not_given_is_not_null() -> None:
    one = Monitor(baseline(numeric("a"), numeric("score", subject="score")), Settings(), wall=Wall())
    for minute in range(5):
        features = uniform(np.random.default_rng(minute), 1_000, "a")
        one.observe(features, rows=1_000, times=minute * 60.0)
    assert one.flush() == []
    one.observe(features, {"score": np.full(1_000, 0.99)}, rows=1_000, times=300.0)
    (raised,) = one.flush()
    assert (raised.subject, raised.direction) == ("score", "up")


def test_rows_drive_the_steps_where_there_is_no_time() -> None:
    one = monitor(rows_per_step=500)
    rng = np.random.default_rng(2)
    one.observe(rows_like_training(rng, 1_750), rows=1_750)
    assert one.advance() == []
    assert one.report().steps == 3
    columns = rows_like_training(rng, 1_000)
    one.observe({**columns, "b": columns["b"] * 0.5}, rows=1_000)
    (raised,) = one.flush()
    assert (raised.name, raised.direction, raised.moment.time) == ("b", "down", None)
    assert one.report().steps == 6


def test_without_rows_windows_go_on_and_an_alarm_stays_until_rows_refute_it() -> None:
    wall = Wall()
    one = monitor(wall)
    assert minutes(one, 0, 5, shift=0.5)
    for _ in range(300):
        wall.now += 60
        assert one.advance() == []
    report = one.report()
    assert report.steps == 303  # the wall clock takes over a step later
    assert (report.alarm, by_name(report)["a"].rows) == (True, 1_000)
    assert any("last 1,000 rows, since" in note for note in report.notes)
    (ended,) = minutes(one, 310, 400)
    assert not ended.detected
    assert ended.moment.step < 320


def test_scores_are_of_as_many_steps_as_they_take() -> None:
    for per_minute, scored in ((1_000, 1_000), (150, 300), (60, 480)):
        one = monitor()
        minutes(one, 0, 30, rows=per_minute)
        report = one.report()
        found = by_name(report)["a"]
        assert found.rows == scored
        score, noise = found.scores["psi"], found.noise["psi"]
        assert score is not None
        assert noise is not None
        assert score < 3 * noise
        assert any("scores are of the last" in note for note in report.notes) == (scored != per_minute)
    one = monitor()
    minutes(one, 0, 2, rows=20)
    assert by_name(one.report())["a"].scores["psi"] is None


def test_a_mixture_is_no_news_while_a_feature_is_in_alarm() -> None:
    rng = np.random.default_rng(4)
    names = "abcde"
    baseline = Baseline.fit({name: rng.normal(size=20_000) for name in names})
    alone, restored = Monitor(baseline, wall=lambda: 0.0), Monitor(baseline, wall=lambda: 0.0)
    found, again = list[Change](), list[Change]()
    for minute in range(80):
        columns = {name: rng.normal(size=1_000) for name in names}
        if 20 <= minute < 60:
            columns["a"] = columns["a"] + 0.8
        for one, changes in ((alone, found), (restored, again)):
            one.observe(columns, rows=1_000, times=60.0 * minute)
            changes += one.advance()
        if minute == 50:
            assert len([one for one in alone.report().multivariate if one.alarm and one.group == 1]) > 1
            restored = Monitor.restore(baseline, None, restored.state(), wall=lambda: 0.0)
    assert {(change.name, change.detected) for change in found} == {("a", True), ("a", False)}
    assert again == found

    turned = Monitor(baseline, wall=lambda: 0.0)
    for minute in range(10):
        rows = rng.normal(size=1_000)
        turned.observe(dict.fromkeys(names, rows), rows=1_000, times=60.0 * minute)
    assert {change.subject for change in turned.advance()} == {"multivariate"}


def test_a_mixture_that_outlasts_the_feature_is_news_in_the_end() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=20_000)
    monitor = Monitor(
        Baseline.fit({"x": x, "y": x + 0.2 * rng.normal(size=20_000), "z": rng.normal(size=20_000)}), wall=lambda: 0.0
    )
    changes = list[Change]()
    for minute in range(90):
        x = rng.normal(size=1_000)
        y = x if minute < 15 else -x  # for good
        z = rng.normal(3.0 if 15 <= minute < 30 else 0.0, size=1_000)
        columns = {"x": x, "y": y + 0.2 * rng.normal(size=1_000), "z": z}
        monitor.observe(columns, rows=1_000, times=60.0 * minute)
        changes += monitor.advance()
    detected = [change.name for change in changes if change.detected]
    assert detected[0] == "z"
    assert "pca_residual" in detected
    on = {one.name for one in monitor.report().multivariate if one.alarm}
    assert on <= set(detected)
    ended = {change.name for change in changes if not change.detected}
    assert ended <= set(detected), "what nobody was told of needs no end"


def raised_at(seconds: float, rows: int, reference: str = "baseline") -> int:
    """The row at which a shift by a sigma after 2,500 rows is found, of which so many come at once, so many seconds apart."""
    rng, one = np.random.default_rng(8), monitor(reference=reference)
    columns = rows_like_training(rng, 4_000)
    columns["a"][2_500:] = columns["a"][2_500:] + 0.29
    changes = list[Change]()
    for start in range(0, 4_000, rows):
        part = {name: column[start : start + rows] for name, column in columns.items()}
        one.observe(part, rows=rows, times=start // rows * seconds + 1.0)
        changes += one.advance()
    assert [(change.name, change.cause, change.detected) for change in changes] == [("a", "distribution", True)]
    assert changes[0].since is not None
    assert abs(changes[0].since.row - 2_500) <= max(rows, 64)
    return changes[0].moment.row


@pytest.mark.parametrize(("rows", "reference"), [(1, "baseline"), (5, "baseline"), (100, "baseline"), (5, "previous")])
def test_few_rows_mean_later_alarms_and_not_none(rows: int, reference: str) -> None:
    """One row in twelve minutes, or in two hours, tells as much as one a minute."""
    found = raised_at(60.0, rows, reference=reference)
    assert 2_500 < found <= (2_600 if reference == "baseline" else 2_800)
    assert raised_at(720.0, rows, reference=reference) == raised_at(7_200.0, rows, reference=reference) == found


def test_absurd_times_stop_nothing() -> None:
    one = monitor()
    minutes(one, 0, 10)
    rng = np.random.default_rng(1)
    for absurd in (253_402_300_799.0, -1e308, np.nan, np.inf, 1.7e12):
        one.observe(rows_like_training(rng, 10), rows=10, times=absurd)
    assert minutes(one, 10, 20) == []
    assert one.report().rows == 20_050
    assert any("50 rows had no event time" in note for note in one.report().notes)
    assert minutes(one, 10_090, 10_100, shift=0.5), "a gap of a week"


def test_late_rows_are_counted_as_late() -> None:
    one = monitor()
    minutes(one, 0, 10)
    one.observe(rows_like_training(np.random.default_rng(1), 7), rows=7, times=0.0)
    report = one.report()
    assert (report.late, report.rows) == (7, 10_000)
    assert any("late" in note for note in report.notes)


def whole(one: Monitor) -> tuple[Report, np.ndarray]:
    snapshot = one.snapshot(ended=True)
    return one.report(), snapshot.totals


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_batches_and_the_order_of_rows_within_a_step_change_nothing(seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    rows = 900
    columns = {**rows_like_training(rng, rows), "a": rng.uniform(size=rows) * rng.uniform(0.3, 3)}
    times = np.repeat(np.arange(3), 300) * 60 + rng.uniform(0, 60, rows)
    order = np.argsort(times // 60 + rng.uniform(0, 0.5, rows), kind="stable")
    one, other = monitor(), monitor()
    one.observe(columns, rows=rows, times=times)
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, rows), max_size=6))), rows]
    for start, stop in pairwise(cuts):
        part = order[start:stop]
        other.observe({name: column[part] for name, column in columns.items()}, rows=len(part), times=times[part])
    assert one.flush() == other.flush()
    assert one.report() == other.report()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 1), st.sampled_from([600, 10]))
def test_counts_of_two_workers_are_those_of_one(seed: int, share: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    one, merged, binner = monitor(), monitor(), Binner(BASELINE)
    for step in range(0, 20, 5 if count > 100 else 1):
        columns = rows_like_training(rng, count)
        columns["b"] = columns["b"] ** (1 + step)
        mine = rng.uniform(size=count) < share
        one.observe(columns, rows=count, times=step * 60.0)
        for rows in (np.flatnonzero(mine), np.flatnonzero(~mine)):
            counts = np.zeros(merged.shape, dtype=np.int64)
            binner.count({name: column[rows] for name, column in columns.items()}, len(rows), counts)
            assert merged.add(step, counts)
    found = one.flush()
    assert found
    assert merged.flush() == found
    assert one.report() == merged.report()


def test_counts_for_a_step_that_is_complete_are_late() -> None:
    one = monitor()
    counts = np.ones(one.shape, dtype=np.int64)
    assert one.add(100, counts)
    assert one.add(102, counts)
    assert not one.add(100, counts)
    assert one.report().late == 12
    assert counts.sum() == counts.size, "the caller's counts stay the caller's"


@pytest.mark.parametrize("step", [10**15, -(10**15), 10**9])
def test_counts_for_an_absurd_step_are_left_out(step: int) -> None:
    wall = Wall()
    one = monitor(wall)
    counts = np.ones(one.shape, dtype=np.int64)
    assert one.add(int(wall.now // 60), counts)
    assert not one.add(step, counts)
    assert one.add(int(wall.now // 60) + 1, counts)
    assert one.report().rows == 24


def test_examples_of_others_are_given() -> None:
    one, binner = monitor(), Binner(BASELINE)
    rng = np.random.default_rng(1)
    for step in range(3):
        columns = {**rows_like_training(rng, 1_000), "a": np.full(1_000, 0.95)}
        counts = np.zeros(one.shape, dtype=np.int64)
        binner.count(columns, 1_000, counts)
        few = {name: column[:3] for name, column in columns.items()}
        one.add(step, counts, sample=Sample([f"{step}-{row}" for row in range(3)], binner.bins(few, 3)), names=columns)
    (raised,) = one.flush()
    assert set(raised.examples) <= {f"{step}-{row}" for step in range(3) for row in range(3)}
    assert len(raised.examples) >= 3
    assert one.report().missing == ()


def test_a_report_may_be_asked_for_while_rows_come() -> None:
    one, stop, failures = monitor(), threading.Event(), list[BaseException]()

    def ask() -> None:
        try:
            while not stop.is_set():
                report = one.report()
                assert report.rows % 1_000 == 0
        except BaseException as error:
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        minutes(one, 0, 60, shift=0.2)
    finally:
        stop.set()
        asking.join(PATIENCE)
    assert not failures
    assert one.report().rows == 60_000


@pytest.mark.parametrize("reference", ["previous", "last_week"])
def test_other_references_find_what_changes_and_not_what_is_otherwise_than_in_training(reference: str) -> None:
    seconds = 3_600 if reference == "last_week" else 60
    one, changes = monitor(reference=reference), dict[int, list[Change]]()
    rng = np.random.default_rng(4)
    for step in range(225):
        columns = rows_like_training(rng, 2_500)
        columns["a"] = columns["a"] * (0.3 if step < 220 else 0.5)  # far from the training data
        one.observe(columns, rows=2_500, times=step * float(seconds))
        if found := one.advance():
            changes[step] = found
    steps = [step for step, found in changes.items() if any(change.detected for change in found)]
    assert steps
    assert 220 <= steps[0] <= 223
    assert all(change.name == "a" for found in changes.values() for change in found)


def test_last_week_looks_by_the_hour() -> None:
    one = monitor(reference="last_week")
    minutes(one, 0, 180, rows=100)
    assert one.report().steps == 2
    assert any("the same hours last week have 0 rows" in note for note in one.report().notes)


@pytest.mark.parametrize("gap", [range(250, 262), range(170, 180), range(230, 290)])
def test_an_outage_is_no_drift_when_it_is_nor_a_week_later(gap: range) -> None:
    """By day values are high and by night low, so that a day that lacks some hours is not like another."""
    rng, one = np.random.default_rng(5), monitor(reference="last_week")
    for hour in range(168 * 3 + 24):
        if hour in gap:
            continue
        columns = rows_like_training(rng, 200)
        columns["a"] = columns["a"] * 0.3 + 0.3 + 0.3 * np.sin(2 * np.pi * hour / 24)
        one.observe(columns, rows=200, times=hour * 3_600.0)
        assert one.advance() == []
    for hour in range(168 * 3 + 24, 168 * 3 + 60):
        one.observe(rows_like_training(rng, 200), rows=200, times=hour * 3_600.0)
    assert one.advance(), "drift is found after it"


@pytest.mark.parametrize(("nulls", "look_back"), [(0.15, 64), (0.3, 64), (0.0, 16)])
def test_few_rows_a_step_are_a_reference_in_time(nulls: float, look_back: int) -> None:
    rng = np.random.default_rng(2)

    def column(rows: int) -> np.ndarray:
        return np.where(rng.random(rows) < nulls, np.nan, rng.normal(size=rows))

    training = Baseline.fit({"x": column(8_000)}, projections=False)
    one = Monitor(training, Settings(reference="previous", look_back=look_back, lateness=0.0), wall=Wall())
    for minute in range(400):
        one.observe({"x": column(33) + (minute >= 300)}, rows=33, times=minute * 60.0)
        found = one.advance()
        if found:
            break
    assert 300 <= minute < 320
    assert [(change.name, change.cause) for change in found] == [("x", "distribution")]


def test_after_a_clock_was_set_back_examples_are_of_the_rows_since() -> None:
    wall, rng = Wall(1e6), np.random.default_rng(3)
    one, changes = monitor(wall), list[Change]()
    for minute in range(40):
        when, tag = (1e6, "old") if minute < 10 else (1e6 - 36_000, "new")
        columns = rows_like_training(rng, 500)
        if 8 <= minute < 10 or minute >= 22:
            columns["b"][:100] = np.nan
            columns["a"] = columns["a"] * 0.5
        ids = [f"{tag}-{minute}-{row}" for row in range(500)]
        one.observe(columns, rows=500, times=when + 60 * minute, ids=ids)
        wall.now += 60
        if minute >= 10:
            changes += one.advance()
    raised = [change for change in changes if change.detected and change.moment.step > 15]
    assert {change.cause for change in raised} == {"null", "distribution"}
    for change in raised:
        assert change.examples
        assert {id_.partition("-")[0] for id_ in change.examples} == {"new"}
    assert {id_.partition("-")[0] for id_ in one.snapshot().sample.ids} == {"new"}


def test_a_reference_without_enough_rows_raises_no_alarm() -> None:
    small = Variable("a", rows=1_000, edges=(0.5,), counts=(500, 500), centers=(0.2, 0.7), mean=0.5, std=0.3)
    one = Monitor(baseline(small), Settings(), wall=Wall())
    one.observe({"a": np.ones(5_000)}, rows=5_000, times=0.0)
    assert one.flush() == []
    report = one.report()
    assert report.features[0].scores["psi"] is not None
    assert "2,000" in report.notes[0]


def test_classic_thresholds_may_decide() -> None:
    one = monitor(thresholds={"psi": 0.2})
    (raised,) = minutes(one, 0, 5, shift=0.3)
    assert (raised.name, raised.method) == ("a", "psi")
