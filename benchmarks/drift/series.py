"""Public series in which people have marked where they change, read from the packages that carry them.

Of sktime only the files are read: what it needs to run need not be installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

AGREEING = 2
"""People who must have marked a change, where several have looked."""


@dataclass(frozen=True)
class Series:
    """A series and its marks.

    Attributes:
        name: of the data set.
        carrier: the package that carries it, and what it is.
        columns: of the same length, in order of time.
        changes: rows at which a change is marked, ascending.
        begin: the first row that people have looked at.
    """

    name: str
    carrier: str
    columns: dict[str, np.ndarray]
    changes: tuple[int, ...]
    begin: int = 0

    @property
    def rows(self) -> int:
        """How long it is."""
        return len(next(iter(self.columns.values())))


@cache
def all_series() -> tuple[Series, ...]:
    """Every series, those too short for an alarm too."""
    return (
        _devices(),
        _heartbeat(),
        _gun(),
        _annotated("BrentSpotPrice", "day", "DPB", 10, seen_from="2000-01-01"),
        _annotated("Apple", "Date", "Close", 3),
    )


def _devices() -> Series:
    """Use of electricity: devices one after another, in segments that the UEA & UCR archive's authors put together."""
    values = _sktime("segmentation/ElectricDevices.csv", header=None)[1].to_numpy()
    # The marks are in the documentation of its loader.
    return Series("ElectricDevices", "sktime: what devices draw", _with_steps(values), (1090, 4436, 5712, 7923))


def _gun() -> Series:
    """Hands that draw a gun, then hands that point."""
    values = _sktime("segmentation/GunPoint.csv", header=None)[1].to_numpy()
    return Series("GunPoint", "sktime: a hand's movement", _with_steps(values), (900,))


def _heartbeat() -> Series:
    """An electrocardiogram of the MIT-BIH database; the rows from the first irregular beat to the last are marked."""
    table = _sktime("mitdb/mitdb.csv")
    marked = np.flatnonzero(table["label"].to_numpy())
    return Series("mitdb", "sktime: an electrocardiogram", _with_steps(table["data"].to_numpy()), (int(marked[0]),))


def _annotated(name: str, day: str, price: str, every: int, seen_from: str = "") -> Series:
    """A price of the Turing Change Point Dataset, marked by five people.

    Args:
        name: of the class in river.
        day: its column of dates.
        price: its column of prices.
        every: people saw one of so many rows.
        seen_from: the first day that they saw.
    """
    from river.drift import datasets

    found = getattr(datasets, name)()
    table = pd.read_csv(found.path, parse_dates=[day])
    values = table[price].to_numpy(dtype=float)
    begin = int((table[day] < pd.Timestamp(seen_from)).sum()) if seen_from else 0
    relative = np.diff(np.log(values), prepend=np.log(values[0]))
    changes = tuple(begin + every * mark for mark in agreed(found.annotations.values()))
    return Series(name, "river: a daily price", {"value": values, "return": relative}, changes, begin)


def agreed(annotations: Iterable[Iterable[int]]) -> tuple[int, ...]:
    """Changes that several people have marked within five observations of one another: the median of their marks.

    >>> agreed([[10, 50], [12], [14, 90]])
    (12,)
    """
    marks = sorted((mark, person) for person, marked in enumerate(annotations) for mark in marked)
    groups: list[list[tuple[int, int]]] = []
    for mark in marks:
        if groups and mark[0] - groups[-1][-1][0] <= 5:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return tuple(
        int(np.median([mark for mark, _ in group]))
        for group in groups
        if len({person for _, person in group}) >= AGREEING
    )


def _with_steps(values: np.ndarray) -> dict[str, np.ndarray]:
    """A series as two features: what it is, and by how much it differs from the value before."""
    return {"value": values, "step": np.diff(values, prepend=values[0])}


def _sktime(name: str, header: int | None = 0) -> pd.DataFrame:
    package = find_spec("sktime")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("the series are in a package: pip install --no-deps -r requirements/series.txt")
    table: pd.DataFrame = pd.read_csv(Path(package.origin).parent / "datasets" / "data" / name, header=header)
    return table
