"""Baselines are fitted in one pass: the same from any table, in any chunks, in parts or at once, and as the binner counts."""

from __future__ import annotations

import datetime
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift import Baseline, BaselineError, layout
from otel_ml.drift.checking import check
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.variables import Variable

ROWS = 6_000


def objects(values: Any) -> np.ndarray:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def table(rows: int = ROWS, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)

    def pick(*values: Any) -> np.ndarray:
        return objects([values[i] for i in rng.integers(0, len(values), rows)])

    return {
        "x": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        "age": rng.integers(18, 90, rows),
        "zeros": np.where(rng.random(rows) < 0.5, 0.0, rng.exponential(size=rows)),
        "constant": np.full(rows, 3.5),
        "nothing": np.full(rows, np.nan),
        "infinite": rng.choice([np.inf, -np.inf, 1.0, 2.0, 3.5], rows),
        "tiny": rng.integers(-5, 5, rows) * 5e-324,
        "large": rng.integers(2**53, 2**62, rows),
        "larger": pick(10**400, -(10**400), 2**70, 5),
        "extreme": rng.choice([1e308, -1e308, 1.7e308], rows),
        "money": pick(Decimal("1.5"), Decimal("nan"), None),
        "city": pick("Oslo", "Rome", "Århus", None),
        "plane": objects([f"N{i}" for i in rng.zipf(1.4, rows) % 10_000]),
        "code": pick(1, 2, 3, "A", None),
        "vip": rng.random(rows) < 0.2,
        "maybe": pick(True, False, 1, 0, None),
        "when": np.datetime64("2024-01-01T00:00:00") + rng.integers(0, 10**7, rows).astype("m8[s]"),
        "day": pick(datetime.date(2024, 1, 1), datetime.datetime(2024, 5, 1, 3), None),
        "wait": rng.integers(0, 500, rows).astype("m8[ms]"),
        "user_id": rng.permutation(rows),
        "session": objects([f"{i * 7919:012x}" for i in range(rows)]),
        "note": objects([f"order {i} of {w} came" for i, w in enumerate(pick("bread", "milk", "green tea"))]),
    }


def by_name(baseline: Baseline) -> dict[str, Variable]:
    return {variable.name: variable for variable in baseline.variables}


def test_the_binner_counts_the_training_data_as_the_fit_did() -> None:
    data = table()
    baseline = Baseline.fit(data)
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(data, ROWS, counts)
    for variable, found, expected in zip(baseline.variables, counts, layout.reference(baseline.variables), strict=True):
        if variable.rows == ROWS:  # what was derived is counted from a sample
            assert found.tolist() == expected.tolist(), variable.name


def test_wrong_types_in_training_are_counted_as_by_the_binner() -> None:
    data = {
        "n": objects([*range(300), "x", "y", None, True, [1]] * 20),
        "b": objects([True, False, True, None, 7] * 1220),
    }
    with pytest.warns(UserWarning, match="not of kind") as caught:
        baseline = Baseline.fit(data, projections=False)
    assert {warning.filename for warning in caught} == {__file__}
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(data, 6_100, counts)
    assert [variable.kind for variable in baseline.variables] == ["numeric", "boolean"]
    assert counts[:, layout.TYPE].tolist() == [60, 1_220]
    assert counts.tolist() == layout.reference(baseline.variables).tolist()


@pytest.mark.parametrize("sizes", [(1,), (7, 1000), (6000,), (5999, 1)])
def test_the_same_rows_have_the_same_id_in_any_chunks(sizes: tuple[int, ...]) -> None:
    data = table()

    def chunks() -> Any:
        start = index = 0
        while start < ROWS:
            size = sizes[index % len(sizes)]
            yield {name: column[start : start + size] for name, column in data.items()}
            start, index = start + size, index + 1

    assert Baseline.fit(chunks()).id == Baseline.fit(data).id


