"""Events: an observation in, one log record per row out.

This is the seam behind which a columnar encoder could stand: `emit` gets a whole `Prediction`, with its rows by column.
"""

from __future__ import annotations

import hashlib
import math
import random
import time
from collections.abc import Callable, Iterator

from opentelemetry._logs import Logger, SeverityNumber

from otel_ml.config import Config
from otel_ml.observation import Batch, Row
from otel_ml.privacy import Policy, approximate_size
from otel_ml.semconv import attributes as names
from otel_ml.semconv.events import EVENT_ML_DRIFT_DETECTED, EVENT_ML_DRIFT_RESOLVED, EVENT_ML_PREDICTION
from otel_ml.signals.attributes import Describer
from otel_ml.signals.event_time import to_nanoseconds
from otel_ml.signals.record import Attributes, Notice, Prediction
from otel_ml.signals.types import row_violations

ALARMS = frozenset({EVENT_ML_DRIFT_DETECTED, EVENT_ML_DRIFT_RESOLVED})

NUMBERS = frozenset({int, float, bool})
MAX_NUMBER_BYTES = 128
"""More than a number with an ordinary name takes: rows of numbers need no closer look."""

EventRow = tuple[int, str, "Row | None"]
"""Position in the call, prediction id, features."""


class EventSink:
    """Turns predictions into ``ml.prediction`` events."""

    def __init__(self, config: Config, policy: Policy, logger: Callable[[], Logger]) -> None:
        self._config = config
        self._describer = Describer(config, policy)
        self._logger = logger
        self._mode = config.events.mode
        self._ratio = config.events.ratio if self._mode == "ratio" else 1.0  # failures are always kept
        source = config.event_time
        self._time_feature = source.name if source is not None and source.source == "feature" else None
        self._with_features = config.features_on != "span"

    def emit(self, prediction: Prediction) -> Iterator[None]:
        """Emit a prediction row by row, giving way to the caller after each one.

        Yields:
            None after every event, so that the caller decides when to pause: each holds the interpreter for some 20 µs.
        """
        if not self.rows_of(prediction):
            return
        features = prediction.features
        if not isinstance(features, Batch):
            rows = [(0, prediction.id, features)] if prediction.size == 1 else self._outputs_only(prediction)
        else:
            rows = self._sample(prediction, features)
        ratio = self._ratio if prediction.error_type is None else 1.0
        weight = prediction.size / len(rows) / ratio
        for index, row_id, row in rows:
            if ratio == 1.0 or fraction(row_id) < ratio:
                self._logger().emit(
                    timestamp=self._time(prediction, row),
                    observed_timestamp=time.time_ns(),
                    context=prediction.context,
                    severity_number=SeverityNumber.INFO,
                    severity_text="INFO",
                    event_name=EVENT_ML_PREDICTION,
                    attributes=self._attributes(prediction, index, row_id, row, weight),
                )
                yield

    def rows_of(self, prediction: Prediction) -> int:
        """At most how many events a prediction becomes."""
        if self._mode == "off" or (self._mode == "errors" and prediction.error_type is None):
            return 0
        features = prediction.features
        rows = features.held if isinstance(features, Batch) else prediction.size
        return min(rows, self._config.max_events_per_call)

    def notice(self, notice: Notice) -> None:
        """Emit an event that is no prediction's: a model was loaded, a feature is not what it was.

        Without events there are alarms still: they are few, and whoever spares the records of predictions needs them most.
        """
        if self._mode != "off" or notice.name in ALARMS:
            now = time.time_ns()
            self._logger().emit(
                timestamp=now if notice.time is None else notice.time,
                observed_timestamp=now,
                context=notice.context,
                severity_number=notice.severity,
                severity_text=notice.severity.name,
                event_name=notice.name,
                attributes=notice.attributes,
            )

    def times(self, prediction: Prediction) -> float | list[float]:
        """Event time of a prediction in seconds since 1970: of all rows, or of each that is held where a feature tells.

        NaN where it was to be told, and was not: taken for now, it would make all that is replayed from then on late.
        """
        features = prediction.features
        known = prediction.event_time / 1e9 if prediction.dated else math.nan
        if self._time_feature is None or features is None or self._time_feature not in features.names:
            return known
        place = features.names.index(self._time_feature)
        values = features.values[place : place + 1] if isinstance(features, Row) else features.plain(place)
        found = [known if moment is None else moment / 1e9 for moment in map(to_nanoseconds, values)]
        return found[0] if isinstance(features, Row) else found

    def _sample(self, prediction: Prediction, batch: Batch) -> list[EventRow]:
        """Rows of a batch: all of them up to the cap, else a uniform sample that is the same for the same id."""
        held = self._choose(prediction, batch.held)
        positions = held if batch.positions is None else [int(batch.positions[index]) for index in held]
        return [
            (position, f"{prediction.id}-{position}", row)
            for position, row in zip(positions, batch.rows(held), strict=True)
        ]

    def _outputs_only(self, prediction: Prediction) -> list[EventRow]:
        return [(index, f"{prediction.id}-{index}", None) for index in self._choose(prediction, prediction.size)]

    def _choose(self, prediction: Prediction, available: int) -> list[int]:
        cap = self._config.max_events_per_call
        if available <= cap:
            return list(range(available))
        return sorted(random.Random(prediction.id).sample(range(available), cap))

    def _time(self, prediction: Prediction, row: Row | None) -> int:
        if self._time_feature is not None and row is not None and self._time_feature in row.names:
            found = to_nanoseconds(row.values[row.names.index(self._time_feature)])
            if found is not None:
                return found
        return prediction.event_time

    def _attributes(
        self, prediction: Prediction, index: int, row_id: str, row: Row | None, weight: float
    ) -> Attributes:
        found: Attributes = {}
        schema = prediction.schema
        if row is not None and schema is not None:
            dropped, single = 0, prediction.size == 1
            if self._with_features:
                if single and prediction.row_attributes is not None:
                    values, dropped = prediction.row_attributes, prediction.row_dropped
                else:
                    values, dropped = self._describer.features(row, schema)
                found, cut = self._fit(values)
                dropped += cut
            invalid = len(row_violations(row, schema))
            found.update(self._describer.completeness(row, schema, invalid, dropped))
        found.update(self._outputs(prediction, index))
        found.update(prediction.extra)
        found.update(prediction.model.describe(prediction.operation)[2])
        if prediction.model.task:
            found[names.ML_TASK_TYPE] = prediction.model.task
        found[names.ML_PREDICTION_ID] = row_id
        if weight != 1.0:
            found[names.ML_EVENT_WEIGHT] = weight
        if prediction.error_type is not None:
            found[names.ERROR_TYPE] = prediction.error_type
        return found

    def _outputs(self, prediction: Prediction, index: int) -> Attributes:
        if prediction.output_attributes and not self._config.class_scores_on_events:
            return prediction.output_attributes
        found: Attributes = {}
        for outputs in prediction.outputs:
            if index < outputs.size:
                row = outputs.row(index)
                found = {**self._describer.output(row), **found}
                if self._config.class_scores_on_events:
                    found.update(self._describer.class_scores(row))
        return found

    def _fit(self, values: Attributes) -> tuple[Attributes, int]:
        """As many feature values as fit into one event; backends refuse a record that is too large, whole."""
        limit = self._config.max_event_bytes
        if len(values) * MAX_NUMBER_BYTES <= limit and NUMBERS.issuperset(map(type, values.values())):
            return dict(values), 0
        if approximate_size(values) <= limit:
            return dict(values), 0
        fitting: Attributes = {}
        for key, value in values.items():
            limit -= approximate_size({key: value})
            if limit < 0:
                break
            fitting[key] = value
        return fitting, len(values) - len(fitting)


def fraction(prediction_id: str) -> float:
    """A number in [0, 1) that is the same for an id in every process and language: the first 8 bytes of its BLAKE2b."""
    digest = hashlib.blake2b(prediction_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
