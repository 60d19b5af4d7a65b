"""Configuration: which place wins, and what a mistake is told."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_ml.config import Config, ConfigError, Events, EventTime
from tests.support.wait import PATIENCE

KEY = "a key of the tests, 32 characters"


def load(**environ: str) -> Config:
    return Config.load(environ={f"OTEL_ML_{name.upper()}": value for name, value in environ.items()})


def test_the_strongest_place_wins() -> None:
    file = {"capture": "off", "max_features": 1, "max_depth": 1}
    environ = {"OTEL_ML_CAPTURE": "known", "OTEL_ML_MAX_FEATURES": "2"}
    config = Config.load(file=file, environ=environ, capture="outputs")
    assert (config.capture, config.max_features, config.max_depth, config.round_digits) == ("outputs", 2, 1, 1)
    assert [config.source(name) for name in ("capture", "max_features", "max_depth", "round_digits")] == [
        "keyword",
        "environment OTEL_ML_MAX_FEATURES",
        "file",
        "default",
    ]


def test_nothing_given_means_the_defaults() -> None:
    assert Config.load(environ={}) == Config()
    assert Config.load(environ={"OTEL_ML_CAPTURE": " "}, file={"events": None}, max_features=None) == Config()


def test_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_ML_CAPTURE", "off")
    assert Config.load().capture == "off"
    assert Config(capture="off").source("capture") == "keyword"


@pytest.mark.parametrize("word", ["true", "1", "Yes", "ON"])
def test_words_for_true(word: str) -> None:
    assert load(trust_id_header=word).trust_id_header


@pytest.mark.parametrize("word", ["false", "0", "No", "OFF"])
def test_words_for_false(word: str) -> None:
    assert not load(enabled=word).enabled


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("all", Events("all", 1)),
        ("1.0", Events("all", 1)),
        ("0.25", Events("ratio", 0.25)),
        ("errors", Events("errors", 0)),
        ("0", Events("off", 0)),
        ("Off", Events("off", 0)),
    ],
)
def test_events(text: str, events: Events) -> None:
    assert load(events=text).events == events
    assert Config(events=events).events == events


def test_a_bare_off_in_yaml_is_off() -> None:
    config = Config.load(environ={}, file={"capture": False, "events": False})
    assert (config.capture, config.events.mode) == ("off", "off")


def test_lists_and_mappings_read_the_same_from_every_place() -> None:
    config = load(
        feature_deny="a*, b ,", feature_actions="age=Round,ip=drop", context_headers="user.id=X-User,ml.segment.plan=p"
    )
    assert config.feature_deny == ("a*", "b")
    assert config.feature_actions == {"age": "round", "ip": "drop"}
    assert config.context_headers == {"user.id": "x-user", "ml.segment.plan": "p"}
    again = Config.load(
        environ={},
        feature_deny=["a*", "b"],
        feature_actions={"age": "round", "ip": "drop"},
        context_headers={"user.id": "x-user", "ml.segment.plan": "p"},
        model_classes=[0, 1],
    )
    assert dataclasses.replace(again, model_classes=()) == config
    assert again.model_classes == ("0", "1")


def test_event_time() -> None:
    assert load(event_time="header:X-Time").event_time == EventTime("header", "x-time")
    assert load(event_time="feature:Dep Time").event_time == EventTime("feature", "Dep Time")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enabled", "maybe"),
        ("capture", "everything"),
        ("events", "1.5"),
        ("events", "nan"),
        ("features_on", "spans"),
        ("feature_actions", "age"),
        ("feature_actions", "age=rond"),
        ("context_headers", "user.name=x"),
        ("context_headers", "user.id=a b"),
        ("context_baggage", "ml.segment.=x"),
        ("event_time", "x-time"),
        ("event_time", "cookie:x"),
        ("max_features", "many"),
        ("max_features", "-1"),
        ("round_digits", "0"),
        ("null_window", "inf"),
        ("model_task", "guessing"),
        ("worker", "1.5"),
    ],
)
def test_a_malformed_value_is_named_with_its_key_and_what_is_allowed(name: str, value: str) -> None:
    allowed = next(option.kind.allowed for option in Config.describe() if option.name == name)
    keyword: dict[str, Any] = {name: value}
    for label, places in (
        (f"OTEL_ML_{name.upper()}", {"environ": {f"OTEL_ML_{name.upper()}": value}}),
        (name, {"environ": {}, **keyword}),
        (f"file option {name}", {"environ": {}, "file": keyword}),
    ):
        with pytest.raises(ConfigError) as failure:
            Config.load(**places)
        message = str(failure.value)
        assert message.startswith(f"{label}: ")
        assert repr(value) in message
        assert allowed in message


def test_the_nearest_known_word_is_offered() -> None:
    with pytest.raises(ConfigError, match="did you mean 'outputs'"):
        load(capture="output")
    with pytest.raises(ConfigError, match="did you mean 'OTEL_ML_CAPTURE'"):
        load(captur="off")
    with pytest.raises(ConfigError, match="did you mean 'capture'"):
        Config.load(environ={}, captrue="off")
    with pytest.raises(ConfigError, match="did you mean 'max_depth'"):
        Config.load(environ={}, file={"max_dept": 1})
    with pytest.raises(ConfigError, match=r"known are .*capture"):
        Config.load(environ={}, zzz=1)


def test_a_mistake_counts_even_where_something_stronger_hides_it() -> None:
    with pytest.raises(ConfigError, match="OTEL_ML_CAPTURE"):
        Config.load(environ={"OTEL_ML_CAPTURE": "nope"}, capture="all")


def test_other_variables_and_empty_unknown_ones_are_left_alone() -> None:
    assert Config.load(environ={"OTEL_SERVICE_NAME": "x", "OTEL_MLX": "x", "OTEL_ML_UNKNOWN": ""}) == Config()


def test_a_value_of_an_unknown_type_is_refused_without_its_repr() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise AssertionError("must not be called")

        __str__ = __repr__

    for option in Config.describe():
        keyword: dict[str, Any] = {option.name: Hostile()}
        with pytest.raises(ConfigError, match=option.name):
            Config.load(environ={}, **keyword)


def test_a_file_that_is_no_mapping_is_refused() -> None:
    broken: Any = ["capture"]
    with pytest.raises(ConfigError, match="use a mapping"):
        Config.load(environ={}, file=broken)


def declared(folder: Path, options: str) -> dict[str, str]:
    file = folder / "otel.yaml"
    file.write_text(f'file_format: "1.0"\ninstrumentation/development:\n  python:\n    otel_ml: {options}\n')
    return {"OTEL_CONFIG_FILE": str(file)}


def test_the_file_that_the_environment_names_is_read(tmp_path: Path) -> None:
    environ = declared(tmp_path, "{enabled: false, capture: outputs, feature_deny: [a, b]}")
    config = Config.load(environ={**environ, "OTEL_ML_CAPTURE": "off"})
    assert (config.enabled, config.capture, config.feature_deny) == (False, "off", ("a", "b"))
    assert config.source("enabled") == "file"
    assert Config.load(environ=declared(tmp_path, "{}")) == Config()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{capture: output}", "did you mean 'outputs'"),
        ("{captrue: off}", "'capture'"),
        ("[capture]", "OTEL_CONFIG_FILE"),
    ],
)
def test_a_mistake_in_the_file_is_refused(options: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        Config.load(environ=declared(tmp_path, options))


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"OTEL_CONFIG_FILE: .*not found: nowhere\.yaml"):
        Config.load(environ={"OTEL_CONFIG_FILE": "nowhere.yaml"})


def test_hashing_needs_a_key() -> None:
    settings: tuple[dict[str, Any], ...] = ({"privacy_action": "hash"}, {"feature_actions": {"user_id": "hash"}})
    for setting in settings:
        with pytest.raises(ConfigError, match="OTEL_ML_HASH_KEY"):
            Config.load(environ={}, **setting)
        assert Config.load(environ={}, hash_key=KEY, **setting).hash_key == KEY


def test_the_key_is_never_shown() -> None:
    config = load(hash_key=KEY)
    assert KEY not in repr(config)
    assert config.shown("hash_key") == "(set)"
    mistakes: tuple[dict[str, Any], ...] = (
        {"hash_key": "short secret"},
        {"hash_key": ["short secret"]},
        {"hashkey": "short secret"},
        {"environ": {"OTEL_ML_HASHKEY": "short secret"}},
    )
    for mistake in mistakes:
        with pytest.raises(ConfigError) as failure:
            Config.load(**mistake)
        assert "short secret" not in str(failure.value)
        assert failure.value.__cause__ is None


def test_a_config_cannot_be_changed() -> None:
    config = Config(feature_actions={"a": "drop"})
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.capture = "off"  # type: ignore[misc]  # that it is refused is the point
    with pytest.raises(TypeError):
        config.feature_actions["a"] = "keep"  # type: ignore[index]  # likewise


def test_every_shown_value_can_be_given_back() -> None:
    config = load(
        events="0.1", feature_actions="a=drop", model_classes="no,yes", event_time="header:x", null_window="60"
    )
    environ = {option.variable: config.shown(option.name) for option in Config.describe() if not option.secret}
    assert Config.load(environ=environ) == config


def test_the_import_is_light() -> None:
    heavy = "{'numpy', 'opentelemetry.sdk', 'difflib', 'asyncio'}"
    code = f"import sys, otel_ml.config; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=2 * PATIENCE)


def test_scores_and_limits_are_those_of_the_conventions() -> None:
    config = Config.load(
        environ={"OTEL_ML_DRIFT_SCORES": "psi, hellinger,psi", "OTEL_ML_DRIFT_THRESHOLDS": "psi=.2,null_rate=0.05"}
    )
    assert config.drift_scores == ("psi", "hellinger")
    assert dict(config.drift_thresholds) == {"psi": 0.2, "null_rate": 0.05}
    assert Config.load(drift_thresholds={"psi": 0.1}).shown("drift_thresholds") == "psi=0.1"
    assert Config.load(drift=False).drift == "off"


@pytest.mark.parametrize(
    "options",
    [
        {"drift_scores": "pis"},
        {"drift_thresholds": "psi"},
        {"drift_thresholds": "psi=0"},
        {"drift_thresholds": "pis=1"},
    ],
)
def test_a_score_that_nobody_knows_or_a_limit_of_nothing_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="use "):
        Config.load(environ={}, **options)
