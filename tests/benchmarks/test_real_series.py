"""Public series with marked changes: read, cut and told as they are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.drift.page import PAGE
from benchmarks.drift.real_series import ROWS_PER_STEP, Watch, run, table, watches
from benchmarks.drift.series import Series, agreed, all_series
from otel_ml.drift.settings import MIN_REFERENCE_ROWS

ROWS = 6_000


def made_up(shift: float, at: int) -> Series:
    values = np.random.default_rng(7).normal(size=ROWS)
    values[at:] += shift
    return Series("made up", "this test", {"value": values}, (at,))


def test_every_series_is_whole_and_its_marks_are_rows_of_it() -> None:
    assert {series.name for series in all_series()} > {"ElectricDevices", "mitdb", "BrentSpotPrice"}
    for series in all_series():
        assert {len(column) for column in series.columns.values()} == {series.rows}
        assert all(np.isfinite(column).all() for column in series.columns.values())
        assert series.changes
        assert series.changes == tuple(sorted(series.changes))
        assert series.changes[0] > 0
        assert series.changes[-1] < series.rows


def test_marks_count_when_two_people_agree() -> None:
    assert agreed([[100, 300], [103], [500], [505], []]) == (101, 502)
    assert agreed([[1, 2, 3]]) == ()


def test_a_series_is_cut_at_its_marks_and_what_is_too_short_is_left_out() -> None:
    series = Series("made up", "this test", {"value": np.zeros(10_000)}, (1_000, 5_500))
    assert list(watches(series)) == [Watch(1_000, 4_000, 5_500, 10_000), Watch(5_500, 8_500, None, 10_000)]


def test_people_look_from_a_row_on() -> None:
    series = Series("made up", "this test", {"value": np.zeros(6_000)}, (5_000,), begin=4_000)
    assert next(watches(series)) == Watch(0, 4_000, 5_000, 6_000)


def test_a_change_is_a_hit_with_its_delay() -> None:
    series = made_up(1.0, 4_500)
    [watch, *_] = watches(series)
    found = run(series, watch)
    assert (found.false_alarms, found.hit and found.hit.name) == ((), "value")
    assert found.delay is not None
    assert ROWS_PER_STEP <= found.delay <= 500
    assert found.quiet is not None
    assert found.after is not None
    assert found.after > 0.3 > found.quiet


def test_no_change_is_missed_and_one_before_the_mark_is_a_false_alarm() -> None:
    missed = run(made_up(0.0, 4_500), Watch(0, 3_000, 4_500, ROWS))
    assert (missed.false_alarms, missed.hit) == ((), None)
    early = run(made_up(1.0, 3_500), Watch(0, 3_000, 4_500, ROWS))
    assert [change.name for change in early.false_alarms] == ["value"]


@pytest.mark.parametrize("line", ["marked changes were found", "Too short for an alarm"])
def test_the_page_says_what_is_found_today(line: str) -> None:
    def of(text: str) -> list[str]:
        return [one for one in text.splitlines() if line in one]

    assert of(table())
    assert of(PAGE.read_text(encoding="utf-8")) == of(table()), "run `python -m benchmarks.drift.real_series --update`"
    assert f"{MIN_REFERENCE_ROWS:,} rows" in table()
