"""A service that predicts what it is sent, some rows a request, and serves the drift report of its model."""

import os
from typing import Any

from fastapi import FastAPI, HTTPException

import otel_ml
from tests.monitoring import examples

app = FastAPI()


class Model:
    """A model of one's own: predictions name it in code."""


models = [Model(), Model()]
if not os.environ.get("OTEL_ML_BASELINE"):
    otel_ml.register_model(models[0], "churn", version="3", baseline=examples.baseline())
otel_ml.register_model(models[1], "bare", version="1")


@app.post("/predict")
def predict(rows: list[dict[str, Any]]) -> int:
    with otel_ml.inference("churn", version="3") as call:
        call.input(rows)
        call.output([{"label": "leaves" if index % 4 == 3 else "stays"} for index in range(len(rows))])
    return os.getpid()


@app.get("/drift/{name}")
def drift(name: str) -> dict[str, Any]:
    report = otel_ml.drift_report(name)
    if report is None:
        raise HTTPException(404, f"{name} is not watched for drift")
    return report.to_dict()


@app.get("/pid")
def pid() -> int:
    return os.getpid()
