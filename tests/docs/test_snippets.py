"""What the docs show works: Python runs, services answer, configurations are read, commands and links exist."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from otel_ml.config import Config
from otel_ml.semconv.events import EVENT_ML_PREDICTION
from tests.docs import commands
from tests.docs.pages import ROOT, Block, Page, pages
from tests.docs.serving import asked_with, served
from tests.support.otlp import OtlpSink

PAGES = pages()
TIMEOUT = 240.0
SHOWN_ONLY = {"json", "logql", "mermaid", "promql", "text"}
"""Languages of output, queries and drawings; `json` is parsed."""

OWN_VARIABLE = re.compile(r"\bOTEL_ML_[A-Z][A-Z_]*[A-Z]\b")
TEST_VARIABLES = {"OTEL_ML_REQUIRE_BACKENDS"}

QUIET = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}

RUNNER = """
import json, pathlib, sys
sys.path.insert(0, "")
space = {"__name__": "__main__"}
for title, line, text in json.load(sys.stdin):
    exec(compile("\\n" * (line - 1) + text, title, "exec"), space)
"""


def blocks(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in page.blocks if block.language in languages]


def save(page: Page, directory: Path) -> None:
    for block in page.blocks:
        if block.file:
            path = directory / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", **more}


def plain_python(page: Page) -> list[Block]:
    return [block for block in page.blocks if block.language in ("python", "setup") and not block.file]


@pytest.mark.parametrize("page", [page for page in PAGES if plain_python(page)], ids=str)
def test_python_runs_as_it_stands(page: Page, tmp_path: Path) -> None:
    save(page, tmp_path)
    todo = json.dumps([(str(page), block.line, block.text) for block in plain_python(page)])
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=todo,
        cwd=tmp_path,
        env=environment(**QUIET),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def runs() -> Iterator[tuple[Page, Block, list[list[str]]]]:
    """Blocks with a command, and the requests that the page makes until the next one."""
    for page in PAGES:
        for index, block in enumerate(page.blocks):
            if block.run:
                after = takewhile(lambda other: not other.run, page.blocks[index + 1 :])
                lines = [line for other in after if other.language == "console" for line in commands.commands(other)]
                requests = [words for line in lines for words in commands.words(line) if words[0] == "curl"]
                yield page, block, requests


@pytest.mark.parametrize(
    ("page", "block", "requests"), list(runs()), ids=lambda value: str(value) if isinstance(value, Block) else ""
)
def test_programs_run_and_services_answer(
    page: Page, block: Block, requests: list[list[str]], tmp_path: Path, otlp_sink: OtlpSink
) -> None:
    assert block.run is not None
    save(page, tmp_path)
    (tmp_path / str(block.file)).write_text(block.text, encoding="utf-8")  # a later block may have the same name
    own, command = commands.environment(block.run.split())
    env = environment(**otlp_sink.env(), **own)
    if "uvicorn" not in command:
        done = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        assert done.returncode == 0, done.stderr
        return
    assert requests, "the page never asks this service: show how, with curl"
    with served(command, tmp_path, env) as url:
        for request in requests:
            asked_with(request, url)
        otlp_sink.wait_for(lambda sink: sink.events(EVENT_ML_PREDICTION))


@pytest.mark.parametrize("block", blocks("bash", "console"), ids=str)
def test_commands_exist(block: Block) -> None:
    variables: dict[str, str] = {}
    for line in commands.commands(block):
        for words in commands.words(line):
            commands.check(words)
            variables.update(commands.environment(words)[0])
    ours = {name: value for name, value in variables.items() if name.startswith("OTEL_ML_")}
    Config.load(environ=ours)


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_yaml_is_valid_and_configures(block: Block) -> None:
    for document in yaml.safe_load_all(block.text):
        python = document.get("instrumentation/development", {}).get("python", {})
        if "otel_ml" in python:
            Config.load(file=python["otel_ml"] or {}, environ={})


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    for text in (block.text,) if block.text.startswith("{\n") else block.text.splitlines():
        json.loads(text)


def test_every_block_says_what_it_is() -> None:
    known = SHOWN_ONLY | {"bash", "console", "python", "setup", "yaml"}
    assert [str(block) for page in PAGES for block in page.blocks if block.language not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_comment_about_a_block_is_heard(page: Page) -> None:
    comments = [line for line in page.prose.splitlines() if re.match(r"\s*<!-- *(file|run|serve|setup)", line)]
    assert len(comments) == sum(block.file is not None for block in page.blocks), comments


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_variables_of_ours_exist(page: Page) -> None:
    known = {option.variable for option in Config.describe()} | TEST_VARIABLES
    assert set(OWN_VARIABLE.findall(page.text)) <= known


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Page) -> None:
    broken = []
    for link in page.links:
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.path.parent / target).resolve() if target else page.path
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in Page(path).anchors):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_docs_is_in_their_index() -> None:
    index = Page(ROOT / "docs" / "README.md")
    linked = {(index.path.parent / link.partition("#")[0]).resolve() for link in index.links}
    assert {path for path in (ROOT / "docs").rglob("*.md") if path != index.path} <= linked
