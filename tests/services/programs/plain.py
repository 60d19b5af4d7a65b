"""A service with a real model and no telemetry code."""

import os
from collections.abc import Iterator

import numpy as np
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from sklearn.linear_model import LogisticRegression

features = np.random.default_rng(0).normal(size=(200, 3))
model = LogisticRegression().fit(features, np.where(features[:, 0] > 0, "stays", "leaves"))
app = FastAPI()


@app.get("/predict/{number}")
def predict(number: float) -> dict[str, object]:
    return {"label": str(model.predict([[number, 0.0, 0.0]])[0]), "pid": os.getpid()}


@app.get("/pid")
def pid() -> int:
    return os.getpid()


@app.get("/stream")
def stream() -> StreamingResponse:
    def chunks() -> Iterator[str]:
        yield "first"
        yield str(model.predict([[1.0, 0.0, 0.0]])[0])

    return StreamingResponse(chunks())
