"""One service: `python -m benchmarks.web.server NAME CPU` prints its port when it listens."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from opentelemetry import _logs, metrics, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from pydantic import BaseModel

import otel_ml
from benchmarks.contenders import Predict
from benchmarks.handwritten import Handwritten
from benchmarks.models import CLASSES, NAME, VERSION, Tiny, feature_names
from benchmarks.sdk import Sdk
from benchmarks.web.pinning import pin

UNINSTRUMENTED, CONTRIB, BY_HAND, OURS = "FastAPI alone", "contrib's instrumentor", "by hand", "otel-ml"
NAMES = (UNINSTRUMENTED, CONTRIB, BY_HAND, OURS)


class Customer(BaseModel):
    """What the service is asked about."""

    features: list[float]


def make(name: str, sdk: Sdk) -> FastAPI:
    """The service with one kind of telemetry; all kinds of it have the server span of contrib's instrumentor."""
    model = Tiny()
    predict: Predict = model.predict_proba
    if name == BY_HAND:
        predict = Handwritten(model, feature_names(), sdk).predict_proba
    elif name == OURS:
        otel_ml.instrument()
        otel_ml.register_model(model, NAME, version=VERSION, classes=CLASSES)
        predict = model.predict_proba

    app = FastAPI()

    @app.post("/predict")
    async def answer(customer: Customer) -> dict[str, Any]:
        scores = predict(np.array([customer.features]))[0].tolist()
        return {"score": scores[1]}

    if name in (CONTRIB, BY_HAND):
        FastAPIInstrumentor.instrument_app(app)
    return _with_flush(app, sdk)


def _with_flush(app: FastAPI, sdk: Sdk) -> FastAPI:
    """Answer ``POST /flush`` when everything is encoded, outside of the app and so of its telemetry."""
    inner: Callable[..., Any] = app.__call__

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/flush":
            sdk.flush()
            found = f"{sdk.sent.spans + sdk.sent.records} {time.process_time()}".encode()
            headers = [(b"content-length", str(len(found)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": found})
        else:
            await inner(scope, receive, send)

    return outer  # type: ignore[return-value]  # an ASGI application, all that a server asks for


def main(name: str, cpu: int) -> None:
    """Serve until terminated."""
    pin(cpu)
    sdk = Sdk()
    if name != UNINSTRUMENTED:  # FastAPI would make spans of its own as soon as there is a provider
        trace.set_tracer_provider(sdk.tracer_provider)
        _logs.set_logger_provider(sdk.logger_provider)
        metrics.set_meter_provider(sdk.meter_provider)
    app = make(name, sdk)
    # With the protocol named, asyncio switches Nagle's algorithm off; else each answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_keep_alive=3_600)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
