"""Any file that holds a table is read, or it is said what to do about it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.cli.files.csv_table import BLOCK
from otel_ml.cli.files.errors import FileError
from otel_ml.cli.files.plan import Plan
from otel_ml.cli.files.tables import Files
from otel_ml.drift.tables import columns_of

Table = dict[str, list[Any]]


def read(*paths: Path, plan: Plan | None = None) -> Table:
    """All columns, nulls as None."""
    found: dict[str, list[Any]] = {}
    for chunk in Files([str(path) for path in paths]).chunks(plan or Plan()):
        for name, column in columns_of(chunk)[0].items():
            found.setdefault(name, []).extend(None if value != value else value for value in column.tolist())
    return found


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[bytes | str], Path]:
    def write(content: bytes | str, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def refusal(path: Path, plan: Plan | None = None) -> str:
    with pytest.raises(FileError) as caught:
        read(path, plan=plan)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "table"),
    [
        ("a,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("a,b\r\n1.5,x\r\n,\r\n", {"a": [1.5, None], "b": ["x", None]}),
        ("a,b\n1,x", {"a": [1], "b": ["x"]}),
        ("a,b\r1,x\r2,y\r", {"a": [1, 2], "b": ["x", "y"]}),
        ("\n\r\na,b\n\n1,x\n2,y\n\n\r\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("sep=;\r\na;b\r\n1,5;x\r\n", {"a": [1.5], "b": ["x"]}),
        ('a,b\r\n1,"two\r\nlines"\r\n2,x\r\n', {"a": [1, 2], "b": ["two\r\nlines", "x"]}),
        ('a,b\n1,5" pipe\n2,"6"" pipe"\n', {"a": [1, 2], "b": ['5" pipe', '6" pipe']}),
        ("\ufeffa,b\n1,x\n", {"a": [1], "b": ["x"]}),
        ('a,b\n1,"two\nlines, ""quoted"""\n', {"a": [1], "b": ['two\nlines, "quoted"']}),
        ('"a","b"\n"1","x"\n"NA",""\n', {"a": [1, None], "b": ["x", None]}),
        ("a;b\n1,5;x\n-2;y\n", {"a": [1.5, -2.0], "b": ["x", "y"]}),
        ("a\tb\n1\tx, y\n", {"a": [1], "b": ["x, y"]}),
        ("a|b\n1|x\n", {"a": [1], "b": ["x"]}),
        ("a\n1\n2\n", {"a": [1, 2]}),
        (",a\n0,x\n1,y\n", {"Unnamed: 0": [0, 1], "a": ["x", "y"]}),
        (",Unnamed: 0,a\n0,0,x\n", {"Unnamed: 0.1": [0], "Unnamed: 0": [0], "a": ["x"]}),
        (",0\n0,x\n1,y\n", {"Unnamed: 0": [0, 1], "0": ["x", "y"]}),
        ("0,1,2\n5,6,7\n", {"0": [5], "1": [6], "2": [7]}),
        ("name,2011,2012\nx,1,2\n", {"name": ["x"], "2011": [1], "2012": [2]}),
        ("a\ntrue\nFalse\n\nNA\n", {"a": [True, False, None]}),
        ("zip\n01234\n98765\n", {"zip": ["01234", "98765"]}),
        ("a\n 1\n 2.5 \n", {"a": [1.0, 2.5]}),
        ("a\n1\n?\n3\n", {"a": [1.0, "?", 3.0]}),
        ("a\n1e3\ninf\n-Infinity\n.5\n", {"a": [1000.0, float("inf"), -float("inf"), 0.5]}),
        ("a\n9007199254740993\n1\n", {"a": [9007199254740993, 1]}),
        ("Größe,b\nx,東京\n", {"Größe": ["x"], "b": ["東京"]}),
    ],
)
def test_csv_of_every_style(csv: Callable[..., Path], content: str, table: Table) -> None:
    assert read(csv(content)) == table


