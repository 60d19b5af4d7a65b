"""The file of a baseline: readable, diffable, exact, and strict."""

from __future__ import annotations

import json
import time
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.drift import Baseline, BaselineError
from otel_ml.drift.baseline_file import content_of, write
from otel_ml.drift.variables import Constraints, Projections, Variable

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "baseline.schema.json").read_text(encoding="utf-8"))

AGE = Variable(
    "age",
    rows=1000,
    nulls=10,
    edges=(18.0, 65.0),
    counts=(190, 600, 200),
    centers=(9.0, 40.0, 70.0),
    mean=41.5,
    std=20.1,
    minimum=0.1,
    maximum=99.0,
    distinct=88,
    constraints=Constraints(type="number", minimum=0.0, non_negative=True),
    notes=("looks fine",),
)
CITY = Variable("city", kind="categorical", rows=1000, categories=("Oslo", "Århus"), counts=(500, 300, 200), known=None)
EMAIL = Variable("email", kind="masked", rows=1000, nulls=3)
PROJECTIONS = Projections(("age", "height"), (40.0, 1.7), (20.0, 0.1), ((0.6, 0.8),), ((0.8, -0.6),))
BASELINE = Baseline(
    id="",
    rows=1000,
    variables=(AGE, CITY, EMAIL),
    model="churn",
    version="3",
    created="2024-05-01T12:00:00+00:00",
    libraries={"numpy": "2.0"},
    projections=PROJECTIONS,
)
TEXT = write(content_of(BASELINE))


def fitted() -> Baseline:
    rng = np.random.default_rng(3)
    words = np.array(["the cat sat on the mat", "a dog ran", "no pets here at all"])
    rows = 3000
    return Baseline.fit(
        {
            "x": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
            "y": rng.normal(size=rows),
            "city": rng.choice(["Oslo", "Rome"], rows),
            "note": [f"{words[i % 3]} {i}" for i in range(rows)],
            "when": np.datetime64("2024-01-01T00:00:00") + np.arange(rows) * np.timedelta64(60, "s"),
            "answer": rng.integers(0, 2, rows),
        },
        prediction="answer",
        time="when",
        model="m",
    )


def edited(path: str, value: Any) -> str:
    """The text with the value at a path such as ``variables.0.rows`` changed; removed where it is ...."""
    content = json.loads(TEXT)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = content
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(content)


def test_what_is_written_is_read_again() -> None:
    read = Baseline.from_json(TEXT)
    assert replace(read, id="") == BASELINE
    assert read.to_json() == Baseline.from_json(read.to_json()).to_json()


def test_a_fitted_baseline_is_read_as_the_same_with_the_same_id(tmp_path: Path) -> None:
    baseline = fitted()
    baseline.save(tmp_path / "model.json")
    assert Baseline.load(tmp_path / "model.json") == baseline
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize("text", [TEXT, fitted().to_json()], ids=["by hand", "fitted"])
def test_files_are_as_the_schema_says(text: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(text), SCHEMA)


@pytest.mark.parametrize(
    ("name", "kind"), [("variable", Variable), ("constraints", Constraints), ("projections", Projections)]
)
def test_the_schema_has_every_field_and_its_default(name: str, kind: Any) -> None:
    described = SCHEMA["$defs"][name]["properties"]
    assert set(described) == {field.name for field in fields(kind)}
    for field in fields(kind):
        if "default" in described[field.name] and field.default is not MISSING:
            assert described[field.name]["default"] == field.default


def test_the_schema_has_every_field_of_a_baseline() -> None:
    assert set(SCHEMA["properties"]) - {"schema"} == {f.name for f in fields(Baseline) if not f.name.startswith("_")}


def test_the_file_is_for_people() -> None:
    assert '{"name": "age", "subject": "feature", "kind": "numeric",\n' in TEXT
    assert '"counts": [190, 600, 200],\n' in TEXT
    assert "Århus" in TEXT
    assert "overdispersion" not in TEXT  # what is as it is by default is left out
    assert TEXT.endswith("}\n")


