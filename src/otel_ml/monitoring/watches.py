"""Everything that is watched in this process."""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from otel_ml.config import Config, ConfigError
from otel_ml.guard import guarded
from otel_ml.monitoring.budget import Budget, Pool
from otel_ml.privacy import Policy
from otel_ml.privacy.treatment import Treatment
from otel_ml.semconv import attributes as names

if TYPE_CHECKING:
    from otel_ml.drift import Baseline
    from otel_ml.drift.settings import Settings
    from otel_ml.monitoring.listener import Listener
    from otel_ml.monitoring.meeting import Meeting
    from otel_ml.monitoring.watch import Watch

MAX_WATCHES: Final = 100
"""Models and baselines that are watched at a time; the one that was idle for longest makes room."""

MAX_ENDED: Final = 10
"""Watches that have ended, and wait for a collection to tell their last rows: there may never be one."""

BEAT: Final = 1.0

_logger = logging.getLogger(__name__)


def load_baseline(given: object, where: str) -> Baseline:
    """A baseline from a path or one that is ready.

    Raises:
        ConfigError: it can not be read, or is something else.
    """
    from otel_ml.drift import Baseline, BaselineError

    if isinstance(given, Baseline):
        return given
    if not isinstance(given, (str, Path)):
        raise ConfigError(
            f"{where}: a baseline is the path of a file, or an otel_ml.Baseline, not a {type(given).__name__}"
        )
    try:
        return Baseline.load(given)
    except (BaselineError, OSError) as error:
        raise ConfigError(f"{where}: the baseline can not be used: {error}") from None


def settings_of(config: Config) -> Settings:
    """What the monitor goes by."""
    from otel_ml.drift import Settings

    return Settings(
        window=config.drift_window,
        lateness=config.drift_lateness,
        tolerance=config.drift_tolerance,
        false_alarms_per_week=config.drift_false_alarms_per_week,
        replicas=config.replicas,
        reference=config.drift_reference,  # type: ignore[arg-type]  # one of the three, as the configuration has checked
        thresholds=dict(config.drift_thresholds),
    )


