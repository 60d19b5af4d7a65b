"""The one frozen configuration object, with every option in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final

from otel_ml.config import kinds
from otel_ml.config.compound import EVENT_TIME, EVENTS, Events, EventTime
from otel_ml.config.kinds import BOOLEAN, TEXT, TEXTS, choice, integer, optional
from otel_ml.config.option import KEY, ConfigError, Option, option
from otel_ml.semconv import attributes

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_NO_LIMITS: Final[Mapping[str, float]] = MappingProxyType({})
_ALIASES: Final = tuple(alias.value for alias in attributes.MlModelAliasValues)
_TASKS: Final = tuple(task.value for task in attributes.MlTaskTypeValues)
_ACTIONS: Final = "`glob=action` pairs with commas between them, each action one of keep, drop, mask, hash, round"
_CALLER: Final = (attributes.USER_ID, attributes.SESSION_ID, attributes.TENANT_ID)
_SEGMENT: Final = attributes.ML_SEGMENT_TEMPLATE
_CONTEXT: Final = (
    "`attribute={}` pairs with commas between them, each attribute one of "
    + ", ".join(_CALLER)
    + f" or {_SEGMENT}.<key>"
)
_CONTEXT_ATTRIBUTE: Final = "|".join(map(re.escape, _CALLER)) + rf"|{re.escape(_SEGMENT)}\.[A-Za-z0-9_\-]{{1,64}}"
_DETECTORS: Final = ("e_detector", "page_hinkley", "cusum", "adwin")
_SCORES: Final = tuple(method.value for method in attributes.MlDriftMethodValues if method.value not in _DETECTORS)
_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"  # of RFC 9110: what a header's name or a baggage key is made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set. Build it with `Config.load`, or directly from keywords for a test.

    Raises:
        ConfigError: If a value is none that is allowed, or values do not go together.

    Example:
        >>> config = Config.load(environ={"OTEL_ML_EVENTS": "0.1"}, capture="outputs")
        >>> config.capture, config.events.ratio, config.source("events")
        ('outputs', 0.1, 'environment OTEL_ML_EVENTS')
    """

    # What is recorded
    enabled: bool = option(True, BOOLEAN, "Whether anything is instrumented at all.")
    capture: str = option(
        "all",
        choice("off", "outputs", "known", "all"),
        "Which payload leaves the process: none; outputs only; outputs and the features that the model or its "
        "registration names; outputs and all features. Spans and metrics stay in each case.",
    )
    events: Events = option(  # noqa: RUF009 - a field, not a call per instance
        Events("all", 1.0),
        EVENTS,
        "Which predictions have a log event. A ratio is consistent by prediction id; `errors` keeps failed calls only.",
    )
    features_on: str = option(
        "both", choice("both", "span", "event"), "Which signals carry feature values: spans, events or both."
    )
    class_scores_on_events: bool = option(False, BOOLEAN, "Whether events carry the score of each class.")
    exceptions: str = option(
        "none",
        choice("none", "message", "stacktrace"),
        "What is said of a model's exception beside its type. Messages and stack traces may quote inputs.",
    )
    transform: bool = option(
        False, BOOLEAN, "Whether an outermost scikit-learn `transform` counts as an inference, too."
    )

    # Privacy
    feature_allow: tuple[str, ...] = option(
        (), TEXTS, "Globs: if there are any, only features that match one are captured."
    )
    feature_deny: tuple[str, ...] = option((), TEXTS, "Globs of features that are never captured.")
    feature_actions: Mapping[str, str] = option(
        _NONE,
        kinds.mapping(".+", "keep|drop|mask|hash|round", allowed=_ACTIONS, lower=True),
        "What is done with the features that match a glob; the first match wins over every mask. "
        "`keep` captures a value as it is.",
    )
    privacy_action: str = option(
        "mask", choice("mask", "drop", "hash", "round"), "What is done with a feature or text found sensitive."
    )
    mask_words: tuple[str, ...] = option(
        (), TEXTS, "More words, such as `diagnosis` or `patient_id`, that make a feature's name sensitive."
    )
    unmask: tuple[str, ...] = option((), TEXTS, "Globs of features whose name is not sensitive whatever its words.")
    hash_key: str | None = option(
        None,
        optional(kinds.secret(16)),
        "The key of the `hash` action (HMAC-SHA256), refused without one. Same key, same hash, in any process.",
    )
    round_digits: int = option(1, integer(1, 15), "How many significant digits the `round` action leaves.")

    # Caps
    max_features: int = option(64, integer(0, 10_000), "Feature values captured a row; the rest is counted.")
    max_value_length: int = option(256, integer(16, 65_536), "Characters a captured text may have before it is cut.")
    max_event_bytes: int = option(16_384, integer(1_024, 1_048_576), "Approximate size of an event's attributes.")
    max_events_per_call: int = option(
        100, integer(0, 100_000), "Events for a call of many rows; beyond it a uniform sample, weighted."
    )
    max_class_scores: int = option(8, integer(0, 1_000), "Classes whose score is recorded, the most likely first.")
    max_depth: int = option(3, integer(0, 16), "Levels to which nested input is flattened.")

    # Caller and time
    trust_id_header: bool = option(
        False, BOOLEAN, "Whether a request's `ml-prediction-id` header may set the prediction id."
    )
    context_headers: Mapping[str, str] = option(
        _NONE,
        kinds.mapping(_CONTEXT_ATTRIBUTE, _TOKEN, allowed=_CONTEXT.format("header"), lower=True),
        "Request headers that become attributes, such as `user.id=x-user-id,ml.segment.plan=x-plan`.",
    )
    context_baggage: Mapping[str, str] = option(
        _NONE,
        kinds.mapping(_CONTEXT_ATTRIBUTE, _TOKEN, allowed=_CONTEXT.format("key")),
        "Baggage keys that become attributes, such as `tenant.id=tenant`.",
    )
    event_time: EventTime | None = option(  # noqa: RUF009 - as above
        None, optional(EVENT_TIME), "Where a prediction's own time is read, instead of the clock."
    )

    # The model, in a service with one
    model_name: str | None = option(None, optional(TEXT), "Name of the model, where the service has only one.")
    model_version: str | None = option(None, optional(TEXT), "Its version.")
    model_alias: str | None = option(None, optional(choice(*_ALIASES)), "Its role.")
    model_task: str | None = option(None, optional(choice(*_TASKS)), "Its kind of task.")
    model_classes: tuple[str, ...] = option((), TEXTS, "Its classes: predictions are counted by these labels.")

    # Drift
    drift: str = option(
        "monitor",
        choice("off", "counts", "monitor"),
        "What is done for a model that has a baseline: nothing; count its values over the baseline's bins; or watch "
        "them for drift, too, and raise alarms.",
    )
    baseline: str | None = option(
        None, optional(TEXT), "Path of the model's baseline, where the service has only one model and no code names it."
    )
    drift_window: float = option(60.0, kinds.number(1, 86_400), "Seconds between two looks for drift.")
    drift_lateness: float = option(
        5.0, kinds.number(0, 86_400), "Seconds that a prediction's own time may be behind the newest one."
    )
    drift_reference: str = option(
        "baseline",
        choice("baseline", "previous", "last_week"),
        "What traffic is compared with: the baseline, the 64 steps before, or the same hour of last week.",
    )
    drift_tolerance: float = option(
        0.05, kinds.number(0, 0.99), "Total variation, 0 to 1, up to which a shift does not matter."
    )
    drift_false_alarms_per_week: float = option(
        1.0, kinds.number(0.001, 10_000), "How many false alarms a model may raise in a week, over all its features."
    )
    drift_thresholds: Mapping[str, float] = option(
        _NO_LIMITS,
        kinds.limits(*_SCORES),
        "Fixed limits for statistics, such as `psi=0.2`, instead of the alarm on distributions.",
    )
    drift_scores: tuple[str, ...] = option(
        ("psi",),
        kinds.choices(*_SCORES),
        "Statistics that become metrics: a series a feature each, and one for its noise.",
    )
    drift_directory: str | None = option(
        None,
        optional(TEXT),
        "Where workers of one machine share their counts and the state survives a restart; a directory of the user's "
        "below the system's temporary one by default.",
    )
    replicas: int = option(
        1, integer(1, 100_000), "Machines or containers that serve this model: they share the budget of false alarms."
    )

    # Metrics and the queue
    queue_rows: int = option(32_768, integer(1, 10_000_000), "Rows that may wait for the aggregator thread.")
    queue_bytes: int = option(64 * 1024 * 1024, integer(65_536, 2**40), "Bytes that may wait for it.")
    metric_features: int = option(
        300, integer(0, 100_000), "Features with metric series of their own, per process; the rest share one."
    )
    metric_bins: int = option(
        300,
        integer(0, 100_000),
        "Metric series for bins of baselines, per process. Features for which none are left have `null` and `value` only.",
    )
    null_window: float = option(300.0, kinds.number(1, 86_400), "Seconds over which the null ratio is taken.")
    worker: int | None = option(
        None, optional(integer(0, 65_535)), "Ordinal of this process among those that share a `service.instance.id`."
    )

    sources: Mapping[str, str] = field(default_factory=lambda: _NONE, repr=False, compare=False)

    def __post_init__(self) -> None:
        for known in self.describe():
            object.__setattr__(self, known.name, known.parse(getattr(self, known.name), known.name))
        self._check_hash_key()

    def _check_hash_key(self) -> None:
        hashed = ["privacy_action"] if self.privacy_action == "hash" else []
        hashed += ["feature_actions"] if "hash" in self.feature_actions.values() else []
        if hashed and self.hash_key is None:
            raise ConfigError(
                f"{hashed[0]}: 'hash' is not allowed without a key: set hash_key (OTEL_ML_HASH_KEY), "
                "or use one of keep, drop, mask, round"
            )

    @classmethod
    def load(
        cls, *, file: Mapping[str, object] | None = None, environ: Mapping[str, str] | None = None, **overrides: Any
    ) -> Config:
        """Reads the configuration: keyword over environment over declarative file over default.

        Args:
            file: Options from a declarative file, by their names; by default from the one that OTEL_CONFIG_FILE names.
            environ: Instead of `os.environ`.
            **overrides: Options by keyword. `None` counts as not given.

        Raises:
            ConfigError: If an option is unknown or its value is none that is allowed.
        """
        from otel_ml.config.loading import gather

        values, sources = gather(cls.describe(), overrides, environ, file)
        return cls(**values, sources=MappingProxyType(sources))

    @classmethod
    def describe(cls) -> tuple[Option, ...]:
        """All options, in the order in which they stand in this file."""
        return _OPTIONS

    def source(self, name: str) -> str:
        """Where an option's value comes from: `keyword`, `environment <variable>`, `file` or `default`."""
        known = next(known for known in self.describe() if known.name == name)
        unchanged = kinds.shown(getattr(self, name)) == known.default
        return self.sources.get(name) or ("default" if unchanged else "keyword")

    def shown(self, name: str) -> str:
        """An option's value as one would write it in the environment; a secret only as `(set)`."""
        value: Any = getattr(self, name)
        secret = any(known.secret for known in self.describe() if known.name == name)
        return "(set)" if secret and value is not None else kinds.shown(value)


_OPTIONS: Final = tuple(Option(f.name, *f.metadata[KEY]) for f in fields(Config) if KEY in f.metadata)
