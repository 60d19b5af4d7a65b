"""File systems that know no locks."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable

import pytest

import otel_ml
from tests.monitoring.conftest import Model
from tests.monitoring.test_watching import send
from tests.support.telemetry import Telemetry


def test_where_files_can_not_be_locked_each_process_watches_by_itself_and_says_why(
    telemetry: Telemetry,
    watched: Callable[..., Model],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def no_locks(file: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    watched()
    send(3, age=80.0)
    assert len(telemetry.events("ml.drift.detected")) == 1
    report = otel_ml.drift_report("churn")
    assert report is not None
    assert report.rows == 900
    (said,) = [record.getMessage() for record in caplog.records if "in each process by itself" in record.getMessage()]
    assert os.strerror(errno.ENOLCK) in said
