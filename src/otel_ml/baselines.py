"""Baselines that hold nothing which the policy of privacy does not let out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from otel_ml.drift import baseline as engine

if TYPE_CHECKING:
    from typing_extensions import Self

    from otel_ml.config import Config
    from otel_ml.drift.fitting.treatment import Treatment
    from otel_ml.drift.variables import Kind


class Baseline(engine.Baseline):
    """What the training data was like, by variable: what live traffic is compared with.

    >>> import numpy as np
    >>> baseline = Baseline.fit({"age": np.arange(3000) % 90, "email": ["ann@example.com"] * 3000})
    >>> [(variable.name, variable.kind) for variable in baseline.variables]
    [('age', 'numeric'), ('email', 'masked')]
    """

    __slots__ = ()

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
        config: Config | None = None,
    ) -> Self:
        """Fits a baseline in one pass, in memory that does not grow with the rows.

        A feature that the policy masks or drops leaves nothing but its kind and its null rate, a hashed one hashed
        categories; a category that looks like an e-mail address, a card or a key is counted with the other categories.

        Args:
            data: a table, or an iterator of tables that follow each other: arrays, frames of pandas or polars, pyarrow
                tables, mappings of columns, lists of dicts.
            target: the column of labels: no feature; only used to find features that give it away.
            prediction: the column of what the model predicted on these rows.
            score: the column of its score or confidence.
            probabilities: columns of class probabilities; their entropy becomes a variable.
            time: the column of event times, no feature; it tells how much traffic varies with time.
            ordered: whether rows are in order of time, where no column tells it; never of rows sorted or grouped otherwise.
            categorical: columns whose values are categories whatever they look like.
            exclude: columns that are left out.
            bins: about how many a variable has, 2 to 40.
            kinds: of columns, where the inferred one is not what is meant: numeric, boolean, categorical, datetime, text,
                identifier or masked.
            model: name of the model.
            version: of the model.
            treatment: instead of the policy.
            projections: whether to fit drift of several features together.
            config: whose policy holds; without it the one that `otel_ml.instrument` was given, or that of the environment.
                With ``hash_key``, since hashes have to be the same in the service.

        Raises:
            BaselineError: there are no rows, a column that was named is not there, or its values are not of the declared kind.
            TypeError: the data is no table.
            ConfigError: the environment's configuration is wrong.
        """
        if treatment is None:
            from otel_ml import runtime
            from otel_ml.config import Config
            from otel_ml.privacy.treatment import Treatment as Policy

            if config is None:
                config = Config.load() if runtime.current is None else runtime.current.config
            treatment = Policy(config)
        found = super().fit(
            data,
            target=target,
            prediction=prediction,
            score=score,
            probabilities=probabilities,
            time=time,
            ordered=ordered,
            categorical=categorical,
            exclude=exclude,
            bins=bins,
            kinds=kinds,
            model=model,
            version=version,
            treatment=treatment,
            projections=projections,
        )
        if lost := sum(mark == "name" for mark in found.treated.values()):
            warnings.warn(
                f"baseline: {lost} column name{' looks' if lost == 1 else 's look'} sensitive, and hashed without a key no other "
                "process finds what it stands for: set OTEL_ML_HASH_KEY here and in the service, or rename",
                stacklevel=2,
            )
        return found
