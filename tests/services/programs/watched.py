"""A service whose model has a baseline, and which serves its drift report."""

import os
from typing import Any

from fastapi import FastAPI

import otel_ml
from tests.monitoring.examples import baseline

app = FastAPI()


@otel_ml.observe(name="churn", version="3")
def score(age: float, plan: str) -> dict[str, object]:
    return {"label": "stays", "score": 0.9}


otel_ml.register_model(score, "churn", version="3", baseline=baseline())


@app.get("/predict/{number}")
def predict(number: float) -> dict[str, object]:
    return score(18 + number % 60, "basic")


@app.get("/drift")
def drift() -> dict[str, Any] | None:
    report = otel_ml.drift_report("churn")
    return None if report is None else report.to_dict()


@app.get("/pid")
def pid() -> int:
    return os.getpid()


if os.environ.get("SCORE_AT_IMPORT"):
    score(40.0, "pro")
