"""Hostile and odd input: nothing raises, no code of the caller's types runs, work and memory are bounded."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from otel_ml.observation import Batch, Outputs, Row, read_inputs, read_outputs

# A caller may have made warnings errors: ours would then be lost observations.
pytestmark = pytest.mark.filterwarnings("error")

PLAIN = {type(None), bool, int, float, str}
OPERATIONS = [
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
    "rank",
    "embed",
]


class Hostile:
    """Every special method raises: none of them is ours to call."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise BaseException("code of the caller's was run")

    __repr__ = __str__ = __len__ = __iter__ = __eq__ = __bool__ = __getattr__ = __float__ = __int__ = __index__ = (
        _refuse
    )
    __array__ = __getitem__ = __contains__ = __format__ = __hash__ = __ne__ = __lt__ = __call__ = _refuse


class HostileDict(dict[Any, Any]):
    __len__ = __iter__ = __getitem__ = __contains__ = __repr__ = Hostile._refuse
    items = keys = values = get = Hostile._refuse


class HostileList(list[Any]):
    __len__ = __iter__ = __getitem__ = __contains__ = __repr__ = __eq__ = Hostile._refuse


class HostileStr(str):
    __len__ = __repr__ = __str__ = __eq__ = __hash__ = __getitem__ = Hostile._refuse

    def __new__(cls, text: str) -> "HostileStr":
        return super().__new__(cls, text)


class HostileFloat(float):
    __eq__ = __ne__ = __repr__ = __hash__ = __float__ = __sub__ = Hostile._refuse


class Slow:
    asked = False

    def __repr__(self) -> str:
        Slow.asked = True  # it would take its time
        return "slow"


def _object_array(*values: Any) -> Any:
    array = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def _cycle() -> Any:
    cycle: dict[str, Any] = {"a": 1}
    cycle["self"] = cycle
    cycle["list"] = [cycle, [cycle]]
    return cycle


def _list_in_itself() -> Any:
    found: list[Any] = []
    found.append(found)
    return found


def _array_in_itself() -> Any:
    found = np.empty(1, dtype=object)
    found[0] = found
    return found


HOSTILE: list[tuple[str, Callable[[], Any]]] = [
    ("object", Hostile),
    ("in a dict", lambda: {"a": Hostile()}),
    ("in a list", lambda: [Hostile()]),
    ("in rows", lambda: [[Hostile(), 1], [2, Hostile()]]),
    ("in an array", lambda: _object_array(Hostile(), 1)),
    ("dict subclass", lambda: HostileDict(a=1)),
    ("list of dict subclasses", lambda: [HostileDict(a=1), HostileDict(a=2)]),
    ("list subclass", lambda: HostileList([1, 2])),
    ("list of list subclasses", lambda: [HostileList([1, 2]), HostileList([1, 2])]),
    ("str subclass", lambda: {"a": HostileStr("x"), "b": HostileFloat(1.0)}),
    ("list of str subclasses", lambda: [HostileStr("x"), HostileStr("y")]),
    ("slow", lambda: {"a": Slow(), "b": [Slow()]}),
    ("cycle", _cycle),
    ("list in itself", _list_in_itself),
    ("array in itself", _array_in_itself),
]


