"""The tables in the docs are those of the code."""

from __future__ import annotations

import shutil
from pathlib import Path

from otel_ml.config import Config
from tests.tools.config_table import BLOCKS, DOCS, stale


def test_nothing_is_stale() -> None:
    assert not stale(), "run `make generate`"


def test_a_stale_page_is_found_and_mended(tmp_path: Path) -> None:
    for name in BLOCKS:
        shutil.copy(DOCS / name, tmp_path)
    page = tmp_path / "configuration.md"
    right = page.read_text(encoding="utf-8")
    page.write_text(right.replace("`OTEL_ML_CAPTURE`", "`OTEL_ML_CAPTURED`"), encoding="utf-8")
    assert stale(tmp_path) == {page: right}


def test_every_option_is_documented() -> None:
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert all(f"| `{option.name}` | `{option.variable}` |" in text for option in Config.describe())
    assert all(option.help.endswith(".") for option in Config.describe())
