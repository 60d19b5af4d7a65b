from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from otel_ml.drift.layout import FIRST, NULL, UNSEEN
from otel_ml.drift.projections import fit_projections, project
from otel_ml.drift.text import token_hash
from otel_ml.drift.variables import Variable
from tests.drift.counts.binners import binner, counts, number, objects
from tests.drift.counts.oracle import numeric_counts


def test_masked_values_are_null_and_unsigned_counts_can_be_added_to() -> None:
    target = binner(number(edges=[1.0, 2.0]))
    into = np.ones(target.shape, dtype=np.uint32)
    target.count({"x": np.ma.masked_array([1, 2, 3, 4], [False, True, False, True])}, 4, into)
    assert into[0].tolist() == [3, 1, 1, 1, 1, 2, 1, 2]


def test_an_empty_batch_counts_nothing() -> None:
    assert not counts(binner(number()), {"x": np.array([])}, 0).any()


def test_dates_are_seconds_whatever_their_unit() -> None:
    day = 86_400.0
    target = binner(number(edges=[0.0, day], kind="datetime"))
    for unit in ("D", "h", "s", "ms", "us", "ns", "M"):
        column = np.array(["1970-01-01", "1970-01-02", "1999-12-01", "NaT"]).astype(f"M8[{unit}]")
        expected = [1, 0, 0, 0, 0, 2, 0, 1] if unit == "M" else [1, 0, 0, 0, 0, 1, 1, 1]
        assert counts(target, {"x": column}, 4)[0].tolist() == expected
    texts = objects("1970-01-02T00:00:00Z", "1970-01-02T02:00:00.000+02:00", "yesterday", 7, None)
    assert counts(target, {"x": texts}, 5)[0].tolist() == [1, 2, 0, 0, 0, 0, 2, 0]


def test_texts_and_identifiers_are_binned_by_length() -> None:
    text, identifier = number("text", [3.0], kind="text"), number("id", [3.0], kind="identifier")
    columns = {"text": objects("abc", "abcd", "<text 3 chars>", None, 5), "id": objects(123, "1234", True, None, 1.0)}
    found = counts(binner(text, identifier), columns, 5)
    assert found[0].tolist() == [1, 1, 0, 0, 0, 2, 1]
    assert found[1].tolist() == [1, 0, 0, 0, 0, 2, 2]


def test_categories_booleans_and_masked_features_count_beside_numbers() -> None:
    variables = (
        number("n", [1.0]),
        Variable("c", kind="categorical", categories=("a", "b"), known=("z",), counts=(2, 1, 1)),
        Variable("b", kind="boolean", categories=("false", "true"), counts=(1, 1, 0)),
        Variable("m", kind="masked"),
    )
    target = binner(*variables)
    columns = {
        "n": np.array([0.5, 1.5]),
        "c": np.array(["b", "q"]),
        "b": np.array([True, False]),
        "m": objects("secret", None),
    }
    found = counts(target, columns, 2)
    assert found[:, : FIRST + 3].tolist() == [
        [0, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 1, 0, 0, 1, 1],
        [0, 0, 0, 0, 0, 1, 1, 0],
        [1, 0, 0, 0, 0, 1, 0, 0],
    ]
    assert target.bins(columns, 2).tolist() == [[5, 6, 6, 5], [6, 7, 5, 0]]
    rows = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(("n", "c", "b", "m"), [(0.5, "b", True, "secret"), (1.5, "q", False, None)], rows)
    assert rows.tolist() == found.tolist()


def test_a_feature_that_is_absent_is_null_and_an_output_that_is_absent_is_nothing() -> None:
    kinds = number("x"), Variable("c", kind="categorical", counts=(0,)), Variable("m", kind="masked")
    found = counts(binner(*kinds, number("score", [0.5], subject="score")), {}, 7)
    assert found[:, NULL].tolist() == [7, 7, 7, 0]
    assert found.sum() == 21