class Watches:
    """The watches of one configuration. All but `open`, `retire` and `pause` run under the aggregator's lock.

    Args:
        config: how to watch.
        policy: names features in telemetry.
        service: tells this service's models from those of others on the machine.
        listener: gets what is found.

    Attributes:
        on_tidy: ends what belongs to objects that are gone.
    """

    def __init__(self, config: Config, policy: Policy, service: str, listener: Listener) -> None:
        self._config = config
        self._policy = policy
        self._service = service
        self._listener = listener
        self._by_key: dict[tuple[object, ...], Watch] = {}
        self._meeting: Meeting | None = None
        self._closed = False
        self._lock = threading.RLock()
        self._retired: list[Watch] = []  # still to be ended
        self._ended: deque[Watch] = deque(maxlen=MAX_ENDED)  # still to be told
        self._told: list[Watch] = []  # for the last time, by the present collection
        self.on_tidy: Callable[[], None] | None = None
        self.default = (
            None
            if config.baseline is None or config.drift == "off"
            else load_baseline(config.baseline, f"baseline ({config.source('baseline')})")
        )
        """The baseline of a service with one model, where the configuration names it."""
        self._pool = Pool(config.metric_features, config.metric_bins)

    def open(self, attributes: Mapping[str, str], baseline: Baseline) -> Watch | None:
        """The watch of a model beside a baseline; None where drift is off.

        Args:
            attributes: of the model, on every metric.
            baseline: of that model.
        """
        if self._config.drift == "off":
            return None
        key = (*attributes.items(), baseline.id)
        with self._lock:
            found = self._by_key.get(key)
            if found is None:
                if len(self._by_key) >= MAX_WATCHES:
                    self.retire(min(self._by_key.values(), key=lambda known: known.used))
                found = self._by_key[key] = self._new(attributes, baseline)
            return found

    def retire(self, watch: Watch) -> None:
        """Watch that no more: it ends when the aggregator gets to it, and its series with the next collection."""
        with self._lock:
            key = next((key for key, known in self._by_key.items() if known is watch), None)
            if key is not None:
                self._retired.append(self._by_key.pop(key))
                watch.budget.give_back()

    def find(self, name: str, version: str | None) -> Watch | None:
        """The watch of a model with this name, and version if it is given; the one that was opened last."""
        for watch in reversed(self.all()):
            if watch.attributes[names.ML_MODEL_NAME] == name and (
                version is None or watch.attributes.get(names.ML_MODEL_VERSION) == version
            ):
                return watch
        return None

    def all(self) -> list[Watch]:
        """Every one of them, in the order in which they came."""
        return list(self._by_key.values())

    def reported(self) -> list[Watch]:
        """Those that have metrics: every one of them, and those that have ended since the last collection."""
        with self._lock:
            return [*self._by_key.values(), *self._retired, *self._ended, *self._told]

    @property
    def pause(self) -> float:
        """Seconds until `beat` wants to be called again."""
        return BEAT if self._by_key else math.inf

    def beat(self, now: float, *, at_once: bool = False) -> None:
        """Do what is due from time to time."""
        if self._closed:  # a call that was under way has come after all
            self.close()
            return
        self.tidy()
        for watch in self.all():
            guarded("watch.beat")(watch.beat)(now, at_once=at_once)
        if self._meeting is not None:
            guarded("drift.clean")(self._meeting.clean)(now)

    def settle(self) -> None:
        """Count what waits, before a reader collects."""
        if self._closed:
            self.close()
            return
        self.tidy()
        with self._lock:
            self._told = list(self._ended)
            self._ended.clear()
        for watch in self.all():
            guarded("watch.settle")(watch.settle)()

    def tidy(self) -> None:
        """End what is over."""
        if self.on_tidy is not None:
            guarded("watches.tidy")(self.on_tidy)()
        self._end_retired()

    def close(self) -> None:
        """Hand over what is left, and let other processes, or another configuration of this one, go on."""
        self._closed = True
        self._end_retired()
        for watch in self.all():
            guarded("watch.close")(watch.close)()

    def reset(self) -> None:
        """Back to zero, in a forked child."""
        self._lock = threading.RLock()
        for watch in (*self.all(), *self._retired):
            guarded("watch.reset")(watch.reset)()
        self._retired.clear()
        self._ended.clear()
        self._told = []
        self._listener.reset()

    def _end_retired(self) -> None:
        while self._retired:
            watch = self._retired[0]
            guarded("watch.retire")(watch.retire)()
            watch.ended = True
            with self._lock:
                self._ended.append(self._retired.pop(0))

    def _new(self, attributes: Mapping[str, str], baseline: Baseline) -> Watch:
        from otel_ml.monitoring import ahead  # noqa: F401 - for what it imports: later is too late
        from otel_ml.monitoring.meeting import Meeting
        from otel_ml.monitoring.post import Post
        from otel_ml.monitoring.watch import Watch

        safe = self._policy.plan(tuple(variable.name for variable in baseline.variables)).safe_name
        post = None
        if self._config.drift == "monitor":
            settings = settings_of(self._config)
            if self._meeting is None:
                self._meeting = Meeting(self._service, self._config.drift_directory)
            post = Post(baseline, settings, partial(self._meeting.open, attributes, baseline, settings))
        return Watch(
            baseline,
            attributes={**attributes, names.ML_BASELINE_ID: baseline.id},
            safe_names=[safe(index) for index in range(len(baseline.variables))],
            policy=Treatment(replace(self._config, capture="all")),  # bins are metrics, which stay in each case
            budget=Budget(self._pool),
            post=post,
            listener=self._listener,
            scores=self._config.drift_scores,
            limits=tuple(self._config.drift_thresholds),
        )
