"""Known secrets go through every way in and every error path; the bytes that leave hold none of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import click.testing
import numpy as np
import pandas as pd
import pydantic
import pytest
from fastapi import FastAPI, Request
from opentelemetry import baggage, context
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from sklearn.base import BaseEstimator, ClassifierMixin
from starlette.testclient import TestClient

import otel_ml
from otel_ml import guard
from otel_ml.cli.doctor import doctor
from tests.support.telemetry import Telemetry, backend

LOOKS = {
    "email": "ann.smith@example.com",
    "card": "4111 1111 1111 1111",
    "card, plain": "5500005555555559",
    "aws key": "AKIAIOSFODNN7EXAMPLE",
    "openai key": "sk-abcdefghijklmnopqrstuvwx123456",
    "github token": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl",
    "iban": "DE89370400440532013000",
    "ssn": "536-90-4399",
    "bearer": "Bearer mF_9.B5f-4.1JqM",
    "hexadecimal": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
"""Texts that give themselves away, by what they are."""

NAMED = {
    "password": "hunter2-zebra",
    "user.passport": "X4RTBPFW4",
    "homePhone": "030-901820",
    "first_name": "Ann-Kathrin",
    "secret": 73_519_846_201,
    "date_of_birth": "1979-04-01",
}
"""Values that only the name of their feature gives away, by that name."""

PRIVATE = {**{f"note {number}": value for number, value in enumerate(LOOKS.values())}, **NAMED}
ACTIONS = ["mask", "hash", "drop", "round"]
HASH_KEY = "the hash key, which is a secret too"


class Leak:
    """Everything that left while a test ran."""

    def __init__(self, telemetry: Telemetry, printed: Callable[[], str]) -> None:
        self._telemetry = telemetry
        self._printed = printed

    def search(self, secrets: Any = (), *, at_least: int = 1) -> None:
        """Fails if one of the secrets is in the bytes of a signal, or in what was printed or logged."""
        self._telemetry.flush()
        ends = backend()
        spans, logs = ends.spans.get_finished_spans(), ends.logs.get_finished_logs()
        assert len(spans) >= at_least, "nothing was recorded: nothing is proved"
        data = ends.reader.get_metrics_data()
        assert data is not None
        left = {
            "spans": encode_spans(spans).SerializeToString(),
            "logs": encode_logs(logs).SerializeToString(),
            "metrics": encode_metrics(data).SerializeToString(),
            "texts": "".join(
                [*map(str, (span.to_json() for span in spans)), *(record.to_json() for record in logs)]
            ).encode(),
            "output": self._printed().encode("utf-8", "replace"),
        }
        for secret in [*LOOKS.values(), *map(str, NAMED.values()), HASH_KEY, *secrets]:
            for where, content in left.items():
                assert secret.encode() not in content, f"{secret!r} is in the {where}"


@pytest.fixture
def leak(
    telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
) -> Iterator[Leak]:
    """Debug logging is on, and our own errors are swallowed: both as in the worst service."""
    monkeypatch.setattr(guard, "RERAISE", False)
    printed: list[str] = []

    def read() -> str:
        printed.extend(capfd.readouterr())
        return caplog.text + "".join(printed)

    with caplog.at_level(logging.DEBUG):
        yield Leak(telemetry, read)
    otel_ml.uninstrument()


class Echo(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answers what it is given, or whatever it holds; raises if told so."""

    def __init__(self, answer: Any = None, error: BaseException | None = None, classes: Any = ("a", "b")) -> None:
        self.answer = answer
        self.error = error
        self.classes_ = np.array(classes)

    def predict(self, X: Any) -> Any:
        if self.error is not None:
            raise self.error
        return X if self.answer is None else self.answer

    predict_proba = predict


@dataclass
class Person:
    password: str
    note: str
    inner: Any = None


class Form(pydantic.BaseModel):
    password: str
    note: str
    inner: Any = None


@otel_ml.observe(name="echo")
def echo(data: Any) -> Any:
    return data


@otel_ml.observe(name="several")
def several(*args: Any, **kwargs: Any) -> Any:
    return kwargs or args


@otel_ml.observe(name="signature")
def signature(password: str, note: str, *, secret: int) -> str:
    return note


def by_block(data: Any) -> None:
    with otel_ml.inference("block", classes=tuple(LOOKS.values())) as call:
        call.input(data)
        call.output(data)


