"""With CI=true a skipped or xfailed test is a failure: on a machine that has everything, nothing may be left out in silence."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def is_strict() -> bool:
    """Whether this run may leave nothing out."""
    return os.environ.get("CI") == "true"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """The outermost wrapper: it sees what pytest itself has made of skips and expected failures."""
    return _refuse((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Modules that skip themselves whole."""
    return _refuse((yield))


def _refuse(report: Report) -> Report:
    if is_strict() and report.skipped:
        report.longrepr = f"left out, which CI does not allow: {_reason(report)}"
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)  # or it would be shown as an unexpected pass
    return report


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    expected: str | None = getattr(report, "wasxfail", None)
    if expected is not None:
        return f"expected to fail: {expected or 'no reason given'}"
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    return str(reason).removeprefix("Skipped: ")
