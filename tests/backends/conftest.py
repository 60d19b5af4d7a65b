"""The fixtures of the real backends, and the ends of their logs on failure."""

from collections.abc import Generator

import pytest

from tests.support.backends import add_logs, binaries, session_stack, stack

__all__ = ["binaries", "session_stack", "stack"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    add_logs(item, report)
    return report
