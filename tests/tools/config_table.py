"""`python -m tests.tools.config_table [--check]`: writes, or compares, the tables of the docs that come from the code.

A table stands between the lines `<!-- name: begin -->` and `<!-- name: end -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from otel_ml.config import Config
from otel_ml.privacy.names import AFTER, BEFORE, WORDS
from otel_ml.privacy.values import PATTERNS

DOCS = Path(__file__).parents[2] / "docs"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def quoted(words: str) -> str:
    """Words as code, with commas."""
    return ", ".join(f"`{word}`" for word in words.split())


def options() -> str:
    """Every option of `Config`."""
    return table(
        ("option", "environment", "default", "allowed", "what it does"),
        (
            (
                f"`{option.name}`",
                f"`{option.variable}`",
                f"`{option.default}`" if option.default else "none",
                option.kind.allowed.replace("<", "&lt;"),  # Markdown would take it for a tag
                option.help,
            )
            for option in Config.describe()
        ),
    )


def words() -> str:
    """The words that make a feature's name sensitive, and those that make it a measurement."""
    rows = [(group, quoted(listed)) for group, listed in WORDS.items()]
    rows += [("not sensitive after", quoted(BEFORE)), ("not sensitive before", quoted(AFTER))]
    return table(("", "words"), rows)


def patterns() -> str:
    """What makes a text sensitive."""
    return "\n".join(f"- {description}" for description, _ in PATTERNS.values())


BLOCKS = {"configuration.md": {"options": options}, "privacy.md": {"words": words, "patterns": patterns}}


def render(text: str, name: str, block: str) -> str:
    """The page with one block replaced.

    Raises:
        ValueError: If the page has no such block.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no block {name!r}: put {begin} and {end} where it belongs")
    return pattern.sub(lambda _: f"{begin}\n{block}\n{end}", text)


def stale(docs: Path = DOCS) -> dict[Path, str]:
    """The pages that differ from the code, and what they should be."""
    found = {}
    for page, blocks in BLOCKS.items():
        before = after = (docs / page).read_text(encoding="utf-8")
        for name, block in blocks.items():
            after = render(after, name, block())
        if after != before:
            found[docs / page] = after
    return found


def main() -> int:
    """Returns 1 when `--check` finds a page that differs from the code."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.config_table", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if a page differs")
    check = parser.parse_args().check
    pages = stale()
    for path, text in pages.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{'differs from the code' if check else 'wrote'}: {path.relative_to(DOCS.parent)}")
    return 1 if check and pages else 0


if __name__ == "__main__":
    sys.exit(main())
