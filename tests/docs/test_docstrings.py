"""The examples in docstrings are right."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest

import otel_ml

MODULES = [
    module.name for module in walk_packages(otel_ml.__path__, "otel_ml.") if not module.name.endswith("__main__")
]


def examples(name: str) -> list[doctest.DocTest]:
    return [found for found in doctest.DocTestFinder().find(import_module(name), name) if found.examples]


@pytest.mark.parametrize("name", ["otel_ml", *MODULES])
def test_examples_show_what_happens(name: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for example in examples(name):
        runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_there_are_examples_to_run() -> None:
    public = {
        "otel_ml.api",
        "otel_ml.block",
        "otel_ml.config.config",
        "otel_ml.context",
        "otel_ml.decorator",
        "otel_ml.instrumentor",
    }
    assert {name for name in public if not examples(name)} == set()
