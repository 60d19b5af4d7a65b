"""Commands of the docs: whether the executable, its sub-command and its options exist. Nothing is run."""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points, metadata
from importlib.util import find_spec
from pathlib import Path

import click

from otel_ml.config import Config
from tests.docs.pages import ROOT, Block

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
FOREIGN = {"cd", "curl", "docker", "export", "git", "jq", "kubectl", "otelcol", "otelcol-contrib", "source"}
"""Programs that are not ours and whose options are not checked. Paths of this project among their arguments are."""


class CommandError(Exception):
    """A command would not work."""


def commands(block: Block) -> Iterator[str]:
    """The commands of a block: all lines of `bash`, those after a ``$`` of `console`."""
    lines = iter(block.text.splitlines())
    for line in lines:
        if block.language == "console" and not line.startswith("$ "):
            continue
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1] + next(lines).removeprefix("> ")
        if command.strip() and not command.startswith("#"):
            yield command


def words(command: str) -> Iterator[list[str]]:
    """The simple commands of a line, as words."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    found: list[str] = []
    for word in lexer:
        if word and set(word) <= set("|&;"):
            yield found
            found = []
        else:
            found.append(word)
    if found:
        yield found


def environment(command: list[str]) -> tuple[dict[str, str], list[str]]:
    """Assignments at the head of a command, those of ``export`` too, and the rest."""
    found: dict[str, str] = {}
    rest = command[1:] if command[0] == "export" else command
    while rest and (match := ASSIGNMENT.fullmatch(rest[0])):
        found[match[1]] = match[2]
        rest = rest[1:]
    return found, rest


def check(command: list[str]) -> None:
    """Whether a command could be run.

    Raises:
        CommandError: It could not.
    """
    for name in environment(command)[0]:
        check_variable(name)
    command = environment(command)[1]
    if not command:
        return
    program, arguments = Path(command[0]).name, command[1:]
    if program in ("python", "python3"):
        _python(arguments)
    elif program == "opentelemetry-instrument":
        check(_after_options(arguments))
    elif program in CHECKS:
        CHECKS[program](arguments)
    elif program not in FOREIGN:
        raise CommandError(f"nobody knows {program!r}")
    for word in arguments:
        path = word.rpartition("=")[2]
        if path.startswith(("collector-config/", "examples/", "benchmarks/")) and not (ROOT / path).exists():
            raise CommandError(f"{path} does not exist")


def check_variable(name: str) -> None:
    """Whether a variable that begins like one of OpenTelemetry's or ours is one."""
    if name.startswith("OTEL_ML_"):
        known = {option.variable for option in Config.describe()}
    else:
        known = _standard_variables()
    if name.startswith("OTEL_") and name not in known:
        raise CommandError(f"{name} is no variable that anything reads")


@cache
def _standard_variables() -> set[str]:
    found = {
        "OTEL_CONFIG_FILE",
        "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS",
    }  # the second by an instrumentation, under no entry point
    for point in entry_points(group="opentelemetry_environment_variables"):
        found |= {name for name in vars(import_module(point.value)) if name.startswith("OTEL_")}
    return found


def _click(command: click.Command, name: str, arguments: list[str]) -> None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            command.make_context(name, list(arguments))
    except click.exceptions.Exit:  # --help, --version
        pass
    except click.UsageError as error:
        raise CommandError(error.format_message()) from None


def _otel_ml(arguments: list[str]) -> None:
    from otel_ml.cli.group import cli

    command: click.Command = cli
    path = "otel-ml"
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, arguments = arguments[0], arguments[1:]
        found = command.get_command(click.Context(command), name)
        if found is None:
            raise CommandError(f"{path} has no command {name!r}")
        command, path = found, f"{path} {name}"
    if isinstance(command, click.Group):
        arguments = arguments or ["--help"]
    return _click(command, path, arguments)


def _uvicorn(arguments: list[str]) -> None:
    from uvicorn.main import main

    _click(main, "uvicorn", arguments)


def _gunicorn(arguments: list[str]) -> None:
    from gunicorn.config import Config as GunicornConfig

    _parse(GunicornConfig().parser(), arguments)


def _pip(arguments: list[str]) -> None:
    extras = set(metadata("otel-ml").get_all("Provides-Extra") or ())
    if arguments[:1] != ["install"]:
        raise CommandError("pip is only used to install")
    for word in arguments:
        match = re.fullmatch(r"otel-ml\[([\w,]+)\]", word)
        if match and not set(match[1].split(",")) <= extras:
            raise CommandError(f"{word} names an extra that does not exist")


def _make(arguments: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = [word for word in arguments if not ASSIGNMENT.fullmatch(word) and word not in targets]
    if unknown:
        raise CommandError(f"the Makefile has no {unknown[0]}")


def _python(arguments: list[str]) -> None:
    script = next(iter(arguments), "")
    if script == "-m":
        _module(arguments[1], arguments[2:])
    elif "/" in script and not (ROOT / script).exists():
        raise CommandError(f"{script} does not exist")


def _module(module: str, arguments: list[str]) -> None:
    if module in CHECKS:
        return CHECKS[module](arguments)
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise CommandError(f"there is no module {module}")
    source = Path(spec.origin).with_name("__main__.py") if spec.submodule_search_locations else Path(spec.origin)
    text = source.read_text(encoding="utf-8")  # its --help would import data frames for seconds
    for option in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        if f'"{option}"' not in text:
            raise CommandError(f"{module} has no {option}")
    return None


def _after_options(arguments: list[str]) -> list[str]:
    """What ``opentelemetry-instrument`` is to run."""
    known = {f"--{name.removeprefix('OTEL_').lower()}" for name in _standard_variables()}
    while arguments and arguments[0].startswith("-"):
        option, equals, _ = arguments[0].partition("=")
        if option not in known:
            raise CommandError(f"opentelemetry-instrument has no {option}")
        arguments = arguments[1:] if equals else arguments[2:]
    if not arguments:
        raise CommandError("opentelemetry-instrument is not told what to run")
    return arguments


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parser.parse_args(arguments)
    except SystemExit as error:
        if error.code:
            raise CommandError(said.getvalue()) from None


CHECKS = {"gunicorn": _gunicorn, "make": _make, "otel-ml": _otel_ml, "pip": _pip, "uvicorn": _uvicorn}
