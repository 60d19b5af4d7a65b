import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from examples.flights import app, data
from examples.flights.replay import requests
from tests.examples.servers import uvicorn_command
from tests.support.servers import free_port

FLIGHT = {
    "carrier": "UA",
    "origin": "EWR",
    "dest": "IAH",
    "departure_minute": 315,
    "arrival_minute": 499,
    "weekday": 1,
    "distance": 1400,
}


post = partial(httpx.post, timeout=60)


def test_answers_are_those_of_the_pipeline(service: str, model: Pipeline, april: pd.DataFrame) -> None:
    rows = april.sample(40, random_state=0)
    expected = model.predict_proba(rows[data.FEATURES])[:, 1]
    (batch,) = requests(rows, batch=40)
    one_by_one = [post(f"{service}/predict", json=row).json() for row in batch.features]
    together = post(f"{service}/predict/batch", json={"flights": batch.features}).json()["predictions"]
    np.testing.assert_allclose([answer["probability"] for answer in one_by_one], expected)
    assert together == one_by_one
    assert [answer["late"] for answer in one_by_one] == (expected >= app.LATE_FROM).tolist()


def test_what_is_unknown_may_be_left_out(service: str, model: Pipeline) -> None:
    row = pd.DataFrame([FLIGHT | {"manufacturer": None}], columns=data.FEATURES)
    answer = post(f"{service}/predict", json=FLIGHT).json()
    assert answer["probability"] == pytest.approx(
        model.predict_proba(row.astype(dict.fromkeys(data.NUMBERS, float)))[0, 1]
    )


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("carrier", "United"),
        ("carrier", None),
        ("origin", "SFO"),
        ("dest", ""),
        ("departure_minute", 1440),
        ("departure_minute", "early"),
        ("weekday", -1),
        ("distance", 0),
        ("distance", "Infinity"),
        ("humid", 101),
        ("seats", 0),
        ("dep_delay", 5),
    ],
)
def test_odd_values_are_refused_by_name(service: str, field: str, wrong: Any) -> None:
    response = post(f"{service}/predict", json=FLIGHT | {field: wrong})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", json.dumps(FLIGHT | {"temp": float("nan")}).encode()]
)
def test_odd_bodies_are_refused(service: str, body: bytes) -> None:
    response = post(f"{service}/predict", content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.json()["detail"]


@pytest.mark.parametrize("size", [0, 1001])
def test_batches_have_bounds(service: str, size: int) -> None:
    assert post(f"{service}/predict/batch", json={"flights": [FLIGHT] * size}).status_code == 422


def test_without_a_model_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLIGHTS_MODEL", str(tmp_path / "none.joblib"))
    ended = subprocess.run(uvicorn_command(free_port()), capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode != 0
    assert f"no model at {tmp_path}/none.joblib: run `python -m examples.flights.train`" in ended.stderr


def test_the_app_imports_no_telemetry_of_ours() -> None:
    program = "import sys, examples.flights.app; sys.exit('otel_ml' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=240)
    assert "telemetry" not in Path(app.__file__).read_text().partition('"""\n')[2]
