"""Names of features, in the baseline and in the rows."""

from __future__ import annotations

import json

from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.names import MAX_EXTRA, Names
from tests.drift.made import baseline, numeric

BINNER = Binner(baseline(numeric("a"), numeric("b"), numeric("score", subject="score")))


def test_a_feature_is_missing_when_no_row_had_it() -> None:
    names = Names(BINNER)
    assert names.missing() == ()
    names.note(["b", "colour"])
    assert (names.missing(), names.extra()) == (("a",), ("colour",))
    names.note(["a"])
    assert (names.missing(), names.extra()) == ((), ("colour",))
    names.note([])
    assert names.missing() == ()


def test_names_that_are_not_known_are_bounded() -> None:
    names = Names(BINNER)
    for batch in range(300):
        names.note([f"x{batch}", "y"])
    assert len(names.extra()) == MAX_EXTRA


def test_they_come_back_from_json() -> None:
    names, again = Names(BINNER), Names(BINNER)
    again.restore(json.loads(json.dumps(names.state())))
    assert again.missing() == ()
    names.note(["b", "z"])
    again.restore(json.loads(json.dumps(names.state())))
    assert (again.missing(), again.extra()) == (("a",), ("z",))
