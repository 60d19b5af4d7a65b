"""Who is compared: the bare model, telemetry by hand, otel-ml; peers are in peers.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import otel_ml
from benchmarks.handwritten import Handwritten
from benchmarks.models import CLASSES, NAME, VERSION
from benchmarks.sdk import Sdk

Predict = Callable[[Any], Any]


class Contender(Protocol):
    """One way to watch a model. Only one is switched on at a time: some patch classes that all use."""

    name: str

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        """Get ready, and return what is to be called with rows."""

    def flush(self) -> None:
        """Encode everything that the calls so far have left behind, metrics aside."""

    def collect(self) -> None:
        """Collect and encode the metrics once, as a service does each minute."""

    def switch_off(self) -> None:
        """Leave no trace on the model, and nothing queued."""


class Bare:
    """The model itself."""

    name = "bare model"

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        return model.predict_proba  # type: ignore[no-any-return]  # scikit-learn has no types

    def flush(self) -> None:
        pass

    def collect(self) -> None:
        pass

    def switch_off(self) -> None:
        pass


class ByHand:
    """The same signals, written by hand."""

    def __init__(self, *, count_nulls: bool = False) -> None:
        self.name = "by hand, 1 null counter a feature" if count_nulls else "by hand"
        self._count_nulls = count_nulls
        self.sdk = Sdk()

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        return Handwritten(model, features, self.sdk, count_nulls=self._count_nulls).predict_proba

    def flush(self) -> None:
        self.sdk.flush()

    def collect(self) -> None:
        self.sdk.collect()

    def switch_off(self) -> None:
        self.flush()


class OtelMl:
    """What this project is."""

    name = "otel-ml"

    def __init__(self, **options: Any) -> None:
        self.sdk = Sdk()
        self._options = options

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        otel_ml.instrument(**self.sdk.providers, **self._options)
        otel_ml.register_model(model, NAME, version=VERSION, classes=CLASSES)
        return model.predict_proba  # type: ignore[no-any-return]  # scikit-learn has no types

    def flush(self) -> None:
        self.sdk.flush()

    def collect(self) -> None:
        self.sdk.collect()

    def switch_off(self) -> None:
        otel_ml.uninstrument()
        self.sdk.flush()
