"""Which feature of a row is which variable of the baseline, and where their names differ."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from otel_ml.drift.names import MAX_EXTRA
from otel_ml.privacy.values import find
from otel_ml.semconv.attributes import MlViolationTypeValues

if TYPE_CHECKING:
    from otel_ml.drift import Baseline

MISSING: Final = MlViolationTypeValues.MISSING.value
EXTRA: Final = MlViolationTypeValues.EXTRA.value
REORDERED: Final = MlViolationTypeValues.REORDERED.value

MAX_SAID: Final = 5
MAX_LINES: Final = 10
"""Lines of the log within a minute."""

_logger = logging.getLogger(__name__)
_lines: deque[float] = deque(maxlen=MAX_LINES)


def features_of(baseline: Baseline) -> tuple[str, ...]:
    """The features that rows should have: variables that are derived from others, and outputs, are none."""
    return tuple(
        variable.name for variable in baseline.variables if variable.subject == "feature" and variable.source is None
    )


def describe_strangers(baseline: Baseline, names: Sequence[str]) -> str | None:
    """What a model and a baseline call their features, where they have no name in common: it is likely another model's.

    Args:
        baseline: what the model is to be watched beside.
        names: of the features that the model was fitted with.
    """
    features = features_of(baseline)
    plain = [name for name in names if not find(name[:1024])]  # the others have another name in a baseline
    by_position = _are_numbered(names) and len(names) == len(features)
    if not plain or not features or by_position or not set(plain).isdisjoint(features):
        return None
    return f"the baseline has {_some(features)}; the model was fitted with {_some(plain)}"


class Match:
    """One tuple of feature names beside those of a baseline.

    Args:
        names: of the features of a row, in order.
        features: of the baseline, in order.
        safe_name: what the feature with an index is called in telemetry; a baseline knows secret-looking names only so.
        positional: whether the model takes its features by position, so that another order is a fault.

    Attributes:
        names: of a row's features, as the baseline has them; those that it does not know have names that nothing has.
        safe_name: as given.
        places: by feature of the baseline, the index of its value in a row.
        violations: features whose names differ, by their index in the row (or their name, where they are missing) and
            ``ml.violation.type``.
        unnamed: features that the baseline does not know beyond `MAX_EXTRA`, which are not among these.
    """

    def __init__(
        self,
        names: Sequence[str],
        features: Sequence[str],
        safe_name: Callable[[int], str],
        *,
        positional: bool,
    ) -> None:
        self.safe_name = safe_name
        index_of = {name: index for index, name in enumerate(names)}
        self.places = {feature: index_of[feature] for feature in features if feature in index_of}
        absent = [feature for feature in features if feature not in self.places]
        if absent and len(self.places) < len(names):
            taken = set(self.places.values())
            safe = {safe_name(index): index for index in range(len(names)) if index not in taken}
            self.places.update((feature, safe[feature]) for feature in absent if feature in safe)
        if not self.places and _are_numbered(names) and len(names) == len(features):
            self.places = {feature: index for index, feature in enumerate(features)}
            _logger.warning(
                "the model's input has no names: its %d columns are compared with the features of the baseline in their "
                "order",
                len(names),
            )
        self.names = [f"\0{index}" for index in range(len(names))]
        for feature, index in self.places.items():
            self.names[index] = feature
        self.violations: list[tuple[int | str, str]] = []
        self._compare(names, features, positional)

    def _compare(self, names: Sequence[str], features: Sequence[str], positional: bool) -> None:
        taken = set(self.places.values())
        missing = [feature for feature in features if feature not in self.places]
        extra = [index for index in range(len(names)) if index not in taken]
        self.violations += [(feature, MISSING) for feature in missing]
        self.violations += [(index, EXTRA) for index in extra[:MAX_EXTRA]]
        self.unnamed = max(0, len(extra) - MAX_EXTRA)
        if positional:
            found = [self.places[feature] for feature in features if feature in self.places]
            self.violations += [
                (place, REORDERED) for place, due in zip(found, sorted(found), strict=True) if place != due
            ]
        if missing or extra:
            _say(missing, [_readable(names[index], self.safe_name(index)) for index in extra])


def _say(missing: Sequence[str], extra: Sequence[str]) -> None:
    """In the log, once for a schema: the metric says how often."""
    now = time.monotonic()
    if len(_lines) == MAX_LINES and now - _lines[0] < 60.0:
        return
    _lines.append(now)
    lower = {name.lower(): name for name in extra}
    renamed = [f"{name} came as {lower[name.lower()]}" for name in missing if name.lower() in lower]
    _logger.warning(
        "a prediction's features are not those of the baseline: %d missing (%s), %d unknown (%s)%s",
        len(missing),
        _some(missing),
        len(extra),
        _some(extra),
        f"; {_some(renamed)}" if renamed else "",
    )


def _readable(name: str, safe: str) -> str:
    """A name as it came, unless it looks like a secret: logs may leave the process, too."""
    return safe if find(name[:1024]) else name


def _some(names: Sequence[str]) -> str:
    listed = ", ".join(ascii(name[:64])[1:-1] for name in names[:MAX_SAID])
    return f"{listed}, …" if len(names) > MAX_SAID else listed or "none"


def _are_numbered(names: Sequence[str]) -> bool:
    return list(names) == [f"f{index}" for index in range(len(names))]