def shapes() -> dict[str, Any]:
    texts = list(LOOKS.values())
    return {
        "a dict": PRIVATE,
        "nested": {"user": PRIVATE, "deep": {"deeper": {"deepest": PRIVATE}}},
        "a list of texts": texts,
        "rows": [texts, texts],
        "dicts": [PRIVATE, PRIVATE],
        "one text": LOOKS["email"],
        "a long text": "x" * 240 + LOOKS["jwt"],
        "a text with more": f"write to {LOOKS['email']} or {LOOKS['ssn']}",
        "a frame": pd.DataFrame([PRIVATE, PRIVATE]),
        "one row of a frame": pd.DataFrame([PRIVATE]),
        "a series": pd.Series(PRIVATE),
        "an array": np.array([texts], dtype=object),
        "texts in an array": np.array(texts),
        "a dataclass": Person(NAMED["password"], LOOKS["email"], PRIVATE),  # type: ignore[arg-type]
        "a pydantic model": Form(password=NAMED["password"], note=LOOKS["iban"], inner=PRIVATE),  # type: ignore[arg-type]
        "names": dict.fromkeys(texts, 1.0),
        "columns": pd.DataFrame([[1.0] * len(texts)] * 2, columns=texts),
        "nulls": dict.fromkeys(texts),
        "nested names": {"user": dict.fromkeys(texts, 1.0)},
        "numbers": {"card": 5500005555555559, "password": 73_519_846_201.0},
        "bytes": {"note": LOOKS["jwt"].encode(), "password": NAMED["password"]},
        "in a set": {"note": set(texts)},
        "an answer": {"label": LOOKS["email"], "score": 0.5, "password": NAMED["password"], **PRIVATE},
        "labels": {"labels": texts, "probabilities": dict.fromkeys(texts, 0.1)},
    }


