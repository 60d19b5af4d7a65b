"""What the training flights were like, and what the model made of them: `python -m examples.flights.baseline`."""

from pathlib import Path

import joblib
import pandas as pd

from examples.flights import data
from examples.flights.train import TRAINED_ON, cache_directory, train
from otel_ml import Baseline

MODEL = "flights-late"


def fit(flights: pd.DataFrame, model: Path) -> Baseline:
    """Sum up the training flights, so that live ones can be compared with them.

    Args:
        flights: As from `data.load`.
        model: The file with the trained model.
    """
    trained_on = data.between(flights, *TRAINED_ON)
    late = joblib.load(model).predict_proba(trained_on[data.FEATURES])[:, 1]
    rows = trained_on[[*data.FEATURES, "departs"]].assign(prediction=late > 0.5, score=abs(late - 0.5) + 0.5)
    return Baseline.fit(rows, time="departs", prediction="prediction", score="score", model=MODEL)


def main() -> None:
    """Fit it, and keep it beside the model."""
    path = cache_directory() / "flights.baseline.json"
    model, _ = train()
    fit(data.load(), model).save(path)
    print(path)


if __name__ == "__main__":
    main()
