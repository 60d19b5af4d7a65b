"""Arrows between the rooms of src/otel_ml run one way, and importing the package costs next to nothing."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.wait import PATIENCE

SOURCES = Path(__file__).parents[1] / "src" / "otel_ml"

ALLOWED: dict[str, set[str]] = {
    "semconv": set(),
    "observation": set(),
    "drift": set(),
    "config": {"semconv"},
    "privacy": {"config", "semconv"},
    "monitoring": {"config", "drift", "guard", "observation", "privacy", "semconv"},
    "signals": {"config", "counts", "drift", "guard", "observation", "privacy", "semconv"},
    "service": {"drift", "semconv"},
    "frameworks": {"calls", "context", "guard", "models", "patching"},
}
"""What a room may import of the other rooms. A room is a directory or a file of src/otel_ml."""

OUTER = {"instrumentor", "cli"}
"""Rooms that only the public API and the command line reach for: everything else would be a cycle."""

HEAVY = (
    "click", "fastapi", "grpc", "joblib", "narwhals", "numpy", "pandas", "polars", "pyarrow", "pydantic", "rich",
    "scipy", "sklearn", "starlette", "uvicorn",
)  # fmt: skip

NAME = re.compile(r"ml(\.[a-z_]+)+\.?")


def room(path: Path) -> str:
    return path.relative_to(SOURCES).parts[0].removesuffix(".py")


def files() -> list[Path]:
    return sorted(SOURCES.rglob("*.py"))


def modules(node: ast.AST, *, typed: bool = False) -> Iterator[str]:
    """Modules that a file imports when it runs, and what it takes from them; if typed, what only the type checker sees, too."""
    for child in ast.iter_child_nodes(node):
        if not typed and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute here"
            if child.module != "otel_ml":
                yield child.module or ""
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        yield from modules(child, typed=typed)


def imports(node: ast.AST) -> Iterator[str]:
    """Rooms that a file imports when it runs."""
    for module in modules(node):
        if f"{module}.".startswith("otel_ml."):
            yield module.partition(".")[2].partition(".")[0] or "__init__"


def arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in files():
        here = room(path)
        found.setdefault(here, set()).update(set(imports(ast.parse(path.read_text(encoding="utf-8")))) - {here})
    return found


def names_of_the_registry(source: str) -> list[str]:
    """String literals that are a name of the conventions. Docstrings may speak of them."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in prose
        and NAME.fullmatch(node.value)
    ]


@pytest.mark.parametrize("name", ALLOWED)
def test_a_room_imports_only_what_it_may(name: str) -> None:
    assert arrows().get(name, set()) <= ALLOWED[name]


def test_no_two_rooms_import_each_other() -> None:
    # the API names its homes lazily, so whatever asks it for its version or a function makes no cycle
    graph = {name: targets - {"__init__"} for name, targets in arrows().items()}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(graph)


@pytest.mark.parametrize(
    "name", ["cli", "config", "drift", "monitoring", "observation", "privacy", "service", "signals"]
)
def test_modules_of_a_room_import_one_another_in_one_direction(name: str) -> None:
    """For the type checker, too: two files that need each other's names are one idea, or hold a third."""
    paths = {
        ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts): path
        for path in (SOURCES / name).rglob("*.py")
        if path.name != "__init__.py"  # which names their homes
    }
    graph = {
        here: paths.keys() & set(modules(ast.parse(path.read_text(encoding="utf-8")), typed=True))
        for here, path in paths.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(paths) > 4


@pytest.mark.parametrize("name", sorted(OUTER))
def test_nothing_reaches_for_the_outer_rooms(name: str) -> None:
    assert {here for here, targets in arrows().items() if name in targets} <= {"__init__", "cli"}


def test_names_of_the_conventions_exist_only_in_semconv() -> None:
    found = {
        str(path.relative_to(SOURCES)): literals
        for path in files()
        if room(path) != "semconv" and (literals := names_of_the_registry(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_a_name_in_code_is_found_and_one_in_a_docstring_is_not() -> None:
    source = '"""On ml.model.name."""\nKEY = "ml.model.name"\nPREFIX = f"ml.feature.value.{KEY}"\nTEXT = "see ml.x"\n'
    assert names_of_the_registry(source) == ["ml.model.name", "ml.feature.value."]


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import otel_ml\nfrom otel_ml import guard\nfrom otel_ml.config.kinds import TEXT\n"
        "if TYPE_CHECKING:\n    from otel_ml.models import Model\n"
        "def late():\n    import otel_ml.runtime\n"
    )
    assert set(imports(ast.parse(source))) == {"__init__", "guard", "config", "runtime"}


PROGRAM = """
import json, sys, time
from opentelemetry import _logs, metrics, trace
before, began = set(sys.modules), time.perf_counter()
import otel_ml
print(json.dumps([time.perf_counter() - began, sorted(set(sys.modules) - before)]))
"""


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=2 * PATIENCE, check=True
    )
    seconds, modules = json.loads(done.stdout)
    print(f"import otel_ml: {seconds * 1000:.1f} ms beyond the OpenTelemetry API")
    assert "otel_ml" in modules
    assert [module for module in modules if module.partition(".")[0] in HEAVY] == []


def test_ways_in_import_nothing_heavy_before_the_first_call() -> None:
    program = "import json, sys, otel_ml\notel_ml.observe, otel_ml.inference, otel_ml.suppress, otel_ml.instrument\n"
    program += "print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=2 * PATIENCE, check=True
    )
    assert [module for module in json.loads(done.stdout) if module.partition(".")[0] in HEAVY] == []
