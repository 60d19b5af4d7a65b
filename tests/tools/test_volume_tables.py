"""The figures of docs/volume-and-cost.md are what is measured."""

from __future__ import annotations

import pytest

from otel_ml.config import Config
from tests.tools.volume_tables import PAGE, SERIES, counted, fresh, measured, same

CLASSES_SEEN = 1


def test_the_page_says_what_is_measured() -> None:
    before = PAGE.read_text(encoding="utf-8")
    after = fresh(before)
    assert same(before, after), f"run `make generate`; measured:\n{after}"


def test_a_figure_that_is_wrong_is_found() -> None:
    text = PAGE.read_text(encoding="utf-8")
    figure = f"{measured(30).event.raw:,.0f}"
    assert figure in text
    assert not same(text, text.replace(figure, "1,111"))
    assert not same(text, text.replace("model's span", "span"))


@pytest.mark.parametrize(("features", "limit"), SERIES)
def test_series_follow_the_formula_of_the_page(features: int, limit: int | None) -> None:
    own = min(features, Config().metric_features if limit is None else limit)
    shared = 1 if features > own else 0
    assert counted(features, limit).series == 3 * (own + shared) + 65 + CLASSES_SEEN


def test_values_on_one_signal_only_make_the_other_small() -> None:
    assert measured(30, "span").event.raw < measured(30).event.raw / 2
    assert measured(30, "event").span.raw < measured(30).span.raw / 2