def test_dates_of_a_csv_are_dates_with_and_without_zone(csv: Callable[..., Path]) -> None:
    path = csv("a,b,c\n2013-01-01,2013-01-01T05:00:00Z,2013-01-01 05:00:00\n,2013-01-01T05:00:00+02:00,\n")
    (chunk,) = Files([str(path)]).chunks(Plan())
    assert all(np.issubdtype(column.dtype, np.datetime64) for column in chunk.values())
    assert chunk["b"].tolist()[1] == chunk["b"].tolist()[0].replace(hour=3)
    assert np.isnat(chunk["a"][1])


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16"])
def test_other_encodings_are_read(csv: Callable[..., Path], encoding: str) -> None:
    files = Files([str(csv("straße,b\n1,ø\n2,x\n".encode(encoding)))])
    (chunk,) = files.chunks(Plan())
    assert list(chunk) == ["straße", "b"]
    assert chunk["b"].tolist() == ["ø", "x"]
    assert bool(files.notes) == (encoding != "utf-16")


def test_a_column_may_change_its_type_after_the_first_block(csv: Callable[..., Path]) -> None:
    rows = BLOCK // 8 + 1
    first = [f"{index % 1000},1" for index in range(rows)]
    path = csv("a,b\n" + "\n".join([*first, "1.5,oops", "x,2", ","]) + "\n")
    table = read(path)
    assert table["a"][:3] == [0, 1, 2]
    assert table["a"][-3:] == [1.5, "x", None]
    assert table["b"][-3:] == ["oops", 2, None]
    assert len(table["a"]) == rows + 3


def test_a_column_may_be_empty_in_the_first_block(csv: Callable[..., Path]) -> None:
    rows = BLOCK // 8 + 1
    path = csv("a,bbbbbbbb\n" + "\n".join(["1234567,"] * rows + ["1,01"]) + "\n")
    table = read(path)
    assert table["bbbbbbbb"][0] is None
    assert table["bbbbbbbb"][-1] == "01"


def test_a_baseline_tells_the_types(csv: Callable[..., Path]) -> None:
    types = {"code": "text", "n": "number", "flag": "boolean", "day": "datetime"}
    path = csv("code,n,flag,day\n1,x,1,2013-01-01\n2,7,no,later\n")
    table = read(path, plan=Plan(lambda name: types[name]))  # type: ignore[arg-type, return-value]  # all are column types
    assert table["code"] == ["1", "2"]
    assert table["n"] == ["x", 7.0]
    assert table["flag"] == [True, False]
    assert table["day"][1] == "later"


