"""What the last steps are compared with."""

from __future__ import annotations

import numpy as np
import pytest

from otel_ml.drift.references import reference_of, windows_of
from otel_ml.drift.settings import Settings
from otel_ml.drift.stream import WEEK, history
from otel_ml.drift.windows import Ring

OWN = np.array([[7]])


def filled(settings: Settings, steps: int) -> Ring:
    """A ring in which the count of each step is its number."""
    ring = Ring(history(settings), (1, 1))
    for step in range(steps):
        ring.add(step, np.array([[step]]))
    return ring


def test_the_baseline_is_the_same_for_all() -> None:
    settings = Settings()
    assert reference_of(settings, OWN, filled(settings, 100), [1, 64], 100) is OWN
    assert history(settings) == 64


@pytest.mark.parametrize("length", [1, 4, 8])
def test_the_previous_window_ends_where_the_look_back_begins(length: int) -> None:
    settings = Settings(reference="previous", look_back=8)
    found = reference_of(settings, OWN, filled(settings, 40), [length], 40)
    assert isinstance(found, dict)
    assert found[length][0, 0] == sum(range(40 - length - 8, 40 - length))


@pytest.mark.parametrize("length", [1, 64])
def test_last_week_is_of_the_same_hours(length: int) -> None:
    settings = Settings(reference="last_week")
    found = reference_of(settings, OWN, filled(settings, 300), [length], 300)
    assert isinstance(found, dict)
    assert found[length][0, 0] == sum(range(300 - WEEK - length, 300 - WEEK))


def test_hours_of_which_some_are_missing_are_no_reference() -> None:
    settings = Settings(reference="last_week")
    found = reference_of(settings, OWN, filled(settings, WEEK + 3), [1, 2, 4], WEEK + 3)
    assert isinstance(found, dict)
    assert [int(found[length][0, 0]) for length in (1, 2, 4)] == [2, 1 + 2, 0]
    earlier = reference_of(settings, OWN, filled(settings, WEEK + 3), [1, 2], WEEK + 3, before=1)
    assert isinstance(earlier, dict)
    assert [int(earlier[length][0, 0]) for length in (1, 2)] == [1, 0 + 1]


def test_hours_without_rows_in_either_week_count_in_neither() -> None:
    settings = Settings(reference="last_week")
    ring, present = Ring(history(settings), (1, 1)), 300
    without = {297, 295, 294 - WEEK}
    for hour in range(present):
        ring.add(hour, np.array([[0 if hour in without else hour]]))
    windows = windows_of(settings, ring, present)
    found = reference_of(settings, OWN, ring, windows, present)
    assert isinstance(found, dict)
    for length in (1, 2, 4, 8, 64):
        hours = [hour for hour in range(300 - length, 300) if hour not in (294, 295, 297)]
        assert windows[length][0, 0] == sum(hours)
        assert found[length][0, 0] == sum(hours) - WEEK * len(hours)


def test_before_there_is_a_week_to_compare_with_all_hours_count() -> None:
    settings = Settings(reference="last_week")
    windows = windows_of(settings, filled(settings, 100), 100)
    assert [int(windows[length][0, 0]) for length in (1, 64)] == [99, sum(range(36, 100))]


@pytest.mark.parametrize("reference", ["previous", "last_week"])
def test_what_was_not_seen_yet_is_empty(reference: str) -> None:
    settings = Settings(reference=reference)  # type: ignore[arg-type]  # a reference
    found = reference_of(settings, OWN, filled(settings, 1), [1], 1)
    assert isinstance(found, dict)
    assert not found[1].any()
