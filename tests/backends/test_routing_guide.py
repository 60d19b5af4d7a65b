"""The guide names every setting of the configurations, with its true default."""

import re

from tests.support.backends import CONFIGS

GUIDE = (CONFIGS.parent / "docs" / "routing.md").read_text()
SETTING = re.compile(r"\$\{(?:env:)?([A-Z_]+)(?::-([^}]*))?\}")


def settings() -> dict[str, str]:
    files = [*CONFIGS.glob("*/*.yaml")]
    assert files
    return {name: default for file in files for name, default in SETTING.findall(file.read_text())}


def test_every_setting_is_in_the_guide_with_its_default() -> None:
    for name, default in settings().items():
        [row] = [line for line in GUIDE.splitlines() if line.startswith("|") and f"`{name}`" in line.split("|")[1]]
        assert not default or f"`{default}`" in row, f"{name} has the default {default}"


def test_the_guide_names_no_setting_that_is_not_there() -> None:
    table = GUIDE[GUIDE.index("## Settings") :]
    named = {
        name for line in table.splitlines() if line.startswith("|") for name in re.findall(r"`([A-Z]+_[A-Z_]+)`", line)
    }
    assert named == {*settings(), "PROMETHEUS_PORT"}