def test_outputs_are_kept_apart_from_features_of_the_same_name() -> None:
    variables = (
        number("score", [0.5]),
        number("score", [0.5], subject="score"),
        Variable("prediction", subject="prediction", kind="categorical", categories=("yes", "no"), counts=(1, 1, 0)),
    )
    outputs = {"score": np.array([0.9, 0.9]), "prediction": objects("yes", "maybe")}
    features = {"score": np.array([0.1, 0.2])}
    target = binner(*variables)
    found = counts(target, features, 2, outputs=outputs)
    assert found[:, FIRST:].tolist() == [[2, 0, 0], [0, 2, 0], [1, 0, 1]]
    assert found[2, UNSEEN] == 1
    rows = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(["score"], [[0.1], [0.2]], rows, outputs)
    assert rows.tolist() == found.tolist()
    assert target.bins(features, 2, outputs).tolist() == [[5, 6, 5], [5, 6, 7]]


def test_names_that_differ_are_told() -> None:
    variables = number("a"), number("b"), number("a.non_letters", source="a", derivation="non_letters")
    target = binner(*variables, number("prediction", subject="prediction"))
    assert target.missing_and_extra(["b", "B", "c"]) == (("a",), ("B", "c"))


def test_numbers_derived_from_a_text_are_counted() -> None:
    vocabulary = (token_hash("good"),)
    target = binner(
        number("t", [4.0], kind="text"),
        number("t.unseen_tokens", [0.4], source="t", derivation="unseen_tokens", vocabulary=vocabulary),
        number("t.non_letters", [0.4], source="t", derivation="non_letters"),
    )
    found = counts(target, {"t": objects("good", "bad good", "12!", None)}, 4)
    assert found[:, [NULL, FIRST, FIRST + 1]].tolist() == [[1, 2, 1], [1, 1, 2], [1, 2, 1]]
    assert counts(target, {}, 4)[:, NULL].tolist() == [4, 4, 4]


@pytest.mark.parametrize("rows", [5, 3_000])
def test_projections_are_counted_as_they_are_projected(rows: int) -> None:
    rng = np.random.default_rng(4)
    names = [f"f{index}" for index in range(6)]
    projections = fit_projections(rng.normal(size=(500, 6)), names, seed=3)
    assert projections is not None
    matrix = rng.normal(size=(rows, 6))
    matrix[0, 0], matrix[1, 1] = np.nan, np.inf
    expected = project(projections, matrix)
    edges = np.linspace(-2, 4, 7)
    variables = [number(name, edges) for name in names[:3]]  # not all that is projected need be a variable
    variables += [number(name, edges, subject="multivariate") for name in expected]
    target = binner(*variables, projections=projections)
    columns = {name: column.astype(object) for name, column in zip(names, matrix.T, strict=True)}
    found = counts(target, columns, rows)
    for variable, row in list(zip(variables, found, strict=True))[3:]:
        assert row.tolist() == numeric_counts(variable, expected[variable.name].tolist(), target.shape[1])
    one_by_one = np.zeros(target.shape, dtype=np.int64)
    target.count_rows(names, matrix.tolist(), one_by_one)
    assert one_by_one.tolist() == found.tolist()
    assert not counts(target, {}, rows)[3:].any()  # nothing to project


def test_a_variable_of_too_many_bins_is_refused() -> None:
    assert binner(number(edges=np.arange(250.0))).shape == (1, 256)
    with pytest.raises(ValueError, match="at most 251 bins"):
        binner(number(edges=np.arange(251.0)))


def test_memory_is_flat_over_a_million_distinct_categories() -> None:
    variable = Variable("c", kind="categorical", categories=("a",), counts=(1, 0))
    target = binner(variable, replace(variable, name="i", known=None))
    into = np.zeros(target.shape, dtype=np.int64)
    held = []
    tracemalloc.start()
    try:
        for start in range(0, 1_000_000, 50_000):
            numbers = np.arange(start, start + 50_000)
            target.count({"c": numbers.astype("U7"), "i": numbers}, 50_000, into)
            del numbers
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert into[:, [UNSEEN, FIRST + 1]].tolist() == [[1_000_000, 1_000_000], [0, 1_000_000]]
    assert held[-1] - held[1] < 50_000
