"""Keep what telemetry arrived, prediction by prediction."""

from collections import Counter
from collections.abc import Callable

from otel_ml.cli.tail.session import View
from otel_ml.semconv import attributes as names
from otel_ml.semconv import metrics
from otel_ml.service.predictions import Prediction
from otel_ml.service.receiver import Receiver
from otel_ml.service.records import Exemplar, Log, Point
from otel_ml.service.summary import Summary
from otel_ml.service.totals import SeriesTotals


class Evidence:
    """Keeps what a view of `otel-ml tail` is shown, and passes it on to one that prints it."""

    def __init__(self, view: View) -> None:
        self.joined: dict[str, Prediction] = {}
        self.told: Counter[str] = Counter()
        self.exemplars: dict[str, Exemplar] = {}
        self._totals = SeriesTotals()
        self._view = view

    def listening(self, receiver: Receiver) -> None:
        self._view.listening(receiver)

    def predictions(self, predictions: list[Prediction]) -> None:
        for prediction in predictions:
            prediction_id = str(prediction.attributes.get(names.ML_PREDICTION_ID))
            self.joined[prediction_id] = prediction
            self.told[prediction_id] += 1
        self._view.predictions(predictions)

    def event(self, event: Log) -> None:
        self._view.event(event)

    def points(self, points: list[Point]) -> None:
        for point in points:
            feature, bin_ = (
                str(point.attributes.get(name, "")) for name in (names.ML_FEATURE_NAME, names.ML_FEATURE_BIN)
            )
            self._totals.add((point.metric, feature, bin_), point, (point.value or point.count,))
            if point.metric == metrics.ML_INFERENCE_DURATION.name:
                self.exemplars.update({exemplar.trace_id: exemplar for exemplar in point.exemplars})
        self._view.points(points)

    def refresh(self, summarise: Callable[[], Summary]) -> None:
        self._view.refresh(summarise)

    def summary(self, summary: Summary) -> None:
        self._view.summary(summary)

    def close(self) -> None:
        self._view.close()

    def total(self, metric: str, feature: str = "", bin_: str | None = None) -> int:
        """A counter's value, or a histogram's count, over all processes and whatever attributes are not given."""
        return round(
            sum(
                total
                for group, (total,) in self._totals.items()
                if group[:2] == (metric, feature) and bin_ in (None, group[2])
            )
        )
