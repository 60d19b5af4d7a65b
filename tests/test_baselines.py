"""The public Baseline keeps to the policy of privacy: no secret comes to stand in its file."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import otel_ml
from otel_ml import Baseline, Config, ConfigError
from otel_ml.drift import layout
from otel_ml.drift.counts.binning import Binner
from otel_ml.drift.variables import Variable

ROWS = 3_000
CARD = "4111 1111 1111 1111"
KEY = "sk-abcdefghijklmnopqrstuvwx"

SECRETS: Mapping[str, Any] = {
    "email": ["ann@example.com"],
    "password": ["hunter2 hunter3"],
    "contact": ["ann@example.com", "nobody"],
    "remark": [f"my card is {CARD}", "fine", "good"],
    "token_text": [KEY],
    "pan": [4111111111111111, 5555555555554444],
    "date_of_birth": [np.datetime64("1971-03-14")],
    "ssn": ["078-05-1120"],
    "bob@example.com": [1.5, 2.5],
    "long_note": [f"number {i} wrote from ann@example.com about {CARD} today" for i in range(ROWS)],
}
PLAIN = ("ann@", "hunter", "4111", "1111", "5555", KEY, "1971", "078-05", "bob@", "38793600")


def table(columns: Mapping[str, Any]) -> dict[str, np.ndarray]:
    found = {}
    for name, values in columns.items():
        column = np.empty(ROWS, dtype=object)
        column[:] = (values * ROWS)[:ROWS]
        found[name] = column
    return found


def fitted(columns: Mapping[str, Any] | None = None, **options: Any) -> dict[str, Variable]:
    config = Config(**options)
    return {v.name: v for v in Baseline.fit(table(columns or SECRETS), config=config).variables}


def test_no_secret_stands_in_the_file() -> None:
    text = Baseline.fit(table(SECRETS), config=Config(hash_key="0123456789abcdef")).to_json()
    assert [secret for secret in PLAIN if secret in text] == []


def test_a_masked_feature_leaves_its_kind_and_its_null_rate() -> None:
    columns = {"email": ["ann@example.com", None, "bob@example.com"], "phone": [1234567, None]}
    for variable in fitted(columns).values():
        plain = Variable(
            variable.name, kind="masked", rows=ROWS, nulls=variable.nulls, constraints=variable.constraints
        )
        assert variable == plain
        assert variable.constraints.allowed is None
    assert fitted(columns)["email"].nulls == 1_000
    assert fitted(columns)["phone"].nulls == 1_500


def test_masked_values_are_not_even_kept_for_merging() -> None:
    baseline = Baseline.fit(table({"email": SECRETS["email"], "x": [1.0]}), config=Config())
    assert b"ann@example" not in pickle.dumps(baseline)


def test_sensitive_categories_are_counted_where_live_ones_will_be() -> None:
    data = table({"city": ["Oslo", "ann@example.com", "bob@example.com", "Oslo", None]})
    baseline = Baseline.fit(data, config=Config())
    city = baseline.variables[0]
    assert (city.categories, city.counts) == (("Oslo",), (1_200, 1_200))
    assert city.constraints.allowed is None
    assert any("look sensitive" in note for note in city.notes)
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(data, ROWS, counts)
    assert counts.tolist() == layout.reference(baseline.variables).tolist()


def test_sensitive_categories_count_in_the_bins_that_rare_ones_share() -> None:
    random = np.random.default_rng(0)
    labels = ["ann@example.com", *(f"c{number}" for number in range(500)), *(f"u{n}@example.com" for n in range(50))]
    drawn = np.minimum(random.geometric(0.01, 20_000), 550)
    data = {"who": np.array(labels, dtype=object)[drawn - 1]}
    baseline = Baseline.fit(data, config=Config(), projections=False)
    (who,) = baseline.variables
    assert (who.shared > 1, who.known) == (True, None)
    assert "example.com" not in baseline.to_json()
    binner = Binner(baseline)
    counts = np.zeros(binner.shape, dtype=np.int64)
    binner.count(data, 20_000, counts)
    assert counts.tolist() == layout.reference(baseline.variables).tolist()


def test_hashed_features_have_hashed_categories() -> None:
    options: dict[str, Any] = {"feature_actions": {"customer*": "hash"}, "hash_key": "0123456789abcdef"}
    columns = {"customer": [f"c{i}" for i in range(30)], "customer_number": [7, 8.0, 9], "x": [1.0]}
    found = fitted(columns, **options)
    for name, count in (("customer", 30), ("customer_number", 3)):
        variable = found[name]
        labels = {*variable.categories, *(variable.known or ())}
        assert variable.kind == "categorical"
        assert len(labels) == count
        assert all(len(label) == 16 and set(label) <= set("0123456789abcdef") for label in labels)
    assert fitted(columns, **options) == found
    other = fitted(columns, **{**options, "hash_key": "another key of mine"})
    assert not set(other["customer"].categories) & set(found["customer"].categories)


def test_what_was_done_is_told_without_the_key(tmp_path: Path) -> None:
    config = Config(feature_actions={"customer": "hash", "income": "round"}, hash_key="0123456789abcdef")
    data = table({"customer": ["a", "b"], "income": [1.5, 2.5], "age": [7], "email": ["ann@example.com"]})
    found = Baseline.fit(data, config=config)
    assert list(found.treated) == ["customer", "income"]
    assert found.treated["income"] == "round 1"
    found.save(tmp_path / "b.json")
    assert Baseline.load(tmp_path / "b.json") == found
    assert "0123456789abcdef" not in found.to_json()
    assert Baseline.merge(found, found).treated == found.treated
    assert Baseline.fit(data, config=Config()).treated == {}


def test_a_name_that_no_other_process_would_find_again_is_warned_of() -> None:
    data = table({"bob@example.com": [1.5, 2.5]})
    with pytest.warns(UserWarning, match="1 column name looks sensitive.*OTEL_ML_HASH_KEY"):
        found = Baseline.fit(data, config=Config())
    assert list(found.treated.values()) == ["name"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Baseline.fit(data, config=Config(hash_key="0123456789abcdef"))


def test_rounded_features_have_rounded_values() -> None:
    found = fitted({"income": [float(i) for i in range(10_000, 13_000)]}, feature_actions={"income": "round"})["income"]
    assert {found.minimum, found.maximum} == {10_000.0}
    assert found.distinct == 1


def test_whoever_unmasks_a_name_gets_its_values() -> None:
    assert fitted({"phone": [1.0, 2.0]}, unmask=("phone",))["phone"].kind == "numeric"


def test_kept_features_are_kept_as_they_are() -> None:
    variable = fitted({"contact": SECRETS["contact"]}, feature_actions={"contact": "keep"})["contact"]
    assert variable.categories == ("ann@example.com", "nobody")


def test_capture_off_leaves_null_rates_only() -> None:
    columns = {"x": [1.0, None], "y": ["a"], "label": [0, 1]}
    config = Config(capture="off")
    found = Baseline.fit(table(columns), prediction="label", config=config).variables
    assert {variable.kind for variable in found} == {"masked"}
    outputs = Baseline.fit(table(columns), prediction="label", config=Config(capture="outputs")).variables
    assert [variable.kind for variable in outputs] == ["masked", "masked", "categorical"]


def test_an_outputs_column_may_be_called_anything() -> None:
    data = table({"x": [1.0, 2.0], "token": ["yes", "no", "ann@example.com"]})
    found = {v.name: v for v in Baseline.fit(data, prediction="token", config=Config()).variables}
    assert set(found["prediction"].categories) == {"yes", "no"}
    assert found["prediction"].counts[-1] == ROWS // 3


def test_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_ML_MASK_WORDS", "diagnosis")
    found = Baseline.fit(table({"diagnosis": ["a", "b"]}))
    assert found.variables[0].kind == "masked"
    monkeypatch.setenv("OTEL_ML_MASK_WORD", "x")
    with pytest.raises(ConfigError):
        Baseline.fit(table({"x": [1.0]}))


def test_what_instrument_was_given_holds_in_the_same_process() -> None:
    otel_ml.instrument(mask_words=["diagnosis"])
    try:
        masked = Baseline.fit(table({"diagnosis": ["a", "b"]}))
    finally:
        otel_ml.uninstrument()
    assert masked.variables[0].kind == "masked"
    assert Baseline.fit(table({"diagnosis": ["a", "b"]})).variables[0].kind == "categorical"


def test_parts_fitted_elsewhere_merge_under_the_same_policy() -> None:
    config = Config(feature_actions={"customer": "hash"}, hash_key="0123456789abcdef")
    columns = table({"customer": ["a", "b"], "email": ["ann@example.com"], "x": [float(i) for i in range(ROWS)]})
    parts = [pickle.loads(pickle.dumps(Baseline.fit(columns, config=config))) for _ in range(2)]
    merged = Baseline.merge(*parts)
    assert isinstance(merged, Baseline)
    assert [variable.kind for variable in merged.variables[:3]] == ["categorical", "masked", "numeric"]
    assert merged.variables[0].counts == (ROWS, ROWS, 0)
    with pytest.raises(ValueError, match="same options"):
        Baseline.merge(parts[0], Baseline.fit(columns, config=Config()))


def test_it_is_saved_and_loaded_as_what_it_is(tmp_path: Path) -> None:
    baseline = Baseline.fit(table({"x": [1.0, 2.0]}), model="churn", version="3")
    baseline.save(tmp_path / "b.json")
    loaded = otel_ml.Baseline.load(tmp_path / "b.json")
    assert type(loaded) is Baseline
    assert loaded == baseline
    assert (loaded.model, loaded.version) == ("churn", "3")
