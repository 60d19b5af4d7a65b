"""What is kept of one column while its rows go by: sketches, one set for each type of value that came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.counts.labels import MAX_LABEL, category_of, slots
from otel_ml.drift.fitting.blocks import Blocks, Variation, variation
from otel_ml.drift.fitting.distribution import Distribution
from otel_ml.drift.fitting.edges import cut
from otel_ml.drift.fitting.frequent import SLOTS, Frequent
from otel_ml.drift.fitting.parts import Part, parts_of
from otel_ml.drift.fitting.rebinning import by_bins, by_edges

if TYPE_CHECKING:
    from otel_ml.drift.variables import Kind

Line = Literal["number", "datetime", "length"]
"""What a distribution is of: a text lies on a line by its length."""

_MANY: Final = 0.5
"""Share of different texts above which blocks compare their lengths, and not the texts themselves."""


class Column:
    """One column.

    Args:
        kind: the declared one, None to have it inferred.
        bins: about how many a variable will have.

    Attributes:
        kind: as declared.
        rows: values seen, nulls included.
        nulls: how many of them were null.
        lines: distributions by what they are of.
        labels: the texts, or all values where categories are declared.
        spaced: how many texts have white space in them.
        truths: how many values were False, and True.
        others: how many were of a type that nothing is made of, by its name.
        integers: whether every number came as an integer, and not as a float that happens to be whole.
        rises: how many numbers or dates were above the one before.
        blocks: counts by block of time, for each distribution and for the labels.
    """

    def __init__(self, kind: Kind | None, bins: int) -> None:
        self.kind = kind
        self.rows = self.nulls = self.spaced = self.rises = 0
        self.integers = True
        self.lines: dict[Line, Distribution] = {}
        self.labels = Frequent()
        self.truths = [0, 0]
        self.others: Counter[str] = Counter()
        self.blocks: dict[str, Blocks] = {}
        self._bins = bins
        self._provisional: dict[str, Any] = {}

    def add(self, values: np.ndarray, slots: np.ndarray) -> None:
        """Adds a block of rows.

        Args:
            values: 1-D, of any dtype.
            slots: the block of time of each, as `Timeline.assign` gives it.
        """
        self.rows += len(values)
        present = np.zeros(len(values), dtype=bool)
        for part in self._parts(values):
            present[slice(None) if part.rows is None else part.rows] = True
            if part.type == "number" and self.integers:
                self.integers = _are_integers(values)
            if self.kind != "masked":
                self._add(part, slots if part.rows is None else slots[part.rows])
        self.nulls += len(values) - int(np.count_nonzero(present))

    def merge(self, other: Column, places: np.ndarray) -> None:
        """Adds what another one has seen; `places` says which block of time each of its blocks is here, negative for none."""
        for source, blocks in other.blocks.items():
            if source not in self.blocks and source in other._provisional:
                self._provisional[source] = other._provisional[source]
            mine = self._block(source, blocks.counts.shape[1])
            mine.merge(blocks, places, other._shares(source, self._provisional, mine.counts.shape[1]))
        self.rows += other.rows
        self.nulls += other.nulls
        self.spaced += other.spaced
        self.rises += other.rises
        self.integers &= other.integers
        self.labels.merge(other.labels)
        self.others.update(other.others)
        self.truths = [mine + more for mine, more in zip(self.truths, other.truths, strict=True)]
        for name, line in other.lines.items():
            self.line(name).merge(line)

    def variations(self, name: str, follows: np.ndarray) -> list[Variation]:
        """How much blocks of time vary; none where there are none of this name."""
        blocks = self.blocks.get(name)
        return [] if blocks is None else [variation(blocks.counts[: len(follows)], follows)]

    def add_nulls(self, rows: int) -> None:
        """Adds rows that did not have this column."""
        self.rows += rows
        self.nulls += rows

    def regroup(self, places: np.ndarray) -> None:
        """Joins blocks of time, as `Blocks.regroup` does."""
        for blocks in self.blocks.values():
            blocks.regroup(places)

    def line(self, name: Line) -> Distribution:
        """The distribution of this name."""
        return self.lines.setdefault(name, Distribution())

    def _parts(self, values: np.ndarray) -> list[Part]:
        if self.kind in ("numeric", "datetime"):
            numbers, wrong = to_numbers(values, self.kind)
            rows = np.flatnonzero(~np.isnan(numbers))
            kind: Literal["number", "datetime"] = "number" if self.kind == "numeric" else "datetime"
            found = [Part(kind, numbers[rows], rows)]
            if wrong is not None and wrong.any():
                found += [Part("other", list(values[wrong]), np.flatnonzero(wrong))]
            return found
        found = parts_of(values)
        if self.kind in ("categorical", "identifier"):
            return [part if part.type == "text" else Part("text", _labels(part, values), part.rows) for part in found]
        return found

    def _add(self, part: Part, slots: np.ndarray) -> None:
        if part.type == "number" or part.type == "datetime":
            self.line(part.type).add(part.values)
            self.rises += int(np.count_nonzero(part.values[1:] > part.values[:-1]))
            self._count(part.type, part.values, slots)
        elif part.type == "text":
            self._add_texts(part.values, slots)
        elif part.type == "boolean":
            true = int(np.count_nonzero(part.values))
            self.truths[0] += len(part.values) - true
            self.truths[1] += true
            self._block("boolean", 2).add(slots, part.values.astype(np.intp))
        else:
            self.others.update(type(value).__name__ for value in part.values)

    def _add_texts(self, texts: list[str], places: np.ndarray) -> None:
        counts: dict[str, int] = Counter(texts)
        lengths = np.fromiter(map(len, counts), dtype=np.int64, count=len(counts))
        weights = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
        by_length = np.unique(lengths)
        sums = np.bincount(np.searchsorted(by_length, lengths), weights).astype(np.int64)
        self.line("length").add_weighted(by_length.astype(np.float64), sums)
        self.spaced += sum([count for text, count in counts.items() if " " in text])
        if len(lengths) and lengths.max() > MAX_LABEL:
            shorter: Counter[str] = Counter()
            for text, count in counts.items():
                shorter[category_of(text)] += count
            self.labels.add(shorter)
        else:
            self.labels.add(counts)
        if not self._provisional.keys() & {"label", "length"}:
            self._choose_texts(counts, len(texts))
        kept = np.flatnonzero(places >= 0)
        if len(kept) < len(texts):  # most blocks of many rows are left out
            texts, places = [texts[row] for row in kept.tolist()], places[kept]
        if "length" in self._provisional:
            self._count("length", np.fromiter(map(len, texts), dtype=np.float64, count=len(texts)), places)
        else:
            table: dict[str, int] = self._provisional["label"]
            self._block("label", len(table) + SLOTS).add(places, _codes(texts, table))

    def _choose_texts(self, counts: dict[str, int], size: int) -> None:
        if self.kind in ("text", "identifier") or (self.kind is None and len(counts) > _MANY * size):
            self._provisional["length"] = None
        else:
            first = sorted(counts, key=lambda text: (-counts[text], text))[: self._bins - 1]
            self._provisional["label"] = {text: code for code, text in enumerate(first)}

    def _count(self, name: Line, values: np.ndarray, slots: np.ndarray) -> None:
        edges = self._provisional.get(name)
        if edges is None:
            sketch = Distribution()
            sketch.add(values)
            edges = np.array(cut(*sketch.quantiles.summary(), self._bins, whole=sketch.whole).edges)
            self._provisional[name] = edges
        kept = slots >= 0
        self._block(name, len(edges) + 1).add(slots[kept], np.searchsorted(edges, values[kept]))

    def _shares(self, source: str, new: Mapping[str, Any], bins: int) -> np.ndarray:
        """How the values of each provisional bin are spread over those of another part."""
        if source == "boolean":
            return np.eye(bins)
        old, width = self._provisional[source], self.blocks[source].counts.shape[1]
        if source == "label":
            counts = {**dict.fromkeys(old, 1), **dict(self.labels.most())}
            weights = np.fromiter(counts.values(), dtype=np.int64, count=len(counts))
            return by_bins(_codes(list(counts), old), _codes(list(counts), new[source]), weights, (width, bins))
        return by_edges(old, new[source], self.lines[cast(Line, source)])

    def _block(self, name: str, bins: int) -> Blocks:
        found = self.blocks.get(name)
        if found is None:
            found = self.blocks[name] = Blocks(bins)
        return found


def _are_integers(column: np.ndarray) -> bool:
    if column.dtype.kind == "O":
        return all(issubclass(kind, (int, np.integer)) for kind in set(map(type, column.tolist())) - {type(None)})
    return column.dtype.kind in "iub"


def _codes(texts: list[str], table: dict[str, int]) -> np.ndarray:
    """The provisional bin of each text: its own, or one that rare ones share."""
    codes = np.fromiter(map(table.get, texts, repeat(-1)), dtype=np.intp, count=len(texts))
    rare = np.flatnonzero(codes < 0)
    codes[rare] = len(table) + slots([texts[row] for row in rare.tolist()], SLOTS)
    return codes


def _labels(part: Part, column: np.ndarray) -> list[str]:
    """The categories of values that are no texts, as `category_of` names them."""
    values = column if part.rows is None else column[part.rows]
    if values.dtype.kind in "iufb":
        distinct, inverse = np.unique(values, return_inverse=True)
        labels = [category_of(value) for value in distinct]
        return [labels[code] for code in inverse.tolist()]
    return (
        [category_of(value) for value in values.tolist()]
        if values.dtype.kind == "O"
        else list(map(category_of, values))
    )
