"""The registry is well formed, keeps its own rules, and everything generated from it is up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.semconv.definition_format import SCHEMA
from tests.semconv.messages import value
from tests.support.livecheck_values import has_type, is_member
from tests.support.wait import PATIENCE
from tests.tools.semconv.generated import files
from tests.tools.semconv.registry import DEFINITIONS, ROOT, RegistryError, load

REGISTRY = load()
# A unit as UCUM has it, or an annotation in braces for what is counted.
UNIT = re.compile(r"1|\{[a-z_]+\}|(?:[munk]?(?:s|By))(?:/s)?")


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*.yaml")), ids=lambda path: path.name)
def test_definitions_follow_the_format(path: Path) -> None:
    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert [f"{'/'.join(map(str, error.path))}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(("path", "text"), files(REGISTRY).items(), ids=lambda value: getattr(value, "name", ""))
def test_generated_files_equal_the_registry(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run `make generate`"


def test_generated_code_is_in_the_format_of_the_project() -> None:
    sources = [str(path) for path in files(REGISTRY) if path.suffix == ".py"]
    for command in (["check"], ["format", "--check"]):
        result = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *sources],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
        )
        assert result.returncode == 0, result.stdout


def test_no_attribute_is_the_prefix_of_another() -> None:
    keys = sorted(REGISTRY.attributes)
    assert [(a, b) for a in keys for b in keys if b.startswith(f"{a}.")] == []


def test_a_template_is_found_by_every_key_made_from_it() -> None:
    for attribute in REGISTRY.attributes.values():
        key = f"{attribute.key}.some_name" if attribute.template else attribute.key
        assert REGISTRY.attribute(key) == attribute
    assert REGISTRY.attribute("ml.feature.value") is None
    assert REGISTRY.attribute("ml.model.name.short") is None


def test_metric_names_have_neither_a_suffix_nor_a_unit() -> None:
    endings = ("_total", "_count", "_sum", "_bucket", "_ratio", "_seconds", ".seconds", ".total")
    assert [name for name in REGISTRY.metrics if name.endswith(endings)] == []


def test_units_are_ucum() -> None:
    assert [metric.unit for metric in REGISTRY.metrics.values() if not UNIT.fullmatch(metric.unit)] == []


def test_exactly_the_histograms_have_boundaries_and_these_ascend() -> None:
    for metric in REGISTRY.metrics.values():
        assert (metric.boundaries is not None) == (metric.instrument == "histogram"), metric.name
        bounds = metric.boundaries or ()
        assert list(bounds) == sorted(set(bounds)), metric.name


def test_no_metric_refers_to_an_attribute_of_high_cardinality() -> None:
    found = [
        (metric.name, key)
        for metric in REGISTRY.metrics.values()
        for key in metric.refs
        if REGISTRY.attributes[key].high_cardinality
    ]
    assert found == []


def test_every_attribute_is_used() -> None:
    signals = [*REGISTRY.spans.values(), *REGISTRY.metrics.values(), *REGISTRY.events.values()]
    assert set(REGISTRY.attributes) - {key for signal in signals for key in signal.refs} == set()


def test_what_is_emitted_now_requires_nothing_that_comes_later() -> None:
    signals = [*REGISTRY.spans.values(), *REGISTRY.metrics.values(), *REGISTRY.events.values()]
    found = [
        (signal.name, ref.key)
        for signal in signals
        if not signal.later
        for ref in signal.refs.values()
        if ref.level == "required" and REGISTRY.attributes[ref.key].later
    ]
    assert found == []


def test_rules_that_name_an_attribute_name_a_known_one_and_a_known_value() -> None:
    for signal in [*REGISTRY.spans.values(), *REGISTRY.metrics.values(), *REGISTRY.events.values()]:
        for ref in signal.refs.values():
            for key, wanted in ref.rules.get("required_when", {}).items():
                assert wanted in {member.value for member in REGISTRY.attributes[key].members}
                assert key in signal.refs


def test_examples_are_values_that_the_live_check_takes() -> None:
    for attribute in REGISTRY.attributes.values():
        for example in attribute.examples:
            # YAML's 17 is as good a double as 17.0.
            plain = float(example) if attribute.type == "double" and isinstance(example, int) else example
            assert has_type(value(plain), attribute.type), attribute
            assert not attribute.members or is_member(str(example), attribute), attribute


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ("file_format: definition/1\n", "file_format"),
        (
            "file_format: definition/2\nmetrics:\n- {name: a.b, instrument: gauge, unit: '1', brief: x,"
            " attributes: [{ref: a.c}]}\n",
            "no attribute a.c",
        ),
        (
            "file_format: definition/2\nmetrics:\n- {name: a.b, instrument: gauge, unit: '1', brief: x,"
            " attributes: [{ref_group: a.g}]}\n",
            "no attribute group a.g",
        ),
        (
            "file_format: definition/2\nattributes:\n- {key: a.b, type: int, brief: x}\n"
            "- {key: a.b, type: int, brief: x}\n",
            "a.b is defined twice",
        ),
        (
            "file_format: definition/2\nattributes:\n- {key: a.c, type: int, brief: x}\nmetrics:\n"
            "- {name: a.b, instrument: gauge, unit: '1', brief: x, "
            "attributes: [{ref: a.c, requirement_level: must}]}\n",
            "no requirement level 'must'",
        ),
        (
            "file_format: definition/2\nattributes:\n- {key: a.c, type: int, brief: x}\nattribute_groups:\n"
            "- {id: a.g, attributes: [{ref: a.c}]}\n- {id: a.h, attributes: [{ref: a.c}]}\nmetrics:\n"
            "- {name: a.b, instrument: gauge, unit: '1', brief: x, attributes: [{ref_group: a.g}, {ref_group: a.h}]}\n",
            "two groups refer to a.c",
        ),
    ],
    ids=lambda value: value if not value.startswith("file_format:") else "",
)
def test_contradictions_are_refused(tmp_path: Path, definitions: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(definitions, encoding="utf-8")
    with pytest.raises(RegistryError, match=message):
        load(tmp_path)


def test_the_constants_need_no_yaml_and_no_framework() -> None:
    code = (
        "import sys, otel_ml.semconv.attributes, otel_ml.semconv.metrics, otel_ml.semconv.events;"
        "print(sorted({'yaml', 'numpy', 'pandas', 'fastapi'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=2 * PATIENCE
    )
    assert result.stdout.strip() == "[]"


def test_check_mode_fails_and_names_the_file_that_differs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tests.tools.semconv import __main__ as command

    stale = tmp_path / "attributes.py"
    stale.write_text("old", encoding="utf-8")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "files", lambda registry: {stale: "new"})
    monkeypatch.setattr(sys, "argv", ["semconv", "--check"])
    assert command.main() == 1
    assert "attributes.py" in capsys.readouterr().out
    assert stale.read_text(encoding="utf-8") == "old"
    monkeypatch.setattr(sys, "argv", ["semconv"])
    assert command.main() == 0
    assert stale.read_text(encoding="utf-8") == "new"
