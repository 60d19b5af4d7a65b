"""Which files are generated, and their contents."""

from __future__ import annotations

from pathlib import Path

from tests.tools.semconv import constants
from tests.tools.semconv.document import document
from tests.tools.semconv.registry import PACKAGE, ROOT, Registry


def files(registry: Registry) -> dict[Path, str]:
    """The text of every generated file, by its path."""
    return {
        PACKAGE / "attributes.py": constants.attributes(registry),
        PACKAGE / "metrics.py": constants.metrics(registry),
        PACKAGE / "events.py": constants.events(registry),
        ROOT / "docs" / "semconv.md": document(registry),
    }