@pytest.mark.parametrize("make", [case[1] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_no_code_of_the_caller_is_run(make: Callable[[], Any]) -> None:
    check_input(make())
    check_output(make(), "predict", None)
    assert not Slow.asked


def test_generators_are_not_consumed() -> None:
    def numbers() -> Iterator[int]:
        yield 1

    source = numbers()
    read_inputs(source)
    read_inputs({"a": source})
    read_outputs(source, operation="predict")
    assert list(source) == [1]


def check_input(data: Any) -> None:
    """Reads `data` and everything that can be asked of what was read."""
    read = read_inputs(data)
    if read is None:
        return
    assert len(set(read.names)) == len(read.names)
    assert all(type(name) is str for name in read.names)
    assert len(read.kinds) == len(read.names)
    if isinstance(read, Row):
        rows = [read]
    else:
        assert read.nbytes >= 0
        assert len(read.null_counts()) == len(read.non_finite_counts()) == len(read.columns) == len(read.names)
        assert all(len(column) == read.held for column in read.columns)
        rows = read.rows()
        assert read.null_counts().tolist() == [
            sum(index in row.nulls for row in rows) for index in range(len(read.names))
        ]
    for row in rows:
        assert len(row.values) == len(row.names)
        assert set(map(type, row.values)) <= PLAIN
        assert row.nulls == tuple(index for index, value in enumerate(row.values) if value is None)
        assert all(len(value) <= 1_024 for value in row.values if type(value) is str)


def check_output(result: Any, operation: str, classes: Any, task: str | None = None, rows: int | None = None) -> None:
    """Reads `result` and everything that can be asked of what was read."""
    read = read_outputs(result, operation=operation, classes=classes, task=task, rows=rows)
    assert isinstance(read, Outputs)
    labels, scores, values = read.labels(), read.scores(), read.values()
    assert labels is None or (len(labels) == read.size and set(map(type, labels)) <= {str, type(None)})
    assert scores is None or (scores.dtype == np.float64 and scores.shape == (read.size,))
    assert values is None or (values.dtype == np.float64 and values.shape == (read.size,))
    for index in range(min(read.size, 20)):
        row = read.row(index)
        assert type(row.label) in (str, type(None))
        assert type(row.score) in (float, type(None))
        assert type(row.value) in (float, type(None))
        assert row.score == row.score
        assert all(type(name) is str and type(score) is float for name, score in row.class_scores)
        assert set(map(type, row.extra.values())) <= PLAIN
        assert set(map(type, row.labels)) <= {str}
        assert set(map(type, row.values)) <= {float}
        if labels is not None:
            assert labels[index] == row.label


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=9) | st.complex_numbers()
    | st.datetimes() | st.dates() | st.timedeltas() | st.decimals() | st.fractions() | st.uuids()
    | st.just(pd.NA) | st.just(pd.NaT)
    | st.builds(np.float32, st.floats(width=32)) | st.builds(np.int8, st.integers(-100, 100)) | st.builds(object)
    | st.builds(np.datetime64, st.dates()) | st.builds(Hostile) | st.just("x" * 3_000) | st.just(2**2_000)
)  # fmt: skip
keys = st.text(max_size=5) | st.integers() | st.booleans() | st.none() | st.tuples(st.text(max_size=2), st.integers())
nested = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(st.integers())
    ),
    max_leaves=20,
)
dtypes = (
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.unsigned_integer_dtypes() | hnp.floating_dtypes()
    | hnp.complex_number_dtypes()
    | hnp.datetime64_dtypes() | hnp.timedelta64_dtypes() | hnp.byte_string_dtypes() | hnp.unicode_string_dtypes()
    | hnp.array_dtypes(max_size=3) | st.just(np.dtype(np.longdouble))
)  # fmt: skip
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
columns = st.lists(scalars.filter(lambda value: not isinstance(value, Hostile)), min_size=3, max_size=3)
frames = st.dictionaries(keys, columns, max_size=4).map(
    lambda data: pd.DataFrame({key: pd.Series(column, dtype=object) for key, column in data.items()})
)
masked = st.tuples(hnp.arrays(np.float64, (2, 3)), hnp.arrays(np.bool_, (2, 3))).map(
    lambda pair: np.ma.array(pair[0], mask=pair[1])
)
sparse = hnp.arrays(np.float64, (3, 5)).map(scipy.sparse.csr_array)
typed = st.lists(st.none() | st.floats(), min_size=0, max_size=4)
polars = typed.map(lambda data: pl.DataFrame({"a": pl.Series(data, dtype=pl.Float64)}))
arrow = typed.map(lambda data: pa.table({"a": pa.array(data, type=pa.float64())}))
anything = nested | arrays | frames | masked | sparse | polars | arrow

thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(anything)
def test_no_input_raises(data: Any) -> None:
    check_input(data)


@thorough
@given(
    anything | st.tuples(arrays, arrays) | st.lists(arrays, max_size=3),
    st.sampled_from(OPERATIONS),
    st.sampled_from([None, ("no", "yes"), np.array([0, 1]), [np.array([0, 1])] * 2, (False, True), ["a", "b", "c"]]),
    st.sampled_from([None, "classification", "regression", "clustering"]),
    st.sampled_from([None, 1, 2, 3]),
)
def test_no_output_raises(result: Any, operation: str, classes: Any, task: str | None, rows: int | None) -> None:
    check_output(result, operation, classes, task, rows)


def within(seconds: float, megabytes: float, call: Callable[[], Any]) -> Any:
    """Calls `call` and checks the time that it computed, however long others did, and the memory that it held at most."""
    started = time.thread_time()
    call()
    assert time.thread_time() - started < seconds
    tracemalloc.start()
    try:
        result = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1e6
    return result


def test_an_array_of_ten_million_rows() -> None:
    data = np.zeros((10_000_000, 8))
    data[77, 3] = np.nan
    batch = within(2, 60, lambda: read_inputs(data))
    assert batch.size == 10_000_000
    assert batch.null_counts().tolist() == [0, 0, 0, 1, 0, 0, 0, 0]
    assert batch.nbytes < 100_000


def test_a_row_of_ten_million_numbers() -> None:
    data = [0.0] * 10_000_000
    row = within(1, 5, lambda: read_inputs(data))
    assert row.dropped == 9_990_000


def test_a_dict_of_a_million_keys_and_of_long_names() -> None:
    many = {str(number): number for number in range(1_000_000)}
    row = within(1, 10, lambda: read_inputs(many))
    assert len(row.names) == 10_000
    assert row.dropped == 990_000
    long = {f"{number}{'x' * 10_000}": {"y" * 10_000: number} for number in range(1_000)}
    row = within(1, 20, lambda: read_inputs(long))
    assert max(map(len, row.names)) <= 1_030


def test_ever_new_names_do_not_pile_up() -> None:
    def flood() -> None:
        for number in range(3_000):
            read_inputs({f"{number}-{index}-{'x' * 200}": 1 for index in range(30)})

    within(10, 40, flood)


def test_classes_made_at_run_time_do_not_pile_up() -> None:
    def flood() -> None:
        for _ in range(3_000):
            read_inputs(type("Made", (), {"text": "x" * 10_000})())

    within(10, 40, flood)


def test_wide_sparse_input_is_never_made_dense() -> None:
    matrix = scipy.sparse.random(1_000, 5_000_000, density=1e-6, format="csr", rng=np.random.default_rng(0))
    batch = within(3, 150, lambda: read_inputs(matrix))
    assert batch.size == 1_000
    assert batch.nbytes < 1_000_000


def test_a_wide_probability_matrix_is_reduced() -> None:
    matrix = np.full((20_000, 1_000), 0.001)
    outputs = within(10, 400, lambda: read_outputs(matrix, operation="predict_proba"))
    assert outputs.nbytes < 1_000_000
    assert outputs.row(0).score == 0.001


def test_a_great_many_days_are_a_number_of_seconds() -> None:
    """Their seconds do not fit into the integers by which numpy divides."""
    days = np.array([106751991167301, 1], dtype="timedelta64[D]")
    assert read_outputs(days[0], operation="predict").row(0).value == pytest.approx(106751991167301 * 86_400.0)
    batch = read_inputs({"stay": days, "more": days})
    assert isinstance(batch, Batch)
    assert batch.row(1).values == [86_400.0, 86_400.0]
