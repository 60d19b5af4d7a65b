"""`python -m tests.tools.semconv [--check]`: writes, or compares, what is generated from the registry."""

from __future__ import annotations

import argparse
import sys

from tests.tools.semconv.generated import files
from tests.tools.semconv.registry import ROOT, load


def main() -> int:
    """Returns 1 when `--check` finds a file that differs from the registry."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.semconv", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if a file differs")
    check = parser.parse_args().check
    stale = []
    for path, text in files(load()).items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path.relative_to(ROOT))
        if not check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'differs from the registry' if check else 'wrote'}: {path}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
