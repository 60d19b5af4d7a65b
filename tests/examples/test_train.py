from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline

from examples.flights import data
from examples.flights.train import HELD_OUT, fit, report, train


@pytest.fixture(scope="module")
def few(flights: pd.DataFrame) -> pd.DataFrame:
    return data.between(flights, "2013-01-01", "2013-01-05")


def test_training_gives_the_same_model_each_time(few: pd.DataFrame, april: pd.DataFrame) -> None:
    first, second = (fit(few).predict_proba(april[data.FEATURES]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_unknown_categories_and_nulls_are_predicted(few: pd.DataFrame, april: pd.DataFrame) -> None:
    rows = april[data.FEATURES].head(2).assign(dest="XYZ", manufacturer=None, **dict.fromkeys(data.WEATHER, np.nan))
    probabilities = fit(few).predict_proba(rows)
    assert probabilities.shape == (2, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_the_model_is_better_than_chance_on_a_month_it_has_not_seen(model: Pipeline, april: pd.DataFrame) -> None:
    labelled = april[april["late"].notna()]
    late = labelled["late"].astype(bool)
    auc = roc_auc_score(late, model.predict_proba(labelled[data.FEATURES])[:, 1])
    assert 0.64 < auc < 0.7
    said = report(model, april)
    assert f"ROC AUC {auc:.3f}" in said
    assert f"{late.mean():.1%} late" in said


def test_the_held_out_month_is_not_trained_on(
    few: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trained_on: list[pd.DataFrame] = []

    def recording(rows: pd.DataFrame) -> Pipeline:
        trained_on.append(rows)
        return fit(few)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("examples.flights.train.fit", recording)
    train()
    assert trained_on[0]["departs"].max() < pd.Timestamp(HELD_OUT[0], tz="UTC")


def test_a_trained_model_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path, quality = train()
    written = path.stat().st_mtime_ns
    assert path.is_relative_to(tmp_path)
    assert train() == (path, quality)
    assert path.stat().st_mtime_ns == written
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".joblib", ".txt"]