WAYS: dict[str, Callable[[Any], Any]] = {
    "estimator": lambda data: Echo().predict(data),
    "decorator": echo,
    "arguments": lambda data: several(data, *(data if isinstance(data, list) else ())),
    "keywords": lambda data: several(**data) if isinstance(data, dict) else several(data=data),
    "block": by_block,
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_no_input_and_no_output_leaks(way: str, action: str, leak: Leak) -> None:
    otel_ml.instrument(privacy_action=action, hash_key=HASH_KEY, class_scores_on_events=True, max_features=200)
    for data in shapes().values():
        WAYS[way](data)
    signature(NAMED["password"], LOOKS["card"], secret=NAMED["secret"])  # type: ignore[arg-type]
    leak.search(at_least=len(shapes()))


@pytest.mark.parametrize("action", ACTIONS)
def test_no_class_leaks(action: str, leak: Leak) -> None:
    otel_ml.instrument(privacy_action=action, hash_key=HASH_KEY, class_scores_on_events=True)
    classes = list(LOOKS.values())
    rows = np.zeros((len(classes), 2))
    Echo(np.array(classes), classes=classes).predict(rows)
    Echo(np.eye(len(classes)), classes=classes).predict_proba(rows)
    Echo(np.array(classes[:1]), classes=classes).predict(rows[:1])
    registered = Echo(np.array(classes))
    otel_ml.register_model(registered, "registered", classes=classes)
    registered.predict(rows)
    for number, label in enumerate(classes):
        with otel_ml.inference("named", classes=tuple(classes), operation="predict_proba") as call:
            call.input({"x": number})
            call.output([[1.0 if label == other else 0.0 for other in classes]])
        with otel_ml.inference("labels", classes=tuple(classes)) as call:
            call.output(label)
    leak.search()


MESSAGES = [f"could not convert {value}" for value in LOOKS.values()]
MESSAGES += [f"first line\nsecond line {value}" for value in LOOKS.values()]
TWO_LINES = "card 4111 1111\n1111 1111"


@pytest.mark.parametrize("exceptions", ["none", "message", "stacktrace"])
def test_no_exception_leaks(exceptions: str, leak: Leak) -> None:
    otel_ml.instrument(exceptions=exceptions)
    for message in MESSAGES:
        for error in (ValueError(message), KeyError(message), OSError(5, message)):
            error.__cause__ = RuntimeError(message)
            error.__cause__.__context__ = TypeError(message)
            with pytest.raises(type(error)):
                Echo(error=error).predict([[1.0]])
    with pytest.raises(ValueError, match="card"):
        Echo(error=ValueError(TWO_LINES)).predict([[1.0]])
    leak.search(["1111 1111"], at_least=len(MESSAGES))


def test_what_only_a_name_gives_away_is_in_no_exception_by_default(leak: Leak) -> None:
    otel_ml.instrument()
    for value in NAMED.values():
        error = ValueError(f"{value} is not allowed")
        error.__cause__ = KeyError(value)
        with pytest.raises(ValueError, match="not allowed"):
            Echo(error=error).predict([[1.0]])
    leak.search()


class Betraying:
    """Its own errors quote a secret, and so would ours."""

    def __init__(self) -> None:
        self.secret = LOOKS["email"]

    @property
    def shape(self) -> Any:
        raise ValueError(f"{LOOKS['email']} has no shape: {NAMED['password']}")


Betraying.__module__ = "torch.nn"


class Endless(dict[str, Any]):
    def __len__(self) -> int:
        raise ValueError(NAMED["password"])

    __iter__ = keys = items = __len__  # type: ignore[assignment]


def test_our_own_errors_do_not_leak(leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    otel_ml.instrument()
    monkeypatch.setattr("otel_ml.observation.inputs.describe", _betray)
    monkeypatch.setattr("otel_ml.signals.events.EventSink._attributes", _betray)
    for data in (Betraying(), Endless(a=1), object(), {"x": Betraying()}):
        echo(data)
        Echo().predict(data)
    otel_ml.flush()
    assert guard.counts()
    leak.search(at_least=0)


def _betray(*_: Any, **__: Any) -> Any:
    raise ValueError(f"{NAMED['password']} {LOOKS['jwt']}")


@pytest.mark.parametrize(
    "kind", ["email", "card, plain", "aws key", "openai key", "github token", "jwt", "iban", "ssn"]
)
def test_no_prediction_id_leaks(kind: str, leak: Leak) -> None:
    otel_ml.instrument()
    with otel_ml.inference("churn", prediction_id=LOOKS[kind]) as call:
        logging.getLogger("app").warning("during a prediction")
    assert call.id != LOOKS[kind]
    leak.search()


def test_headers_and_baggage_do_not_leak(leak: Leak) -> None:
    names = [f"x-{number}" for number in range(len(LOOKS))]
    options = {
        "trust_id_header": True,
        "context_headers": {f"ml.segment.h{number}": name for number, name in enumerate(names)},
        "context_baggage": {f"ml.segment.b{number}": name for number, name in enumerate(names)},
    }
    app = FastAPI()

    @app.get("/")
    def endpoint(request: Request) -> Any:
        current = context.get_current()
        for name, value in zip(names, LOOKS.values(), strict=True):
            current = baggage.set_baggage(name, value, current)
        token = context.attach(current)
        try:
            echo({"x": 1.0})
        finally:
            context.detach(token)

    otel_ml.instrument(app, **options)
    headers = {**dict(zip(names, LOOKS.values(), strict=True)), "ml-prediction-id": LOOKS["email"]}
    with TestClient(app) as client:
        response = client.get("/", headers={**headers, "cookie": "session=" + LOOKS["hexadecimal"]})
    assert LOOKS["email"] not in response.headers["ml-prediction-id"]
    leak.search()


def test_an_observed_time_does_not_leak(leak: Leak) -> None:
    otel_ml.instrument(event_time="feature:when")
    for value in LOOKS.values():
        echo({"when": value, "x": 1.0})
        with otel_ml.inference("churn", event_time=value) as call:
            call.input({"x": 1.0})
    leak.search()


def test_the_doctor_keeps_secrets(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_ML_HASH_KEY", HASH_KEY)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization={LOOKS['bearer']}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://someone:hunter2-zebra@127.0.0.1:9")
    result = click.testing.CliRunner().invoke(doctor, ["--no-test"])
    assert result.exit_code == 0, result.output
    for secret in (HASH_KEY, LOOKS["bearer"], "hunter2-zebra"):
        assert secret not in result.output


def test_a_refused_configuration_keeps_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_ML_HASH_KEY", "short")
    monkeypatch.setenv("OTEL_ML_HASH_KEYS", HASH_KEY)
    with pytest.raises(otel_ml.ConfigError) as caught:
        otel_ml.Config.load(privacy_action="hash")
    assert HASH_KEY not in str(caught.value)
    assert "short" not in str(caught.value)
