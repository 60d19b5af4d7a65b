"""What the alarm finds and how soon, from rows to alarm: the floor of the table in docs/drift.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.drift import page
from benchmarks.drift.contenders import Contender, FixedPsi, KolmogorovSmirnov, OtelMl, RiverAdwin
from benchmarks.drift.drifts import DRIFTS
from benchmarks.drift.power import delays, false_alarms, told

BY_NAME = {drift.name: drift for drift in DRIFTS}
FEATURES = 10

LATEST = [
    ("mean + 0.2 sigma", 1_000, 20),
    ("mean + 0.3 sigma", 1_000, 4),
    ("mean + 0.3 sigma", 100, 30),
    ("mean + 0.5 sigma", 1_000, 1),
    ("mean + 0.5 sigma", 100, 8),
    ("mean + 1 sigma", 100, 2),
    ("scale x 0.8", 1_000, 6),
    ("scale x 1.2", 1_000, 16),
    ("scale x 1.5", 1_000, 1),
    ("nulls, 0.1% to 1%", 1_000, 8),
    ("new category, 1%", 1_000, 4),
    ("two columns swapped", 1_000, 1),
    ("correlation .8 to -.8", 1_000, 1),
]
"""Steps in which the median feature has to be found."""


@pytest.mark.parametrize(("name", "rows", "latest"), LATEST)
def test_a_drift_is_found_in_time(name: str, rows: int, latest: int) -> None:
    found = delays(OtelMl(), BY_NAME[name], rows, FEATURES, seed=3, limit=3 * latest)
    assert None not in found
    assert np.median([one for one in found if one is not None]) <= latest


@pytest.mark.parametrize("rows", [100, 1_000, 10_000])
def test_a_tenth_of_a_sigma_is_silent_by_design(rows: int) -> None:
    assert set(delays(OtelMl(), BY_NAME["mean + 0.1 sigma"], rows, FEATURES, seed=3, limit=40)) == {None}


def test_it_is_silent_when_nothing_drifts() -> None:
    assert false_alarms(OtelMl(), 60, seed=5)[0] == 0


@pytest.mark.parametrize("make", [lambda: FixedPsi(0.1), KolmogorovSmirnov, RiverAdwin])
def test_the_others_are_asked_the_same(make: type[Contender]) -> None:
    assert set(delays(make(), BY_NAME["mean + 1 sigma"], 1_000, 4, seed=3, limit=3)) == {1}
    categories = make()
    categories.fit(BY_NAME["new category, 1%"].before(np.random.default_rng(1), 4, 2_000), 500)
    assert categories.step(BY_NAME["new category, 1%"].before(np.random.default_rng(2), 4, 500)) == set()


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([1, 2, 3], "2"),
        ([1, None, 2, 2], "2 (75%)"),
        ([None] * 4, "never"),
        ([*[None] * 30, 5], "never (3%)"),
        ([1, 2], "1.5"),
    ],
)
def test_delays_are_told_in_few_words(found: list[int | None], expected: str) -> None:
    assert told(found) == expected


def test_tables_say_who_found_what_and_go_into_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {drift.name: [1, 2, None, 3] for drift in DRIFTS}
    own = page.own_table([{"rows": 100, "delays": found}, {"rows": 1_000, "delays": found}])
    assert "| drift | 100 rows a step | 1,000 rows a step |" in own
    assert "| mean + 0.2 sigma | 2 (75%) | 2 (75%) |" in own
    peers = page.compared_table([{"name": "otel-ml", "raised": 3, "looks": 10_000, "delays": found}])
    assert "| none: false alarms | 3 in 500 steps |" in peers
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    page.PAGE.write_text("before\n<!-- peers: begin -->\nold\n<!-- peers: end -->\nafter\n", encoding="utf-8")
    page.update("peers", peers)
    assert (
        page.PAGE.read_text(encoding="utf-8") == f"before\n<!-- peers: begin -->\n{peers}\n<!-- peers: end -->\nafter\n"
    )
    with pytest.raises(ValueError, match="no place"):
        page.update("delays", own)


@pytest.mark.parametrize("block", ["false alarms", "delays", "peers"])
def test_the_page_has_a_place_for_each_table(block: str) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert text.index(f"<!-- {block}: begin -->") < text.index(f"<!-- {block}: end -->")
