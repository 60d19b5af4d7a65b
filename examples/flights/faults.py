"""Faults as they happen to services, put into real flights before they are sent."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

NEW_CARRIER = "ZZ"


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong for a while.

    Attributes:
        what: In words.
        feature: The one that it happens to.
        event: What it makes of a value: a value of `ml.violation.type`.
        start: UTC; it happens to flights that are due to leave from then on.
        end: And before then.
        change: Makes wrong values of the right ones.
    """

    what: str
    feature: str
    event: str
    start: pd.Timestamp
    end: pd.Timestamp
    change: Callable[[pd.Series], pd.Series]


def all_null(values: pd.Series) -> pd.Series:
    """A column that is no longer filled."""
    nulls: pd.Series = values.mask(values.notna())
    return nulls


def celsius(values: pd.Series) -> pd.Series:
    """Another unit."""
    converted: pd.Series = (values - 32) / 1.8
    return converted


def new_carrier(values: pd.Series) -> pd.Series:
    """An airline that the model has never seen, on one flight of a hundred."""
    changed: pd.Series = values.copy()
    changed.iloc[::100] = NEW_CARRIER
    return changed


def _utc(text: str) -> pd.Timestamp:
    moment: pd.Timestamp = pd.Timestamp(text, tz="UTC")
    return moment


# Before the first warm day: one thing at a time.
FAULTS = (
    Fault(
        "plane_year is sent as null", "plane_year", "null", _utc("2013-04-02 14:00"), _utc("2013-04-02 18:00"), all_null
    ),
    Fault(
        "temp is sent in Celsius instead of Fahrenheit",
        "temp",
        "range",
        _utc("2013-04-03 14:00"),
        _utc("2013-04-03 22:00"),
        celsius,
    ),
    Fault(
        f"a new airline, {NEW_CARRIER}, has 1% of the flights",
        "carrier",
        "unseen",
        _utc("2013-04-04 12:00"),
        _utc("2013-04-07 12:00"),
        new_carrier,
    ),
)


def inject(flights: pd.DataFrame, faults: tuple[Fault, ...] = FAULTS) -> pd.DataFrame:
    """A copy of the flights with the faults in it."""
    wrong: pd.DataFrame = flights.copy()
    for fault in faults:
        hit = flights["departs"].between(fault.start, fault.end, inclusive="left")
        wrong.loc[hit, fault.feature] = fault.change(wrong.loc[hit, fault.feature])
    return wrong


def touched(right: pd.DataFrame, wrong: pd.DataFrame, fault: Fault) -> pd.Series:
    """Which flights a fault has given another value than they had."""
    before, after = right[fault.feature], wrong[fault.feature]
    changed: pd.Series = (before != after) & ~(before.isna() & after.isna())
    return changed
