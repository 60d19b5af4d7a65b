"""What is running now: the configuration and everything built from it, as one object that a call reaches in one step."""

from __future__ import annotations

import atexit
import os
import threading
import time
from typing import TYPE_CHECKING

from opentelemetry._logs import Logger, LoggerProvider, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from otel_ml import guard, loaded
from otel_ml.config import Config
from otel_ml.failure import Failures
from otel_ml.models import Model
from otel_ml.monitoring.watches import Watches
from otel_ml.privacy import Policy
from otel_ml.providers import Providers, meter_of
from otel_ml.registry import ModelRegistry
from otel_ml.semconv.events import EVENT_ML_MODEL_LOADED
from otel_ml.signals import worker
from otel_ml.signals.aggregator import Aggregator
from otel_ml.signals.attributes import Describer
from otel_ml.signals.events import EventSink
from otel_ml.signals.findings import Findings
from otel_ml.signals.metrics import Instruments, Series
from otel_ml.signals.pacing import Pacer
from otel_ml.signals.record import Notice

if TYPE_CHECKING:
    from otel_ml.drift import Report
    from otel_ml.monitoring.watch import Watch

SETTLE_SECONDS = 2.0
IDENTITY_ATTRIBUTES = 32
"""Room for a model's identity, and for what user code adds to the span, within a span's limit of attributes."""

EXIT_SECONDS = 10.0
REPORT_SECONDS = 10.0


class Runtime:
    """One configuration at work. It is the `Source` of the observable metrics."""

    def __init__(
        self,
        config: Config,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        self.config = config
        self.policy = Policy(config)
        self.describer = Describer(config, self.policy)
        self.failures = Failures(config, self.policy)
        self.providers = Providers(tracer_provider, meter_provider, logger_provider)
        self.tracer = self.providers.tracer
        self.events = EventSink(config, self.policy, self._get_logger)
        self.aggregator = Aggregator(
            config, _instruments(self.providers.meters), self.events, Pacer(self.providers.flush_logs)
        )
        self.watches = Watches(config, self.policy, self.providers.service, Findings(self.aggregator))
        self.registry = ModelRegistry(config, self.policy, self.watches, self._model_loaded)
        self.aggregator.watches = self.watches
        self.span_features = config.features_on != "event"
        self.safe_attributes = self.providers.span_attributes - IDENTITY_ATTRIBUTES
        self._resource_pid = os.getpid()
        self._active_lock = threading.RLock()
        self._active: dict[int, tuple[Series, int]] = {}
        self._number_worker()

    # -- Source ---------------------------------------------------------------------------------------------------------

    @property
    def worker(self) -> int | None:
        """The ordinal on every metric, where processes share an instance id."""
        return self.aggregator.worker

    def settle(self) -> None:
        """Count what is queued, before a reader collects."""
        self.aggregator.settle(self.models(), SETTLE_SECONDS)

    def models(self) -> list[Model]:
        """Every model so far."""
        return self.registry.models()

    def watched(self) -> list[Watch]:
        """Models beside their baselines."""
        return self.watches.reported()

    def active(self) -> list[tuple[Series, int]]:
        """Calls in flight, by model and operation."""
        with self._active_lock:
            counted = list(self._active.values())
        found: dict[frozenset[tuple[str, object]], tuple[Series, int]] = {}
        for series, count in counted:  # a refitted model has new attributes, which may be equal to the old ones
            key = frozenset(series.items())
            found[key] = (series, count + found.get(key, (series, 0))[1])
        return list(found.values())

    def dropped(self) -> list[tuple[Series, int]]:
        """What was dropped so far."""
        return self.aggregator.drops.series()

    # -- life -----------------------------------------------------------------------------------------------------------

    def count_active(self, series: Series, step: int) -> None:
        """A call begins (1) or ends (-1). `series` is shared by all calls of a model and operation."""
        with self._active_lock:
            _, count = self._active.get(id(series), (series, 0))
            self._active[id(series)] = (series, max(0, count + step))  # below zero: begun before a fork

    def drift_report(self, model: object, version: str | None) -> Report | None:
        """How the traffic of a model differs from its baseline now."""
        watch = self.watches.find(model, version) if isinstance(model, str) else self.registry.watch_of(model)
        if watch is None:
            return None
        return self.aggregator.look(REPORT_SECONDS, guard.guarded("drift.report")(watch.report))

    def flush(self, timeout: float) -> bool:
        """Hand on all that is queued, then flush the three providers, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        done = self.aggregator.drain(timeout)
        return self.providers.flush(timeout, deadline) and done

    def drain(self, timeout: float) -> None:
        """Hand on all that is queued: a provider is about to be flushed or shut down."""
        self.aggregator.drain(timeout)

    def restart(self) -> None:
        """Begin anew in a forked child: at zero, with locks, a thread and an ordinal of its own."""
        self._active_lock = threading.RLock()
        self._active.clear()
        self.providers.reset()
        self.registry.reset_counts()
        self.aggregator.reset()
        worker.release()
        self._number_worker()

    def _number_worker(self) -> None:
        self.aggregator.worker = self.config.worker
        resource = self.providers.resource
        if self.config.worker is None and resource is not None:
            self.aggregator.worker = guard.guarded("worker.claim")(worker.ordinal)(
                resource.get("service.instance.id"), self._resource_pid
            )

    def _get_logger(self) -> Logger:
        return self.providers.logger

    @guard.guarded("model.loaded")
    def _model_loaded(self, model: Model) -> None:
        notice = Notice(EVENT_ML_MODEL_LOADED, SeverityNumber.INFO, loaded.describe(model), Context())
        self.aggregator.announce(notice)


current: Runtime | None = None
"""None while nothing is instrumented: a patched method then passes straight through."""

_by_provider: dict[int, tuple[MeterProvider, Instruments]] = {}


def start(runtime: Runtime) -> None:
    """Make this the one that calls use, and see to it that nothing queued is lost when its providers end."""
    global current
    current = runtime
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)  # after the providers' own, so it runs before them
    runtime.providers.drain_first(_drain)


def stop() -> Runtime | None:
    """Hand on what is queued, and let calls pass straight through from now on."""
    global current
    stopped, current = current, None
    if stopped is not None:
        stopped.aggregator.close(EXIT_SECONDS)
    return stopped


def _instruments(provider: MeterProvider) -> Instruments:
    known = _by_provider.get(id(provider))
    if known is None:
        known = _by_provider[id(provider)] = (provider, Instruments(meter_of(provider), lambda: current))
    return known[1]


def _drain(seconds: float) -> None:
    if current is not None:
        guard.guarded("runtime.drain")(current.drain)(seconds)


def _at_exit() -> None:
    if current is not None:
        guard.guarded("runtime.exit")(current.aggregator.close)(EXIT_SECONDS)


def _after_fork() -> None:
    guard.reset()
    if current is not None:
        current.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
