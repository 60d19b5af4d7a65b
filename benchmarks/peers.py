"""Published peers, each the way its own documentation does it. They do different things: see the README."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.contenders import Contender, Predict
from benchmarks.models import CLASSES, NAME, Tiny, feature_names, matrix
from benchmarks.sdk import NullSpans, Sdk


class Mlflow:
    """mlflow tracing: a span with inputs and outputs as JSON, through its OTLP export."""

    name = "mlflow tracing"

    def __init__(self) -> None:
        import mlflow
        from mlflow.tracing import provider

        self._mlflow, self._provider = mlflow, provider
        self._sdk = Sdk()
        mlflow.set_tracking_uri("http://127.0.0.1:9")  # never asked; without one it looks for a local store
        # Its own batch processor, with our transport in place of its OTLP exporter's.
        for name, ours in (("should_use_otlp_exporter", lambda: True), ("get_otlp_exporter", self._exporter)):
            setattr(provider, name, ours)

    def _exporter(self) -> NullSpans:
        return NullSpans(self._sdk.sent)

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        trace = self._mlflow.trace(name=f"predict_proba {NAME}")
        predict_proba = model.predict_proba

        def predict(row: Any) -> Any:
            return predict_proba(row)

        return trace(predict)  # type: ignore[no-any-return]  # untyped upstream

    def flush(self) -> None:
        self._provider.provider.get().force_flush()

    def collect(self) -> None:
        pass

    def switch_off(self) -> None:
        self.flush()


class Logfire:
    """logfire: a span with the features, and the outputs set on it."""

    name = "logfire"

    def __init__(self) -> None:
        import logfire
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._sdk = Sdk()
        self._logfire = logfire.configure(
            local=True,
            send_to_logfire=False,
            console=False,
            metrics=False,
            additional_span_processors=[BatchSpanProcessor(NullSpans(self._sdk.sent))],
        )

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        predict_proba, span = model.predict_proba, self._logfire.span

        def predict(row: Any) -> Any:
            values = dict(zip(features, row[0].tolist(), strict=True))
            with span("predict_proba {model_name}", model_name=NAME, **values) as current:
                result = predict_proba(row)
                scores = result[0].tolist()
                best = max(range(len(scores)), key=scores.__getitem__)
                current.set_attributes({"label": CLASSES[best], "score": scores[best]})
            return result

        return predict

    def flush(self) -> None:
        self._logfire.force_flush()

    def collect(self) -> None:
        pass

    def switch_off(self) -> None:
        self.flush()


class Whylogs:
    """whylogs: sketches of every column in the calling thread; nothing about a single prediction leaves the process."""

    name = "whylogs"

    def __init__(self) -> None:
        from whylogs.core import DatasetProfile

        self._profile: Callable[[], Any] = DatasetProfile
        self._current: Any = None

    def switch_on(self, model: Any, features: tuple[str, ...]) -> Predict:
        self._current = profile = self._profile()
        predict_proba = model.predict_proba

        def predict(row: Any) -> Any:
            result = predict_proba(row)
            values = dict(zip(features, row[0].tolist(), strict=True))
            profile.track({**values, "score": float(result[0].max())})
            return result

        return predict

    def flush(self) -> None:
        pass

    def collect(self) -> None:
        self._current.view().serialize()

    def switch_off(self) -> None:
        self._current = None


PEERS: tuple[tuple[str, Callable[[], Contender]], ...] = (
    ("mlflow", Mlflow),
    ("logfire", Logfire),
    ("whylogs", Whylogs),
)


def available() -> tuple[list[Contender], list[str]]:
    """The peers that are installed and work, and why the others do not take part."""
    found: list[Contender] = []
    skipped = []
    for module, make in PEERS:
        try:
            importlib.import_module(module)
            peer = make()
            _try(peer)
            found.append(peer)
        except Exception as error:  # whatever a peer fails with, the others are compared
            skipped.append(f"{module}: {type(error).__name__}: {error}")
    return found, skipped


def _try(peer: Contender) -> None:
    peer.switch_on(Tiny(), feature_names())(matrix())
    peer.flush()
    peer.collect()
    peer.switch_off()
