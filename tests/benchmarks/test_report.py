import json
from pathlib import Path

import pytest

from benchmarks import writing
from benchmarks.report import Aim, Report, Table


def report() -> Report:
    table = Table("Calls", ("", "µs", "ratio"), [("bare", 0.04, None), ("otel-ml", 1234.5, 0.456)], "A note.")
    return Report("calls", "One row a call", [table], [Aim("share", 0.75, 0.5)], ["mlflow: not installed"])


def test_a_report_passes_through_json() -> None:
    assert Report.from_json(json.loads(json.dumps(report().to_json()))) == report()


@pytest.mark.parametrize(
    ("aim", "verdict"),
    [
        (Aim("at most", 1.0, 1.0), "met"),
        (Aim("at most", 1.0, 1.25), "missed by 25%"),
        (Aim("at least", 1.0, 0.9, at_least=True), "missed by 10%"),
        (Aim("at least", 1.0, 1.1, at_least=True), "met"),
    ],
)
def test_an_aim_says_whether_it_was_met_and_else_by_how_much_it_was_missed(aim: Aim, verdict: str) -> None:
    assert aim.verdict == verdict


def test_markdown_shows_aims_beside_results_and_every_table() -> None:
    page = writing.markdown([("Python", "3.11")], [report()])
    for line in (
        "| Python | 3.11 |",
        "| share | ≤ 0.75 | 0.50 | met |",
        "| bare | 0.04 |  |",
        "| otel-ml | 1,234 | 0.46 |",
        "A note.",
        "Skipped: mlflow: not installed",
    ):
        assert line in page.splitlines()


def test_an_update_replaces_the_figures_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{writing.BEGIN}\nold\n{writing.END}\nafter\n", encoding="utf-8")
    writing.update(page, "new\n")
    writing.update(page, "newer\n")
    assert page.read_text(encoding="utf-8") == f"before\n{writing.BEGIN}\nnewer\n{writing.END}\nafter\n"


def test_each_part_has_a_place_of_its_own(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("".join(f"{place.begin}\n{place.end}\n" for place in writing.PLACES.values()), encoding="utf-8")
    for part, place in writing.PLACES.items():
        writing.update(page, f"{part}\n", place)
    assert page.read_text(encoding="utf-8") == "".join(
        f"{place.begin}\n{part}\n{place.end}\n" for part, place in writing.PLACES.items()
    )
    assert "\n### The machine" in "\n" + writing.markdown([], [report()], level=3)


def test_a_page_without_a_place_for_figures_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("text", encoding="utf-8")
    with pytest.raises(ValueError, match="no place for the figures"):
        writing.update(page, "new\n")
    assert page.read_text(encoding="utf-8") == "text"


def test_the_page_of_this_repository_has_a_place_for_the_figures() -> None:
    text = writing.PAGE.read_text(encoding="utf-8")
    for place in writing.PLACES.values():
        assert text.index(place.begin) < text.index(place.end)
