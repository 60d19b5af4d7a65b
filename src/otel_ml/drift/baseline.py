"""The training data in a few kilobytes: what live traffic is compared with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_ml.drift.errors import BaselineError

if TYPE_CHECKING:
    from typing_extensions import Self

    from otel_ml.drift.fitting.fitter import Fitter
    from otel_ml.drift.fitting.treatment import Treatment
    from otel_ml.drift.variables import Kind, Projections, Variable


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the training data was like, by variable.

    Attributes:
        id: content hash, 12 hexadecimal digits: of everything but itself and `created`.
        rows: training rows.
        variables: features in the order of the data, then what the model made of them, then what was derived.
        model: name of the model, if known.
        version: of the model, if known.
        created: when it was fitted, ISO 8601 in UTC.
        start: event time of the first row, ISO 8601 in UTC, where there was a time.
        end: event time of the last row.
        libraries: versions at training, by distribution.
        blocks: time blocks that the overdispersion was estimated from.
        projections: for drift that no single feature shows.
        treated: what privacy did to values in the fit, by feature: ``hash`` and a fingerprint of the key, ``round`` and
            digits, or ``name`` and the fingerprint, where the name itself is a hash. Live values have to be treated alike.
    """

    id: str
    rows: int
    variables: tuple[Variable, ...]
    model: str | None = None
    version: str | None = None
    created: str | None = None
    start: str | None = None
    end: str | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    blocks: int = 0
    projections: Projections | None = None
    treated: dict[str, str] = field(default_factory=dict)
    _fitter: Fitter | None = field(default=None, repr=False, compare=False)

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        target: str | None = None,
        prediction: str | None = None,
        score: str | None = None,
        probabilities: Iterable[str] = (),
        time: str | None = None,
        ordered: bool = False,
        categorical: Iterable[str] = (),
        exclude: Iterable[str] = (),
        bins: int = 20,
        kinds: Mapping[str, Kind] | None = None,
        model: str | None = None,
        version: str | None = None,
        treatment: Treatment | None = None,
        projections: bool = True,
    ) -> Self:
        """Fits a baseline in one pass, in memory that does not grow with the rows.

        Quantiles, and so the counts of bins, are exact up to 16,384 different values in a column, and beyond that off by
        less than 0.4% of the rows at a million of them (`drift.fitting.quantiles` has the bound). The same rows in the same
        order give the same baseline, in however many chunks they come.

        Args:
            data: a table, or an iterator of them: anything that `drift.tables.columns_of` reads.
            target: the column of labels: no feature; only used to find features that give it away.
            prediction: the column of what the model predicted on these rows.
            score: the column of its score or confidence.
            probabilities: columns of class probabilities, one a class (or one alone, of two classes): their entropy
                in bits becomes a variable.
            time: the column of event times, or of seconds since 1970. No feature; it tells how much traffic varies with time.
            ordered: whether rows are in order of time, where no column tells it. Never of rows that are sorted or grouped by
                anything else: the alarm would take groups for hours that differ, and bear as much.
            categorical: columns whose values are categories whatever they look like; short for `kinds`.
            exclude: columns that are left out.
            bins: about how many a variable has, 2 to 40. A value that is frequent by itself has one of its own beside them.
            kinds: of columns, where the inferred one is not what is meant.
            model: name of the model.
            version: of the model.
            treatment: which values may stand in the baseline; all may without one.
            projections: whether to fit drift of several features together.

        Raises:
            BaselineError: there are no rows, a column that was named is not there, or its values are not of the declared kind.
            TypeError: the data is no table.

        >>> import numpy as np
        >>> baseline = Baseline.fit({"age": np.arange(3000) % 90, "city": ["Oslo", "Rome", None] * 1000})
        >>> [(v.name, v.kind, round(v.null_ratio, 2)) for v in baseline.variables if v.subject == "feature"]
        [('age', 'numeric', 0.0), ('city', 'categorical', 0.33)]
        """
        from otel_ml.drift.fitting.fitter import Fitter
        from otel_ml.drift.fitting.options import Options
        from otel_ml.drift.tables import chunks_of

        options = Options(
            target=target,
            prediction=prediction,
            score=score,
            probabilities=tuple(probabilities),
            time=time,
            ordered=ordered,
            exclude=frozenset(exclude),
            bins=bins,
            kinds={**dict(kinds or {}), **dict.fromkeys(categorical, "categorical")},
            model=model,
            version=version,
            treatment=treatment,
            projections=projections,
        )
        fitter = Fitter(options)
        for columns, rows in chunks_of(data):
            fitter.update(columns, rows)
        return cls.of(fitter)

    @classmethod
    def of(cls, fitter: Fitter) -> Self:
        """The baseline of what a `Fitter` has seen so far.

        Raises:
            BaselineError: as `fit`.
        """
        from otel_ml.drift.baseline_file import content_id, content_of
        from otel_ml.drift.fitting.finish import finish

        found, treatment = finish(fitter), fitter.options.treatment
        treated = {}
        if treatment is not None:
            marks = {treatment.safe_name(name): treatment.mark(name) for name in fitter.features}
            treated = {name: mark for name, mark in marks.items() if mark is not None}
        baseline = cls(id="", **found, treated=treated, _fitter=fitter)
        return replace(baseline, id=content_id(content_of(baseline)))

    @classmethod
    def merge(cls, first: Baseline, *others: Baseline) -> Self:
        """Joins baselines that were fitted on parts of the data, such as by the workers of a cluster.

        The result is the baseline of all parts together, within the error that `fit` states. Blocks of time of all parts are
        compared with one another, so that a fit of each day shows the weekend; those of one time add up. Hand the parts on by
        pickle: a file holds no longer what merging needs. A pickled part holds a sample of its rows and its categories as they
        are, all but those of masked and hashed features: keep it as you keep the data.

        Raises:
            BaselineError: a part comes from a file, or was fitted with other options.

        >>> import numpy as np
        >>> parts = [Baseline.fit({"x": np.arange(1000.0) + 1000 * part}) for part in range(3)]
        >>> Baseline.merge(*parts).variables[0].maximum
        2999.0
        """
        from copy import deepcopy

        fitters = [part._fitter for part in (first, *others) if part._fitter is not None]
        if len(fitters) != 1 + len(others):
            raise BaselineError(
                "a baseline from a file can not be merged, as it no longer has the sketches of its data: "
                "fit the parts with the same options and hand them on by pickle"
            )
        joint = deepcopy(fitters[0])
        for fitter in fitters[1:]:
            joint.merge(fitter)
        return cls.of(joint)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Reads a baseline from its file.

        Raises:
            BaselineError: it can not be read, is damaged, or was written by a newer version.
        """
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise BaselineError(f"can not read the baseline {os.fspath(path)}: {error.strerror or error}") from None
        try:
            return cls.from_json(text)
        except BaselineError as error:
            raise BaselineError(f"{os.fspath(path)}: {error}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the baseline's file, whole or not at all; a link stays one.

        Raises:
            OSError: it can not be written.
        """
        from otel_ml.drift.baseline_saving import save_text

        save_text(self.to_json(), path)

    def to_json(self) -> str:
        """The text of the file, as ``docs/baseline.schema.json`` describes it."""
        from otel_ml.drift.baseline_file import content_of, write

        return write(content_of(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads the text of a file. The id is taken afresh from the content, so that an edited baseline is another one.

        Raises:
            BaselineError: as `load`.

        >>> Baseline.from_json("{}")
        Traceback (most recent call last):
        otel_ml.drift.errors.BaselineError: this is no baseline: it does not say its schema; fit one with otel-ml baseline fit
        """
        from otel_ml.drift.baseline_file import content_id, content_of, read

        baseline = cls(**read(text))
        return replace(baseline, id=content_id(content_of(baseline)))
