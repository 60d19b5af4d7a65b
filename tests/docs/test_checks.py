"""The checks of the docs find what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.commands import CommandError, check, check_variable, commands, environment, words
from tests.docs.pages import Block, Page

TEXT = """# A page

# A page

## What it `does`, and how

[here](#what-it-does-and-how), [there](other.md#x), `[not](a-link.md)`

<!-- setup
import math
-->

<!-- file: app.py, run: uvicorn app:app -->

```python
app = math
```

- in a list:

  ```console
  $ otel-ml tail \\
  >   --limit 3   # three
  predictions follow
  $ A=1 make demo ARGS="--flights 20" && otel-ml doctor | jq .
  ```
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    path = tmp_path / "page.md"
    path.write_text(TEXT, encoding="utf-8")
    return Page(path)


def test_blocks_are_found_with_what_is_said_of_them(page: Page) -> None:
    setup, app, console = page.blocks
    assert (setup.language, setup.text) == ("setup", "import math\n")
    assert (app.language, app.text, app.file, app.run) == ("python", "app = math\n", "app.py", "uvicorn app:app")
    assert (console.language, console.file, console.line) == ("console", None, 22)


def test_links_and_anchors_are_found(page: Page) -> None:
    assert page.links == ["#what-it-does-and-how", "other.md#x"]
    assert page.anchors == {"a-page", "a-page-1", "what-it-does-and-how"}


def test_commands_are_taken_apart(page: Page) -> None:
    lines = list(commands(page.blocks[-1]))
    assert [list(words(line)) for line in lines] == [
        [["otel-ml", "tail", "--limit", "3"]],
        [["A=1", "make", "demo", "ARGS=--flights 20"], ["otel-ml", "doctor"], ["jq", "."]],
    ]
    assert environment(["A=1", "make"]) == ({"A": "1"}, ["make"])
    assert environment(["export", "B=2"]) == ({"B": "2"}, [])


@pytest.mark.parametrize(
    "command",
    [
        "otel-ml tail --output json --limit 3",
        "otel-ml doctor --no-test",
        "otel-ml --help",
        "otel-ml baseline",
        "otel-ml baseline fit train.csv --target churned -o churn.baseline.json",
        "opentelemetry-instrument --service_name churn uvicorn app:app --workers 2",
        "opentelemetry-instrument gunicorn --preload -k uvicorn_worker.UvicornWorker app:app",
        "pip install 'otel-ml[tools]' fastapi",
        "make demo ARGS=--help",
        "python -m benchmarks.volume",
        "python -m examples.flights.replay --speedup 3600",
        "export OTEL_ML_EVENTS=0.1 OTEL_BSP_SCHEDULE_DELAY=1",
    ],
)
def test_what_works_is_accepted(command: str) -> None:
    check(next(words(command)))


@pytest.mark.parametrize(
    "command",
    [
        "otel-ml tall",
        "otel-ml tail --colour",
        "otel-ml tail --limit none",
        "otel-ml baseline fat",
        "otel-ml baseline fit train.csv",
        "opentelemetry-instrument --service-nam churn uvicorn app:app",
        "opentelemetry-instrument --service_name churn",
        "opentelemetry-instrument uvicorn app:app --worker 2",
        "gunicorn --no-such-option app:app",
        "pip install otel-ml[everything]",
        "make it",
        "python -m benchmarks.weight",
        "python -m examples.flights.replay --speed 3600",
        "python3 collector-config/no-such-file.py",
        "docker compose -f collector-config/no-such-file.yaml up",
        "OTEL_ML_EVENT=0.1 make demo",
        "export OTEL_BSP_DELAY=1",
        "otel-mltail",
    ],
)
def test_what_does_not_work_is_refused(command: str) -> None:
    with pytest.raises(CommandError):
        check(next(words(command)))


def test_variables_that_nothing_reads_are_refused() -> None:
    check_variable("OTEL_ML_CAPTURE")
    check_variable("PATH")
    with pytest.raises(CommandError):
        check_variable("OTEL_ML_CAPTURED")


def test_output_of_a_console_is_no_command() -> None:
    block = Block(Path("page.md"), 1, "console", "$ make demo\nmake it so\n")
    assert list(commands(block)) == ["make demo"]
