"""The example's data, its model (trained once, then cached as for a user), and its service without any telemetry."""

from collections.abc import Iterator
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from examples.flights import data
from examples.flights.train import train
from tests.examples.servers import uvicorn_command
from tests.support.servers import Server, free_port


@pytest.fixture(scope="session")
def flights() -> pd.DataFrame:
    return data.load()


@pytest.fixture(scope="session")
def april(flights: pd.DataFrame) -> pd.DataFrame:
    return data.between(flights, "2013-04-01", "2013-05-01")


@pytest.fixture(scope="session")
def model_path() -> Path:
    return train()[0]


@pytest.fixture(scope="session")
def model(model_path: Path) -> Pipeline:
    return joblib.load(model_path)


@pytest.fixture(scope="session")
def service(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the real service in a process of its own."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    server = Server(
        "flights",
        uvicorn_command(port),
        env={"FLIGHTS_MODEL": str(model_path), "OMP_NUM_THREADS": "1"},
        ready_url=f"{url}/healthz",
        log=tmp_path_factory.mktemp("service") / "log",
    )
    server.start()
    yield url
    server.stop()
