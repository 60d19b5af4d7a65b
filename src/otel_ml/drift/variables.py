"""What a baseline says of one variable: a feature, the prediction, its score, or a number derived from several."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["numeric", "boolean", "categorical", "datetime", "text", "identifier", "masked"]
"""How a variable is treated. Texts and identifiers are binned by their length, and masked ones only by null or not."""

Subject = Literal["feature", "prediction", "score", "entropy", "multivariate"]
"""What a variable tells of: a value of ``ml.drift.subject``."""

OUTPUTS: Final[tuple[Subject, ...]] = ("prediction", "score", "entropy")
"""Subjects that tell of what the model made of its features."""

_SMALLEST_NORMAL: Final = 2.0**-1022

OTHER: Final = "__other__"
"""The last bin of a categorical variable: everything that has no bin of its own."""

_NARROW: Final = 2.0**-19
"""Width of a bin, as a share of its end, up to which it is that of one value."""

_EXAMPLES: Final = 3
"""Categories that the name of a bin which they share tells."""

NUMERIC_KINDS: Final[frozenset[str]] = frozenset({"numeric", "datetime", "text", "identifier"})
"""Kinds whose bins lie along a line, between edges."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is expected of a value. Suggested by the fit, meant to be edited by hand; None expects nothing.

    Attributes:
        type: ``number``, ``integer``, ``boolean``, ``string`` or ``datetime``.
        completeness: least share of values that are not null, 0 to 1.
        minimum: smallest value allowed, inclusive.
        maximum: largest value allowed, inclusive.
        allowed: the only categories allowed.
        non_negative: whether a number below zero is a violation.
        never_null: whether a null is a violation.
    """

    type: str | None = None
    completeness: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] | None = None
    non_negative: bool = False
    never_null: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as it was in the training data.

    Value ``x`` of a kind that lies along a line is in bin ``searchsorted([*edges, inf], x, side="left")``: a bin ends at
    its edge, inclusive, and the last bin is open. A categorical or boolean one is in the bin of its category, and
    otherwise in the last bin, `OTHER`, or in one of those that take its place.

    Attributes:
        name: of the feature; ``prediction``, ``score``, ``entropy``; or of what was derived.
        subject: what it tells of.
        kind: how it is treated.
        rows: values in the training data, nulls included.
        nulls: how many of them were null.
        edges: upper ends of all bins but the last, ascending, where the kind lies along a line. A datetime is in seconds
            since 1970, a text or an identifier in characters.
        categories: those with a bin of their own, the most frequent first.
        known: further categories of the training data: they have no bin of their own, yet are not unseen. None when
            there were too many to keep, so that no value counts as unseen.
        shared: bins that all others share instead of `OTHER`, by `counts.labels.slots`; 0 where there are few of them.
        counts: training values by bin; ``len(edges) + 1`` or ``len(categories) + (shared or 1)`` of them, none for a
            masked one.
        centers: mean training value of each bin, where the kind lies along a line.
        mean: of the finite training values; as std, minimum and maximum, None where there is none.
        std: their standard deviation.
        minimum: the smallest of them.
        maximum: the largest of them.
        distinct: about how many different values there were.
        overdispersion: by how much counts over time blocks vary more than independent rows would (phi, at least 1).
        block_distance: total variation between time blocks and the whole, beyond sampling noise (0 to 1).
        constraints: what is expected of a value.
        source: the feature that this one is derived from, or the column of an output if that has another name.
        derivation: how: ``unseen_tokens`` or ``non_letters`` (shares of a text, 0 to 1).
        vocabulary: hashes of the training texts' tokens, ascending, for ``unseen_tokens``.
        notes: what looks suspicious, in words.
        infinite: how many values were plus or minus infinity; they are in the last and the first bin.
        advancing: whether its values go up with time, as dates and serial numbers do, so that its distribution is no
            reason for an alarm.
    """

    name: str
    subject: Subject = "feature"
    kind: Kind = "numeric"
    rows: int = 0
    nulls: int = 0
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    known: tuple[str, ...] | None = ()
    shared: int = 0
    counts: tuple[int, ...] = ()
    centers: tuple[float, ...] = ()
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    distinct: int = 0
    overdispersion: float = 1.0
    block_distance: float = 0.0
    constraints: Constraints = field(default_factory=Constraints)
    source: str | None = None
    derivation: str | None = None
    vocabulary: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    infinite: int = 0
    advancing: bool = False

    @property
    def ordered(self) -> bool:
        """Whether its bins lie along a line, so that Kolmogorov-Smirnov, Wasserstein and a mean have a meaning."""
        return self.kind in NUMERIC_KINDS

    @property
    def values(self) -> int:
        """Training values that were not null."""
        return self.rows - self.nulls

    @property
    def wrong_type(self) -> int:
        """Training values of another type than the variable's: neither null nor in a bin. Unknown for a masked one: 0."""
        return self.values - sum(self.counts) if self.counts else 0

    @property
    def null_ratio(self) -> float:
        """Share of nulls in the training data, 0 to 1."""
        return self.nulls / self.rows if self.rows else 0.0

    def label(self, bin_index: int) -> str:
        """A bin in words: ``(1.5, 2.75]``, a value that has one of its own, a category, or some of those that share it.

        >>> Variable("age", edges=(18.0, 65.0)).label(1)
        '(18, 65]'
        >>> zeros = Variable("rain", edges=(-5e-324, 0.0))
        >>> zeros.label(0), zeros.label(1), zeros.label(2)
        ('(-inf, 0)', '0', '(0, inf)')
        >>> Variable("city", kind="categorical", known=("Bonn", "Oslo", "Rome", "Ulm"), shared=2).label(1)
        'Bonn, Oslo, Rome, …'
        """
        if not self.ordered:
            slot = bin_index - len(self.categories)
            if slot < 0:
                return self.categories[bin_index]
            return self._label_of_shared(slot) if self.shared else OTHER
        if 0 < bin_index < len(self.edges):  # a value so frequent that it has a bin of its own
            below, above = self.edges[bin_index - 1], self.edges[bin_index]
            if above - below <= _NARROW * abs(above):
                return f"{below / 2 + above / 2:.6g}"
        low = _shown(self.edges[bin_index - 1]) if bin_index else "-inf"
        high = _shown(self.edges[bin_index]) if bin_index < len(self.edges) else "inf"
        if low == high:
            return high
        is_open = high == "inf" or (high == "0" and self.edges[bin_index] < 0)
        return f"({low}, {high}{')' if is_open else ']'}"

    def _label_of_shared(self, slot: int) -> str:
        if self.known is None:
            return f"others {slot + 1} of {self.shared}"
        from otel_ml.drift.counts.labels import slots

        found: list[str] = []
        for label in self.known:
            if slots([label], self.shared)[0] == slot:
                if len(found) == _EXAMPLES:
                    return f"{', '.join(found)}, …"
                found.append(label)
        return ", ".join(found) or f"others {slot + 1} of {self.shared}"


def _shown(edge: float) -> str:
    """A number to six digits. The next one below zero, which parts it from frequent zeros, is zero to anybody."""
    return "0" if -_SMALLEST_NORMAL < edge < _SMALLEST_NORMAL else f"{edge:.6g}"


@dataclass(frozen=True, slots=True)
class Projections:
    """Numbers derived from all numeric features together, so that drift shows that no single one of them has.

    Nulls and infinities stand at the mean. Each result is a variable of subject ``multivariate`` in the baseline:
    ``pca_residual``, and ``projection_00`` and so on.

    Attributes:
        features: the numeric features, in order.
        means: of each.
        scales: standard deviation of each, 1 for a constant.
        components: directions of least spread, one row each, over the standardised features, scaled to a variance of one:
            ``pca_residual`` is the length of a row along them. Or the principal components.
        directions: seeded random unit vectors, one row each, over the standardised features.
        principal: whether the components are the principal ones, as unit vectors: ``pca_residual`` is the length of what
            they leave over of a row.
    """

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    components: tuple[tuple[float, ...], ...]
    directions: tuple[tuple[float, ...], ...]
    principal: bool = False
