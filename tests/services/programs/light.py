"""A service whose model is a function, which starts faster than one that imports a framework."""

import logging
import os

from fastapi import FastAPI

import otel_ml

app = FastAPI()
logger = logging.getLogger("app")


@otel_ml.observe(name="churn", version="3")
def score(number: float, email: str) -> str:
    logger.warning("scoring")
    return "stays"


@app.get("/predict/{number}")
def predict(number: float) -> dict[str, object]:
    return {"label": score(number, "jane@example.com"), "pid": os.getpid()}


@app.get("/pid")
def pid() -> int:
    return os.getpid()


if os.environ.get("SCORE_AT_IMPORT"):
    score(0.0, "")