def test_the_same_rows_have_the_same_id_in_every_process() -> None:
    program = (
        "import numpy as np; from otel_ml.drift.baseline import Baseline; r = np.random.default_rng(1)\n"
        "data = {'x': r.normal(size=40000), 'c': [f'c{i % 9000}' for i in range(40000)], 'n': ['a b c d'] * 40000}\n"
        "print(Baseline.fit(data, kinds={'n': 'text'}).id)"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(ids) == 1


def test_many_chunks_of_many_rows_have_the_same_id_too() -> None:
    rng = np.random.default_rng(3)
    data = {"x": rng.normal(size=100_000), "c": rng.choice(["a", "b"], 100_000)}
    pieces = np.sort(rng.choice(100_000, 40, replace=False))
    chunks = [
        dict(zip(data, split, strict=True)) for split in zip(*(np.split(c, pieces) for c in data.values()), strict=True)
    ]
    assert Baseline.fit(iter(chunks)).id == Baseline.fit(data).id


TABLES: dict[str, Callable[[dict[str, list[Any]]], Any]] = {
    "mapping": lambda columns: columns,
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "pyarrow": pa.table,
    "dicts": lambda columns: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    "structured array": lambda columns: pd.DataFrame(columns).to_records(index=False),
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_table_gives_the_same_baseline(kind: str) -> None:
    rng = np.random.default_rng(2)
    columns: dict[str, list[Any]] = {
        "x": rng.normal(size=500).tolist(),
        "age": rng.integers(0, 99, 500).tolist(),
        "city": rng.choice(["Oslo", "Rome"], 500).tolist(),
        "vip": (rng.random(500) < 0.5).tolist(),
    }
    assert Baseline.fit(TABLES[kind](columns)).id == Baseline.fit(columns).id


def test_an_array_has_features_by_position() -> None:
    baseline = Baseline.fit(np.random.default_rng(1).normal(size=(300, 2)), projections=False)
    assert [variable.name for variable in baseline.variables] == ["f0", "f1"]


def test_variables_are_in_the_order_of_the_data_then_outputs_then_what_is_derived() -> None:
    baseline = Baseline.fit(table(), prediction="city", score="zeros", probabilities=["x"], target="vip", time="when")
    names = [variable.name for variable in baseline.variables]
    gone = {"city", "zeros", "x", "vip", "when"}
    features = [name for name in table() if name not in gone]
    assert names[: len(features) + 3] == [*features, "prediction", "score", "entropy"]
    assert names[len(features) + 3 :][:2] == ["note.unseen_tokens", "note.non_letters"]
    assert names[-1] == "projection_07"
    assert by_name(baseline)["prediction"].source == "city"


def test_times_give_the_span_and_the_blocks() -> None:
    rows = 3_000
    seconds = np.random.default_rng(1).permutation(rows) * 60
    for times in (np.datetime64("2024-01-01T00:00:00") + seconds.astype("m8[s]"), 1704067200.0 + seconds):
        baseline = Baseline.fit({"x": np.random.default_rng(2).normal(size=rows), "t": times}, time="t")
        assert (baseline.start, baseline.end) == ("2024-01-01T00:00:00+00:00", "2024-01-03T01:59:00+00:00")
        assert 32 <= baseline.blocks <= 64
        assert "t" not in by_name(baseline)


def test_blocks_are_of_time_and_not_of_the_order_of_rows() -> None:
    rng = np.random.default_rng(5)
    rows = 20_000
    x = rng.normal(size=rows) + np.repeat(rng.normal(size=100), rows // 100)
    order = rng.permutation(rows)
    when = np.arange(rows) * 30.0
    shuffled = by_name(Baseline.fit({"x": x[order], "t": when[order]}, time="t"))["x"]
    assert shuffled.overdispersion > 2
    assert by_name(Baseline.fit({"x": x[order]}))["x"].overdispersion == 1.0


def grouped(rows: int = 20_000) -> dict[str, np.ndarray]:
    """Rows of two classes, the second after the first, whose x differ."""
    rng = np.random.default_rng(15)
    label = np.repeat([0.0, 1.0], rows // 2)
    return {"x": rng.normal(size=rows) + 1.5 * label, "y": rng.normal(size=rows), "label": label}


@pytest.mark.parametrize("by", ["label", "x"])
def test_rows_that_are_sorted_by_anything_but_time_disarm_no_alarm(by: str) -> None:
    data = grouped()
    order = np.argsort(data[by], kind="stable")
    with pytest.warns(UserWarning, match=r"rows are sorted or grouped.*such as 'x'") as caught:
        baseline = Baseline.fit({name: column[order] for name, column in data.items()}, target="label")
    assert {warning.filename for warning in caught} == {__file__}
    assert {(v.overdispersion, v.block_distance) for v in baseline.variables} == {(1.0, 0.0)}
    assert baseline.blocks == 0
    live = np.random.default_rng(16)
    rows = {"x": live.choice(data["x"], 5_000) + 0.6, "y": live.normal(size=5_000)}
    alarms = [one.name for one in check(rows, baseline, rows_per_step=1_000).features if one.alarm]
    assert alarms == ["x"]


def test_rows_in_order_of_time_vary_with_it_if_the_caller_says_so() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        baseline = Baseline.fit(grouped(), ordered=True)
    x = by_name(baseline)["x"]
    assert x.block_distance == pytest.approx(0.3, abs=0.05)
    assert baseline.blocks > 10


def test_rows_in_random_order_are_nothing_to_warn_of() -> None:
    data = grouped()
    order = np.random.default_rng(17).permutation(len(data["x"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Baseline.fit({name: column[order] for name, column in data.items()})


def test_entropy_is_that_of_the_probabilities() -> None:
    p = np.linspace(0, 1, 2_001)
    one, two = Baseline.fit({"p": p}, probabilities=["p"]), Baseline.fit({"p": p, "q": 1 - p}, probabilities=["p", "q"])
    assert one.variables == two.variables
    entropy = by_name(one)["entropy"]
    assert (entropy.minimum, entropy.maximum) == (0.0, 1.0)
    assert entropy.mean == pytest.approx(1 / (2 * np.log(2)), abs=0.001)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": "agee"}, "no column 'agee'; did you mean 'age'"),
        ({"time": "nope"}, "no column 'nope'"),
        ({"exclude": ["email"]}, "no column 'email'"),
        ({"kinds": {"age": "number"}}, "the kind of 'age' is 'number'; known are numeric"),
        ({"categorical": ["aeg"]}, "no column 'aeg'; did you mean 'age'"),
        ({"bins": 1}, "bins must be from 2 to 40"),
        ({"bins": 41}, "bins must be from 2 to 40"),
        ({"target": "age", "prediction": "age"}, "must be different columns"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BaselineError, match=said):
        Baseline.fit({"age": [1, 2, 3], "x": [1.0, 2.0, 3.0]}, **options)


@pytest.mark.parametrize("data", [{}, {"x": []}, [], iter([]), np.zeros((0, 3))], ids=range(5))
def test_no_rows_are_refused(data: Any) -> None:
    with pytest.raises(BaselineError, match="no rows"):
        Baseline.fit(data)


def test_columns_can_be_left_out() -> None:
    assert [v.name for v in Baseline.fit({"a": [1, 2], "b": [1, 2]}, exclude=["a"]).variables] == ["b"]


def test_the_callers_arrays_may_change_between_chunks() -> None:
    buffer = np.empty(100)

    def chunks() -> Any:
        for start in range(0, 1000, 100):
            buffer[:] = np.arange(start, start + 100)
            yield {"x": buffer}

    assert Baseline.fit(chunks()).id == Baseline.fit({"x": np.arange(1000.0)}).id


def parts_of(data: dict[str, np.ndarray], cuts: list[int]) -> list[Baseline]:
    rows = len(next(iter(data.values())))
    bounds = [0, *sorted(cuts), rows]
    pieces = [(low, high) for low, high in pairwise(bounds) if high > low]
    return [Baseline.fit({name: column[low:high] for name, column in data.items()}) for low, high in pieces]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, ROWS), max_size=4))
def test_merged_parts_are_one_fit_while_nothing_is_approximate(cuts: list[int]) -> None:
    data = {name: column for name, column in table().items() if name in ("x", "age", "city", "plane", "maybe", "when")}
    once, merged = Baseline.fit(data), Baseline.merge(*parts_of(data, cuts))
    assert merged.rows == once.rows
    for name in data:
        one, other = by_name(once)[name], by_name(merged)[name]
        for field in (
            "kind",
            "rows",
            "nulls",
            "edges",
            "categories",
            "known",
            "counts",
            "minimum",
            "maximum",
            "distinct",
        ):
            assert getattr(one, field) == getattr(other, field), (name, field)
        if one.mean is not None:
            assert one.mean == pytest.approx(other.mean, rel=1e-9)
            assert one.std == pytest.approx(other.std, rel=1e-9)


def test_merged_parts_are_one_fit_within_the_stated_error() -> None:
    rng = np.random.default_rng(4)
    rows = 600_000
    data = {"x": rng.normal(size=rows), "skewed": rng.exponential(size=rows)}
    bounds = [0, 50_000, 60_000, 333_333, rows]
    parts = [
        pickle.loads(pickle.dumps(Baseline.fit({name: column[low:high] for name, column in data.items()})))
        for low, high in pairwise(bounds)
    ]
    merged = by_name(Baseline.merge(*parts))
    once = by_name(Baseline.fit(data))
    for name, column in data.items():
        for found in (merged[name], once[name]):
            exact = np.bincount(np.searchsorted(found.edges, column), minlength=len(found.counts))
            assert np.abs(np.cumsum(found.counts) - np.cumsum(exact)).max() < 0.004 * rows
            assert np.abs(np.array(found.counts) / rows - 0.05).max() < 0.003
        assert merged[name].mean == pytest.approx(column.mean(), rel=1e-9)


def test_merging_takes_samples_from_every_part_by_its_size() -> None:
    rng = np.random.default_rng(6)
    parts = [rng.normal(loc=10 * i, size=(size, 3)) for i, size in enumerate((90_000, 10_000))]
    merged = Baseline.merge(*(Baseline.fit(part) for part in parts))
    assert merged.projections is not None
    assert merged.projections.means[0] == pytest.approx(1.0, abs=0.15)


def test_what_can_not_be_merged_says_why() -> None:
    part = Baseline.fit({"x": [1.0, 2.0]})
    with pytest.raises(BaselineError, match="from a file can not be merged"):
        Baseline.merge(part, Baseline.from_json(part.to_json()))
    with pytest.raises(BaselineError, match="same options"):
        Baseline.merge(part, Baseline.fit({"x": [1.0, 2.0]}, bins=5))


def test_merging_leaves_the_parts_as_they_are() -> None:
    first, second = Baseline.fit({"x": np.arange(100.0)}), Baseline.fit({"x": np.arange(50.0), "y": np.arange(50.0)})
    with pytest.warns(UserWarning, match="such as 'y'") as caught:
        merged = Baseline.merge(first, second)
    assert {warning.filename for warning in caught} == {__file__}
    assert [(v.name, v.rows, v.nulls) for v in merged.variables[:2]] == [("x", 150, 0), ("y", 150, 100)]
    assert Baseline.merge(first).id == first.id
    assert Baseline.merge(second, second).rows == 100


PROJECTED = {"pca_residual", *(f"projection_{i:02}" for i in range(8))}


def test_projections_are_fitted_unless_one_opts_out() -> None:
    rng = np.random.default_rng(7)
    data = {"a": rng.normal(size=ROWS), "b": rng.normal(size=ROWS), "c": rng.choice(["x", "y"], ROWS)}
    baseline = Baseline.fit(data)
    multivariate = {variable.name for variable in baseline.variables if variable.subject == "multivariate"}
    assert multivariate == PROJECTED
    assert baseline.projections is not None
    assert baseline.projections.features == ("a", "b")
    without = Baseline.fit(data, projections=False)
    assert without.projections is None
    assert [variable.name for variable in without.variables] == list(data)


def test_what_is_derived_reads_on_new_rows_as_in_the_baseline() -> None:
    """It is fitted to one half of the sample and counted on the other: else new rows would look worse than training's."""
    rng = np.random.default_rng(8)
    words = [f"w{i}" for i in range(3_000)]

    def rows(count: int) -> dict[str, Any]:
        latent = rng.normal(size=(count, 5))
        texts = [" ".join(words[i] for i in rng.zipf(1.3, 12) % 3_000) for _ in range(count)]
        return {**{f"x{i}": latent @ rng.normal(size=5) for i in range(0)}, "t": texts} | {
            f"y{i}": latent[:, i % 5] + 0.3 * rng.normal(size=count) for i in range(30)
        }

    baseline = Baseline.fit(rows(6_000))
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(rows(6_000), 6_000, counts)
    names = [variable.name for variable in baseline.variables]
    for name in ("pca_residual", "projection_00", "t.unseen_tokens", "t.non_letters"):
        variable = by_name(baseline)[name]
        new = counts[names.index(name), layout.FIRST :][: len(variable.counts)]
        apart = np.abs(new / new.sum() - np.array(variable.counts) / sum(variable.counts)).sum() / 2
        assert apart < 0.06, name


def test_few_rows_have_no_projections() -> None:
    assert Baseline.fit({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]}).projections is None


def test_small_baselines_say_that_they_never_alarm() -> None:
    rng = np.random.default_rng(9)
    few = np.where(np.arange(2_500) > 500, rng.normal(size=2_500), np.nan)
    assert by_name(Baseline.fit({"x": few}))["x"].notes != ()
    assert by_name(Baseline.fit({"x": rng.normal(size=2_000)}))["x"].notes == ()


def test_memory_does_not_grow_with_rows() -> None:
    program = """
import resource, sys
import numpy as np
from otel_ml.drift.baseline import Baseline
def chunks(count):
    for i in range(count):
        rng = np.random.default_rng(i)
        ids = np.array([f"id {j}" for j in range(i * 20_000, (i + 1) * 20_000)], dtype=object)
        yield {"x": rng.normal(size=20_000), "n": rng.integers(0, 10**9, 20_000), "id": ids}
Baseline.fit(chunks(15))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
Baseline.fit(chunks(60))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=True)
    print(f"four times the rows took {float(done.stdout):.1f} MB more")
    assert float(done.stdout) < 16


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=300), st.binary(max_size=5),
            st.dates(), st.datetimes(), st.timedeltas(), st.decimals(), st.fractions(), st.complex_numbers(),
            st.lists(st.integers(), max_size=2), st.uuids(),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 30),
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:baseline")
def test_any_values_give_a_baseline_that_reads_back_and_bins_them(values: list[Any], repeated: int) -> None:
    data = {"anything": objects(values * repeated)}
    baseline = Baseline.fit(data)
    assert Baseline.from_json(baseline.to_json()) == baseline
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(data, len(data["anything"]), counts)
    assert counts[0, layout.NULL] == baseline.variables[0].nulls
    if baseline.variables[0].counts and baseline.variables[0].kind != "datetime":  # texts may be dates to the binner
        assert counts[0, layout.TYPE] == baseline.variables[0].wrong_type
