"""The page of `otel-ml check` needs nothing else, and nothing in the data can become a part of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from otel_ml.cli.check.html import page
from otel_ml.drift.baseline import Baseline
from otel_ml.drift.report import Report
from tests.cli.drifting import fitted, run, save, table
from tests.cli.reports import any_baseline, any_report

VOID = {"meta", "br"}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "code", "span", "ul", "li", "section",
    "article", "div", "b", "bdi", "small", "br", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "svg",
    "g", "rect", "line",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "class", "colspan", "viewbox", "role", "aria-label", "aria-hidden",
    "preserveaspectratio", "x", "y", "x1", "x2", "y1", "y2", "width", "height",
}  # fmt: skip


class Page(HTMLParser):
    """Checks that every element is one of ours and is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.tags.append(tag)
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]  # it has just begun
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "line"}:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("page")
    path = save(table(seed=1, shift=0.5, nulls=0.03), folder / "drifted.csv")
    found = run("check", path, "--baseline", fitted(folder), "--rows-per-step", "2000", "--output", "html")
    assert found.exit_code == 1
    return found.stdout


def test_the_page_is_whole_and_says_what_the_text_says(drifted: str) -> None:
    found = Page(drifted)
    assert drifted.startswith("<!doctype html>\n")
    assert "Drift of churn 3" in found.words
    assert "2 of 3 features" in found.words
    assert "first alarm at step 0 (row 2,000)" in found.words
    assert found.tags.count("article") >= 2
    assert found.tags.count("svg") > found.tags.count("article")


def test_the_page_reaches_for_nothing(drifted: str) -> None:
    assert not re.search(r"https?:|//|url\(|@import|src=|href=|<script|javascript:", drifted)
    assert "default-src 'none'; style-src 'unsafe-inline'" in drifted
    assert drifted.isascii()


def test_the_page_fits_a_phone_and_the_night(drifted: str) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in drifted
    assert "prefers-color-scheme: dark" in drifted
    assert "color-scheme: light dark" in drifted


def test_pictures_are_drawn_within_their_frame(drifted: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", drifted)
    assert pictures
    for picture in pictures:
        svg = ET.fromstring(picture)
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        for bar in svg.iter("rect"):
            left, top = float(bar.get("x", 0)), float(bar.get("y", 0))
            assert left >= 0
            assert top >= 0
            assert left + float(bar.attrib["width"]) <= width + 0.2
            assert top + float(bar.attrib["height"]) <= height + 0.2


@settings(max_examples=100, deadline=None)
@given(any_report, any_baseline)
def test_no_content_becomes_a_part_of_the_page(report: Report, baseline: Baseline) -> None:
    text = page(report, baseline)
    told = {one.group for one in (*report.features, *report.predictions) if one.alarm} - {None}
    alone = [one for one in report.multivariate if one.group not in told]
    assert Page(text).tags.count("article") == sum(one.alarm for one in (*report.features, *report.predictions, *alone))
    assert all(character.isprintable() or character == "\n" for character in text)


def test_the_style_is_part_of_the_package(tmp_path: Path, drifted: str) -> None:
    style = Path(__file__).parents[2] / "src" / "otel_ml" / "cli" / "check" / "check.css"
    assert style.read_text(encoding="utf-8") in drifted
