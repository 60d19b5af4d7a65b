"""Marks that do not add up are found as the parser would read them, in pieces of any size."""

from __future__ import annotations

import io
import tracemalloc

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.cli.files.csv_quotes import Quotes
from tests.support.growth import assert_grows_less

parts = st.lists(st.sampled_from([b'"', b'""', b'"""', b",", b"\n", b"x", b'","', b'\n"']), max_size=30)
lines = st.sampled_from([b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r\n\n"])
texts = st.builds(lambda found, line: b"".join(found).replace(b"\n", line), parts, lines)


def one_by_one(content: bytes) -> int | None:
    """The line of a mark that is left open, by a machine of two states."""
    ends, line, opened, spans, last, place = b",\n\r", 1, None, False, 10, 0
    while place < len(content):
        byte = content[place]
        if opened is None:
            if byte == 34 and last in ends:
                opened, spans = line, False
        elif byte == 34:
            following = content[place + 1] if place + 1 < len(content) else 10
            if following == 34:
                place += 1
            elif spans and following not in ends:
                return opened
            else:
                opened = None
        else:
            spans |= byte in b"\n\r"
        line += byte in b"\n\r" and not (byte == 10 and last == 13)
        last = content[place]
        place += 1
    return opened


def found(content: bytes, sizes: list[int]) -> int | None:
    quotes = Quotes(",")
    while content:
        size = sizes.pop() if sizes else len(content)
        quotes.look(content[:size])
        content = content[size:]
    quotes.end()
    return quotes.broken


@settings(max_examples=2_000, deadline=None)
@given(texts)
def test_a_piece_is_read_as_by_a_machine_of_two_states(content: bytes) -> None:
    assert found(content, []) == one_by_one(content)


@settings(max_examples=1_000, deadline=None)
@given(texts, st.lists(st.integers(1, 6), max_size=40))
def test_pieces_change_nothing(content: bytes, sizes: list[int]) -> None:
    assert found(content, sizes) == one_by_one(content)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.text('a",\n', max_size=6), st.text('a",\n', max_size=6)), min_size=1, max_size=20))
def test_what_is_written_as_it_should_be_is_never_refused(rows: list[tuple[str, str]]) -> None:
    out = io.BytesIO()
    pa.csv.write_csv(pa.table({"a": [a for a, _ in rows], "b": [b for _, b in rows]}), out)
    assert found(out.getvalue(), []) is None


@pytest.mark.parametrize("count", [255, 256])
def test_marks_without_end_are_not_kept(count: int) -> None:
    piece = b'"' * (1 << 16)
    quotes = Quotes(",")
    tracemalloc.start()
    try:
        quotes.look(b"a\n")
        for _ in range(count):
            quotes.look(piece)
        quotes.look(b'"' * (count % 2))
        assert tracemalloc.get_traced_memory()[1] < 4 << 20, "less than all of them, which are 16 MB"
    finally:
        tracemalloc.stop()
    assert quotes.open_line is None
    quotes.end()
    assert quotes.broken == (2 if count % 2 else None)


def test_a_block_in_which_something_is_odd_takes_no_longer_for_each_of_its_fields() -> None:
    def look(rows: int) -> None:
        Quotes(",").look(b'5" pipe\n' + b'"a","b"\n' * rows)

    # 32 times as many marks. Where lines are counted from the beginning for each of them, it takes 700 times as long.
    assert_grows_less(150, lambda: look(2_000), lambda: look(64_000))


def test_lines_are_counted_over_breaks_of_all_kinds() -> None:
    for size in range(1, 9):
        content = b'a\r\nb\rc\n\rd\r\n"e'
        quotes = Quotes(",")
        for start in range(0, len(content), size):
            quotes.look(content[start : start + size])
        assert (size, quotes.open_line) == (size, 6)
