"""A service that tells whether a flight will arrive late. It holds no telemetry code: it needs none.

uvicorn examples.flights.app:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import joblib
import pandas as pd
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sklearn.pipeline import Pipeline

from examples.flights.data import FEATURES, NUMBERS
from examples.flights.train import model_path

LATE_FROM = 0.3
"""The probability from which on a flight is announced as late: more than half of these then are."""


class Flight(BaseModel):
    """What is known of a flight when it is due to leave; weather and plane may be unknown."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    carrier: str = Field(pattern="^[A-Z0-9]{2}$")
    origin: Literal["EWR", "JFK", "LGA"]
    dest: str = Field(pattern="^[A-Z]{3}$")
    departure_minute: int = Field(ge=0, lt=1440, description="as scheduled, local time, after midnight")
    arrival_minute: int = Field(ge=0, le=1440, description="as scheduled, local time, after midnight")
    weekday: int = Field(ge=0, le=6, description="0 is Monday")
    distance: float = Field(gt=0, description="miles")
    temp: float | None = Field(None, description="°F")
    dewp: float | None = Field(None, description="°F")
    humid: float | None = Field(None, ge=0, le=100, description="%")
    wind_dir: float | None = Field(None, ge=0, le=360, description="degrees")
    wind_speed: float | None = Field(None, ge=0, description="mph")
    wind_gust: float | None = Field(None, ge=0, description="mph")
    precip: float | None = Field(None, ge=0, description="inches")
    pressure: float | None = Field(None, gt=0, description="mbar")
    visib: float | None = Field(None, ge=0, description="miles")
    manufacturer: str | None = None
    plane_year: int | None = None
    seats: int | None = Field(None, gt=0)
    engines: int | None = Field(None, gt=0)


class Prediction(BaseModel):
    """Whether the flight will arrive more than 15 minutes late, and how likely that is."""

    late: bool
    probability: float


class Flights(BaseModel):
    """Several flights at once."""

    flights: list[Flight] = Field(min_length=1, max_length=1000)


class Predictions(BaseModel):
    """A prediction for each flight, in the same order."""

    predictions: list[Prediction]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    path = Path(os.environ.get("FLIGHTS_MODEL") or model_path())
    if not path.exists():
        raise FileNotFoundError(f"no model at {path}: run `python -m examples.flights.train` or set FLIGHTS_MODEL")
    app.state.model = joblib.load(path)
    yield


async def loaded_model(request: Request) -> Pipeline:
    return request.app.state.model


Model = Annotated[Pipeline, Depends(loaded_model)]
app = FastAPI(title="Will it be late?", lifespan=lifespan)


@app.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    # The stock handler repeats the input, and fails when that is NaN, which JSON does not have.
    reasons = [{key: reason[key] for key in ("type", "loc", "msg")} for reason in error.errors()]
    return JSONResponse({"detail": reasons}, 422)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/predict")
def predict(flight: Flight, model: Model) -> Prediction:
    return score(model, [flight])[0]


@app.post("/predict/batch")
def predict_batch(batch: Flights, model: Model) -> Predictions:
    return Predictions(predictions=score(model, batch.flights))


def score(model: Pipeline, flights: list[Flight]) -> list[Prediction]:
    rows = pd.DataFrame([flight.model_dump() for flight in flights], columns=FEATURES)
    rows = rows.astype(dict.fromkeys(NUMBERS, float))  # a column of None is of no number type otherwise
    return [Prediction(late=p >= LATE_FROM, probability=p) for p in model.predict_proba(rows)[:, 1]]
