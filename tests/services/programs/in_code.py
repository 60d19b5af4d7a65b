"""``python in_code.py <port>``: instruments itself, and sets the SDK up from the environment."""

import sys

import uvicorn

import otel_ml
from tests.services.programs.plain import app, model

otel_ml.instrument(app)
otel_ml.register_model(model, "churn", version="3")

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
