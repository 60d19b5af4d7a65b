"""The training data in a few kilobytes: what live traffic is compared with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_ml.drift.variables import Projections, Variable


class BaselineError(ValueError):
    """A baseline that can not be made, read or used; the message says what to do."""


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
