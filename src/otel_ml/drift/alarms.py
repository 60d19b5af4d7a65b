"""Which alarms are on, and which ever were: the detector says what changed, and this remembers it for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from otel_ml.drift import layout
from otel_ml.drift.detection.watch import CALM_STEPS
from otel_ml.drift.report import Change, Moment
from otel_ml.drift.variables import Variable

if TYPE_CHECKING:
    from otel_ml.drift.detection.alarm import Alarm


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm as it was confirmed last.

    Attributes:
        change: what was told of it; how far and where to are as of the last confirmation.
        effect: lower bound of the total variation.
    """

    change: Change
    effect: float


class Alarms:
    """Alarms by variable and cause; at most six a variable.

    Attributes:
        on: those that are raised now.
        ever: those that were ever raised, each as it was last.
        since: when each variable was first in alarm.
        along: alarms of mixtures that drift along with a feature, each with the last step at which that one was in alarm.

    Args:
        variables: of the baseline.
        mixed: names of the features that mixtures are made of.
    """

    def __init__(self, variables: Sequence[Variable], mixed: Collection[str] = ()) -> None:
        self._variables = variables
        names = frozenset(mixed)
        self._mixed = {index for index, one in enumerate(variables) if one.subject == "feature" and one.name in names}
        self.on: dict[tuple[int, str], Raised] = {}
        self.ever: dict[tuple[int, str], Raised] = {}
        self.since: dict[int, Moment] = {}
        self.along: dict[tuple[int, str], int] = {}

    def take(self, alarm: Alarm, moment: Moment, since: Moment, examples: tuple[str, ...]) -> Change:
        """Notes that an alarm was raised or has ended.

        Args:
            alarm: what the detector found.
            moment: the step that was completed.
            since: when its evidence begins.
            examples: ids of predictions.
        """
        key = alarm.variable, alarm.cause
        variable = self._variables[alarm.variable]
        before = self.on.pop(key, None)
        change = Change(
            detected=alarm.detected,
            variable=alarm.variable,
            name=variable.name,
            subject=variable.subject,
            cause=alarm.cause,
            method=alarm.method,
            score=float(alarm.score),
            rows=int(alarm.rows),
            moment=moment,
            since=since if alarm.detected else before.change.since if before else None,
            direction=alarm.direction,
            bins=tuple(bin_name(variable, column) for column in alarm.moved),
            examples=examples,
        )
        if alarm.detected:
            self.on[key] = self.ever[key] = Raised(change, float(alarm.effect))
            self.since.setdefault(alarm.variable, moment)
        return change

    def confirm(self, alarm: Alarm, examples: Callable[[], tuple[str, ...]]) -> None:
        """Notes what an alarm that is on looks like now: a drift may grow, and turn round.

        Args:
            alarm: as the detector confirmed it.
            examples: finds ids of predictions; asked where it has turned.
        """
        key = alarm.variable, alarm.cause
        variable, before = self._variables[alarm.variable], self.on[key].change
        change = replace(
            before,
            method=alarm.method,
            score=float(alarm.score),
            rows=int(alarm.rows),
            direction=alarm.direction,
            bins=tuple(bin_name(variable, column) for column in alarm.moved),
            examples=before.examples if alarm.direction == before.direction else examples(),
        )
        self.on[key] = self.ever[key] = Raised(change, float(alarm.effect))

    def told(self, changes: Sequence[Change], step: int) -> list[Change]:
        """Returns the changes of a step that are news.

        A mixture moves when any feature in it does: an alarm of one that began with that of a feature is no news. The
        report has it, beside what it drifts along with. If it outlasts that one, by more than it takes to end, it is.

        Args:
            changes: all of a step, taken already.
            step: ordinal of the step.
        """
        news = []
        for change in changes:
            key = change.variable, change.cause
            if change.subject == "multivariate" and change.detected and self._is_along(key):
                self.along[key] = step
            elif self.along.pop(key, None) is None:
                news.append(change)
        for key, explained in list(self.along.items()):
            change = self.on[key].change
            if self._is_along(key):
                self.along[key] = step
            elif step - explained > CALM_STEPS + 2 * _stretch(change):
                news.append(change)
                del self.along[key]
        return news

    def _is_along(self, key: tuple[int, str]) -> bool:
        return any(variable in self._mixed and overlap(self.on[key], one) for (variable, _), one in self.on.items())

    def state(self) -> dict[str, Any]:
        """What `restore` continues from."""
        return {
            "on": [asdict(raised) for raised in self.on.values()],
            "ever": [asdict(raised) for raised in self.ever.values()],
            "since": {str(variable): asdict(moment) for variable, moment in self.since.items()},
            "along": [[*key, step] for key, step in self.along.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues where others were."""
        for held, stored in ((self.on, state["on"]), (self.ever, state["ever"])):
            for one in stored:
                change = change_of(one["change"])
                held[change.variable, change.cause] = Raised(change, one["effect"])
        self.along.update({(variable, cause): step for variable, cause, step in state["along"]})
        self.since.update({int(variable): Moment(**moment) for variable, moment in state["since"].items()})


def overlap(one: Raised, other: Raised) -> bool:
    """Whether two alarms may have begun at the same time: look-backs double, so that the true beginning lies between two."""
    (begin, end), (other_begin, other_end) = (
        (change.moment.step + 1 - 2 * _stretch(change), change.moment.step) for change in (one.change, other.change)
    )
    return max(begin, other_begin) <= min(end, other_end)


def _stretch(change: Change) -> int:
    """Steps from the beginning of the evidence to the alarm."""
    return change.moment.step - (change.since or change.moment).step + 1


def bin_name(variable: Variable, column: int) -> str:
    """Names a column of the layout as ``ml.feature.bin`` does: two digits, ``null`` or ``other``.

    What is out of range or infinite lies in a bin as well, whichever it is, and goes by the name of its violation.

    >>> bin_name(Variable("age"), layout.FIRST + 3), bin_name(Variable("age"), layout.NULL)
    ('03', 'null')
    >>> bin_name(Variable("age"), layout.RANGE), bin_name(Variable("age"), layout.TYPE)
    ('range', 'other')
    """
    index = column - layout.FIRST
    if index < 0:
        return {layout.NULL: "null", layout.RANGE: "range", layout.NON_FINITE: "non_finite"}.get(column, "other")
    is_other = not variable.ordered and not variable.shared and index == len(variable.categories)
    return "other" if is_other else f"{index:02d}"


def change_of(stored: Mapping[str, Any]) -> Change:
    """Reads what `dataclasses.asdict` made of a change, after JSON."""
    moments = {name: None if stored[name] is None else Moment(**stored[name]) for name in ("moment", "since")}
    return Change(**{**stored, **moments, "bins": tuple(stored["bins"]), "examples": tuple(stored["examples"])})
