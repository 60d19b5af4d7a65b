"""What a report says, and in which order."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift import Monitor, Report, Settings, Variable, VariableReport
from otel_ml.drift.report import SCORES
from otel_ml.drift.statistics.noise import min_rows
from otel_ml.drift.variables import Constraints, Subject
from tests.drift.made import ROWS, Wall, baseline, categorical, numeric, uniform


def monitor(*variables: Variable, **options: object) -> Monitor:
    return Monitor(baseline(*variables), Settings(**options), wall=Wall())  # type: ignore[arg-type]  # of any setting


def find(report: Report, name: str) -> VariableReport:
    return next(one for one in (*report.features, *report.predictions, *report.multivariate) if one.name == name)


def feed(one: Monitor, steps: int = 5, rows: int = 1_000, **columns: object) -> Report:
    for step in range(steps):
        rng = np.random.default_rng(step)
        features = uniform(rng, rows, *(v.name for v in one.baseline.variables if v.ordered and v.subject == "feature"))
        given = {name: np.asarray(value(rng) if callable(value) else value) for name, value in columns.items()}
        one.observe(features | given, rows=rows, times=step * 60.0)
    one.flush()
    return one.report()


def test_before_the_first_row_there_is_a_report() -> None:
    report = monitor(numeric("a")).report()
    assert (report.rows, report.steps, report.alarm, report.missing) == (0, 0, False, ())
    (one,) = report.features
    assert (one.rows, one.null_ratio) == (0, None)
    assert set(one.scores) == set(one.noise) == set(SCORES)
    assert set(one.scores.values()) == set(one.noise.values()) == {None}
    json.dumps(report.to_dict())


def test_before_a_window_is_complete_the_live_one_is_told_of() -> None:
    one = monitor(numeric("a"))
    one.observe(uniform(np.random.default_rng(0), 700, "a"), rows=700, times=1.0)
    report = one.report()
    assert (report.steps, find(report, "a").rows) == (0, 700)
    assert find(report, "a").scores["psi"] is not None


def test_scores_are_of_the_last_complete_window() -> None:
    one = monitor(numeric("a"), lateness=0.0)
    one.observe({"a": np.full(900, 0.05)}, rows=900, times=0.0)
    one.observe({"a": np.full(800, 0.95)}, rows=800, times=60.0)
    one.observe({"a": np.full(700, 0.45)}, rows=700, times=120.0)
    report = one.report()
    assert (report.rows, report.steps) == (2_400, 2)
    assert [(found.index, found.rows) for found in find(report, "a").bins if found.rows] == [("09", 800)]


def test_the_strongest_drift_comes_first_in_each_list() -> None:
    names: list[tuple[str, Subject]] = [("a", "feature"), ("b", "feature"), ("c", "feature"), ("d", "feature")]
    one = monitor(*(numeric(name, subject=subject) for name, subject in names), numeric("score", subject="score"))
    report = feed(one, b=lambda g: g.uniform(0.3, 1, 1_000), d=lambda g: g.uniform(0.6, 1, 1_000))
    assert [found.name for found in report.features][:2] == ["d", "b"]
    assert [found.alarm for found in report.features] == [True, True, False, False]
    assert report.features[0].effect > report.features[1].effect > 0
    assert [found.name for found in report.predictions] == ["score"]


def test_bins_are_named_and_shares_add_up() -> None:
    one = monitor(numeric("a", 4), categorical("city", "Oslo", "Rome"))
    values = np.array([0.1, 0.3, 0.3, 0.6, np.nan] * 200)
    cities = np.array(["Oslo", "Rome", None, "Paris", "Oslo"] * 200, dtype=object)
    report = feed(one, a=values, city=cities)
    a, city = find(report, "a"), find(report, "city")
    assert [found.index for found in a.bins] == ["00", "01", "02", "03", "null"]
    assert [found.index for found in city.bins] == ["00", "01", "other", "null"]
    assert [found.label for found in a.bins] == ["(-inf, 0.25]", "(0.25, 0.5]", "(0.5, 0.75]", "(0.75, inf)", "null"]
    assert [found.label for found in city.bins] == ["Oslo", "Rome", "__other__", "null"]
    assert [found.current for found in a.bins] == pytest.approx([0.25, 0.5, 0.25, 0, 0.2])
    assert [found.baseline for found in a.bins] == pytest.approx([0.25] * 4 + [0])
    assert (city.null_ratio, city.baseline_null_ratio) == (0.2, 0.0)


def test_too_few_rows_have_no_scores_and_it_says_how_many_are_needed() -> None:
    one = monitor(numeric("a", 10))
    needed = int(min_rows(ROWS, 10))
    few, enough = feed(one, 1, needed - 1), feed(monitor(numeric("a", 10)), 1, needed)
    assert {find(few, "a").scores[name] for name in SCORES if name != "null_rate"} == {None}
    assert find(few, "a").noise["psi"] is not None
    assert f"{needed} are needed" in str(find(few, "a").note)
    assert find(enough, "a").scores["psi"] is not None
    assert find(enough, "a").note is None


def test_blocky_traffic_has_more_noise() -> None:
    plain, blocky = numeric("a"), replace(numeric("b"), overdispersion=4.0)
    report = feed(monitor(plain, blocky))
    noise = [find(report, name).noise["total_variation"] or 0 for name in "ab"]
    assert noise[1] == pytest.approx(2 * noise[0], rel=0.1)


def test_violations_are_counted_over_the_whole_stream() -> None:
    one = monitor(
        numeric("a", constraints=Constraints(minimum=0.0, maximum=1.0)),
        numeric("b", constraints=Constraints(never_null=True)),
        numeric("c", constraints=Constraints(completeness=0.5)),
        categorical("city", "Oslo", "Rome"),
    )
    values = np.linspace(0.01, 0.99, 1_000).astype(object)
    a, b, c = values.copy(), values.copy(), values.copy()
    a[:10], a[10:13], a[13] = 7.0, "x", np.inf
    b[:20], c[:300] = None, None
    city = np.array(["Oslo", "Rome", "Paris", "Oslo"] * 250, dtype=object)
    report = feed(one, 5, a=a, b=b, c=c, city=city)
    assert find(report, "a").violations == {"range": 55, "type": 15, "non_finite": 5}
    assert find(report, "b").violations == {"null": 100}
    assert find(report, "c").violations == {}, "less than half is null"
    assert find(report, "city").violations == {"unseen": 1_250}


def test_nulls_of_a_few_rows_that_chance_explains_are_no_violation() -> None:
    allowed = Constraints(completeness=0.85)
    found = []
    for nulls in (20, 40):
        column = np.full(100, 0.5, dtype=object)
        column[:nulls] = None
        found.append(find(feed(monitor(numeric("a", constraints=allowed)), 1, 100, a=column), "a").violations)
    assert found == [{}, {"null": 40}]


def test_where_all_is_masked_nulls_raise_the_alarm() -> None:
    one = monitor(Variable("secret", kind="masked", rows=ROWS, nulls=1))
    found = find(feed(one, secret=np.array([None, "x", "y", "z"] * 250, dtype=object)), "secret")
    assert found.causes == ("null",)
    assert found.note == "masked: nulls only"


def test_a_feature_without_a_value_in_training_is_not_called_masked() -> None:
    report = monitor(Variable("empty", kind="masked", rows=ROWS, nulls=ROWS)).report()
    assert find(report, "empty").note == "no value in the training data: nulls only"


def test_a_masked_feature_has_nulls_and_nothing_else() -> None:
    one = monitor(numeric("a"), Variable("secret", kind="masked", rows=ROWS, nulls=ROWS // 10))
    secret = np.array([None, "x", "y", "z"] * 250, dtype=object)
    found = find(feed(one, secret=secret), "secret")
    assert (found.rows, found.null_ratio, found.baseline_null_ratio) == (1_000, 0.25, 0.1)
    assert {name for name, score in found.scores.items() if score is not None} == {"null_rate"}
    assert found.scores["null_rate"] == pytest.approx(0.15)
    assert [one.index for one in found.bins] == ["null"]
    assert [one.baseline for one in found.bins] == [0.1]
    assert found.causes == ("null",)


def test_statistics_that_do_not_apply_are_none() -> None:
    found = find(
        feed(monitor(categorical("city", "Oslo", "Rome")), city=np.array(["Oslo", "Rome"] * 500, dtype=object)), "city"
    )
    assert {name for name, score in found.scores.items() if score is None} == {
        "kolmogorov_smirnov",
        "wasserstein",
        "mean_shift",
    }


def test_several_causes_of_a_variable_are_told_together() -> None:
    values = np.array([0.99, 0.99, 0.99, None] * 250, dtype=object)
    found = find(feed(monitor(numeric("a")), a=values), "a")
    assert set(found.causes) == {"distribution", "null"}
    assert set(found.moved) >= {"09", "null"}
    assert found.first_alarm is not None
    assert found.since is not None
    assert found.since.step <= found.first_alarm.step


def test_names_of_another_case_are_pointed_out() -> None:
    one = monitor(numeric("Age"))
    one.observe({"age": np.zeros(10), "x": np.zeros(10)}, rows=10)
    report = one.report()
    assert (report.missing, report.extra) == (("Age",), ("age", "x"))
    assert report.notes == ("'Age' of the baseline seems to be 'age' of the rows",)


def test_extra_names_are_bounded() -> None:
    one = monitor(numeric("a"))
    for batch in range(30):
        one.observe({"a": np.zeros(1), **{f"x{batch}-{index}": np.zeros(1) for index in range(10)}}, rows=1)
    assert len(one.report().extra) == 100


def test_correlated_features_are_one_group() -> None:
    one = monitor(numeric("a"), numeric("b"), numeric("c"))
    for step in range(5):
        rng = np.random.default_rng(step)
        a = rng.uniform(0.3, 1, 1_000)
        columns = {"a": a, "b": np.clip(a + rng.normal(0, 0.05, 1_000), 0, 1), "c": rng.uniform(0.3, 1, 1_000)}
        one.observe(columns, rows=1_000, times=step * 60.0)
    one.flush()
    report = one.report()
    assert {found.name: found.group for found in report.features} == {"a": 1, "b": 1, "c": None}


def test_where_nothing_came_that_is_said() -> None:
    report = monitor(numeric("a")).report()
    assert report.notes == ("there were no rows, so nothing was compared",)


def about_tolerance(report: Report) -> list[str]:
    return [note for note in report.notes if note.startswith("the tolerance")]


def test_the_tolerance_in_force_is_told() -> None:
    """Of seasonal features, of few rows, of what can not alarm."""
    seasonal = replace(numeric("seasonal"), block_distance=0.2)
    few = replace(numeric("few"), rows=100, counts=(10,) * 10)
    variables = (numeric("a"), seasonal, few, numeric("b"), numeric("c"))
    report = monitor(*variables).report()
    told = {one.name: one.tolerance for one in report.features}
    assert told == {"a": 0.05, "b": 0.05, "c": 0.05, "seasonal": pytest.approx(0.35), "few": None}
    assert report.to_dict()["features"][1]["tolerance"] == pytest.approx(0.35)
    (note,) = about_tolerance(report)
    assert note.startswith("the tolerance is larger than 5% for 1 variable,")
    assert note.endswith(": seasonal 35%")
    assert about_tolerance(monitor(*variables, tolerance=0.4).report()) == []
    assert {one.tolerance for one in monitor(*variables, thresholds={"psi": 0.2}).report().features} == {None}


@pytest.mark.parametrize("reference", ["previous", "last_week"])
def test_the_tolerance_is_that_of_the_reference(reference: str) -> None:
    one = monitor(numeric("a"), reference=reference)
    assert find(one.report(), "a").tolerance is None
    if reference == "previous":
        assert find(feed(one, 8), "a").tolerance == 0.05


def test_of_many_large_tolerances_a_few_are_named() -> None:
    variables = [replace(numeric(f"v{place}"), block_distance=0.1 + place / 100) for place in range(8)]
    variables += [numeric(f"calm{place}") for place in range(8)]
    (note,) = about_tolerance(monitor(*variables).report())
    assert ": v7 32%, v6 31%, v5 30%, v4 29%, v3 28% and 3 more" in note
