"""Marks that do not add up are found as the parser would read them, in pieces of any size."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.csv
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_ml.cli.files.csv_quotes import Quotes

parts = st.lists(st.sampled_from([b'"', b'""', b",", b"\n", b"x", b'","', b'\n"']), max_size=30)
texts = st.builds(lambda found, line: b"".join(found).replace(b"\n", line), parts, st.sampled_from([b"\n", b"\r"]))


def one_by_one(content: bytes) -> int | None:
    """The line of a mark that is left open, by a machine of two states."""
    ends, line, opened, spans, last, place = b",\n\r", 1, None, False, 10, 0
    breaks = b"\n" if b"\n" in content else b"\r"
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
        line += byte == breaks[0]
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