def test_columns_that_are_not_wanted_cost_nothing_and_keep_their_name(csv: Callable[..., Path], tmp_path: Path) -> None:
    path = csv("a,b\n1,x\n")
    assert read(path, plan=Plan(wanted="a".__eq__)) == {"a": [1], "b": [None]}
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", plan=Plan(wanted="a".__eq__)) == {"a": [1], "b": [None]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n", "has no rows"),
        (b"1.5,x\n2.5,y\n", "begins with values, not with column names"),
        (b"Oslo,12,x\nRome,13,y\n", "begins with values, not with column names"),
        (b"a,b,a\n1,2,3\n", "two columns called 'a'"),
        (b"a,b\n1,2\n1,2,3\n", "3 fields instead of 2 in row 3"),
        (b"a,b\n1,2\n3\n", "1 field instead of 2 in row 3: a row is cut short"),
        (b"a,b\n1,2\n3,4,5\n", "3 fields instead of 2 in row 3: quote values that hold a ','"),
        (b"made by hand\na,b\n1,2\n", "2 fields instead of 1 in row 2: is the first line that of the column names"),
        (b"\x89\x00\x01\x02" * 100, "neither CSV nor Parquet"),
        (b"PAR1 and nothing more", "no Parquet file that can be read"),
        (b"\x1f\x8b and nothing more", "is damaged"),
        (b"BZh and nothing more", "is damaged"),
        (b"PK\x03\x04 and nothing more", "is damaged"),
        (gzip.compress(b"a,b\n" + os.urandom(200_000).hex().encode())[:-20], "is damaged"),
        (b"a,b\n1," + b"x" * (2 * BLOCK), "has a row of more than 1 MB"),
        (b'a,b\n1,"' + b"x" * (2 * BLOCK), "has a quotation mark in line 2 that is left open"),
        (b"a,b", "has no rows"),
        (b"\xef\xbb\xbf", "is empty"),
        (b'{"a": 1}\n{"a": 2}\n', "is JSON"),
        (b'[{"a": 1}]', "is JSON"),
        (b"<!DOCTYPE html><title>404</title>", "is HTML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_advice(csv: Callable[..., Path], content: bytes, says: str) -> None:
    path = csv(content)
    assert says in refusal(path)
    assert str(path) in refusal(path)


def rows(first: int, last: int) -> str:
    return "".join(f"{row},x{row}\n" for row in range(first, last))


@pytest.mark.parametrize("count", [3, 1_000, 300_000])
@pytest.mark.parametrize("broken", ['5,"oops\n', '"5,oops\n', '5,"oops, ""well""\n'])
@pytest.mark.parametrize("rest", ["", '6,"fine"\n7,x\n', '6,""\n'])
def test_an_open_quotation_mark_swallows_nothing_in_silence(
    csv: Callable[..., Path], count: int, broken: str, rest: str
) -> None:
    path = csv("a,b\n" + rows(0, count) + broken + rows(0, count) + rest)
    assert f"quotation mark in line {count + 2:,} that is left open" in refusal(path)


def test_an_open_quotation_mark_is_found_wherever_it_is(csv: Callable[..., Path]) -> None:
    assert "mark in line 1 that" in refusal(csv('"a,b\n1,2\n3,4\n'))
    assert "mark in line 3 that" in refusal(csv('a,b\n1,2\n3,"4'))
    assert "mark in line 5 that" in refusal(csv('\n\na,b\n1,2\n3,"4\n'))
    assert "mark in line 4 that" in refusal(csv('a,b\n1,"two\nlines"\n3,"4\n'))
    assert "mark in line 3 that" in refusal(csv('a,b\n1,2\n3,"4\n'.encode("utf-16")))
    assert "mark in line 3 that" in refusal(csv(gzip.compress(b'a,b\n1,2\n3,"4\n')))


def test_an_excel_workbook_is_called_one(csv: Callable[..., Path]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("xl/workbook.xml", "")
    assert "is an Excel workbook" in refusal(csv(packed.getvalue()))


def test_values_of_a_broken_row_are_not_shown(csv: Callable[..., Path]) -> None:
    assert "secret" not in refusal(csv("a,b\n1,2\nsecret,secret,secret\n"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_are_more_than_a_file_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(content)
    try:
        read(path)
    except FileError:
        pass


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_known_by_their_content(
    csv: Callable[..., Path], compress: Callable[[bytes], bytes]
) -> None:
    assert read(csv(compress(b"a,b\n1,x\n"))) == {"a": [1], "b": ["x"]}


def test_a_zip_archive_of_one_file_is_read_and_of_two_is_not(csv: Callable[..., Path]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
    assert read(csv(packed.getvalue())) == {"a": [1]}
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("b.csv", "a\n1\n")
    assert "holds 2 files" in refusal(csv(packed.getvalue()))


def test_several_files_and_folders_are_one_table_in_order(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, value in (("folder/b.csv", 3), ("folder/a.csv.gz", 2), ("first.csv", 1), ("folder/_notes.csv", 9)):
        content = f"a\n{value}\n".encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert read(tmp_path / "first.csv", tmp_path / "folder") == {"a": [1, 2, 3]}


DIALECTS: dict[str, bytes] = {
    "a.csv": b"n,word,day\n1.5,x,2013-01-01\n2,\xc3\xb8,\n",
    "b.csv": "n;word;day\r\n1,5;x;2013-01-01\r\n2;ø;\r\n".encode("cp1252"),
    "c.csv.gz": gzip.compress("sep=;\r\nday;n;word\r\n2013-01-01;1,5;x\r\n;2;ø\r\n".encode("utf-16")),
    "d.txt": "\ufeffn\tword\tday\n1.5\tx\t2013-01-01\n2\tø\t\n".encode(),
}


@pytest.mark.parametrize("names", [[*DIALECTS], [*DIALECTS][::-1], ["b.csv", "a.csv", "b.csv"]])
def test_each_file_has_a_dialect_of_its_own(tmp_path: Path, names: list[str]) -> None:
    for name, content in DIALECTS.items():
        (tmp_path / name).write_bytes(content)
    table = read(*(tmp_path / name for name in names))
    assert table["n"] == [1.5, 2.0] * len(names)
    assert table["word"] == ["x", "ø"] * len(names)
    assert table["day"] == table["day"][:2] * len(names)
    assert read(tmp_path)["n"] == [1.5, 2.0] * len(DIALECTS)


def test_a_decimal_comma_of_one_file_is_no_decimal_mark_in_the_next(csv: Callable[..., Path]) -> None:
    german = csv("n;m\n1,5;1\n", "german.csv")
    english = csv('n,m\n"1,234",2\n', "english.csv")
    assert read(german, english)["n"] == [1.5, "1,234"]


def test_times_have_the_decimal_mark_of_their_file(csv: Callable[..., Path]) -> None:
    files = csv("t,n\n1357016400.5,1\n", "a.csv"), csv("t;n\n1357016400,5;1\n", "b.csv")
    assert read(*files, plan=Plan(time="t"))["t"] == [1357016400.5] * 2
    path = csv("t;n\n2013-01-01 05:00:00,5;1\n")
    assert read(path, plan=Plan(time="t"))["t"] == [1357016400.5]


def test_a_partitioned_folder_of_parquet_has_its_keys_as_columns(tmp_path: Path) -> None:
    for month, region in ((1, "north"), (2, "south")):
        folder = tmp_path / f"month={month}" / f"region={region}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"a": [month * 1.5, None]}), folder / "part-0.parquet")
    (tmp_path / "_SUCCESS").touch()
    assert read(tmp_path) == {
        "a": [1.5, None, 3.0, None],
        "month": [1, 1, 2, 2],
        "region": ["north", "north", "south", "south"],
    }


def test_parquet_types_arrive_as_they_are(tmp_path: Path) -> None:
    words = pa.array(["x", None, "x"]).dictionary_encode()
    table = pa.table({"i": [1, None, 2**60], "b": [True, None, False], "w": words, "n": pa.nulls(3)})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    assert read(tmp_path / "t.parquet") == {
        "i": [1, None, 2**60],
        "b": [True, None, False],
        "w": ["x", None, "x"],
        "n": [None] * 3,
    }


def test_a_folder_without_tables_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "has no files that end in .parquet or .csv" in refusal(tmp_path)
    assert "No such file" in refusal(tmp_path / "no.csv")
    with pytest.raises(FileError, match="only once"):
        Files(["-", "-"])


def test_standard_input_is_read_as_it_comes() -> None:
    program = (
        "from otel_ml.cli.files.tables import Files; from otel_ml.cli.files.plan import Plan\n"
        "print([chunk['a'].tolist() for chunk in Files(['-']).chunks(Plan())])"
    )
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=read_end, stdout=subprocess.PIPE, text=True
    ) as process:
        os.close(read_end)
        for part in (b"a", b",b\n1", b",2\n", b"3,4"):
            os.write(write_end, part)
        os.close(write_end)
        out, _ = process.communicate(timeout=60)
    assert out.strip() == "[[1, 3]]"


@pytest.mark.parametrize(
    "column",
    [
        "2013-01-01T05:00:00Z 2013-01-01T05:00:01Z",
        "2013-01-01T06:00:00+01:00 2013-01-01T06:00:01+01:00",
        "2013-01-01T05:00:00 2013-01-01T05:00:01.000",
        "1357016400 1357016401",
        "1357016400.0 1357016401.0",
        "1357016400000 1357016401000",
        "1357016400000000 1357016401000000",
        "1357016400000000000 1357016401000000000",
    ],
)
def test_times_of_every_style(csv: Callable[..., Path], column: str) -> None:
    path = csv("t\n" + "\n".join(column.split()) + "\n")
    assert read(path, plan=Plan(time="t")) == {"t": [1357016400.0, 1357016401.0]}


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("ns"), pa.timestamp("ms", "Europe/Oslo"), pa.timestamp("s"), pa.date32(), pa.int64(), pa.string()],
)
def test_times_of_parquet(tmp_path: Path, kind: Any) -> None:
    days = [0, 86_400]
    if pa.types.is_date(kind):
        column = pa.array([0, 1], pa.int32()).cast(kind)
    elif pa.types.is_string(kind):
        column = pa.array(["1970-01-01", "1970-01-02"])
    elif pa.types.is_timestamp(kind):
        column = pa.array(days, pa.int64()).cast(pa.timestamp("s", kind.tz)).cast(kind)
    else:
        column = pa.array(days)
    pq.write_table(pa.table({"t": column}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", plan=Plan(time="t")) == {"t": [0.0, 86_400.0]}


def test_the_unit_of_times_does_not_change_within_a_table(csv: Callable[..., Path], tmp_path: Path) -> None:
    first, second = csv("t\n1357016400000\n"), tmp_path / "second.csv"
    second.write_text("t\n5\n")
    assert read(first, second, plan=Plan(time="t")) == {"t": [1357016400.0, 0.005]}


def test_a_column_of_no_times_is_refused_by_row(csv: Callable[..., Path]) -> None:
    path = csv("t,n\n2013-01-01,1\nnever,2\n")
    assert "'t' is no time: see row 2" in refusal(path, Plan(time="t"))
    assert "no column 'when' of times; it has t, n" in refusal(path, Plan(time="when"))


def test_how_far_it_is_is_known_in_bytes(csv: Callable[..., Path], tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": range(200_000)}), tmp_path / "t.parquet")
    files = Files([str(csv("a\n1\n")), str(tmp_path / "t.parquet")])
    seen = [files.done for _ in files.chunks(Plan())]
    assert seen == sorted(seen)
    assert 0 < seen[1] < seen[-1] == files.done == files.size


PEAK = """
import resource, sys
from otel_ml.cli.files.tables import Files
from otel_ml.cli.files.plan import Plan
rows = sum(len(next(iter(chunk.values()))) if isinstance(chunk, dict) else chunk.num_rows
           for chunk in Files(sys.argv[1:]).chunks(Plan()))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, kind: str) -> None:
    rows = 300_000
    part = pa.table({f"f{index}": np.random.default_rng(index).normal(size=rows) for index in range(8)})
    peaks = []
    for times in (1, 6):
        path = tmp_path / f"{times}.{kind}"
        whole = pa.concat_tables([part] * times)
        if kind == "csv":
            pa.csv.write_csv(whole, path)
        else:
            pq.write_table(whole, path, row_group_size=rows * times)  # all in one group
        done = subprocess.run(
            [sys.executable, "-c", PEAK, path], capture_output=True, text=True, timeout=120, check=True
        )
        found, peak = map(int, done.stdout.split())
        assert found == rows * times
        peaks.append(peak)
    assert path.stat().st_size > 100 * 2**20
    assert peaks[1] - peaks[0] < 40  # MB, of a file that is 100 larger
