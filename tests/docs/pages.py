"""The Markdown pages of the project: their fenced blocks, headings and links.

An HTML comment right before a fence says what is to be done with a Python block that does not simply run:

    <!-- file: app.py -->                                 saved under that name, for others to import
    <!-- file: app.py, run: uvicorn app:app -->           saved, then this command is run; a server is asked with the
                                                          `curl` commands between here and the next such block

and Python in a comment of its own, `<!-- setup` … `-->`, runs without being shown.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,})(?P<info>.*)")
DIRECTIVE = re.compile(r"<!-- file: (?P<file>[\w./-]+)(?:, run: (?P<run>[^>]+?))? -->")
HEADING = re.compile(r"#{1,6} +(.+?)\s*#*")
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^()\s<>]+(?:\([^()\s]*\))?)>?(?: \"[^\"]*\")?\)")
CODE_SPAN = re.compile(r"(`+).*?\1")


@dataclass(frozen=True)
class Block:
    """A fenced block, or a hidden `setup`.

    Attributes:
        page: where it stands.
        line: number of its first line of text.
        language: first word after the fence; ``setup`` for a hidden one.
        text: without the fence's indentation.
        file: name under which it is to be saved.
        run: command to run then.
    """

    page: Path
    line: int
    language: str
    text: str
    file: str | None = None
    run: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}" if self.page.is_relative_to(ROOT) else f"{self.line}"


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT)) if self.path.is_relative_to(ROOT) else self.path.name

    @cached_property
    def blocks(self) -> list[Block]:
        """Every fenced block and hidden setup, in order."""
        return list(self._split()[0])

    @cached_property
    def prose(self) -> str:
        """The page without its blocks."""
        return "\n".join(self._split()[1])

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may say after ``#``: the headings as GitHub names them."""
        seen: Counter[str] = Counter()
        found: set[str] = set()
        for line in self.prose.splitlines():
            if heading := HEADING.fullmatch(line):
                text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
                slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
                found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return found

    @cached_property
    def links(self) -> list[str]:
        """Targets of links, pictures aside."""
        return LINK.findall(CODE_SPAN.sub("", self.prose))

    def _split(self) -> tuple[list[Block], list[str]]:
        blocks: list[Block] = []
        prose: list[str] = []
        lines = iter(enumerate(self.text.splitlines(), 1))
        before = ""  # the last line that was not blank
        for number, line in lines:
            fence = FENCE.fullmatch(line)
            if fence is not None:
                body = _until(lines, fence["ticks"])
                directive = DIRECTIVE.fullmatch(before.strip())
                file, run = (directive["file"], directive["run"]) if directive else (None, None)
                language = (fence["info"].split() or [""])[0]
                blocks.append(
                    Block(self.path, number + 1, language, textwrap.dedent("\n".join(body)) + "\n", file, run)
                )
            elif line.strip() == "<!-- setup":
                body = _until(lines, "-->")
                blocks.append(Block(self.path, number + 1, "setup", textwrap.dedent("\n".join(body)) + "\n"))
            else:
                prose.append(line)
            before = line if line.strip() else before
        return blocks, prose


def _until(lines: Iterator[tuple[int, str]], end: str) -> list[str]:
    body: list[str] = []
    for _, text in lines:
        if text.strip() == end:
            return body
        body.append(text)
    raise ValueError(f"no {end!r} ends the block that begins with {body[:1]}")


def pages() -> list[Page]:
    """Every page whose examples must work."""
    folders = ("docs/**/*.md", "examples/**/*.md", "benchmarks/**/*.md", "collector-config/**/*.md")
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return [Page(path) for path in paths + sorted(found for folder in folders for found in ROOT.glob(folder))]
