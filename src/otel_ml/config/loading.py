"""Gathers options from the three places where they can be set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from otel_ml.config import declarative
from otel_ml.config.kinds import nearest
from otel_ml.config.option import PREFIX, ConfigError, Option


def gather(
    options: Sequence[Option],
    keywords: Mapping[str, object],
    environ: Mapping[str, str] | None,
    file: Mapping[str, object] | None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Merges the places, the strongest first.

    Returns:
        The values by option, only those that were set, and where each was.

    Raises:
        ConfigError: If an option is unknown or its value is none that is allowed, in whichever place: a mistake is
            no less one because something stronger happens to hide it.
    """
    environ = os.environ if environ is None else environ
    if file is None:
        file = declarative.options(environ)
    if file is not None and not isinstance(file, Mapping):
        raise ConfigError(f"the file's options of otel-ml are a {type(file).__name__}: use a mapping")
    names = [option.name for option in options]
    variables = {option.variable: option.name for option in options}
    # OTel's rule: an empty variable is an unset one.
    given = {key: value for key, value in environ.items() if value.strip()}
    _refuse_unknown(keywords, names, "keyword")
    _refuse_unknown((key for key in given if key.startswith(PREFIX)), variables, "environment variable")
    _refuse_unknown(file or {}, names, "option in the file")

    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in options:
        places = (
            (f"file option {option.name}", "file", (file or {}).get(option.name)),
            (option.variable, f"environment {option.variable}", given.get(option.variable)),
            (option.name, "keyword", keywords.get(option.name)),
        )
        for label, source, raw in places:
            if raw is not None:
                values[option.name] = option.parse(raw, label)
                sources[option.name] = source
    return values, sources


def _refuse_unknown(given: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            # Its value stays out of the message: it may be a secret under a misspelt name.
            near = nearest(str(name), known)
            raise ConfigError(
                f"{str(name)[:100]!r} is no {what} of otel-ml"
                + (f"; did you mean {near!r}?" if near else f"; known are {', '.join(known)}")
            )