def test_a_change_shows_in_a_diff_where_it_is() -> None:
    other = write(content_of(replace(BASELINE, variables=(AGE, replace(CITY, counts=(501, 299, 200)), EMAIL))))
    different = [(a, b) for a, b in zip(TEXT.splitlines(), other.splitlines(), strict=True) if a != b]
    assert different == [('     "counts": [500, 300, 200],', '     "counts": [501, 299, 200],')]


def test_the_id_tells_content_and_neither_time_nor_layout() -> None:
    first = Baseline.from_json(TEXT)
    assert len(first.id) == 12
    assert Baseline.from_json(json.dumps(json.loads(TEXT))).id == first.id
    assert Baseline.from_json(edited("created", "2030-01-01T00:00:00+00:00")).id == first.id
    assert Baseline.from_json(edited("id", "whatever")).id == first.id
    assert Baseline.from_json(edited("variables.0.constraints.minimum", 1.0)).id != first.id
    assert Baseline.from_json(edited("variables.0.rows", 1001)).id != first.id


def test_constraints_can_be_edited_by_hand() -> None:
    read = Baseline.from_json(edited("variables.1.constraints", {"allowed": ["Oslo"], "never_null": True}))
    assert read.variables[1].constraints == Constraints(allowed=("Oslo",), never_null=True)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("schema", ..., "does not say its schema"),
        ("schema", "otel-ml.baseline/2", "upgrade otel-ml"),
        ("schema", "otel-ml.check/1", "no baseline"),
        ("id", ..., "id: is missing"),
        ("rows", -1, "rows: must be a whole number"),
        ("rows", True, "rows: must be a whole number"),
        ("rows", 1.5, "rows: must be a whole number"),
        ("rows", 10**30, "rows: must be a whole number"),
        ("rowz", 1, "rowz: is no key"),
        ("created", "yesterday", "created: must be a time"),
        ("libraries", {"numpy": 2}, "libraries: must be a text"),
        ("variables", {}, "variables: must be a list"),
        ("variables.0", 3, r"variables\[0\]: must be an object"),
        ("variables.0.name", ..., r"variables\[0\].name: is missing"),
        ("variables.0.name", "city", "two have the name 'city'"),
        ("variables.0.name", "\ud800", "half a surrogate pair"),
        ("variables.0.kind", "number", "kind: must be one of boolean, categorical"),
        ("variables.0.edges", [18.0, 18.0], "edges: must be ascending"),
        ("variables.0.edges", [18.0], "counts must be 2, one more than edges, not 3"),
        ("variables.0.edges", ["18", 65], "edges: must be a finite number"),
        ("variables.0.counts", [1, 2, 990], "counts are more than the rows that are not null"),
        ("variables.0.counts", [1, -2, 3], "counts: must be a whole number"),
        ("variables.0.centers", [1.0], "centers must be 3"),
        ("variables.0.categories", ["a", "b"], "kind numeric has no categories"),
        ("variables.1.edges", [1.0, 2.0], "kind categorical has no edges"),
        ("variables.0.nulls", 1001, "nulls are more than rows"),
        ("variables.0.infinite", 991, "infinite are more than values"),
        ("variables.0.std", -1.0, "std: must be a number of at least 0"),
        ("variables.0.overdispersion", 0.5, "overdispersion: must be a number of at least 1"),
        ("variables.0.block_distance", 1.5, "block_distance: must be a number from 0 to 1"),
        ("variables.0.constraints.minimum", 1000.0, None),
        ("variables.0.constraints", {"minimum": 2, "maximum": 1}, "constraints: minimum is above maximum"),
        ("variables.0.constraints.type", "float", r"variables\[0\].constraints.type: must be one of"),
        ("variables.0.constraints.non_negative", 1, "non_negative: must be true or false"),
        ("variables.0.constraints.maxmium", 1, r"variables\[0\].constraints.maxmium: is no key"),
        ("variables.1.categories", ["Oslo", "Oslo"], "categories: must be different texts"),
        ("variables.2.counts", [1], "a masked variable has no counts"),
        ("projections.means", [1.0], "each row must have 2 numbers"),
        ("projections.scales", ..., "projections.scales: is missing"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(path: str, value: Any, said: str | None) -> None:
    text = edited(path, value)
    if said is None:
        Baseline.from_json(text)
        return
    with pytest.raises(BaselineError, match=said):
        Baseline.from_json(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[1, 2", "no JSON"),
        ("[1, 2]", "no baseline"),
        (b"\xff\xfe\xfa", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"schema": "otel-ml.baseline/1", "rows": ' + "9" * 5_000 + "}", "no JSON|whole number"),
        ('{"schema": "otel-ml.baseline/1", "rows": NaN}', "NaN is no number"),
        ('{"schema": "otel-ml.baseline/1", "rows": 1, "rows": 2}', "'rows' stands twice"),
        (
            '{"schema": "otel-ml.baseline/1", "id": "", "rows": 1, "variables": [{"name": "x", "mean": 1e999}]}',
            "finite",
        ),
        (TEXT[: len(TEXT) // 2], "no JSON"),
    ],
    ids=range(10),
)
def test_damaged_texts_are_refused(text: str | bytes, said: str) -> None:
    with pytest.raises(BaselineError, match=said):
        Baseline.from_json(text)


def test_a_file_that_is_not_there_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match=r"can not read the baseline .*missing.json: No such file"):
        Baseline.load(tmp_path / "missing.json")
    with pytest.raises(BaselineError, match="can not read"):
        Baseline.load(tmp_path)
    (tmp_path / "damaged.json").write_text("{", encoding="utf-8")
    with pytest.raises(BaselineError, match=r"damaged.json: this is no JSON"):
        Baseline.load(tmp_path / "damaged.json")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    BASELINE.save(path)
    with pytest.raises(ValueError, match="JSON compliant"):
        replace(BASELINE, variables=(replace(AGE, mean=float("nan")),)).save(path)
    assert path.read_text(encoding="utf-8") == TEXT
    assert [file.name for file in tmp_path.iterdir()] == ["model.json"]


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "model.json"
    with pytest.raises(FileNotFoundError) as caught:
        BASELINE.save(path)
    assert caught.value.filename == str(path)


def test_a_wide_baseline_is_read_fast(tmp_path: Path) -> None:
    variables = [replace(AGE if i % 2 else CITY, name=f"feature {i}") for i in range(1_000)]
    wide = replace(
        AGE, edges=tuple(i / 7 for i in range(19)), counts=(49,) * 20, centers=tuple(i / 7 for i in range(20))
    )
    variables = [
        replace(wide, name=variable.name) if variable.kind == "numeric" else variable for variable in variables
    ]
    replace(BASELINE, variables=tuple(variables)).save(tmp_path / "wide.json")
    began = time.perf_counter()
    baseline = Baseline.load(tmp_path / "wide.json")
    print(f"a baseline of 1,000 features was read in {(time.perf_counter() - began) * 1000:.0f} ms")
    assert len(baseline.variables) == 1_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for key, one in inner for path in paths(one, (*before, key)))]


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(paths(json.loads(TEXT))), value=JSON)
def test_nothing_but_a_baseline_error_comes_of_a_value_in_the_wrong_place(path: tuple[Any, ...], value: Any) -> None:
    content = json.loads(TEXT)
    place = content
    for part in path[:-1]:
        place = place[part]
    if path:
        place[path[-1]] = value
    else:
        content = value
    check(json.dumps(content))


@settings(max_examples=300, deadline=None)
@given(start=st.integers(0, len(TEXT)), size=st.integers(0, 40), put=st.text(max_size=10))
def test_nothing_but_a_baseline_error_comes_of_a_damaged_text(start: int, size: int, put: str) -> None:
    check(TEXT[:start] + put + TEXT[start + size :])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_nothing_but_a_baseline_error_comes_of_any_bytes(text: bytes) -> None:
    check(text)


def check(text: str | bytes) -> None:
    try:
        baseline = Baseline.from_json(text)
    except BaselineError as error:
        said = str(error)
    else:
        assert Baseline.from_json(baseline.to_json()) == baseline
        said = "a baseline"
    assert 5 < len(said) < 1000
