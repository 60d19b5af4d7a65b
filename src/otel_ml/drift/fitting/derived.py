"""Variables that no single column holds: projections of all numbers, and shares of what texts are made of.

They are fitted to one half of the sampled rows, and counted on the other, since the rows that something was fitted to look
better than any others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from otel_ml.drift.counts.columns import to_numbers
from otel_ml.drift.fitting.blocks import Blocks, Variation, variation
from otel_ml.drift.fitting.describe import on_line
from otel_ml.drift.fitting.distribution import Distribution
from otel_ml.drift.fitting.timeline import Timeline
from otel_ml.drift.projections import fit_projections, project
from otel_ml.drift.text import Vocabulary, non_letters, unseen_tokens
from otel_ml.drift.variables import Projections, Subject, Variable

if TYPE_CHECKING:
    from otel_ml.drift.fitting.sample import Sample

_ROWS_A_FEATURE: Final = 10
"""Rows that each projected feature takes: fewer fit the rows at hand, and not the features."""

_LEAST: Final = 100

_DENSE: Final = 0.2
"""Share of all rows below which those of a sample are too far from each other to tell whether neighbours are alike."""

_SEED: Final = 0


class Halves:
    """A sample in two halves.

    Args:
        sample: of the rows.
        timed: whether its rows have times.
        in_time: whether they have, or are in order of time.
        bins: about how many a variable will have.
    """

    def __init__(self, sample: Sample, timed: bool, in_time: bool, bins: int) -> None:
        self.table = sample.table()
        self._bins = bins
        rows = len(sample.places)
        self.enough = rows // 2 >= _LEAST
        self._fraction = (rows // 2) / max(1, sample.rows)
        self._timeline = Timeline(timed)
        self._in_time = in_time
        self._slots = np.empty(0, dtype=np.int64)
        if self.enough:
            times = sample.times[1::2] if timed else None
            self._slots, _ = self._timeline.assign(rows // 2, times)

    def project(self, variables: Sequence[Variable]) -> tuple[Projections | None, list[Variable]]:
        """Projections of the numeric ones among these features, and the variables they make.

        A sample is too thin for blocks as short as those of all rows. So they vary at least as a random sum of their
        features does: by the mean overdispersion, and the root mean square of the distances.
        """
        numeric = {variable.name: variable for variable in variables if variable.kind == "numeric"}
        features = [name for name in numeric if name in self.table]
        most = len(self._slots) // _ROWS_A_FEATURE
        if len(features) > most:
            chosen = np.random.default_rng(_SEED).choice(len(features), most, replace=False)
            features = [features[index] for index in np.sort(chosen)]
        if not self.enough or len(features) < 2:
            return None, []
        numbers = np.column_stack([to_numbers(self.table[name], "numeric").values for name in features])
        projections = fit_projections(numbers[::2], features, _SEED)
        if projections is None:
            return None, []
        least = Variation(
            float(np.mean([numeric[name].overdispersion for name in features])),
            float(np.sqrt(np.mean([numeric[name].block_distance ** 2 for name in features]))),
        )
        found = project(projections, numbers[1::2])
        return projections, [self._variable(name, values, "multivariate", least) for name, values in found.items()]

    def texts(self, variable: Variable) -> list[Variable]:
        """The variables of a column of free text; they vary at least as its length does."""
        name = variable.name
        if not self.enough or name not in self.table:
            return []
        texts = self.table[name]
        vocabulary = Vocabulary()
        vocabulary.update(texts[::2].tolist())
        hashes = vocabulary.hashes()
        least = Variation(variable.overdispersion, variable.block_distance)
        unseen = self._variable(f"{name}.unseen_tokens", unseen_tokens(texts[1::2], hashes), "feature", least)
        other = self._variable(f"{name}.non_letters", non_letters(texts[1::2]), "feature", least)
        return [
            replace(unseen, source=name, derivation="unseen_tokens", vocabulary=hashes),
            replace(other, source=name, derivation="non_letters"),
        ]

    def _variable(self, name: str, values: np.ndarray, subject: Subject, least: Variation) -> Variable:
        present = ~np.isnan(values)
        line = Distribution()
        line.add(values[present])
        empty = Variable(name, subject, rows=len(values), nulls=int((~present).sum()))
        variable = on_line(empty, line, self._bins)
        if not self._in_time:
            return variable
        blocks = Blocks(len(variable.counts))
        blocks.add(self._slots[present], np.searchsorted(variable.edges, values[present]))
        found = variation(blocks.counts[: self._timeline.blocks], self._timeline.follows(), self._fraction)
        phi = found.overdispersion if self._fraction >= _DENSE else 1.0
        return replace(
            variable,
            overdispersion=round(max(phi, least.overdispersion), 3),
            block_distance=round(max(found.distance, least.distance), 4),
        )
