"""Histograms of a line's height that have more bins than there is room for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.baselines import Baseline
from otel_ml.cli.histogram import LEAST, fitting, merged
from tests.cli.drifting import run

PIPE = 110
"""Columns of a page into a pipe, where nothing else is asked for."""

PIPED = {"COLUMNS": None}


@given(st.lists(st.floats(0, 1), max_size=60), st.integers(-3, 70))
def test_neighbouring_bins_are_merged_as_far_as_there_is_no_room(shares: list[float], width: int) -> None:
    found = merged(shares, width)
    assert len(found) == min(len(shares), max(width, 0))
    if len(shares) <= width:
        assert found == shares
    if found:
        assert min(shares) * 0.999 <= min(found) <= max(found) <= max(shares) * 1.001


def test_a_flat_histogram_stays_flat_and_a_rare_bin_is_not_blank() -> None:
    assert merged([0.5] * 45, 20) == [0.5] * 20
    assert all(share > 0 for share in merged([0.0, 1e-6] * 20, 20))


def test_there_is_room_for_some_characters_in_any_case() -> None:
    assert [fitting(45, room) for room in (-7, 30, 99)] == [LEAST, 30, 45]
    assert fitting(3, 99) == 3


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A table with a column of many categories and with names as long as are shown; and its baseline."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    rows = 5_000
    columns = {
        "a name that needs all its room": rng.normal(40, 10, rows).round(1),
        "word": np.array([f"w{index}" for index in rng.integers(0, 60, rows)], dtype=object),
    }
    names = list(columns)
    text = "\n".join([",".join(names), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))])
    table, baseline = folder / "table.csv", folder / "baseline.json"
    table.write_text(text + "\n", encoding="utf-8")
    Baseline.fit(columns, bins=40).save(baseline)
    counts = {one["name"]: len(one["counts"]) for one in json.loads(baseline.read_text(encoding="utf-8"))["variables"]}
    assert max(counts.values()) > 2 * LEAST
    return str(table), str(baseline)


def test_ranges_stay_beside_histograms_of_many_bins(files: tuple[str, str]) -> None:
    lines = run("baseline", "show", files[1], env=PIPED).stdout.splitlines()
    (heading,) = [line for line in lines if "histogram" in line]
    assert heading.endswith("  range")
    (word,) = [line for line in lines if line.startswith("word ")]
    assert "w1" in word[heading.index("range") :]
    assert max(map(len, lines)) <= PIPE


def test_histograms_of_many_bins_stay_side_by_side(files: tuple[str, str], tmp_path: Path) -> None:
    table, baseline = files
    drifted = tmp_path / "drifted.csv"
    content = Path(table).read_text(encoding="utf-8")
    drifted.write_text(content.replace(",w1", ",w2"), encoding="utf-8")
    for path in (table, str(drifted)):
        lines = run("check", path, "--baseline", baseline, env=PIPED).stdout.splitlines()
        (heading,) = [line for line in lines if "distance" in line and "baseline" in line]
        assert heading.endswith("  now")
        assert not any(line.strip().startswith(("baseline ", "now ")) for line in lines)
        assert max(map(len, lines)) <= PIPE
    narrow = run("check", str(drifted), "--baseline", baseline, env={"COLUMNS": "80"}).stdout.splitlines()
    (then,) = [line.strip() for line in narrow if line.strip().startswith("baseline ")]
    assert len(then) > 2 * LEAST, "on a line of its own it is whole"
    assert max(map(len, narrow)) <= 80
